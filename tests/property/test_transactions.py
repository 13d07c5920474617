"""Random programmable transactions on random objects: what must hold whatever they do."""

from __future__ import annotations

from functools import lru_cache

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from authority.execution.engine import ExecutionResult
from proto import bcs
from proto.bcs import U64
from proto.effects import TransactionEffects
from proto.errors import UserInputError
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID
from proto.object import AddressOwner, Object, ObjectOwner, Shared, new_gas_coin
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Result,
    SharedObject,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.type_tag import U64 as U64_TAG
from proto.type_tag import StructTag, TypeTag
from tests.support.ledger import framework
from tests.support.memory_ledger import LedgerTemplate, MemoryLedger, make_template

PRICE = 1000
BUDGET = 100_000_000
BALANCE = 10**12
USERS = tuple(Address(bytes([number]) * 32) for number in (1, 2))
IOTA = StructTag(IOTA_FRAMEWORK_ADDRESS, "iota", "IOTA")
COIN = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (IOTA,))
BAG = StructTag(IOTA_FRAMEWORK_ADDRESS, "object_bag", "ObjectBag")
FRAMEWORK = ObjectID(IOTA_FRAMEWORK_ADDRESS)

NUMBERS: tuple[CallArg, ...] = (
    pure(U64, 10),
    pure(U64, 0),
    *(pure(Address, user) for user in USERS),
)
SMALL, ZERO, SENDER, RECIPIENT = (Input(index) for index in range(4))
FIRST_OBJECT = len(NUMBERS)


@lru_cache(maxsize=2)
def template(number: int) -> LedgerTemplate:
    """Two templates that share nothing: their executors must agree all the same."""
    return make_template(framework())


@pytest.fixture(scope="module", autouse=True)
def _templates() -> None:
    """Made before hypothesis limits recursion for its tests: a machine raises that limit."""
    template(0)
    template(1)


def new_ledger(number: int = 0) -> MemoryLedger:
    """Each user has one coin for gas and three to spend."""
    coins = [
        new_gas_coin(ObjectID(Address(bytes([user, index]) * 16)), USERS[user], BALANCE)
        for user in range(2)
        for index in range(4)
    ]
    return template(number).ledger(coins, reference_gas_price=PRICE)


def gas_coin_of(ledger: MemoryLedger, user: int) -> Object | None:
    """The coin that pays for a user's next transaction."""
    owned = (value for _, value in sorted(ledger.history.live().items()) if value.is_gas_coin)
    mine = (value for value in owned if value.owner == AddressOwner(USERS[user]))
    return next((value for value in mine if (value.coin_value or 0) >= BUDGET), None)


arguments: st.SearchStrategy[Argument] = st.one_of(
    st.just(GasCoin()),
    st.builds(Input, st.integers(0, 6)),
    st.builds(Result, st.integers(0, 4)),
    st.builds(NestedResult, st.integers(0, 3), st.integers(0, 1)),
)
some_arguments = st.lists(arguments, min_size=1, max_size=3).map(tuple)


wild_commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(SplitCoins, arguments, some_arguments),
    st.builds(MergeCoins, arguments, some_arguments),
    st.builds(TransferObjects, some_arguments, arguments),
    st.builds(MakeMoveVec, st.just(COIN), some_arguments),
)
"""Commands that hardly ever fit together."""


class Script:
    """Commands that mostly fit together: it knows which coins and bags are there to be used."""

    def __init__(self, objects: list[CallArg], kinds: list[str]) -> None:
        self.commands: list[Command] = []
        given_objects = [(Input(FIRST_OBJECT + index), kind) for index, kind in enumerate(kinds)]
        self.coins: list[Argument] = [argument for argument, kind in given_objects if kind == "coin"]
        self.bags: list[Argument] = [argument for argument, kind in given_objects if kind == "bag"]
        self.inputs = (*NUMBERS, *objects)

    def call(self, module: str, function: str, types: tuple[TypeTag, ...], *given: Argument) -> Argument:
        """Add a call of a framework function."""
        self.commands.append(MoveCall(FRAMEWORK, module, function, types, given))
        return Result(len(self.commands) - 1)

    def add(self, data: st.DataObject) -> None:
        """Add some command."""
        coins = [*self.coins, GasCoin()]
        match data.draw(st.sampled_from(ACTIONS)):
            case "split":
                self.commands.append(SplitCoins(data.draw(st.sampled_from(coins)), (SMALL,)))
                self.coins.append(NestedResult(len(self.commands) - 1, 0))
            case "zero":
                self.coins.append(self.call("coin", "zero", (IOTA,)))
            case "bag":
                self.bags.append(self.call("object_bag", "new", ()))
            case "put" if self.bags and self.coins:
                bag = data.draw(st.sampled_from(self.bags))
                self.call("object_bag", "add", (U64_TAG, COIN), bag, ZERO, self.take(data))
            case "get" if self.bags:
                bag = data.draw(st.sampled_from(self.bags))
                self.coins.append(self.call("object_bag", "remove", (U64_TAG, COIN), bag, ZERO))
            case "merge" if self.coins:
                coin = self.take(data)
                target = data.draw(st.sampled_from([*self.coins, GasCoin()]))
                self.commands.append(MergeCoins(target, (coin,)))
            case "share" | "freeze" as how if self.coins:
                self.call("transfer", f"public_{how}_object", (COIN,), self.take(data))
            case "send" if self.coins:
                self.commands.append(TransferObjects((self.take(data),), RECIPIENT))
            case "pay" if self.coins:
                self.commands.append(MakeMoveVec(COIN, (self.take(data),)))
                self.call("pay", "join_vec", (IOTA,), GasCoin(), Result(len(self.commands) - 1))
            case "wild":
                self.commands.append(data.draw(wild_commands))

    def take(self, data: st.DataObject) -> Argument:
        """A coin that is not used again."""
        return self.coins.pop(data.draw(st.integers(0, len(self.coins) - 1)))

    def finish(self) -> ProgrammableTransaction:
        """Give away what commands have made."""
        made = [value for value in (*self.coins, *self.bags) if not isinstance(value, Input)]
        if made or not self.commands:
            self.commands.append(TransferObjects(tuple(made) or (GasCoin(),), RECIPIENT if made else SENDER))
        return ProgrammableTransaction(self.inputs, tuple(self.commands))


ACTIONS = ("split", "zero", "bag", "put", "put", "get", "merge", "share", "freeze", "send", "pay", "wild")


def usable(ledger: MemoryLedger, user: int) -> list[tuple[CallArg, str]]:
    """Objects that a user may name as inputs and what they are, ascending by id."""
    gas = gas_coin_of(ledger, user)
    found: list[tuple[CallArg, str]] = []
    for object_id, value in sorted(ledger.history.live().items()):
        if value == gas or value.struct_tag not in (COIN, BAG):
            continue
        kind = "coin" if value.struct_tag == COIN else "bag"
        if value.owner == AddressOwner(USERS[user]):
            found.append((ObjectInput(ImmOrOwnedObject(value.reference())), kind))
        elif isinstance(value.owner, Shared):
            start = value.owner.initial_shared_version
            found.append((ObjectInput(SharedObject(object_id, start, mutable=True)), kind))
    return found


def draw_transaction(data: st.DataObject, ledger: MemoryLedger, user: int) -> TransactionData:
    """Some transaction of a user."""
    coin = gas_coin_of(ledger, user)
    assume(coin is not None)
    chosen = data.draw(st.permutations(usable(ledger, user)))[:3]
    script = Script([argument for argument, _ in chosen], [kind for _, kind in chosen])
    for _ in range(data.draw(st.integers(1, 5))):
        script.add(data)
    assert coin is not None
    gas = GasData((coin.reference(),), USERS[user], PRICE, BUDGET)
    return TransactionData(script.finish(), USERS[user], gas)


def wealth(objects: dict[ObjectID, Object]) -> int:
    """All nanos in gas coins and in the storage fees that objects carry."""
    return sum(
        (value.coin_value or 0) * value.is_gas_coin + value.storage_rebate for value in objects.values()
    )


class Ledger(RuleBasedStateMachine):
    """One ledger, a second with another Move runtime, and the transactions that hypothesis thinks of."""

    @initialize()
    def begin(self) -> None:
        self.ledger, self.twin = new_ledger(0), new_ledger(1)
        self.total = wealth(self.ledger.history.live())
        self.burned = 0
        self.at_genesis = frozenset(self.ledger.history.live())
        self.ever = set(self.at_genesis)

    @rule(user=st.integers(0, 1), data=st.data())
    def run(self, user: int, data: st.DataObject) -> None:
        transaction = draw_transaction(data, self.ledger, user)
        try:
            result = self.ledger.try_execute(transaction)
        except UserInputError as refusal:
            check_refused_alike(self.twin, transaction, refusal)
            return
        check_same_effects(result, self.twin.execute(transaction))
        check_versions(self.ledger, result, self.ever)
        self.burned += result.effects.gas_used.computation_cost
        self.ever |= result.written.keys()
        self.ledger.commit(result)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        live = self.ledger.history.live()
        assert wealth(live) + self.burned == self.total

    @invariant()
    def every_child_has_a_parent(self) -> None:
        live = self.ledger.history.live()
        for object_id in live.keys() - self.at_genesis:  # there, the deny list wraps what owns its children
            value = live[object_id]
            if isinstance(value.owner, ObjectOwner):
                assert ObjectID(value.owner.address) in live

    @invariant()
    def both_ledgers_hold_the_same(self) -> None:
        assert self.ledger.history.live() == self.twin.history.live()


def check_refused_alike(twin: MemoryLedger, transaction: TransactionData, refusal: UserInputError) -> None:
    """The other ledger must refuse for the same reason."""
    try:
        twin.try_execute(transaction)
    except UserInputError as other:
        assert other.kind == refusal.kind
        return
    raise AssertionError("only one of two ledgers refused")


def check_same_effects(first: ExecutionResult, second: ExecutionResult) -> None:
    """Byte for byte, and so are the objects."""
    assert bcs.encode(TransactionEffects, first.effects) == bcs.encode(TransactionEffects, second.effects)
    assert first.written == second.written


def check_versions(ledger: MemoryLedger, result: ExecutionResult, ever: set[ObjectID]) -> None:
    """All written objects get the transaction's version, above what they had; created ids are new.

    But for those of dynamic fields, which follow from parent and name: a field may come again.
    """
    version = result.effects.lamport_version
    for value in result.written.values():
        before = ledger.history.get_object(value.object_id)
        assert value.is_package or value.version == version
        assert before is None or before.version < value.version
    for reference, owner in result.effects.created():
        is_field = isinstance(owner, ObjectOwner)
        assert reference.object_id not in (ledger.history.live() if is_field else ever)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_independent_transactions_may_run_in_any_order(data: st.DataObject) -> None:
    one, other = new_ledger(), new_ledger()
    transactions = [draw_transaction(data, one, user) for user in range(2)]
    effects = [run_all(one, transactions), run_all(other, transactions[::-1])]
    assert one.history.live() == other.history.live()
    assert effects[0] == effects[1][::-1]


def run_all(ledger: MemoryLedger, transactions: list[TransactionData]) -> list[TransactionEffects | None]:
    """The effects of each; None for one that is refused."""
    found: list[TransactionEffects | None] = []
    for transaction in transactions:
        try:
            found.append(ledger.execute(transaction).effects)
        except UserInputError:
            found.append(None)
    return found
