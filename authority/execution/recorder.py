"""Keeps what each command returned and changed, for those who inspect a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field

from authority.execution.values import ObjectValue, PureValue, RawValue, ReceivingValue, Value
from movelite.vm.type_tags import type_tag
from proto.ids import IOTA_FRAMEWORK_ADDRESS
from proto.transaction import Argument
from proto.type_tag import U8, StructTag, TypeTag, VectorTag

TypedBytes = tuple[bytes, TypeTag]
"""BCS of a value and its type."""

_RECEIVING = StructTag(IOTA_FRAMEWORK_ADDRESS, "transfer", "Receiving")


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What one command left in the arguments that it borrowed mutably, and what it returned."""

    mutated: tuple[tuple[Argument, TypedBytes], ...]
    returned: tuple[TypedBytes, ...]


@dataclass(slots=True)
class Recorder:
    """Give one to an execution to learn the results of its commands."""

    results: list[CommandResult] = field(default_factory=list)
    _mutated: list[tuple[Argument, TypedBytes]] = field(default_factory=list)

    def add_mutated(self, argument: Argument, value: Value) -> None:
        """A command has put a borrowed value back."""
        self._mutated.append((argument, _typed(value)))

    def finish_command(self, returned: list[Value]) -> None:
        """A command is done."""
        self.results.append(CommandResult(tuple(self._mutated), tuple(map(_typed, returned))))
        self._mutated.clear()


def _typed(value: Value) -> TypedBytes:
    match value:
        case ObjectValue(type_) | RawValue(type_):
            return value.contents, type_tag(type_)
        case ReceivingValue():
            return value.contents, _RECEIVING
        case PureValue(contents):
            return contents, VectorTag(U8)
