"""Native functions of the std and iota framework packages."""
