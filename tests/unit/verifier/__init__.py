"""Tests of the bytecode verifier."""
