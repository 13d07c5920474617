"""All native functions by (address, module, function).

Another package of natives joins by its own table of `NativeFunction`s: `native_table(std_natives(), more)`.
"""

from __future__ import annotations

from movelite.natives import std_natives as std
from movelite.vm.native_context import NativeFunction
from proto.ids import STD_ADDRESS

Table = dict[tuple[bytes, str, str], NativeFunction]


def natives_at(address: bytes, functions: dict[tuple[str, str], NativeFunction]) -> Table:
    """Natives of one address, given by (module, function)."""
    return {(address, module, name): function for (module, name), function in functions.items()}


def native_table(*tables: Table) -> Table:
    """One table of all.

    Raises: ValueError where two define the same function.
    """
    merged: Table = {}
    for table in tables:
        twice = merged.keys() & table.keys()
        if twice:
            raise ValueError(f"natives defined twice: {sorted(twice)}")
        merged |= table
    return merged


def std_natives(*, testing: bool = False) -> Table:
    """The natives of the Move standard library, 0x1; testing adds those of unit tests."""
    return natives_at(STD_ADDRESS, std.FUNCTIONS | std.TEST_FUNCTIONS if testing else std.FUNCTIONS)
