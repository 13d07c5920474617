"""An authority's votes and executions, in memory."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from authority import ballot, turns
from authority.execution import engine
from authority.execution.commands import execute_command
from authority.execution.context import ExecutionContext
from authority.key_value import MemoryKeyValueStore, RocksKeyValueStore, StorageError
from authority.state import AuthorityState
from authority.submission import PACKAGE_WORK_BYTES, TransactionReader
from movelite.bytecode.writer import serialize_module
from proto import errors, messages, user_input_error
from proto.bcs import U64
from proto.crypto import Ed25519KeyPair
from proto.errors import AuthorityError
from proto.execution_status import Failure, InvariantViolation, Success
from proto.ids import CLOCK_ID, IOTA_FRAMEWORK_ADDRESS, Address, ObjectID
from proto.messages import CertificatesRequest, Refused, TransactionBatch
from proto.object import AddressOwner, Object
from proto.transaction import (
    Command,
    GasCoin,
    Input,
    MoveCall,
    ObjectInput,
    Publish,
    Result,
    SenderSignedData,
    SharedObject,
    SplitCoins,
    TransferObjects,
    pure,
)
from proto.user_signature import sign_transaction
from proto.verification import verify_batch_vote, verify_effects_vote
from tests.support.ir import assemble
from tests.support.ledger import (
    ALICE,
    BOB,
    build_transaction,
    build_transfer,
    certify,
    coins_of,
    execute,
    new_authority,
)

RECIPIENT = BOB.address


def transfer(authority: AuthorityState, gas: int = 0, coin: int = 1) -> SenderSignedData:
    coins = coins_of(ALICE, authority)
    return build_transfer(ALICE, coins[gas], coins[coin], RECIPIENT)


async def refusal(authority: AuthorityState, transaction: SenderSignedData) -> errors.AuthorityErrorKind:
    vote = await authority.submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    assert vote.accepted_indices() == ()
    (_, refused) = vote.refusals[0]
    assert isinstance(refused, Refused)
    return refused.error


async def test_a_good_transaction_is_voted_for_and_locks_its_inputs() -> None:
    authority = new_authority()
    transaction = transfer(authority)
    vote = await authority.submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    verify_batch_vote(vote, authority.committee, [transaction.digest()])
    assert vote.accepted_indices() == (0,)
    assert len(authority.locks) == 2


async def test_the_same_transaction_again_gets_the_same_vote() -> None:
    authority = new_authority()
    batch = TransactionBatch((transfer(authority).to_bytes(),))
    assert await authority.submit_transactions(batch) == await authority.submit_transactions(batch)
    assert len(authority.locks) == 2


async def test_a_transaction_with_a_shared_object_is_refused_and_the_object_named() -> None:
    authority = new_authority()
    clock = ObjectInput(SharedObject(CLOCK_ID, 1, mutable=False))
    read = MoveCall(IOTA_FRAMEWORK_ADDRESS, "clock", "timestamp_ms", (), (Input(0),))
    transaction = build_transaction(ALICE, coins_of(ALICE, authority)[0], (clock,), (read,))
    refused = await refusal(authority, transaction)
    assert isinstance(refused, errors.UnsupportedFeature)
    assert refused.error.startswith("0x6 is shared, and shared object inputs need ordering")
    assert not authority.locks


async def test_a_second_transaction_on_a_locked_object_is_refused_by_name() -> None:
    authority = new_authority()
    first, second = transfer(authority, gas=0, coin=1), transfer(authority, gas=2, coin=1)
    await authority.submit_transactions(TransactionBatch((first.to_bytes(),)))
    conflict = await refusal(authority, second)
    assert isinstance(conflict, errors.ObjectLockConflict)
    assert conflict.pending_transaction == first.digest()
    assert len(authority.locks) == 2


async def test_a_bad_transaction_does_not_fail_its_batch() -> None:
    authority = new_authority()
    good = transfer(authority, gas=0, coin=1)
    bad = SenderSignedData(transfer(authority, gas=2, coin=3).transaction_data, good.tx_signatures)
    vote = await authority.submit_transactions(TransactionBatch((bad.to_bytes(), good.to_bytes())))
    assert vote.accepted_indices() == (1,)
    assert isinstance(vote.refusals[0][1], Refused)
    assert isinstance(vote.refusals[0][1].error, errors.InvalidUserSignature)


async def test_someone_elses_object_is_refused() -> None:
    authority = new_authority()
    gas, theirs = coins_of(ALICE, authority)[0], coins_of(BOB, authority)[0]
    reason = await refusal(authority, build_transfer(ALICE, gas, theirs, RECIPIENT))
    assert isinstance(reason, errors.UserInput)
    assert isinstance(reason.error, user_input_error.IncorrectUserSignature)


async def test_a_signature_by_another_key_is_refused() -> None:
    authority = new_authority()
    data = transfer(authority).transaction_data
    forged = SenderSignedData(data, (sign_transaction(Ed25519KeyPair.from_seed(b"m" * 32), data),))
    assert isinstance(await refusal(authority, forged), errors.SignerSignatureAbsent)


async def test_a_future_version_is_refused() -> None:
    authority = new_authority()
    gas, coin, *_ = coins_of(ALICE, authority)
    future = replace(coin, data=replace(coin.data, version=coin.version + 1))
    reason = await refusal(authority, build_transfer(ALICE, gas, future, RECIPIENT))
    assert isinstance(reason, errors.UserInput)
    assert isinstance(reason.error, user_input_error.ObjectVersionUnavailableForConsumption)


@pytest.mark.parametrize(
    ("budget", "price", "expected"),
    [
        (999_999, 1000, user_input_error.GasBudgetTooLow),
        (50_000_000_001, 1000, user_input_error.GasBudgetTooHigh),
        (50_000_000, 999, user_input_error.GasPriceUnderRGP),
        (50_000_000, 100_001, user_input_error.GasPriceTooHigh),
    ],
)
async def test_gas_outside_the_rules_is_refused(budget: int, price: int, expected: type) -> None:
    authority = new_authority()
    gas = coins_of(ALICE, authority)[0]
    transaction = build_transaction(ALICE, gas, (), (), budget=budget, price=price)
    reason = await refusal(authority, transaction)
    assert isinstance(reason, errors.UserInput)
    assert isinstance(reason.error, expected)
    assert len(authority.locks) == 0


async def test_garbage_is_refused_as_a_whole() -> None:
    authority = new_authority()
    with pytest.raises(AuthorityError) as caught:
        await authority.submit_transactions(TransactionBatch((b"garbage",)))
    assert isinstance(caught.value.kind, errors.MalformedRequest)


async def test_four_authorities_agree_on_the_effects() -> None:
    authorities = [new_authority(number) for number in range(4)]
    transaction = transfer(authorities[0])
    responses = await execute(authorities, transaction)
    results = [response.results[0] for response in responses]
    assert all(isinstance(result, messages.Executed) for result in results)
    first = results[0]
    assert isinstance(first, messages.Executed)
    assert all(result == first for result in results)
    for response in responses:
        assert response.vote is not None
        verify_effects_vote(response.vote, authorities[0].committee, [first.effects.digest()])
    moved = authorities[3].store.get_object(coins_of(ALICE, new_authority())[1].object_id)
    assert moved is not None
    assert moved.owner == AddressOwner(RECIPIENT)
    assert len(authorities[0].locks) == 0


async def test_executing_again_changes_nothing_and_answers_the_same() -> None:
    authority = new_authority()
    others = [new_authority(number) for number in range(1, 4)]
    batch = await certify(others, transfer(authority))
    first = await authority.submit_certificates(CertificatesRequest(batch))
    sequence = authority.store.next_sequence
    assert await authority.submit_certificates(CertificatesRequest(batch)) == first
    assert authority.store.next_sequence == sequence


async def test_too_few_votes_are_no_certificate() -> None:
    authorities = [new_authority(number) for number in range(3)]
    batch = await certify(authorities[:2], transfer(authorities[0]))
    with pytest.raises(AuthorityError) as caught:
        await authorities[2].submit_certificates(CertificatesRequest(batch))
    assert isinstance(caught.value.kind, errors.InvalidCertificateShown)
    assert authorities[2].store.next_sequence == 0


async def test_a_certificate_with_other_signatures_of_the_user_is_not_stored() -> None:
    """Users' signatures are not under the root that votes sign, so an authority checks them itself."""
    authorities = [new_authority(number) for number in range(4)]
    transaction = transfer(authorities[0])
    batch = await certify(authorities[:3], transaction)
    forged = SenderSignedData(transaction.transaction_data, (bytes(97),)).to_bytes()
    shown = replace(batch, entries=(messages.WholeTransaction(forged),))
    response = await authorities[3].submit_certificates(CertificatesRequest(shown))
    assert isinstance(response.results[0], messages.NotExecuted)
    assert authorities[3].store.next_sequence == 0


async def test_a_missing_dependency_is_told_and_asked_for() -> None:
    authorities = [new_authority(number) for number in range(4)]
    woken: list[bool] = []
    authorities[3].on_missing_dependency = lambda: woken.append(True)
    first = transfer(authorities[0])
    await execute(authorities[:3], first)
    second = transfer(authorities[0])
    batch = await certify(authorities[:3], second)
    response = await authorities[3].submit_certificates(CertificatesRequest(batch))
    (result,) = response.results
    assert isinstance(result, messages.NotExecuted)
    assert isinstance(result.error, errors.MissingDependency)
    assert woken == [True]


async def test_a_lock_survives_a_restart(tmp_path: Path) -> None:
    store = RocksKeyValueStore(tmp_path / "db")
    authority = new_authority(0, store)
    first, second = transfer(authority, gas=0, coin=1), transfer(authority, gas=2, coin=1)
    await authority.submit_transactions(TransactionBatch((first.to_bytes(),)))
    authority.store.close()
    again = new_authority(0, RocksKeyValueStore(tmp_path / "db"))
    assert isinstance(await refusal(again, second), errors.ObjectLockConflict)
    vote = await again.submit_transactions(TransactionBatch((first.to_bytes(),)))
    assert vote.accepted_indices() == (0,)


class FullDisk(MemoryKeyValueStore):
    """A disk that refuses every write once it is full."""

    is_full = False

    def write(self, batch: object) -> None:
        if self.is_full:
            raise StorageError("no space left on device")
        super().write(batch)  # type: ignore[arg-type]


async def test_a_full_disk_gives_no_vote_and_keeps_no_lock() -> None:
    disk = FullDisk()
    authority = new_authority(0, disk)
    disk.is_full = True
    batch = TransactionBatch((transfer(authority).to_bytes(),))
    with pytest.raises(AuthorityError) as caught:
        await authority.submit_transactions(batch)
    assert isinstance(caught.value.kind, errors.StorageFailure)
    assert len(authority.locks) == 0
    disk.is_full = False
    assert (await authority.submit_transactions(batch)).accepted_indices() == (0,)


async def test_an_executed_transaction_is_returned_with_its_proof() -> None:
    authorities = [new_authority(number) for number in range(4)]
    transaction = transfer(authorities[0])
    await execute(authorities, transaction)
    vote = await authorities[0].submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    (_, answer) = vote.refusals[0]
    assert isinstance(answer, messages.AlreadyExecuted)
    assert answer.executed.effects.transaction_digest == transaction.digest()


async def test_a_bug_of_ours_fails_one_transaction_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(context: ExecutionContext, command: Command) -> None:
        if isinstance(command, SplitCoins):
            raise KeyError("a bug")
        execute_command(context, command)

    monkeypatch.setattr(engine, "execute_command", broken)
    authority, other = new_authority(), new_authority(1)
    coins = coins_of(ALICE, authority)
    split = SplitCoins(GasCoin(), (Input(0),))
    bad = build_transaction(ALICE, coins[0], (pure(U64, 7),), (split,))
    good = build_transfer(ALICE, coins[1], coins[2], RECIPIENT)
    request = CertificatesRequest(await certify([authority, other, new_authority(2)], bad, good))
    failed, succeeded = (await authority.submit_certificates(request)).results
    assert isinstance(failed, messages.Executed)
    assert isinstance(succeeded, messages.Executed)
    assert failed.effects.status == Failure(InvariantViolation(), None)
    assert failed.effects.gas_used.computation_cost > 0
    assert succeeded.effects.status == Success()
    assert (await other.submit_certificates(request)).results[0] == failed


async def test_a_disk_that_cannot_be_read_gives_no_vote_and_keeps_no_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = new_authority()
    first, second = transfer(authority), transfer(authority, 2, 3)
    unreadable = second.transaction_data.gas_data.payment[0].object_id
    get_object = authority.store.get_object

    def broken(object_id: ObjectID) -> Object | None:
        if object_id == unreadable:
            raise StorageError("a block is damaged")
        return get_object(object_id)

    monkeypatch.setattr(authority.store, "get_object", broken)
    with pytest.raises(AuthorityError) as caught:
        await authority.submit_transactions(TransactionBatch((first.to_bytes(), second.to_bytes())))
    assert isinstance(caught.value.kind, errors.StorageFailure)
    assert len(authority.locks) == 0


async def test_a_disk_that_cannot_be_read_signs_no_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = new_authority()
    batch = await certify([authority, new_authority(1), new_authority(2)], transfer(authority))

    def broken(*_: object) -> None:
        raise StorageError("the disk is gone")

    monkeypatch.setattr(engine, "run_commands", broken)
    with pytest.raises(StorageError):
        await authority.submit_certificates(CertificatesRequest(batch))
    assert authority.store.next_sequence == 0
    monkeypatch.undo()
    assert (await authority.submit_certificates(CertificatesRequest(batch))).vote is not None


def publication(authority: AuthorityState, gas: int) -> SenderSignedData:
    code = serialize_module(assemble("module 0x0.m { f() { label b0: return; } }"))
    commands = (Publish((code,), ()), TransferObjects((Result(0),), Input(0)))
    coin = coins_of(ALICE, authority)[gas]
    return build_transaction(ALICE, coin, (pure(Address, ALICE.address),), commands)


async def test_few_modules_are_verified_for_votes_on_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = new_authority()
    batch = [publication(authority, 0), publication(authority, 1), transfer(authority, 2, 3)]
    request = TransactionBatch(tuple(one.to_bytes() for one in batch))
    monkeypatch.setattr(ballot, "MODULES_AT_ONCE_BYTES", 1)
    vote = await authority.submit_transactions(request)
    assert vote.accepted_indices() == (0, 2)
    assert vote.refusals == ((1, Refused(errors.TooMuchAtOnce())),)
    assert (await authority.submit_transactions(request)).accepted_indices() == (0, 1, 2)


async def test_modules_are_not_verified_for_coins_that_another_transaction_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = new_authority()
    held, rival = transfer(authority, 0, 1), publication(authority, 0)
    await authority.submit_transactions(TransactionBatch((held.to_bytes(),)))
    monkeypatch.setattr(type(authority.executor), "check_modules_for_signing", None)
    vote = await authority.submit_transactions(TransactionBatch((rival.to_bytes(),)))
    ((_, refusal),) = vote.refusals
    assert isinstance(refusal, Refused) and isinstance(refusal.error, errors.ObjectLockConflict)


async def test_others_have_their_turn_while_many_large_transactions_are_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "PIECE_BYTES", 100)
    authority = new_authority()
    batch = [transfer(authority, gas, 5 + gas % 3) for gas in range(4)]
    voting = asyncio.create_task(
        authority.submit_transactions(TransactionBatch(tuple(one.to_bytes() for one in batch)))
    )
    rounds = 0
    while not voting.done():
        rounds += 1
        await asyncio.sleep(0)
    assert rounds > 3
    assert (await voting).accepted_indices() == (0, 1, 2)


async def test_what_a_large_batch_has_locked_before_the_disk_failed_is_voted_for_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "PIECE_BYTES", 100)
    disk = FullDisk()
    authority = new_authority(0, disk)
    batch = [transfer(authority, gas, 5 + gas) for gas in range(3)]
    request = TransactionBatch(tuple(one.to_bytes() for one in batch))
    voting = asyncio.create_task(authority.submit_transactions(request))
    while len(authority.locks) < 2:
        await asyncio.sleep(0)
    disk.is_full = True
    with pytest.raises(AuthorityError) as caught:
        await voting
    assert isinstance(caught.value.kind, errors.StorageFailure)
    assert len(authority.locks) == 2
    disk.is_full = False
    assert (await authority.submit_transactions(request)).accepted_indices() == (0, 1, 2)
    assert len(authority.locks) == 6


def test_packages_that_a_transaction_names_count_for_what_they_may_be_linked_to() -> None:
    authority = new_authority()
    coins = coins_of(ALICE, authority)
    calls = [MoveCall(Address(bytes([number]) * 32), "m", "f", (), ()) for number in (7, 8, 8)]
    calls.append(MoveCall(IOTA_FRAMEWORK_ADDRESS, "m", "f", (), ()))
    submitted = TransactionReader().read(build_transaction(ALICE, coins[0], (), tuple(calls)).to_bytes())
    assert submitted.work_bytes == len(submitted.raw) + 2 * PACKAGE_WORK_BYTES
