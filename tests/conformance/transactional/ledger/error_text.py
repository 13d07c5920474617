"""Errors of the Move VM in Rust's form for programmers."""

from __future__ import annotations

from movelite.bytecode.status import IndexKind, StatusCode, VMError
from proto.rust_text import rust_debug


def debug_vm_error(error: VMError) -> str:
    """`VMError { major_status: ..., ... }`; an upgrade's error has no place yet, and there no message."""
    if error.status is StatusCode.BACKWARD_INCOMPATIBLE_MODULE_UPDATE:
        return (
            f"PartialVMError {{ major_status: {error.status.name}, sub_status: None, message: None, "
            "exec_state: None, indices: [], offsets: [] }"
        )
    sub_status = "None" if error.sub_status is None else f"Some({error.sub_status})"
    message = "None" if error.message is None else f"Some({rust_debug(str, error.message)})"
    indices = ", ".join(f"({_index_name(kind)}, {index})" for kind, index in error.indices)
    offsets = ", ".join(f"(FunctionDefinitionIndex({f}), {offset})" for f, offset in error.offsets)
    return (
        f"VMError {{ major_status: {error.status.name}, sub_status: {sub_status}, message: {message}, "
        f"exec_state: None, location: {_location(error)}, indices: [{indices}], offsets: [{offsets}] }}"
    )


def _location(error: VMError) -> str:
    if error.location is None:
        return "Undefined"
    address, name = error.location
    return f'Module(ModuleId {{ address: {address.hex()}, name: Identifier("{name}") }})'


def _index_name(kind: IndexKind) -> str:
    return "".join(part.capitalize() for part in kind.name.split("_"))
