"""Loads verified modules and runs them with metered gas."""
