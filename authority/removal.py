"""What a transaction takes away."""

from __future__ import annotations

from typing import NamedTuple

from proto.ids import ObjectID, SequenceNumber


class Removal(NamedTuple):
    """A live object that a transaction deleted, or wrapped into another, and the version at which it did."""

    id: ObjectID
    version: SequenceNumber
    is_wrapped: bool
