"""Random inputs by the thousand, each named by a seed and a number."""
