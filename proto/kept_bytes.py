"""Data that keeps its BCS, so that it is neither made nor read twice."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from proto import bcs


class KeepsBytes:
    """Base of frozen dataclasses without slots whose values have `encoded`; decoding gives it at once."""

    bcs_is_kept: ClassVar[bool] = True

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """A field of a value made by `of_own_bytes`, which is read when it is first looked at."""
            if name not in type(self).__dataclass_fields__:
                raise AttributeError(name)
            self.__dict__.update(bcs.decode(type(self), self.encoded).__dict__)
            return self.__dict__[name]

    @classmethod
    def of_own_bytes(cls, encoded: bytes) -> Self:
        """A value from BCS that this program itself made or has read before: most are only passed on."""
        value = object.__new__(cls)
        value.__dict__["encoded"] = encoded
        return value

    @cached_property
    def encoded(self) -> bytes:
        """BCS."""
        return bcs.encode(type(self), self)
