"""One address with its key: transactions are built, paid for, signed and brought to finality, many at once.

No version of an object is ever given to two transactions. An object belongs to one transaction until its end
is known: then it comes back with its new reference, from the effects, and nothing is read. A transaction
whose end is not known keeps its objects and is driven on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from aggregator.account.cache import ObjectCache
from aggregator.account.gas import left_in_gas, spent_from_gas
from aggregator.account.ledger import AccountLedger, ObjectState
from aggregator.account.locks import ObjectLocks
from aggregator.account.pool import GasPool, PoolPolicy, split_budget
from aggregator.retry import Backoff
from aggregator.transaction_builder import BuildError, LedgerView, ObjectSummary, TransactionBuilder
from proto.crypto import KeyPair, address_of
from proto.effects import TransactionEffects, is_owned_by
from proto.errors import MoveliteError, QuorumDriverError, TimeoutBeforeFinality
from proto.ids import Address, Digest, ObjectID, format_address, format_digest
from proto.messages import Receipt
from proto.object import AddressOwner, ObjectRef
from proto.transaction import (
    CallArg,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    ObjectInput,
    ProgrammableTransaction,
    Receiving,
    SenderSignedData,
    SharedObject,
    TransactionData,
)
from proto.user_signature import signed_transaction

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
"""Between attempts to learn the end of a transaction."""

LOCK_PAUSES_SECONDS = (0.1, 0.2, 0.4)
"""Between looks at objects that another process, or an earlier run, has used."""

MAX_READ = 500
"""Objects of one read."""

_log = logging.getLogger(__name__)

Build = Callable[[TransactionBuilder], Awaitable[object]]
"""Adds commands to a transaction."""


class OutcomeUnknown(QuorumDriverError):
    """The transaction may become final, and is driven on: sending another one in its place would do it twice.

    cause: why it is not final yet. end: its receipt, or the error that ends it, when it is known.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, digest: Digest, cause: Exception, end: asyncio.Future[Receipt]) -> None:
        self.digest, self.cause, self.end = digest, cause, end
        super().__init__(f"the end of transaction {format_digest(digest)} is not known yet: {cause}")


class Submitter(Protocol):
    """Brings transactions to finality: a QuorumDriver."""

    async def submit(self, signed: SenderSignedData) -> Receipt:
        """Raises: QuorumDriverError; if it is retryable, the transaction may still become final."""


@dataclass(frozen=True, slots=True)
class _Flight:
    """A transaction under way. owned, payment: objects that it has taken. part: nanos in each coin that it
    makes for the pool. end: set when its end is known.
    """

    signed: SenderSignedData
    owned: tuple[ObjectID, ...]
    payment: tuple[ObjectID, ...]
    end: asyncio.Future[Receipt]
    part: int | None = None

    @property
    def digest(self) -> Digest:
        return self.signed.digest()


class _View:
    """The ledger for a builder, with what the account knows already."""

    def __init__(self, ledger: AccountLedger, cache: ObjectCache) -> None:
        self._ledger, self._cache = ledger, cache

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        known = self._cache.get(object_id)
        if known is not None:
            return known
        found = (await _unlocked(self._ledger, [object_id], self._cache.address))[0]
        if found.live is None:
            raise BuildError(f"the object {format_address(object_id)} does not exist")
        if found.live.owner == AddressOwner(self._cache.address) and not found.is_free:
            raise BuildError(f"the object {format_address(object_id)} is locked for another transaction")
        self._cache.put(found.live)
        return self._cache.get(object_id) or found.live

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


async def _unlocked(
    ledger: AccountLedger, object_ids: Sequence[ObjectID], owner: Address
) -> list[ObjectState]:
    """Objects, after waiting a little for those of the owner that a transaction from elsewhere still has."""
    for pause in LOCK_PAUSES_SECONDS:
        states = await ledger.states(object_ids)
        if all(one.is_free or one.live is None or one.live.owner != AddressOwner(owner) for one in states):
            return states
        await asyncio.sleep(pause)
    return await ledger.states(object_ids)


class Account:
    """An address whose transactions go out side by side. All of its transactions have to go through here."""

    def __init__(
        self, key: KeyPair, ledger: AccountLedger, driver: Submitter, policy: PoolPolicy | None = None
    ) -> None:
        """Use Account.open."""
        self.address: Address = address_of(key.scheme, key.public_key)
        self._key, self._ledger, self._driver = key, ledger, driver
        self._policy = policy or PoolPolicy()
        self._cache = ObjectCache(self.address)
        self._locks = ObjectLocks()
        self._pool = GasPool(self._locks, self._policy, self._split, self._refill)
        self._view: LedgerView = _View(ledger, self._cache)
        self._price = 0
        self._unknown: dict[Digest, _Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    async def open(
        key: KeyPair,
        ledger: AccountLedger,
        driver: Submitter,
        unfinished: Iterable[SenderSignedData] = (),
        policy: PoolPolicy | None = None,
    ) -> Account:
        """An account with the coins that it has now.

        unfinished: what an earlier run may have left half done (QuorumDriver.unfinished); those of this
        account are driven to their end first, and keep their objects until then, and so is what authorities
        hold its coins for.
        Raises: NoQuorum.
        """
        account = Account(key, ledger, driver, policy)
        for signed in unfinished:
            account._take_up(signed)
        account._price = await ledger.reference_gas_price()
        await account._refill()
        return account

    async def close(self) -> None:
        """Stop, and tell callers so. What is under way is left to the driver and its journal."""
        self._locks.close()
        await self._pool.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def coins(self) -> dict[ObjectID, int]:
        """Coins that pay for gas, with what is in them at least, in nanos."""
        return self._pool.coins

    @property
    def unknown(self) -> tuple[Digest, ...]:
        """Transactions whose end is not known; their objects wait for it."""
        return tuple(self._unknown)

    async def execute(self, build: Build, gas_budget: int | None = None) -> Receipt:
        """Build, pay for and sign a transaction, and wait until it is final.

        build: adds its commands; GasCoin() is a coin of the pool. An object that another transaction of this
        account has is waited for, and used as that one leaves it. gas_budget: nanos.
        Raises: BuildError (InsufficientGas, AccountClosed) and NoQuorum before anything is sent;
        OutcomeUnknown; another QuorumDriverError if it is refused for good. Cancelled, it stops waiting; what
        was sent goes on.
        """
        builder = TransactionBuilder(self._view)
        await build(builder)
        owned = self._owned_inputs(builder.kind())
        taken: tuple[ObjectID, ...] = ()
        self._pool.reserve(owned)
        try:
            await self._locks.take(owned)
            taken = owned
            kind = self._with_latest(builder.kind())
            budget = gas_budget or self._policy.gas_budget
            payment = await self._pool.take(budget + (spent_from_gas(kind) or 0))
            taken = (*owned, *payment)
            flight = self._prepare(kind, payment, budget, owned)
        except BaseException:
            self._locks.give_back(taken)
            self._pool.release(owned)
            raise
        return await self._send(flight)

    # ---- building

    def _owned_inputs(self, kind: ProgrammableTransaction) -> tuple[ObjectID, ...]:
        """Inputs that a transaction locks: what is the account's, and what its objects receive."""
        return tuple(
            value.object.reference.object_id
            for value in kind.inputs
            if isinstance(value, ObjectInput)
            and not isinstance(value.object, SharedObject)
            and (isinstance(value.object, Receiving) or self._is_exclusive(value.object.reference.object_id))
        )

    def _is_exclusive(self, object_id: ObjectID) -> bool:
        return self._cache.get(object_id) is not None or self._cache.is_gone(object_id)

    def _with_latest(self, kind: ProgrammableTransaction) -> ProgrammableTransaction:
        """The transaction with owned inputs as the transactions before left them. Raises: BuildError."""
        inputs: list[CallArg] = []
        for value in kind.inputs:
            match value:
                case ObjectInput(ImmOrOwnedObject(reference)) if self._is_exclusive(reference.object_id):
                    inputs.append(ObjectInput(ImmOrOwnedObject(self._latest(reference.object_id))))
                case _:
                    inputs.append(value)
        return ProgrammableTransaction(tuple(inputs), kind.commands)

    def _latest(self, object_id: ObjectID) -> ObjectRef:
        known = self._cache.get(object_id)
        if known is None:
            raise BuildError(f"{format_address(object_id)} is not the account's any more")
        return known.reference

    def _prepare(
        self,
        kind: ProgrammableTransaction,
        payment: tuple[ObjectID, ...],
        budget: int,
        owned: tuple[ObjectID, ...] = (),
        part: int | None = None,
    ) -> _Flight:
        gas = GasData(tuple(map(self._latest, payment)), self.address, self._price, budget)
        signed = signed_transaction(TransactionData(kind, self.address, gas), self._key)
        return _Flight(signed, owned, payment, _future(), part)

    # ---- under way

    async def _send(self, flight: _Flight) -> Receipt:
        """Send, and wait; the transaction goes on when its caller leaves."""
        told = _future()
        self._spawn(self._fly(flight, told))
        return await asyncio.shield(told)

    async def _fly(self, flight: _Flight, told: asyncio.Future[Receipt]) -> None:
        """Follow a transaction to its end; whatever goes wrong in here, nobody waits for ever."""
        try:
            await self._follow(flight, told)
        except Exception as error:
            _log.exception("transaction %s", format_digest(flight.digest))
            _fail(flight.end, error)
            _fail(told, error)

    async def _follow(self, flight: _Flight, told: asyncio.Future[Receipt]) -> None:
        """Attempts, until the end is known. told: what its caller waits for."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while True:
            try:
                receipt = await self._driver.submit(flight.signed)
            except asyncio.CancelledError:
                closed = TimeoutBeforeFinality("the account was closed; the driver goes on")
                self._keep_unknown(flight, told, closed)
                raise
            except QuorumDriverError as error:
                if error.retryable:
                    self._keep_unknown(flight, told, error)
                else:
                    self._refused(flight, told, error)
                    return
            except Exception as error:
                _log.exception("transaction %s", format_digest(flight.digest))
                self._keep_unknown(flight, told, error)
            else:
                self._landed(flight, receipt)
                for waiting in (told, flight.end):
                    if not waiting.done():
                        waiting.set_result(receipt)
                return
            await backoff.pause(asyncio.Event())

    def _keep_unknown(self, flight: _Flight, told: asyncio.Future[Receipt], error: Exception) -> None:
        self._unknown[flight.digest] = flight
        _fail(told, OutcomeUnknown(flight.digest, error, flight.end))

    def _landed(self, flight: _Flight, receipt: Receipt) -> None:
        """It is final: its objects are free again, as its effects leave them."""
        effects, known = receipt.effects, self._pool.coins
        self._cache.apply(effects)
        for object_id in (*flight.owned, *flight.payment):
            self._pool.remove(object_id)
        gas, left = effects.gas_object(), _left(flight, effects, known)
        doubtful = [object_id for object_id in flight.owned if object_id in known]
        if gas is not None and is_owned_by(gas[1], self.address):
            if left is None:
                doubtful.append(gas[0].object_id)
            else:
                self._pool.add(gas[0].object_id, left)
        if flight.part is not None and effects.is_success:
            for reference, owner in effects.created():
                if is_owned_by(owner, self.address):
                    self._pool.add(reference.object_id, flight.part)
        if doubtful:
            self._spawn(self._look_into(doubtful))
        self._unknown.pop(flight.digest, None)
        self._locks.give_back((*flight.owned, *flight.payment))
        self._pool.release(flight.owned)

    def _refused(self, flight: _Flight, told: asyncio.Future[Receipt], error: QuorumDriverError) -> None:
        """It never becomes final; its objects come back when a quorum can vote for them again."""
        self._unknown.pop(flight.digest, None)
        self._spawn(self._settle(flight))
        _fail(flight.end, error)
        _fail(told, error)

    async def _settle(self, flight: _Flight) -> None:
        """Give back objects one by one, as the ledger has them and can lock them."""
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        rest = [*flight.owned, *flight.payment]
        while rest:
            try:
                states = await self._ledger.states(rest)
            except MoveliteError as error:
                _log.info("objects of a refused transaction: %s", error)
                states = []
            for state in states:
                if state.live is None or state.is_free:
                    rest.remove(state.object_id)
                    self._put(state)
                    self._locks.give_back([state.object_id])
                    self._pool.release([state.object_id] if state.object_id in flight.owned else [])
            if rest:
                for object_id in rest:
                    self._pool.remove(object_id)
                await backoff.pause(asyncio.Event())

    # ---- coins

    async def _split(self, coin: ObjectID, count: int, value: int) -> None:
        """Make coins out of one that is taken."""
        try:
            builder = TransactionBuilder(self._view)
            builder.transfer(builder.split(GasCoin(), [value] * count), self.address)
            budget = split_budget(count)
            flight = self._prepare(builder.kind(), (coin,), budget, part=value)
        except BaseException:
            self._locks.give_back([coin])
            raise
        receipt = await self._send(flight)
        if not receipt.effects.is_success:
            raise BuildError(f"splitting a coin failed: {receipt.effects.status}")

    async def _refill(self) -> None:
        """Read what coins there are. Those that are taken come back with what happens to them; those that
        some authority holds for a transaction of this account, which a loss of power took from the journal,
        are left to that.
        """
        coins = await self._ledger.gas_coins(self.address)
        new = [id_ for coin in coins if not self._locks.is_taken(id_ := coin.reference.object_id)]
        live = {coin.reference for coin in coins}
        for start in range(0, len(new), MAX_READ):
            page = new[start : start + MAX_READ]
            for signed in await self._ledger.holders(page):
                if not live.isdisjoint(_spent(signed)):  # or whoever holds them is behind
                    self._take_up(signed)
            free = [one for one in page if not self._locks.is_taken(one)]
            states = await _unlocked(self._ledger, free, self.address)
            for state in states:
                if state.is_free and not self._locks.is_taken(state.object_id):
                    self._put(state)

    async def _look_into(self, coins: Sequence[ObjectID]) -> None:
        """Read how much is in coins, unless they are used meanwhile."""
        try:
            states = await self._ledger.states(coins)
        except MoveliteError as error:
            _log.info("coins are left out, for they cannot be read: %s", error)
            return
        for state in states:
            if state.is_free and not self._locks.is_taken(state.object_id):
                self._put(state)

    def _put(self, state: ObjectState) -> None:
        """Believe what a read has shown."""
        if state.live is None:
            self._cache.forget(state.object_id, state.gone_at)
        else:
            self._cache.put(state.live)
        known = self._cache.get(state.object_id)
        is_latest = known is not None and state.live is not None and known.reference == state.live.reference
        if state.balance is not None and is_latest:
            self._pool.add(state.object_id, state.balance)
        else:
            self._pool.remove(state.object_id)

    # ---- after a restart

    def _take_up(self, signed: SenderSignedData) -> None:
        """Drive what an earlier run left behind, and keep its objects from all others."""
        data = signed.transaction_data
        if self.address not in data.signers or signed.digest() in self._unknown:
            return
        owned, payment = (
            tuple(ref.object_id for ref in references if self._locks.try_take(ref.object_id))
            for references in (_exclusive_inputs(signed), data.gas_data.payment)
        )
        self._pool.reserve(owned)
        for coin in payment:
            self._pool.add(coin, None)
        flight = _Flight(signed, owned, payment, _future())
        self._keep_unknown(flight, _future(), TimeoutBeforeFinality("it was left half done"))
        self._spawn(self._fly(flight, _future()))

    # ---- helpers

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _left(flight: _Flight, effects: TransactionEffects, known: dict[ObjectID, int]) -> int | None:
    """Least nanos in the gas coin after a transaction; None if that cannot be told."""
    kind = flight.signed.transaction_data.kind
    before = [known.get(coin) for coin in flight.payment]
    if not isinstance(kind, ProgrammableTransaction) or None in before or not before:
        return None
    return left_in_gas(sum(balance for balance in before if balance is not None), kind, effects)


def _spent(signed: SenderSignedData) -> list[ObjectRef]:
    """Versions that a transaction would use up."""
    return [*_exclusive_inputs(signed), *signed.transaction_data.gas_data.payment]


def _exclusive_inputs(signed: SenderSignedData) -> list[ObjectRef]:
    """Inputs that may be owned objects."""
    kind = signed.transaction_data.kind
    inputs = kind.inputs if isinstance(kind, ProgrammableTransaction) else ()
    return [
        value.object.reference
        for value in inputs
        if isinstance(value, ObjectInput) and isinstance(value.object, ImmOrOwnedObject | Receiving)
    ]


def _future() -> asyncio.Future[Receipt]:
    return asyncio.get_running_loop().create_future()


def _fail(waiting: asyncio.Future[Receipt], error: Exception) -> None:
    """Tell who waits, if somebody does."""
    if not waiting.done():
        waiting.set_exception(error)
        waiting.exception()
