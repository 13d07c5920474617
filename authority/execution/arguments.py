"""The places that arguments name, and the rules by which a command may use what is in them.

Source: iota-adapter, programmable_transactions/context.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from authority.execution.errors import argument_error, invariant_violation
from authority.execution.values import ObjectValue, ReceivingValue, Slot, Usage, Value
from movelite.vm.types import Type
from proto.argument_error import (
    CommandArgumentError,
    IndexOutOfBounds,
    InvalidGasCoinUsage,
    InvalidObjectByMutRef,
    InvalidObjectByValue,
    InvalidResultArity,
    InvalidValueUsage,
    SecondaryIndexOutOfBounds,
    TypeMismatch,
)
from proto.object import Immutable
from proto.transaction import Argument, GasCoin, Input, NestedResult, Result


@dataclass(slots=True)
class Arguments:
    """Inputs, the gas coin and the results so far, and what the running command has borrowed."""

    inputs: list[Slot]
    gas: Slot
    results: list[list[Slot]] = field(default_factory=list)
    _borrowed: dict[Argument, bool] = field(default_factory=dict)

    def by_value(self, index: int, argument: Argument, *, may_take_gas: bool = False) -> Value:
        """Take or copy the value of the index-th argument of a command.

        may_take_gas: only TransferObjects may take the gas coin.
        Raises: ExecutionError CommandArgumentError.
        """
        slot = self._use(index, argument, Usage.BY_VALUE)
        value = slot.value
        if value is None or (not value.is_copyable and argument in self._borrowed):
            raise argument_error(InvalidValueUsage(), index)
        if isinstance(argument, GasCoin) and not may_take_gas:
            raise argument_error(InvalidGasCoinUsage(), index)
        metadata = slot.metadata
        if metadata is not None and (isinstance(metadata.owner, Immutable) or not metadata.is_mutable):
            raise argument_error(InvalidObjectByValue(), index)
        if not value.is_copyable:
            slot.value = None
        return value

    def object_by_value(self, index: int, argument: Argument, *, may_take_gas: bool = False) -> ObjectValue:
        """Take an object. Raises: ExecutionError CommandArgumentError, TypeMismatch if it is none."""
        value = self.by_value(index, argument, may_take_gas=may_take_gas)
        if not isinstance(value, ObjectValue):
            raise argument_error(TypeMismatch(), index)
        return value

    def borrow_mutable(self, index: int, argument: Argument) -> Value:
        """Take the value for the time of the command; `restore` puts its new form back.

        Raises: ExecutionError CommandArgumentError.
        """
        if argument in self._borrowed:
            raise argument_error(InvalidValueUsage(), index)
        self._borrowed[argument] = True
        slot = self._use(index, argument, Usage.BORROW_MUTABLE)
        value = slot.value
        if value is None:
            raise argument_error(InvalidValueUsage(), index)
        if slot.metadata is not None and not slot.metadata.is_mutable:
            raise argument_error(InvalidObjectByMutRef(), index)
        if not value.is_copyable:
            slot.value = None
        return value

    def borrow(self, index: int, argument: Argument, parameter: Type) -> Value:
        """Look at the value for the time of the command; parameter is the type behind the reference.

        Raises: ExecutionError CommandArgumentError.
        """
        if self._borrowed.get(argument, False):
            raise argument_error(InvalidValueUsage(), index)
        self._borrowed[argument] = False
        slot = self._use(index, argument, Usage.BORROW_IMMUTABLE)
        if slot.value is None:
            raise argument_error(InvalidValueUsage(), index)
        if isinstance(slot.value, ReceivingValue) and slot.value.assigned_type is None:
            slot.value = replace(slot.value, assigned_type=parameter)
        return slot.value

    def restore(self, argument: Argument, value: Value) -> None:
        """Put back what was mutably borrowed."""
        if not self._borrowed.pop(argument, False):
            raise invariant_violation("only a mutably borrowed value is restored")
        self._slot(0, argument).value = value

    def push_results(self, results: list[Value]) -> None:
        """End a command: its results become arguments, its borrows end."""
        if any(self._borrowed.values()):
            raise invariant_violation("a mutable borrow was not restored")
        self._borrowed.clear()
        self.results.append([Slot(value) for value in results])

    def _use(self, index: int, argument: Argument, usage: Usage) -> Slot:
        slot = self._slot(index, argument)
        slot.last_usage = usage
        return slot

    def _slot(self, index: int, argument: Argument) -> Slot:
        found: Slot | CommandArgumentError
        match argument:
            case GasCoin():
                found = self.gas
            case Input(number):
                found = self.inputs[number] if number < len(self.inputs) else IndexOutOfBounds(number)
            case Result(number):
                found = self._result(number)
            case NestedResult(number, position):
                found = self._nested_result(number, position)
        if not isinstance(found, Slot):
            raise argument_error(found, index)
        return found

    def _result(self, number: int) -> Slot | CommandArgumentError:
        if number >= len(self.results):
            return IndexOutOfBounds(number)
        slots = self.results[number]
        return slots[0] if len(slots) == 1 else InvalidResultArity(number)

    def _nested_result(self, number: int, position: int) -> Slot | CommandArgumentError:
        if number >= len(self.results):
            return IndexOutOfBounds(number)
        slots = self.results[number]
        return slots[position] if position < len(slots) else SecondaryIndexOutOfBounds(number, position)
