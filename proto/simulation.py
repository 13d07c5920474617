"""Questions for the effects of a transaction that is not to be executed, and their answers.

An authority answers alone, and from what it has: an answer proves nothing and binds nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

from proto.effects import TransactionEffects
from proto.event import TransactionEvents
from proto.ids import ObjectID
from proto.kept_bytes import KeepsBytes
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
class SimulationResponse(KeepsBytes):
    """What would be: effects, events, the objects before and after. Its BCS is kept.

    mock_gas: the coin made up for the question; error: why it failed, for people; commands: of dev-inspect.
    """

    effects: TransactionEffects
    events: TransactionEvents
    inputs: tuple[Object, ...]
    written: tuple[Object, ...]
    mock_gas: ObjectID | None
    error: str | None
    commands: tuple[CommandOutcome, ...] = ()
