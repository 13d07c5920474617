"""Runners for the peers' own test suites."""
