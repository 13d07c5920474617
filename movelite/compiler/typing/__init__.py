"""Type checking: the named tree in, the typed tree out."""
