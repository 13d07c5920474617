"""Transactions that transfer objects, split and merge gas coins and call well-known functions: the short way.

Most transactions are such. They are run straight from the stored objects to the bytes of the new ones and
of the effects, by a plan that all transactions of their layout share. What is run here succeeds: whatever is
unusual, a wrong argument above all, is left to the general engine, which also says what is wrong. That both
do the same, to the byte, is a property test.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import NamedTuple

from authority.execution.call_plan import NotNative
from authority.execution.gas_charger import cost_summary
from authority.execution.native_calls import Held, NativeCalls, NativeExecutor
from authority.execution.native_plan import Call, Merge, NativePlan, Split, Transfer
from authority.removal import Removal
from movelite.vm.values import Value
from proto.effects import TransactionEffects
from proto.effects_writer import (
    ID_CREATED,
    ID_DELETED,
    ID_UNCHANGED,
    effects_bytes,
    owned_change_bytes,
)
from proto.execution_status import Success
from proto.ids import (
    GENESIS_MARKER_DIGEST,
    Address,
    Digest,
    ObjectID,
    derive_object_id,
)
from proto.object import OwnedParts, new_coin_parts, new_parts
from proto.transaction_layout import PlainTransaction

MAX_U64 = 2**64 - 1
_SUCCESS = Success()
_NOBODY = Address(b"")
"""Owner of what was made and not given to anybody yet."""


class PlainJob(NamedTuple):
    """A transaction, and the checked objects that it refers to, in that order."""

    transaction: PlainTransaction
    inputs: tuple[OwnedParts, ...]
    digest: Digest


class KnownPackages(NamedTuple):
    """What the packages that commands name add to a transaction: bytes that are read, and dependencies."""

    read_size: int
    dependencies: frozenset[Digest]


class NativeRun:
    """One transaction, from its inputs to what it leaves. It runs in three parts, each for a whole batch:
    the processor then does one short thing a hundred times, and foresees it, which saves a third of the time.

    changes: what each object that is left was before, and what it is now. Raises: NotNative, from the first
    part alone.
    """

    __slots__ = (
        "calls",
        "changes",
        "coin",
        "created",
        "deleted",
        "digest",
        "effects",
        "executor",
        "gas",
        "held",
        "inputs",
        "left",
        "made",
        "merged",
        "packages",
        "plan",
        "read_size",
        "removed",
        "transaction",
        "version",
    )

    def __init__(
        self,
        job: PlainJob,
        plan: NativePlan,
        packages: KnownPackages,
        executor: NativeExecutor,
        calls: NativeCalls,
    ) -> None:
        """Run the commands and charge for all."""
        transaction, inputs, digest = job
        self.transaction, self.inputs, self.digest = job
        self.plan = plan
        self.packages = packages
        self.executor = executor
        self.calls: NativeCalls | None = None
        self.held = held = [Held.of_input(parts) for parts in inputs]
        self.read_size = packages.read_size + sum([one.size for one in held])
        self.made: list[ObjectID] = []
        self.merged: set[ObjectID] = set()
        self.removed: Sequence[Removal] = ()
        if plan.has_calls:
            self.calls = calls
            calls.begin(transaction, digest, self.read_size)
        self.coin = coin = held[plan.gas]
        balance = sum([one.balance or 0 for one in held[plan.gas :]])
        if not transaction.budget <= balance <= MAX_U64:
            raise NotNative
        coin.balance = balance - transaction.budget
        for step in plan.steps:
            match step:
                case Transfer():
                    self._transfer(step)
                case Split():
                    self._split(step)
                case Merge():
                    self._merge(step)
                case Call():
                    self._call(step)
        self._charge()
        self._find_created_and_deleted()

    def _transfer(self, step: Transfer) -> None:
        """Give objects to an address."""
        owner = Address(self.transaction.pure[step.address])
        for place in step.objects:
            held = self.held[place]
            if held.balance is None and not self.executor.facts(held.head).has_store:
                raise NotNative
            held.owner = owner

    def _split(self, step: Split) -> None:
        """Make a new coin for each amount."""
        coin = self.held[step.coin]
        if coin.balance is None:
            raise NotNative
        for number in step.amounts:
            amount = int.from_bytes(self.transaction.pure[number], "little")
            if amount > coin.balance:
                raise NotNative
            coin.balance -= amount
            if self.calls is None:
                object_id = derive_object_id(self.digest, len(self.made))
            else:
                object_id = self.calls.new_id()
            self.made.append(object_id)
            self.held.append(Held(object_id, coin.head, amount, b"", _NOBODY, coin.size, None))

    def _merge(self, step: Merge) -> None:
        """Put coins into one of them."""
        target = self.held[step.target]
        balance = target.balance
        for place in step.sources:
            source = self.held[place]
            if balance is None or source.balance is None:
                raise NotNative
            balance += source.balance
            self.merged.add(source.id)
            if self.calls is not None:
                self.calls.objects.delete_id(source.id)
        if balance is None or balance > MAX_U64:
            raise NotNative
        target.balance = balance

    def _call(self, step: Call) -> None:
        """Call a function that the general engine has called before."""
        if self.calls is None:
            raise NotNative
        values: list[Value] = []
        for parameter, place in step.arguments:
            if parameter.layout is not None:
                values.append(parameter.pure_value(self.transaction.pure[place]))
            else:
                values.append(self.calls.value_of(self.held[place], parameter))
        results = self.calls.run(step.plan, values)
        for (parameter, place), value in zip(step.arguments, values, strict=True):
            if parameter.is_mutable:
                self.held[place].update(parameter.type_, value)
        for (type_, head), value in zip(step.plan.results, results, strict=True):
            held = Held.of_value(type_, head, value)
            for one in self.held[: len(self.inputs)]:
                if one.id == held.id:
                    held.before = one.before
            self.held.append(held)

    def _charge(self) -> None:
        """Charge for what was read and called, and for storing what is left."""
        config, coin, transaction = self.executor.config, self.coin, self.transaction
        budget = transaction.budget
        self.left = left = [self.held[place] for place in self.plan.kept]
        sizes = [one.size for one in left]
        stored_size = sum(sizes)
        balance = (coin.balance or 0) + budget
        if balance > MAX_U64 or max(sizes) > config.max_move_object_size:
            raise NotNative
        used = self.read_size * config.obj_access_cost_read_per_byte
        if self.calls is not None:
            used = self.calls.gas_used
        rebates = sum([parts.rebate for parts in self.inputs])
        if stored_size >= config.max_size_written_objects:
            raise NotNative
        gas = cost_summary(
            used,
            budget,
            transaction.price,
            stored_size * config.obj_data_cost_refundable * config.storage_gas_price,
            rebates,
            config.storage_rebate_rate,
        )
        if gas is None:
            raise NotNative
        self.gas = gas
        coin.balance = balance - gas.net_gas_usage

    def _find_created_and_deleted(self) -> None:
        """Ids that were made and are still there, and ids from before that are gone for ever."""
        smashed = {one.id for one in self.held[self.plan.gas + 1 : len(self.inputs)]}
        self.created: Collection[ObjectID] = self.made
        self.deleted: Collection[ObjectID] = smashed
        if self.calls is not None:
            objects = self.calls.objects
            self.created, self.deleted = objects.new_ids, smashed.union(objects.deleted_ids)
        elif self.merged:
            made = set(self.made)
            self.created, self.deleted = made - self.merged, (self.merged - made) | smashed

    def make_objects(self) -> None:
        """The second part: the objects as they are stored."""
        config, digest = self.executor.config, self.digest
        self.version = version = max([parts.version for parts in self.inputs]) + 1
        fee = config.obj_data_cost_refundable * config.storage_gas_price
        self.changes: list[tuple[OwnedParts | None, OwnedParts]] = []
        for one in self.left:
            rebate, balance = one.size * fee, one.balance
            if balance is None:
                after = new_parts(
                    one.id, version, one.head, one.contents, one.owner, digest, rebate, one.size
                )
            else:
                after = new_coin_parts(one.id, version, balance, one.owner, digest, rebate)
            self.changes.append((one.before, after))

    def make_effects(self) -> None:
        """The third part."""
        created = self.created
        changes = [
            owned_change_bytes(one.id, *change, ID_CREATED if one.id in created else ID_UNCHANGED)
            for one, change in zip(self.left, self.changes, strict=True)
        ]
        if len(changes) < len(self.held) or self.plan.has_calls:
            changes += self._gone()
        changes.sort()  # by id, with which they begin
        encoded = effects_bytes(
            status=_SUCCESS,
            epoch=self.executor.epoch,
            gas=self.gas,
            digest=self.digest,
            gas_object_index=bisect_left(changes, self.coin.id),
            events_digest=None,
            dependencies=self._dependencies(),
            lamport_version=self.version,
            changes=changes,
            unchanged_shared=(),
        )
        self.effects = TransactionEffects.of_own_bytes(encoded, status=_SUCCESS, gas_used=self.gas)

    def _gone(self) -> list[bytes]:
        """The changes of what is not left."""
        changes: list[bytes] = []
        removed = []
        seen = {one.id for one in self.left}
        for one in self.held[: len(self.inputs)]:
            if one.id not in seen:
                seen.add(one.id)
                is_deleted = one.id in self.deleted
                operation = ID_DELETED if is_deleted else ID_UNCHANGED
                changes.append(owned_change_bytes(one.id, one.before, None, operation))
                removed.append(Removal(one.id, self.version, not is_deleted))
        for object_id in (*self.created, *self.deleted):
            if object_id not in seen:
                operation = ID_CREATED if object_id in self.created else ID_DELETED
                changes.append(owned_change_bytes(object_id, None, None, operation))
        self.removed = sorted(removed)
        return changes

    def _dependencies(self) -> set[Digest]:
        """The transactions that made the inputs."""
        dependencies = {parts.made_by for parts in self.inputs}
        dependencies.update(self.packages.dependencies)
        dependencies.discard(GENESIS_MARKER_DIGEST)
        return dependencies
