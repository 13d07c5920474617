"""Immutable data whose making is cheap: the most frequent thing that an authority does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def record(cls: type[_T]) -> type[_T]:
    """A dataclass with slots that nobody may change.

    The type checker sees to that. A dataclass frozen at run time sets each field through
    object.__setattr__, and takes four times as long to make.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
