"""Move source to compiled modules."""
