"""Keeps what each command returned and changed, for those who inspect a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from authority.execution.values import ObjectValue, PureValue, RawValue, ReceivingValue, Value
from movelite.vm.type_tags import type_tag
from proto.ids import IOTA_FRAMEWORK_ADDRESS
from proto.simulation import CommandOutcome, MutatedArgument, TypedValue
from proto.transaction import Argument
from proto.type_tag import U8, StructTag, VectorTag

_RECEIVING = StructTag(IOTA_FRAMEWORK_ADDRESS, "transfer", "Receiving")


@dataclass(slots=True)
class Recorder:
    """Give one to an execution to learn the results of its commands."""

    results: list[CommandOutcome] = field(default_factory=list)
    _mutated: list[MutatedArgument] = field(default_factory=list)

    def add_mutated(self, argument: Argument, value: Value) -> None:
        """A command has put a borrowed value back."""
        self._mutated.append(MutatedArgument(argument, _typed(value)))

    def finish_command(self, returned: list[Value]) -> None:
        """A command is done."""
        self.results.append(CommandOutcome(tuple(self._mutated), tuple(map(_typed, returned))))
        self._mutated.clear()


def _typed(value: Value) -> TypedValue:
    match value:
        case ObjectValue(type_) | RawValue(type_):
            return TypedValue(value.contents, type_tag(type_))
        case ReceivingValue():
            return TypedValue(value.contents, _RECEIVING)
        case PureValue(contents):
            return TypedValue(contents, VectorTag(U8))
