"""The vote on one batch while it is made."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from authority.allowance import Allowance
from authority.store import UnitOfWork
from proto.errors import VotingSuspended
from proto.ids import Digest
from proto.messages import Refusal

MODULES_AT_ONCE_BYTES = 128 * 1024
"""Bytes of modules that are verified for votes on one batch, beside the first transaction's: it takes half a
second, and nobody pays for it.
"""


@dataclass(slots=True)
class Ballot:
    """What is accepted and refused so far.

    shown: for transactions that were executed already; modules: for those that publish.
    """

    accepted: list[int] = field(default_factory=list)
    refusals: list[tuple[int, Refusal]] = field(default_factory=list)
    shown: Allowance = field(default_factory=Allowance)
    modules: Allowance = field(default_factory=lambda: Allowance(MODULES_AT_ONCE_BYTES))


@dataclass(slots=True)
class BallotPart:
    """What of it is committed together.

    suspension: why nothing new is voted for, if so; pending: what was voted for before.
    """

    unit: UnitOfWork
    suspension: VotingSuspended | None
    pending: Container[Digest]
    taken: list[bytes] = field(default_factory=list)
    """The references that it locks."""
