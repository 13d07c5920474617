"""Calling a native function, with its charges in the official order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.gas import GasMeter
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import (
    OUT_OF_GAS_CODE,
    Extensions,
    MoveAbort,
    NativeContext,
    NativeOutOfGas,
    RuntimeLimits,
)
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.values import Value, abstract_size


class Caller(Protocol):
    """What calls a native: an interpreter or the translated code's machine."""

    extensions: Extensions
    limits: RuntimeLimits

    @property
    def gas(self) -> GasMeter:
        """The meter of the execution in progress."""
        ...

    def call_stack(self) -> list[MoveFrame]:
        """The Move frames in progress, outermost first."""
        ...


def call_native(caller: Caller, instance: FunctionInstance, arguments: Sequence[Value]) -> tuple[Value, ...]:
    """Run a native function and charge for it.

    Raises: ExecutionError, located in the native function itself as the official VM locates it.
    """
    try:
        return _call(caller, instance, arguments)
    except ExecutionError:
        raise
    except VMError as error:
        function = instance.function
        raise ExecutionError(
            error.status,
            error.sub_status,
            error.message,
            function.module.runtime_id,
            error.indices,
            [*error.offsets, (function.index, 0)],
            caller.call_stack(),
        ) from error


def _call(caller: Caller, instance: FunctionInstance, arguments: Sequence[Value]) -> tuple[Value, ...]:
    gas = caller.gas
    native = instance.function.native
    budget = gas.remaining()
    context = NativeContext(caller.extensions, budget, caller.limits, caller.call_stack)
    if native is None:
        raise VMError(StatusCode.UNREACHABLE, message=f"Missing Native Function `{instance.function.name}`")
    gas.charge(1, 0, len(arguments), 0)
    try:
        results = native(context, instance.type_arguments, arguments)
    except MoveAbort as abort:
        gas.deduct(context.gas_used)
        raise VMError(StatusCode.ABORTED, sub_status=abort.code, message=abort.message) from abort
    except NativeOutOfGas as error:
        gas.deduct(budget)
        raise VMError(StatusCode.ABORTED, sub_status=OUT_OF_GAS_CODE) from error
    if len(results) != len(instance.returns):
        raise VMError(
            StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR,
            message="Arity mismatch: return value count does not match return type count",
        )
    if results:
        sizes = [abstract_size(type_, value) for type_, value in zip(instance.returns, results, strict=True)]
        gas.charge(0, len(results), 0, sum(sizes))
    gas.deduct(context.gas_used)
    return results
