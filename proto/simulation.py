"""Questions for the effects of a transaction that is not to be executed, and their answers.

An authority answers alone, and from what it has: an answer proves nothing and binds nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from proto import bcs
from proto.effects import TransactionEffects
from proto.event import TransactionEvents
from proto.ids import ObjectID
from proto.object import Object
from proto.transaction import Argument, TransactionData
from proto.type_tag import TypeTag


@dataclass(frozen=True, slots=True)
class DryRun:
    """Run a transaction by all rules; without gas coins it is paid by one that is made up."""

    transaction: TransactionData


@dataclass(frozen=True, slots=True)
class DevInspect:
    """Run a transaction and tell what its commands return; without gas coins it is paid by one made up.

    skip_checks: without the rules of ownership, visibility, argument values and budgets.
    """

    transaction: TransactionData
    skip_checks: bool = True


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """One question."""

    question: DryRun | DevInspect


@dataclass(frozen=True, slots=True)
class TypedValue:
    """BCS of a value, and its type."""

    contents: bytes
    type_: TypeTag


@dataclass(frozen=True, slots=True)
class MutatedArgument:
    """What a command left in an argument that it borrowed mutably."""

    argument: Argument
    value: TypedValue


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What one command changed in its arguments and returned."""

    mutated: tuple[MutatedArgument, ...]
    returned: tuple[TypedValue, ...]


@dataclass(frozen=True)
class SimulationResponse:
    """What would be: effects, events, the objects before and after. Its BCS is kept.

    mock_gas: the coin made up for the question; error: why it failed, for people; commands: of dev-inspect.
    """

    bcs_is_kept: ClassVar[bool] = True
    effects: TransactionEffects
    events: TransactionEvents
    inputs: tuple[Object, ...]
    written: tuple[Object, ...]
    mock_gas: ObjectID | None
    error: str | None
    commands: tuple[CommandOutcome, ...] = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """A field of a response made by `of_own_bytes`, which is read when first looked at."""
            if name not in _FIELDS:
                raise AttributeError(name)
            self.__dict__.update(bcs.decode(SimulationResponse, self.encoded).__dict__)
            return self.__dict__[name]

    @staticmethod
    def of_own_bytes(encoded: bytes) -> SimulationResponse:
        """A response from BCS that this program itself made, in another process: it is only passed on."""
        response = object.__new__(SimulationResponse)
        response.__dict__["encoded"] = encoded
        return response

    @cached_property
    def encoded(self) -> bytes:
        """BCS."""
        return bcs.encode(SimulationResponse, self)


_FIELDS = frozenset(field.name for field in fields(SimulationResponse))
