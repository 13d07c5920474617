"""From an error of the Move VM to the failure in a transaction's effects.

Source: iota-adapter, error.
"""

from __future__ import annotations

from collections.abc import Callable

from authority.execution.errors import ExecutionError
from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.status import StatusCode, VMError
from proto.execution_status import (
    InsufficientGas,
    ModuleId,
    MoveAbort,
    MoveLocation,
    MovePrimitiveRuntimeError,
    VMInvariantViolation,
    VMVerificationOrDeserializationError,
)
from proto.ids import AccountAddress, Address

LoadModule = Callable[[tuple[bytes, str]], CompiledModule | None]
Relocate = Callable[[tuple[bytes, str]], tuple[bytes, str]]


def execution_error_of(error: VMError, load_module: LoadModule, relocate: Relocate) -> ExecutionError:
    """The failure that a VM error causes.

    load_module finds the module of the location, for the function's name; relocate its storage id, which
    aborts name.
    """
    return ExecutionError(_status_of(error, load_module, relocate), str(error), vm_error=error)


def _status_of(
    error: VMError, load_module: LoadModule, relocate: Relocate
) -> (
    InsufficientGas
    | MoveAbort
    | MovePrimitiveRuntimeError
    | VMInvariantViolation
    | VMVerificationOrDeserializationError
):
    status = error.status
    if status == StatusCode.OUT_OF_GAS:
        return InsufficientGas()
    if status == StatusCode.ABORTED:
        location = _location(error, load_module, relocate)
        if location is None or error.sub_status is None:
            return VMInvariantViolation()
        return MoveAbort(location, error.sub_status)
    if status.is_execution:
        return MovePrimitiveRuntimeError(_location(error, load_module, lambda module_id: module_id))
    if status.is_invariant_violation:
        return VMInvariantViolation()
    return VMVerificationOrDeserializationError()


def _location(error: VMError, load_module: LoadModule, relocate: Relocate) -> MoveLocation | None:
    if error.location is None:
        return None
    function, instruction = error.offsets[0] if error.offsets else (0, 0)
    module = load_module(error.location)
    name: str | None = None
    if module is not None and function < len(module.function_defs):
        handle = module.function_handles[module.function_defs[function].function]
        name = module.identifiers[handle.name]
    address, module_name = relocate(error.location)
    return MoveLocation(ModuleId(AccountAddress(Address(address)), module_name), function, instruction, name)
