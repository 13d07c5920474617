"""Facts about values that are met again and again as the very same object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")

SIZE = 1024
"""Values that a cache keeps; it forgets all of them when there would be more."""


class IdentityCache(Generic[_K, _V]):
    """What a function gives for immutable values, found by identity: hashing them would cost more."""

    def __init__(self, make: Callable[[_K], _V], is_kept: Callable[[_K], bool]) -> None:
        """is_kept: whether a value may be kept, for how much memory it takes."""
        self._make = make
        self._is_kept = is_kept
        self._known: dict[int, tuple[_K, _V]] = {}

    def __call__(self, value: _K) -> _V:
        """What the function gives for a value."""
        known = self._known.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        made = self._make(value)
        if not self._is_kept(value):
            return made
        if len(self._known) >= SIZE:
            self._known.clear()
        self._known[id(value)] = value, made
        return made
