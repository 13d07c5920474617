"""Tests of the Move VM."""
