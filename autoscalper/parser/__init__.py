"""Process: each post becomes an instruction to the broker, or an outcome of its own."""
