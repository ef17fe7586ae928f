"""Process: signals become orders. The only owner of positions, risk and orders."""
