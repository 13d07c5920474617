"""Fault simulation under virtual time."""
