"""Checks of the suite `vectors`, grouped by what the vectors are about."""
