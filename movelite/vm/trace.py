"""Where execution stood when it failed."""

from __future__ import annotations

from dataclasses import dataclass, field

from movelite.bytecode.status import VMError
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class MoveFrame:
    """A function on the call stack and the instruction it stands at."""

    module_id: ModuleId
    function: str
    definition_index: int
    code_offset: int

    def __str__(self) -> str:
        address, module = self.module_id
        return f"0x{address.hex().lstrip('0') or '0'}::{module}::{self.function} at offset {self.code_offset}"


@dataclass
class ExecutionError(VMError):
    """A VMError of a running program; frames are outermost first and end where it failed.

    A failing native adds no frame of its own: location and offsets name it, frames end at its caller.
    """

    frames: list[MoveFrame] = field(default_factory=list)

    __str__ = VMError.__str__
