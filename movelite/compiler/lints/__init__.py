"""Lints: warnings about code that is correct and probably not meant so."""
