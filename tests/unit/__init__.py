"""Unit tests; they mirror the modules."""
