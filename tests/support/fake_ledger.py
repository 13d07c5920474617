"""A ledger of coins for property tests of accounts: outcomes are decided from outside, one by one.

It refuses to be used wrongly: every submitted transaction must spend what is live, be able to pay, and give
no version of an object to a second transaction while the first may still become final.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from aggregator.account.gas import spent_from_gas
from aggregator.account.ledger import ObjectState
from aggregator.transaction_builder import BuildError, GasCoinSummary, ObjectSummary
from proto import bcs
from proto.effects import (
    EffectsObjectChange,
    Exist,
    GasCostSummary,
    IdCreated,
    IdDeleted,
    IdUnchanged,
    InputNotExist,
    ObjectWrite,
    OutputNotExist,
    TransactionEffects,
)
from proto.errors import NonRecoverableTransactionError, TimeoutBeforeFinality
from proto.execution_status import Failure, InsufficientGas, Success
from proto.ids import Address, Digest, ObjectID, blake2b_256
from proto.messages import Receipt
from proto.object import AddressOwner, ObjectRef
from proto.transaction import (
    GasCoin,
    ImmOrOwnedObject,
    Input,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    SenderSignedData,
    SplitCoins,
    TransferObjects,
)

GAS = 1_000_000
READ_SECONDS = 1.5
"""How old an answer is when it arrives."""

GONE = Address(b"\xff" * 32)


class Outcome(Enum):
    """How an attempt ends."""

    SUCCESS = auto()
    FAILURE = auto()
    """It is final, and its execution failed."""
    TIMEOUT = auto()
    """Nobody knows; a later attempt will tell."""
    LOST = auto()
    """It is final, and its client is told of a timeout."""
    REFUSED = auto()
    """Never final, and nothing is locked."""
    REFUSED_LOCKED = auto()
    """Never final, but its objects stay locked for a while."""


@dataclass(frozen=True)
class Coin:
    """An object of the ledger."""

    version: int
    owner: Address
    balance: int

    def reference(self, object_id: ObjectID) -> ObjectRef:
        seed = object_id + self.version.to_bytes(8, "little") + self.owner
        return ObjectRef(object_id, self.version, Digest(blake2b_256(seed)))


@dataclass
class Submitted:
    """A transaction that was shown to the ledger."""

    signed: SenderSignedData
    waiting: list[asyncio.Future[Receipt]] = field(default_factory=list)
    receipt: Receipt | None = None
    is_refused: bool = False
    is_locking: bool = True


@dataclass
class FakeLedger:
    """Coins and transactions. journal: what a driver would have written down, and not crossed out."""

    coins: dict[ObjectID, Coin] = field(default_factory=dict)
    transactions: dict[Digest, Submitted] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def add_coin(self, owner: Address, balance: int) -> ObjectID:
        """A coin from outside."""
        object_id = ObjectID(Address(blake2b_256(next(self.numbers).to_bytes(8, "little"))))
        self.coins[object_id] = Coin(1, owner, balance)
        return object_id

    @property
    def journal(self) -> list[SenderSignedData]:
        """Transactions that are neither final nor refused."""
        return [one.signed for one in self.transactions.values() if not one.receipt and not one.is_refused]

    def open_attempts(self) -> list[Submitted]:
        """Transactions that somebody waits for."""
        for one in self.transactions.values():
            one.waiting = [waiting for waiting in one.waiting if not waiting.done()]
        return [one for one in self.transactions.values() if one.waiting]

    # ---- what an account asks

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        coin = self.coins.get(object_id)
        if coin is None:
            raise BuildError("no such object")
        return ObjectSummary(coin.reference(object_id), AddressOwner(coin.owner), "coin")

    async def gas_coins(self, owner: Address) -> Sequence[GasCoinSummary]:
        found = [GasCoinSummary(c.reference(i), c.balance) for i, c in self.coins.items() if c.owner == owner]
        await asyncio.sleep(READ_SECONDS)
        return found

    async def reference_gas_price(self) -> int:
        return 1000

    async def function(self, package: ObjectID, module: str, name: str) -> dict[str, Any]:
        raise BuildError("no functions here")

    async def states(self, object_ids: Sequence[ObjectID]) -> list[ObjectState]:
        locked = self._locked()
        states = []
        for object_id in object_ids:
            coin = self.coins.get(object_id)
            if coin is None:
                states.append(ObjectState(object_id, None, 2**60, None, False))
                continue
            summary = ObjectSummary(coin.reference(object_id), AddressOwner(coin.owner), "coin")
            is_free = (object_id, coin.version) not in locked
            states.append(ObjectState(object_id, summary, 0, coin.balance, is_free))
        await asyncio.sleep(READ_SECONDS)
        return states

    async def holders(self, object_ids: Sequence[ObjectID]) -> list[SenderSignedData]:
        held = [
            one.signed
            for one in self.transactions.values()
            if not one.receipt
            and one.is_locking
            and any(ref.object_id in object_ids for ref in references(one.signed))
        ]
        await asyncio.sleep(READ_SECONDS)
        return held

    async def submit(self, signed: SenderSignedData) -> Receipt:
        """Wait for an outcome. What is final or refused already is told at once."""
        digest = signed.digest()
        if digest not in self.transactions:
            self._check(signed)
            self.transactions[digest] = Submitted(signed)
        known = self.transactions[digest]
        if known.receipt is not None:
            return known.receipt
        if known.is_refused:
            raise NonRecoverableTransactionError(())
        waiting: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        known.waiting.append(waiting)
        return await waiting

    # ---- outcomes

    def finish(self, submitted: Submitted, outcome: Outcome) -> None:
        """End the attempts that wait."""
        error: Exception | None = None
        match outcome:
            case Outcome.SUCCESS | Outcome.FAILURE:
                self._execute(submitted, outcome is Outcome.SUCCESS)
            case Outcome.LOST:
                self._execute(submitted, True)
                error = TimeoutBeforeFinality()
            case Outcome.TIMEOUT:
                error = TimeoutBeforeFinality()
            case Outcome.REFUSED | Outcome.REFUSED_LOCKED:
                submitted.is_refused = True
                submitted.is_locking = outcome is Outcome.REFUSED_LOCKED
                error = NonRecoverableTransactionError(())
        for waiting in submitted.waiting:
            if waiting.done():
                continue
            if error is not None:
                waiting.set_exception(error)
            elif submitted.receipt is not None:
                waiting.set_result(submitted.receipt)
        submitted.waiting.clear()

    def unlock(self) -> None:
        """Locks of refused transactions end."""
        for one in self.transactions.values():
            if one.is_refused:
                one.is_locking = False

    def _locked(self) -> set[tuple[ObjectID, int]]:
        return {
            (ref.object_id, ref.version)
            for one in self.transactions.values()
            if one.receipt is None and one.is_locking
            for ref in references(one.signed)
        }

    def _check(self, signed: SenderSignedData) -> None:
        data, locked = signed.transaction_data, self._locked()
        for ref in references(signed):
            coin = self.coins.get(ref.object_id)
            if (ref.object_id, ref.version) in locked:
                self.violations.append(f"equivocation over {ref}")
            elif coin is None or coin.reference(ref.object_id) != ref or coin.owner != data.sender:
                self.violations.append(f"{ref} is not live")
        paid = [self.coins[ref.object_id].balance for ref in data.gas_data.payment]
        assert isinstance(data.kind, ProgrammableTransaction)
        if sum(paid) < data.gas_data.budget + (spent_from_gas(data.kind) or 0):
            self.violations.append(f"{sum(paid)} nanos cannot pay for {data.gas_data.budget}")

    # ---- execution of splits out of gas and transfers

    def _execute(self, submitted: Submitted, is_success: bool) -> None:
        signed = submitted.signed
        data = signed.transaction_data
        assert isinstance(data.kind, ProgrammableTransaction)
        before = {ref.object_id: self.coins[ref.object_id] for ref in references(signed)}
        version = max(coin.version for coin in before.values()) + 1
        gas, *merged = (ref.object_id for ref in data.gas_data.payment)
        after = {object_id: replace(coin, version=version) for object_id, coin in before.items()}
        total = sum(before[object_id].balance for object_id in (gas, *merged)) - GAS
        for object_id in merged:
            del after[object_id]
        after[gas] = replace(after[gas], balance=total)
        if is_success:
            self._run(data.kind, signed.digest(), gas, after, version)
        for object_id in before:
            self.coins.pop(object_id)
        self.coins.update(after)
        submitted.receipt = _receipt(signed, before, after, gas, version, is_success)

    def _run(
        self,
        kind: ProgrammableTransaction,
        digest: Digest,
        gas: ObjectID,
        after: dict[ObjectID, Coin],
        version: int,
    ) -> None:
        results: dict[tuple[int, int], ObjectID] = {}
        sender = after[gas].owner
        for number, command in enumerate(kind.commands):
            match command:
                case SplitCoins(GasCoin(), amounts):
                    for index, amount in enumerate(amounts):
                        value = _pure(kind, amount, bcs.U64)
                        new = ObjectID(
                            Address(blake2b_256(digest + bytes([number]) + index.to_bytes(2, "little")))
                        )
                        after[new] = Coin(version, sender, value)
                        after[gas] = replace(after[gas], balance=after[gas].balance - value)
                        results[number, index] = new
                case TransferObjects(objects, recipient):
                    owner = _pure(kind, recipient, Address)
                    for argument in objects:
                        match argument:
                            case NestedResult(place, index):
                                moved = results[place, index]
                            case Input(index):
                                moved = kind.inputs[index].object.reference.object_id  # type: ignore[union-attr]
                            case _:
                                moved = gas
                        after[moved] = replace(after[moved], owner=owner)


def references(signed: SenderSignedData) -> list[ObjectRef]:
    """The object versions that a transaction uses up."""
    data = signed.transaction_data
    assert isinstance(data.kind, ProgrammableTransaction)
    owned = [
        value.object.reference
        for value in data.kind.inputs
        if isinstance(value, ObjectInput) and isinstance(value.object, ImmOrOwnedObject)
    ]
    return [*data.gas_data.payment, *owned]


def _pure(kind: ProgrammableTransaction, argument: Any, schema: Any) -> Any:
    value = kind.inputs[argument.index]
    assert isinstance(value, Pure)
    return bcs.decode(schema, value.value)


def _receipt(
    signed: SenderSignedData,
    before: dict[ObjectID, Coin],
    after: dict[ObjectID, Coin],
    gas: ObjectID,
    version: int,
    is_success: bool,
) -> Receipt:
    changed = []
    for object_id in sorted({*before, *after}):
        old, new = before.get(object_id), after.get(object_id)
        state = (
            Exist((old.version, old.reference(object_id).digest), AddressOwner(old.owner))
            if old
            else InputNotExist()
        )
        output = (
            ObjectWrite(new.reference(object_id).digest, AddressOwner(new.owner)) if new else OutputNotExist()
        )
        operation = IdUnchanged() if old and new else IdCreated() if new else IdDeleted()
        changed.append((object_id, EffectsObjectChange(state, output, operation)))
    effects = TransactionEffects(
        status=Success() if is_success else Failure(InsufficientGas(), None),
        executed_epoch=0,
        gas_used=GasCostSummary(GAS, GAS, 0, 0, 0),
        transaction_digest=signed.digest(),
        gas_object_index=[object_id for object_id, _ in changed].index(gas),
        events_digest=None,
        dependencies=(),
        lamport_version=version,
        changed_objects=tuple(changed),
    )
    return Receipt(signed, None, effects, None, None)  # type: ignore[arg-type]
