"""Random programs through votes, certificates and execution on four authorities: what always holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import permutations
from random import Random

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from authority.key_value import Batch, MemoryKeyValueStore
from authority.state import AuthorityState
from authority.store import MAX_U64
from proto import bcs
from proto.effects import TransactionEffects
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS, Address, ObjectID
from proto.messages import (
    CertificateBatch,
    CertificatesRequest,
    Executed,
    Refused,
    TransactionBatch,
    WholeTransaction,
    accepting_votes,
)
from proto.object import AddressOwner, Immutable, Object, ObjectOwner
from proto.transaction import (
    GasData,
    Input,
    Publish,
    Result,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from tests.support.ledger import (
    ALICE,
    BOB,
    REFERENCE_GAS_PRICE,
    Account,
    build_transaction,
    coins_of,
    execute,
    new_authority,
)
from tests.support.random_programs import COIN, Program, boxes_package, kind_of

BUDGET = 100_000_000
LEAST_BUDGET = 1000 * REFERENCE_GAS_PRICE
"""The least that is accepted: too little for most programs."""

QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
randoms = st.integers(0, 2**32 - 1).map(Random)


class Store(MemoryKeyValueStore):
    """Rows that can be copied and read as tables."""

    def copy(self) -> Store:
        """The same rows, to go on apart."""
        other, batch = Store(), Batch()
        for key, value in self.scan(b""):
            batch.put(key, value)
        other.write(batch)
        return other

    def table(self, letter: bytes) -> list[tuple[bytes, bytes]]:
        """All rows of a table."""
        return list(self.scan(letter))

    def live(self) -> dict[ObjectID, Object]:
        """All live objects."""
        last = {key[1:33]: value for key, value in reversed(self.table(b"o"))}
        return {ObjectID(Address(key)): _read(row[1:]) for key, row in last.items() if row[0] == 0}

    def versions(self) -> dict[ObjectID, int]:
        """The newest version of every object that ever was, removed ones too."""
        rows = reversed(self.table(b"o"))
        return {ObjectID(Address(key[1:33])): MAX_U64 - int.from_bytes(key[33:], "big") for key, _ in rows}


@lru_cache(maxsize=4096)
def _read(data: bytes) -> Object:
    return Object.from_bytes(data)


@lru_cache(maxsize=1)
def stores_with_boxes() -> tuple[tuple[Store, ...], ObjectID]:
    """The stores of four authorities that have published the test package, and its id."""
    stores = tuple(Store() for _ in range(4))
    authorities = [new_authority(number, store) for number, store in enumerate(stores)]
    publish = Publish(boxes_package(), (ObjectID(STD_ADDRESS), ObjectID(IOTA_FRAMEWORK_ADDRESS)))
    commands = (publish, TransferObjects((Result(0),), Input(0)))
    gas = coins_of(ALICE, authorities[0])[0]
    signed = build_transaction(ALICE, gas, (pure(Address, ALICE.address),), commands, BUDGET)
    result = asyncio.run(execute(authorities, signed))[0].results[0]
    assert isinstance(result, Executed)
    assert result.effects.is_success
    (package,) = [ref.object_id for ref, owner in result.effects.created() if isinstance(owner, Immutable)]
    return stores, package


def wealth(value: Object) -> int:
    """Nanos in an object: as a coin, in a box, as a balance in a field; and the storage fee it carries."""
    tag = value.struct_tag
    if tag is None or value.move_object is None:
        return value.storage_rebate
    is_balance = tag.name == "Field" and getattr(tag.type_args[-1], "name", "") == "Balance"
    if tag == COIN or kind_of(value) == "box" or is_balance:
        return int.from_bytes(value.move_object.contents[-8:], "little") + value.storage_rebate
    return value.storage_rebate


@dataclass
class Ledger:
    """Four authorities, and what was found out about them so far."""

    stores: list[Store] = field(default_factory=lambda: [store.copy() for store in stores_with_boxes()[0]])
    burned: int = 0

    def __post_init__(self) -> None:
        self.authorities = [new_authority(number, store) for number, store in enumerate(self.stores)]
        self.at_genesis = frozenset(self.stores[0].live())
        self.total = self._wealth()

    def _wealth(self) -> int:
        return sum(map(wealth, self.stores[0].live().values()))

    def run(self, signed: SenderSignedData) -> TransactionEffects | None:
        """Vote, certify, execute on all, and check everything. None if it is refused."""
        before, versions = self.stores[0].live(), self.stores[0].versions()
        request = asyncio.run(certify(self.authorities[:3], signed))
        if request is None:
            assert self.stores[0].live() == before
            return None
        found = [asyncio.run(execute_on(authority, request)) for authority in self.authorities]
        effects = found[0]
        assert all(other.encoded == effects.encoded for other in found)
        assert bcs.encode(TransactionEffects, effects) == effects.encoded
        self.burned += effects.gas_used.computation_cost
        self._check_all_alike()
        self._check_effects(effects, before, versions)
        payment = [ref.object_id for ref in signed.transaction_data.gas_data.payment]
        if not effects.is_success:
            self._check_only_paid(effects, before, payment)
        self._check_ledger()
        return effects

    def _check_all_alike(self) -> None:
        for store in self.stores[1:]:
            for letter in (b"o", b"a", b"c", b"s"):
                assert store.table(letter) == self.stores[0].table(letter)

    def _check_effects(
        self, effects: TransactionEffects, before: dict[ObjectID, Object], versions: dict[ObjectID, int]
    ) -> None:
        """What effects tell is what the store has, and nothing else has changed."""
        live, ids = self.stores[0].live(), [object_id for object_id, _ in effects.changed_objects]
        assert len(set(ids)) == len(ids)
        for reference, owner in (*effects.created(), *effects.mutated(), *effects.unwrapped()):
            value = live[reference.object_id]
            assert (value.reference(), value.owner) == (reference, owner)
            assert value.is_package or value.version == effects.lamport_version
            assert versions.get(reference.object_id, -1) < value.version
        for reference, _ in effects.created():
            assert reference.object_id not in versions
        gone = (*effects.deleted(), *effects.wrapped(), *effects.unwrapped_then_deleted())
        assert live.keys().isdisjoint(reference.object_id for reference in gone)
        listed = set(ids)
        assert {k: v for k, v in before.items() if k not in listed} == {
            k: v for k, v in live.items() if k not in listed
        }

    def _check_only_paid(
        self, effects: TransactionEffects, before: dict[ObjectID, Object], payment: list[ObjectID]
    ) -> None:
        """A failure moves versions on and takes gas, from one coin that the others of the payment join."""
        live = self.stores[0].live()
        assert not effects.created()
        assert not effects.wrapped()
        assert {reference.object_id for reference in effects.deleted()} == set(payment[1:])
        for reference, _ in effects.mutated():
            was, now = before[reference.object_id], live[reference.object_id]
            assert now.owner == was.owner
            if reference.object_id != payment[0]:
                assert now.move_object is not None
                assert was.move_object is not None
                assert now.move_object.contents == was.move_object.contents

    def _check_ledger(self) -> None:
        """Nothing made or lost; every child has its parent; the index of owners is right; no lock is left."""
        live, store = self.stores[0].live(), self.stores[0]
        assert self._wealth() + self.burned == self.total
        for object_id in live.keys() - self.at_genesis:
            owner = live[object_id].owner
            assert not isinstance(owner, ObjectOwner) or owner.address in live
        for letter, kind in ((b"a", AddressOwner), (b"c", ObjectOwner)):
            wanted = sorted(
                letter + v.owner.address + k for k, v in live.items() if isinstance(v.owner, kind)
            )
            assert [key for key, _ in store.table(letter)] == wanted
        assert all(len(authority.locks) == 0 for authority in self.authorities)
        assert store.table(b"p") == []


async def certify(
    authorities: list[AuthorityState], *transactions: SenderSignedData
) -> CertificatesRequest | None:
    """A certificate by these authorities, who must agree about it; None if they refuse."""
    raw = tuple(transaction.to_bytes() for transaction in transactions)
    votes = [await authority.submit_transactions(TransactionBatch(raw)) for authority in authorities]
    accepted = {vote.accepted_indices() for vote in votes}
    assert len(accepted) == 1
    if accepted == {()}:
        reasons = [refusal.error for _, refusal in votes[0].refusals if isinstance(refusal, Refused)]
        assert reasons
        assert all(vote.refusals == votes[0].refusals for vote in votes)
        return None
    committee = authorities[0].committee
    entries = tuple(WholeTransaction(data) for data in raw)
    return CertificatesRequest(CertificateBatch(committee.epoch, entries, accepting_votes(votes, committee)))


async def execute_on(authority: AuthorityState, request: CertificatesRequest) -> TransactionEffects:
    """The effects of a certified transaction on one authority."""
    (result,) = (await authority.submit_certificates(request)).results
    assert isinstance(result, Executed)
    return result.effects


def draw(random: Random, user: Account, objects: list[Object]) -> SenderSignedData:
    """A random transaction of a user on some of these objects. The first ones are coins and pay."""
    recipient = random.choice((ALICE, BOB)).address
    program = Program(random, stores_with_boxes()[1], recipient)
    payments = random.choice((1, 1, 2))
    for value in objects[payments:]:
        program.add_object(value)
    for _ in range(random.randint(1, 6)):
        program.add_command()
    budget = LEAST_BUDGET if random.random() < 0.08 else BUDGET
    payment = tuple(coin.reference() for coin in objects[:payments])
    gas = GasData(payment, user.address, REFERENCE_GAS_PRICE, budget)
    return user.sign(TransactionData(program.finish(), user.address, gas))


def usable(store: Store, user: Account, random: Random) -> list[Object]:
    """At most three rich coins of the user, then a few other things that may be used."""
    mine: list[Object] = []
    others: list[Object] = []
    for value in store.live().values():
        if value.owner == AddressOwner(user.address) and kind_of(value):
            rich = kind_of(value) == "coin" and (value.coin_value or 0) > 2 * BUDGET
            (mine if rich else others).append(value)
        elif isinstance(value.owner, Immutable) and kind_of(value):
            others.append(value)
    return [
        *random.sample(mine, min(len(mine), 3)),
        *random.sample(others, min(len(others), random.randint(0, 3))),
    ]


def run_some(ledger: Ledger, random: Random, count: int) -> list[str]:
    """Run so many transactions, or fewer if a user has nothing left to pay with; how each ended."""
    ends = []
    for _ in range(count):
        user = random.choice((ALICE, BOB))
        objects = usable(ledger.stores[0], user, random)
        if len(objects) < 3 or not all((value.coin_value or 0) > BUDGET for value in objects[:2]):
            break
        effects = ledger.run(draw(random, user, objects))
        ends.append("refused" if effects is None else "done" if effects.is_success else str(effects.status))
    return ends


@settings(QUICK, max_examples=12)
@given(random=randoms)
def test_random_programs_keep_the_ledger_whole(random: Random) -> None:
    ledger = Ledger()
    run_some(ledger, random, 15)


@settings(QUICK, max_examples=12)
@given(random=randoms)
def test_any_order_of_independent_transactions_gives_the_same_objects(random: Random) -> None:
    ledger = Ledger()
    transactions = []
    for user in (ALICE, BOB):
        coins = coins_of(user, ledger.authorities[0])
        transactions += [draw(random, user, coins[start : start + 4]) for start in (0, 4)]
    requests = [asyncio.run(certify(ledger.authorities[:3], one)) for one in transactions]
    certified = [request for request in requests if request is not None]
    orders = (
        [certified, *random.sample(list(permutations(certified)), 3)]
        if len(certified) > 2
        else [certified] * 4
    )
    found = []
    for authority, order in zip(ledger.authorities, orders, strict=True):
        effects = [asyncio.run(execute_on(authority, request)) for request in order]
        found.append({one.transaction_digest: one.encoded for one in effects})
    assert all(other == found[0] for other in found)
    for store in ledger.stores[1:]:
        for letter in (b"o", b"a", b"c"):
            assert store.table(letter) == ledger.stores[0].table(letter)


def test_random_programs_both_succeed_and_fail() -> None:
    """The programs would show little if all of them had the same end."""
    random, ends = Random(7), list[str]()
    for _ in range(5):
        ends += run_some(Ledger(), random, 20)
    assert ends.count("done") >= 20
    assert len(set(ends)) >= 6
