"""Move sources of the std and iota packages."""
