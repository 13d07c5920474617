"""A position in bytes, for the reader."""

from __future__ import annotations

from movelite.bytecode.status import StatusCode, VMError

_ULEB_BYTES_MAX = 10


class Cursor:
    """Reads numbers and runs of bytes between two positions; the end is a hard wall.

    version is the format version of the module being read.
    """

    __slots__ = ("data", "end", "pos", "version")

    def __init__(self, data: bytes, pos: int, end: int, version: int = 0) -> None:
        self.data = data
        self.pos = pos
        self.end = end
        self.version = version

    def byte(self) -> int:
        """The next byte. Raises: VMError MALFORMED at the end."""
        pos = self.pos
        if pos >= self.end:
            raise VMError(StatusCode.MALFORMED, message="unexpected end")
        self.pos = pos + 1
        return self.data[pos]

    def take(self, count: int) -> bytes:
        """The next count bytes. Raises: VMError MALFORMED if there are fewer."""
        pos = self.pos
        if self.end - pos < count:
            raise VMError(StatusCode.MALFORMED, message="unexpected end")
        self.pos = pos + count
        return self.data[pos : self.pos]

    def uleb(self, ceiling: int) -> int:
        """The next ULEB128 number, in its shortest form. Raises: VMError MALFORMED, also above ceiling."""
        pos = self.pos
        if pos < self.end:
            value = self.data[pos]
            if value < 0x80:
                self.pos = pos + 1
            else:
                value = self._long_uleb()
            if value <= ceiling:
                return value
            raise VMError(StatusCode.MALFORMED, message=f"{value} is above the ceiling {ceiling}")
        raise VMError(StatusCode.MALFORMED, message="unexpected end")

    def _long_uleb(self) -> int:
        value = 0
        for index in range(_ULEB_BYTES_MAX):
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * index
            if byte < 0x80:
                if byte == 0 or value >= 1 << 64:
                    break
                return value
        raise VMError(StatusCode.MALFORMED, message="bad ULEB128 number")
