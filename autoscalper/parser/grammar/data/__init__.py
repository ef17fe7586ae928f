"""Tables of words and symbols that the grammar reads with."""
