"""Functions list exactly the global resources they acquire.

Global storage is refused on chain later, so honest modules have empty lists.
Source: move-bytecode-verifier, acquires_list_verifier.
"""

from __future__ import annotations

from movelite.bytecode.file_format import KEY, Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.module_view import FunctionView

_CALLS = (Opcode.CALL, Opcode.CALL_GENERIC)
_PLAIN = (
    Opcode.MOVE_FROM_DEPRECATED,
    Opcode.MUT_BORROW_GLOBAL_DEPRECATED,
    Opcode.IMM_BORROW_GLOBAL_DEPRECATED,
)
_GENERIC = (
    Opcode.MOVE_FROM_GENERIC_DEPRECATED,
    Opcode.MUT_BORROW_GLOBAL_GENERIC_DEPRECATED,
    Opcode.IMM_BORROW_GLOBAL_GENERIC_DEPRECATED,
)


def check(function: FunctionView) -> None:
    """Check a function's list against its body and against the lists of those it calls.

    Raises: VMError MISSING_, EXTRANEOUS_ or INVALID_ACQUIRES_ANNOTATION.
    """
    module = function.module_view.module
    listed = set(function.definition.acquires_global_resources)
    if not function.module_view.touches_storage:
        return
    used: set[int] = set()
    for offset, (opcode, operand, _) in enumerate(function.code):
        acquired = _acquired(function, opcode, operand)
        if not listed.issuperset(acquired):
            raise function.error(StatusCode.MISSING_ACQUIRES_ANNOTATION, offset)
        used.update(acquired)
    for struct in sorted(listed):
        if struct not in used:
            raise VMError(StatusCode.EXTRANEOUS_ACQUIRES_ANNOTATION)
        if not module.datatype_handles[module.struct_defs[struct].handle].abilities & KEY:
            raise VMError(StatusCode.INVALID_ACQUIRES_ANNOTATION)


def _acquired(function: FunctionView, opcode: Opcode, operand: int) -> tuple[int, ...]:
    """Struct definitions that one instruction acquires."""
    view = function.module_view
    module = view.module
    if opcode in _CALLS:
        handle = operand if opcode == Opcode.CALL else module.function_instantiations[operand].handle
        callee = view.definition_of_handle.get(handle)
        return () if callee is None else module.function_defs[callee].acquires_global_resources
    if opcode in _PLAIN:
        return (operand,)
    if opcode in _GENERIC:
        return (module.struct_def_instantiations[operand].definition,)
    return ()
