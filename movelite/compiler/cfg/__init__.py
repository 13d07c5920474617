"""Analyses over the control-flow graph of a function."""
