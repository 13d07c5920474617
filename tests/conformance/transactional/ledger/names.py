"""Names for objects in the output of tests: real ids depend on bytecode, these do not."""

from __future__ import annotations

import re
from collections.abc import Mapping

from proto.ids import Address, ObjectID

FakeId = tuple[int, int]
"""Number of the task that made an object, and its rank among those that the task made."""

_HEX = re.compile(r"0x[0-9a-fA-F]*|[0-9a-fA-F]+")


class ObjectNames:
    """The objects seen so far. Well-known objects keep their own id as name."""

    def __init__(self, well_known: tuple[ObjectID, ...], named_addresses: Mapping[str, bytes]) -> None:
        self.named_addresses = named_addresses
        self._names: dict[ObjectID, FakeId | ObjectID] = {known: known for known in well_known}
        self._objects: dict[FakeId | ObjectID, ObjectID] = {known: known for known in well_known}
        self._next: FakeId = (0, 0)

    def begin_task(self) -> None:
        """Number the objects of the next task."""
        self._next = (self._next[0] + 1, 0)

    @property
    def task(self) -> int:
        """The number that names carry now."""
        return self._next[0]

    def add(self, object_id: ObjectID) -> None:
        """Give an object a name, unless it has one."""
        if object_id not in self._names:
            self._names[object_id] = self._next
            self._objects[self._next] = object_id
            self._next = (self._next[0], self._next[1] + 1)

    def find(self, name: FakeId | ObjectID) -> ObjectID | None:
        """The object of a name."""
        return self._objects.get(name)

    def sort_key(self, object_id: ObjectID) -> tuple[int, tuple[int, int] | bytes]:
        """Order of lists: objects without a name, well-known ones, then by task and rank."""
        name = self._names.get(object_id)
        if name is None:
            return 0, b""
        return (1, name) if isinstance(name, bytes) else (2, name)

    def text(self, object_id: ObjectID, enumerated: str = "object({},{})") -> str:
        """How lists show an object."""
        name = self._names.get(object_id)
        if name is None:
            return "object(_)"
        return "0x" + name.hex() if isinstance(name, bytes) else enumerated.format(*name)

    def stabilize(self, text: str) -> str:
        """Text with every address replaced: by its name, else `fake(i,j)`, else `_`."""
        return _HEX.sub(lambda match: self._stable(match.group()), text)

    def _stable(self, digits: str) -> str:
        is_prefixed = digits.startswith("0x")
        if not (is_prefixed and len(digits) >= 3) and len(digits) != 64:
            return digits
        address = bytes.fromhex(digits.removeprefix("0x").rjust(64, "0"))
        for name, value in sorted(self.named_addresses.items()):
            if value == address:
                return name
        object_id = ObjectID(Address(address))
        return self.text(object_id, "fake({},{})") if object_id in self._names else "_"

    def replace_in_error(self, text: str, accounts: Mapping[str, Address]) -> str:
        """An error's text with accounts and objects by name."""
        for name, address in sorted(accounts.items()):
            text = text.replace("0x" + address.hex(), f"@{name}").replace(address.hex(), f"@{name}")
        for object_id in sorted(self._names):
            name_text = self._error_name(object_id)
            text = text.replace("0x" + object_id.hex(), name_text).replace(object_id.hex(), name_text)
        return text

    def _error_name(self, object_id: ObjectID) -> str:
        name = self._names[object_id]
        return f"object(0x{name.hex()})" if isinstance(name, bytes) else "object({},{})".format(*name)


def short_hex(address: bytes) -> str:
    """An address without leading zeros."""
    return f"0x{int.from_bytes(address, 'big'):x}"
