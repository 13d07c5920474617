"""Plain transactions: they transfer objects, split and merge gas coins and call well-known functions.

Most transactions are plain. The plain way goes straight from the stored objects to the bytes of the new ones
and of the effects, by code that all transactions of a layout share:

    plain_plan.py   what the commands of a layout do to its objects, resolved once
    plain_code.py   that plan written out as a Python function
    plain_calls.py  Move calls in it; call_plan.py: what is known of a function that can be called so

What is run here succeeds. Whatever is unusual, a wrong argument above all, is left to the general engine
(engine.py), which also says what is wrong. That both do the same, to the byte, is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from authority.execution.call_plan import NotPlain
from authority.execution.inputs import ObjectReader
from authority.execution.plain_calls import PlainCalls
from authority.execution.plain_plan import PlainPlan
from authority.removal import Removal
from proto.effects import TransactionEffects
from proto.ids import SYSTEM_PACKAGE_IDS, Digest
from proto.object import OwnedParts, PlainInputs
from proto.transaction_checks import packages_of_commands
from proto.transaction_layout import PlainTransaction, TransactionLayout

LAYOUTS_KEPT = 4096
"""Layouts that are remembered."""

USES_PER_PLACE = 1
"""Code is made for a layout when it was asked for as often as its plan has places: that takes no longer than
the executions until then, so nobody can keep an authority busy with ever new layouts."""


PlainJob = tuple[PlainTransaction, PlainInputs, Digest]
"""A transaction, the checked objects that it refers to, and its digest."""

Change = tuple[OwnedParts | None, OwnedParts]
"""What an object that is left was before, if it was there, and what it is now."""

PlainResult = tuple[TransactionEffects, tuple[Change, ...], Sequence[Removal]]
"""What came of one: effects, changed and removed objects."""


class KnownPackages(NamedTuple):
    """What the packages that commands name add to a transaction: bytes that are read, and dependencies."""

    read_size: int
    dependencies: frozenset[Digest]


def packages_of_layout(layout: TransactionLayout, reader: ObjectReader) -> KnownPackages:
    """The packages that its commands name. Raises: NotPlain if one is not there."""
    packages = [reader.get_object(package_id) for package_id in packages_of_commands(layout.commands)]
    known = [package for package in packages if package is not None and package.is_package]
    if len(known) < len(packages):
        raise NotPlain
    read_size = sum(one.metered_size for one in known if one.object_id not in SYSTEM_PACKAGE_IDS)
    return KnownPackages(read_size, frozenset(one.previous_transaction for one in known))


Runner = Callable[[PlainJob, PlainCalls], PlainResult]
"""Runs a transaction. Raises: NotPlain."""


@dataclass(slots=True)
class KnownLayout:
    """A layout, its plan if it has one, how often that was asked for, and the code once it is worth that."""

    layout: TransactionLayout
    plan: PlainPlan | None
    uses: int = 0
    runner: Runner | None = None

    def ask_for_code(self) -> bool:
        """Count that code for it is wanted; whether that was often enough."""
        self.uses += 1
        return self.plan is not None and self.uses > USES_PER_PLACE * self.plan.places
