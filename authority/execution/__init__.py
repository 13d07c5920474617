"""Programmable transactions: from inputs to effects."""
