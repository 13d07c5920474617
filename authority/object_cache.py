"""Live objects in memory: those read or written lately, kept by generations instead of in LRU order."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from proto.ids import ObjectID
from proto.object import Object, OwnedParts

OBJECTS = 100_000
"""Objects of a generation."""
LARGE_BYTES, LARGE_OBJECTS = 2048, 500
"""An object above so many bytes is large, and a generation has so many large ones: 128 MB at most."""

CachedObject = Object | OwnedParts | None
"""What is kept of an id; None if it has no live object."""


class _Absence(Enum):
    NOT_KEPT = "not kept"


NOT_KEPT: Final = _Absence.NOT_KEPT
"""Stands for an id of which nothing is kept; an exception would take a tenth of the time of a disk read."""


class ObjectCache:
    """Two generations: objects not read or written while the younger one filled up go with the older one.

    Keeping single objects in the order of their use would take three times as long as writing them.
    """

    def __init__(self) -> None:
        self.recent: dict[ObjectID, CachedObject] = {}
        """The younger generation."""
        self._older: dict[ObjectID, CachedObject] = {}
        self._large = 0

    def find(self, object_id: ObjectID) -> CachedObject | _Absence:
        """What is kept of an id."""
        found = self.recent.get(object_id, NOT_KEPT)
        if found is NOT_KEPT:
            found = self._older.get(object_id, NOT_KEPT)
            if found is not NOT_KEPT:
                self.keep({object_id: found}, is_large(found))
        return found

    def keep(self, objects: Mapping[ObjectID, CachedObject], large: int) -> None:
        """Keep what was read or written. large: how many of them are."""
        self.recent.update(objects)
        self._large += large
        if len(self.recent) > OBJECTS or self._large > LARGE_OBJECTS:
            self._older, self.recent, self._large = self.recent, {}, 0


def is_large(value: CachedObject) -> bool:
    """Whether an object takes much memory."""
    return value is not None and len(value.encoded) > LARGE_BYTES
