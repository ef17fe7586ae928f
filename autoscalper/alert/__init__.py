"""Process: what the user must know, told once."""
