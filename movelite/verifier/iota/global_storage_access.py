"""Move's own global storage is not used. Source: iota-verifier, global_storage_access_verifier."""

from __future__ import annotations

from movelite.bytecode.file_format import Instruction
from movelite.verifier import opcode_groups as group
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.module_view import ModuleView

_STORAGE = group.by_opcode([(group.STORAGE, True)], False)


def check(view: ModuleView) -> None:
    """Check every instruction.

    Raises: IotaVerificationError.
    """
    if not view.touches_storage:
        return
    for function in view.functions:
        if function is None:
            continue
        found = [instruction for instruction in function.code if _STORAGE[instruction.opcode]]
        if found:
            raise IotaVerificationError(
                "Access to Move global storage is not allowed. Found in function "
                f"{view.function_name(function.index)}: [{', '.join(map(_debug, found))}]"
            )


def _debug(instruction: Instruction) -> str:
    """An instruction in the debug form of the official file format."""
    name = instruction.opcode.name.removesuffix("_DEPRECATED")
    index = "StructDefInstantiationIndex" if name.endswith("_GENERIC") else "StructDefinitionIndex"
    return f"{name.title().replace('_', '')}({index}({instruction.operand}))"
