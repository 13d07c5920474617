"""Values that are lent for change, and tell the first write.

The network counts a dynamic field as changed when something was written to it, also if it was what had been
there. So a field that is lent by `&mut` consists of lists that note writes: they are what references to its
parts are, so no write goes by them. A list that has told is an ordinary one again, and values that nobody
lends know nothing of all this.
"""

from __future__ import annotations

from typing import Any, Protocol, SupportsIndex

from movelite.vm.values import Value


class Borrower(Protocol):
    """Whoever wants to know of writes."""

    is_dirty: bool


class WrittenList(list[Any]):
    """A list of a lent value that has told."""

    __slots__ = ("borrower",)

    borrower: Borrower


class LentList(WrittenList):
    """A list of a lent value. It has the ways to write that the virtual machine uses, and no others."""

    __slots__ = ()

    extend = insert = remove = reverse = sort = clear = __delitem__ = __iadd__ = __imul__ = None  # type: ignore[assignment]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._tell()
        self[key] = value

    def append(self, value: Any) -> None:
        """Put a value behind the last."""
        self._tell()
        self.append(value)

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Take a value out."""
        self._tell()
        return self.pop(index)

    def _tell(self) -> None:
        """From here on the methods are those of a list."""
        self.borrower.is_dirty = True
        self.__class__ = WrittenList  # type: ignore[assignment]


def lend(value: Value, borrower: Borrower) -> Value:
    """The value in lists that tell the borrower of writes."""
    lent = LentList([lend(item, borrower) if item.__class__ is list else item for item in value])
    lent.borrower = borrower
    return lent
