"""How a process lives and talks. Knows nothing about trading."""
