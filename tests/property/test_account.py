"""Whatever happens to its transactions, an account never gives a version of an object to two of them."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aggregator.account.account import Account, OutcomeUnknown
from aggregator.account.pool import PoolPolicy
from aggregator.transaction_builder import BuildError, TransactionBuilder
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.errors import NonRecoverableTransactionError
from proto.ids import Address, ObjectID
from proto.transaction import GasCoin
from tests.support.fake_ledger import GONE, FakeLedger, Outcome
from tests.support.jumping_loop import JumpingLoop

KEY = Ed25519KeyPair.from_seed(b"p" * 32)
ADDRESS = address_of(SignatureScheme.ED25519, KEY.public_key)
POLICY = PoolPolicy(gas_budget=5_000_000, coin_value=20_000_000, max_coins=12, pause_after_failed_split=1.0)
EXPECTED = (OutcomeUnknown, NonRecoverableTransactionError, BuildError)


def paying(nanos: int) -> Any:
    async def build(builder: TransactionBuilder) -> None:
        builder.transfer(builder.split(GasCoin(), [nanos]), GONE)

    return build


def giving(objects: list[ObjectID], recipient: Address) -> Any:
    async def build(builder: TransactionBuilder) -> None:
        builder.transfer([await builder.object(object_id) for object_id in objects], recipient)

    return build


class AccountMachine(RuleBasedStateMachine):
    """An account, callers that come and go, and a ledger that does what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = JumpingLoop()
        self.ledger = FakeLedger()
        self.callers: list[asyncio.Task[Any]] = []

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def end_callers(self) -> None:
        async def end() -> None:
            await asyncio.gather(*self.callers, return_exceptions=True)

        for caller in self.callers:
            caller.cancel()
        self.run(end())
        self.callers.clear()

    def step(self, seconds: float = 1.0) -> None:
        self.run(asyncio.sleep(seconds))

    @initialize(balances=st.lists(st.integers(1_000_000, 300_000_000), min_size=1, max_size=4))
    def open(self, balances: list[int]) -> None:
        for balance in balances:
            self.ledger.add_coin(ADDRESS, balance)
        self.account = self.run(Account.open(KEY, self.ledger, self.ledger, (), POLICY))

    # ---- callers

    def call(self, build: Any) -> None:
        async def work() -> None:
            try:
                await self.account.execute(build)
            except EXPECTED:
                return

        self.callers.append(self.loop.create_task(work()))

    @rule(count=st.integers(1, 8), nanos=st.integers(1, 3_000_000))
    def pay(self, count: int, nanos: int) -> None:
        for number in range(count):
            self.call(paying(nanos + number))
        self.step()

    @rule(data=st.data(), to_self=st.booleans())
    def give(self, data: st.DataObject, to_self: bool) -> None:
        owned = sorted(id_ for id_, coin in self.ledger.coins.items() if coin.owner == ADDRESS)
        if not owned:
            return
        objects = data.draw(st.lists(st.sampled_from(owned), min_size=1, max_size=2, unique=True))
        self.call(giving(objects, ADDRESS if to_self else GONE))
        self.step()

    @precondition(lambda self: self.callers)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.callers)).cancel()
        self.step()

    # ---- the ledger

    @precondition(lambda self: self.ledger.open_attempts())
    @rule(data=st.data(), outcome=st.sampled_from(Outcome))
    def finish(self, data: st.DataObject, outcome: Outcome) -> None:
        self.ledger.finish(data.draw(st.sampled_from(self.ledger.open_attempts())), outcome)
        self.step()

    @rule()
    def finish_all(self) -> None:
        for submitted in self.ledger.open_attempts():
            self.ledger.finish(submitted, Outcome.SUCCESS)
        self.step()

    @rule()
    def unlock(self) -> None:
        self.ledger.unlock()
        self.step()

    @rule(balance=st.integers(1_000_000, 100_000_000))
    def receive(self, balance: int) -> None:
        self.ledger.add_coin(ADDRESS, balance)

    @rule(loses_journal=st.booleans())
    def crash(self, loses_journal: bool) -> None:
        """The process dies; what it had sent is in the journal of its driver, or authorities have it."""
        self.run(self.account.close())
        self.end_callers()
        unfinished = [] if loses_journal else self.ledger.journal
        self.account = self.run(Account.open(KEY, self.ledger, self.ledger, unfinished, POLICY))
        self.step()

    # ---- what holds always, and in the end

    @invariant()
    def nothing_is_used_twice(self) -> None:
        assert not self.ledger.violations, self.ledger.violations

    @invariant()
    def coins_hold_what_the_account_believes(self) -> None:
        if not hasattr(self, "account"):
            return
        for coin, least in self.account.coins.items():
            if not self.account._locks.is_taken(coin):
                assert least <= self.ledger.coins[coin].balance, coin.hex()

    def teardown(self) -> None:
        try:
            if hasattr(self, "account"):
                self._end_well()
        finally:
            if hasattr(self, "account"):
                self.run(self.account.close())
            self.end_callers()
            self.loop.close()

    def _end_well(self) -> None:
        """With a ledger that answers, everybody who waits gets an answer, and a rich coin can be spent."""
        self.ledger.unlock()
        self.ledger.add_coin(ADDRESS, 10**9)
        for _ in range(400):
            for submitted in self.ledger.open_attempts():
                self.ledger.finish(submitted, Outcome.SUCCESS)
            self.step(10)
            if all(caller.done() for caller in self.callers) and not self.ledger.journal:
                break
        assert all(caller.done() for caller in self.callers)
        assert not self.account.unknown
        last = self.loop.create_task(self.account.execute(paying(3_900_000)))  # like none before
        while not last.done():
            self.step()
            for submitted in self.ledger.open_attempts():
                self.ledger.finish(submitted, Outcome.SUCCESS)
        assert last.result().effects.is_success
        assert not self.ledger.violations, self.ledger.violations


TestAccountMachine = AccountMachine.TestCase
TestAccountMachine.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
