"""Replays: a final transaction gives the same effects again, however the ledger has gone on since."""

from __future__ import annotations

from dataclasses import replace

import pytest

from authority.execution.recorder import Recorder
from authority.replay import ReplayError, replay
from authority.state import AuthorityState
from authority.store import AuthorityStore
from cli.replay_report import GasWatch
from proto.effects import TransactionEffects
from proto.errors import UserInputError
from proto.ids import Digest, ObjectID, SequenceNumber
from proto.object import Object
from proto.transaction import SenderSignedData
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, execute, new_authority


class StoreHistory:
    """The history that an authority's store keeps; changed objects stand for a node that lies."""

    def __init__(self, store: AuthorityStore, changed: dict[ObjectID, Object] | None = None) -> None:
        self.store = store
        self.changed = changed or {}

    def latest(self, object_id: ObjectID) -> Object | None:
        return self.store.get_object(object_id)

    def at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        return self.changed.get(object_id) or self.store.get_object_at(object_id, version)

    def at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        return self.store.get_object_at_most(object_id, version)


@pytest.fixture
async def history() -> tuple[AuthorityState, SenderSignedData, TransactionEffects]:
    """An authority after a transfer of Alice, and after Bob has sent the coin on."""
    authorities = [new_authority(number) for number in range(4)]
    state = authorities[0]
    gas, coin = coins_of(ALICE, state)[:2]
    first = build_transfer(ALICE, gas, coin, BOB.address)
    await execute(authorities, first)
    moved = state.store.get_object(coin.object_id)
    assert moved is not None
    await execute(authorities, build_transfer(BOB, coins_of(BOB, state)[0], moved, ALICE.address))
    executed = state.store.executed(first.digest())
    assert executed is not None
    return state, first, state.executed_message(executed).effects


async def test_an_old_transaction_gives_the_same_effects_again(
    history: tuple[AuthorityState, SenderSignedData, TransactionEffects],
) -> None:
    state, signed, effects = history
    found = replay(state.executor, StoreHistory(state.store), signed.transaction_data, effects)
    assert found.matches
    assert found.result.effects == effects


async def test_a_replay_can_be_watched(
    history: tuple[AuthorityState, SenderSignedData, TransactionEffects],
) -> None:
    state, signed, effects = history
    watch, recorder = GasWatch(), Recorder()
    executor = replace(state.executor, observers=(watch,), new_meter=watch.new_meter)
    found = replay(executor, StoreHistory(state.store), signed.transaction_data, effects, recorder)
    assert found.matches
    assert len(recorder.results) == len(signed.transaction_data.kind.commands)  # type: ignore[union-attr]
    assert 0 < watch.meter.gas_left < watch.meter.budget


async def test_other_effects_do_not_match(
    history: tuple[AuthorityState, SenderSignedData, TransactionEffects],
) -> None:
    state, signed, effects = history
    forged = replace(effects, gas_used=replace(effects.gas_used, computation_cost=1))
    assert not replay(state.executor, StoreHistory(state.store), signed.transaction_data, forged).matches
    with pytest.raises(ReplayError, match="another transaction"):
        other = replace(effects, transaction_digest=Digest(bytes(32)))
        replay(state.executor, StoreHistory(state.store), signed.transaction_data, other)


async def test_an_object_other_than_the_signed_one_is_noticed(
    history: tuple[AuthorityState, SenderSignedData, TransactionEffects],
) -> None:
    state, signed, effects = history
    reference = signed.transaction_data.gas_data.payment[0]
    coin = state.store.get_object_at(reference.object_id, reference.version)
    assert coin is not None
    liar = StoreHistory(state.store, {reference.object_id: replace(coin, storage_rebate=1)})
    with pytest.raises(UserInputError, match="Invalid Object digest"):
        replay(state.executor, liar, signed.transaction_data, effects)
