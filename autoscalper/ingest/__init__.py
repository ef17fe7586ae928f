"""Process: what traders write comes in, from Discord, from files and by hand, into one log."""
