"""What the ledger needs of Move, in one place: a runtime with the network's rules, natives and limits."""

from __future__ import annotations

from movelite.natives import iota_objects
from movelite.natives.registry import Table, native_table, natives_at, std_natives
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from proto.ids import IOTA_FRAMEWORK_ADDRESS


def ledger_natives() -> Table:
    """The natives of 0x1 and 0x2 as they run on the ledger."""
    return native_table(std_natives(), natives_at(IOTA_FRAMEWORK_ADDRESS, iota_objects.FUNCTIONS))


def ledger_runtime() -> MoveRuntime:
    """A runtime that accepts what the network accepts."""
    return MoveRuntime(ledger_natives(), RuntimeConfig())
