"""Certified transfers: the CPU that one authority spends on each, against the limit that signatures set.

Everything that an authority does is in it: decoding, user signatures, checks, locks, two synced RocksDB
commits, execution, effects, votes. Other authorities only make the certificates and are not counted.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from authority.genesis import Genesis, GenesisAccount, GenesisAuthority, build_genesis
from authority.key_value import MemoryKeyValueStore, RocksKeyValueStore
from authority.signature_verifier import InlineVerifier
from authority.state import AuthorityState
from authority.store import AuthorityStore
from proto import bcs
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair, verify_ed25519
from proto.ids import Address
from proto.messages import (
    BatchVote,
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    TransactionBatch,
    WholeTransaction,
    accepting_votes,
)
from proto.object import Object
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    NestedResult,
    ObjectInput,
    SplitCoins,
    TransferObjects,
    pure,
)
from proto.type_tag import parse_type_tag
from tests.bench.report import Report
from tests.support.ledger import (
    ALICE,
    AUTHORITY_KEYS,
    BOB,
    COIN_BALANCE,
    REFERENCE_GAS_PRICE,
    build_transaction,
    framework,
    new_executor,
)

_Build = Callable[[Object, Object], bytes]

BATCH = 100
ROUNDS = 6
SINGLES = 50
VERIFICATIONS = 3000


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds for the transactions of a batch: voting, and executing the certificate."""

    vote: float
    execute: float


def run(report: Report) -> None:
    """All figures of this file."""
    verify = ed25519_seconds()
    report.add("ed25519_verifications_per_second", 1 / verify, "1/s", "Ed25519 verifications on one core")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(report, verify, Path(folder)))


def ed25519_seconds() -> float:
    """CPU seconds of one verification, by the library that authorities use."""
    key = Ed25519KeyPair.from_seed(bytes(32))
    signature = key.sign(b"m" * 32)
    samples = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(VERIFICATIONS):
            verify_ed25519(key.public_key, b"m" * 32, signature)
        samples.append((time.process_time() - start) / VERIFICATIONS)
    return statistics.median(samples)


async def _measure(report: Report, verify: float, folder: Path) -> None:
    transfers = await _batches("transfer", folder, _transfer, BATCH, ROUNDS)
    calls = await _batches("call", folder, _split_call_transfer, BATCH, ROUNDS)
    singles = await _batches("single", folder, _transfer, 1, SINGLES)
    _report(report, "transfer", "object transfer, batches of 100", transfers, BATCH, verify)
    _report(
        report, "split_call_transfer", "split, Move call and transfer, batches of 100", calls, BATCH, verify
    )
    _report(report, "single_transfer", "object transfer, one at a time", singles, 1, verify)


def _report(report: Report, key: str, text: str, timings: list[Timing], size: int, verify: float) -> None:
    vote = statistics.median(timing.vote for timing in timings) / size
    execute = statistics.median(timing.execute for timing in timings) / size
    report.add(f"{key}_vote_us", vote * 1e6, "µs CPU", f"{text}: vote")
    report.add(f"{key}_execute_us", execute * 1e6, "µs CPU", f"{text}: certificate")
    report.add(f"{key}_per_core", 1 / (vote + execute), "1/s", f"{text}: certified per authority core")
    report.add(f"{key}_vs_ed25519_limit", verify / (vote + execute), "ratio", f"{text}: share of the limit")


async def _batches(name: str, folder: Path, build: _Build, size: int, rounds: int) -> list[Timing]:
    """Run rounds of batches through four authorities; timings of the first, without a round to warm up."""
    genesis = _genesis(size * (rounds + 1) * 2)
    authorities = [_authority(number, genesis, folder / f"{name}-{number}") for number in range(4)]
    coins = [value for value in genesis.objects if value.is_gas_coin]
    timings = []
    for _ in range(rounds + 1):
        pairs = [(coins.pop(), coins.pop()) for _ in range(size)]
        raw = tuple(build(gas, value) for gas, value in pairs)
        timings.append(await _round(authorities, raw))
    for authority in authorities:
        authority.store.close()
    return timings[1:]


async def _round(authorities: list[AuthorityState], raw: tuple[bytes, ...]) -> Timing:
    measured, *others = authorities
    start = time.process_time()
    votes: list[BatchVote] = [await measured.submit_transactions(TransactionBatch(raw))]
    vote_seconds = time.process_time() - start
    votes += [await other.submit_transactions(TransactionBatch(raw)) for other in others[:2]]
    accepted = accepting_votes(votes, measured.committee)
    entries = tuple(WholeTransaction(transaction) for transaction in raw)
    request = CertificatesRequest(CertificateBatch(0, entries, accepted))
    start = time.process_time()
    response = await measured.submit_certificates(request)
    bcs.encode(CertificatesResponse, response)
    return Timing(vote_seconds, time.process_time() - start)


def _genesis(coins: int) -> Genesis:
    members = [
        GenesisAuthority(f"authority-{number}", AuthorityName(key.public_key), 1, f"localhost:{number + 1}")
        for number, key in enumerate(AUTHORITY_KEYS)
    ]
    accounts = [GenesisAccount(ALICE.address, (COIN_BALANCE,) * coins)]
    return build_genesis(new_executor(), framework(), members, accounts, REFERENCE_GAS_PRICE)


def _authority(number: int, genesis: Genesis, path: Path) -> AuthorityState:
    key_value = RocksKeyValueStore(path) if number == 0 else MemoryKeyValueStore()
    store = AuthorityStore(key_value)
    store.put_genesis_objects(genesis.objects)
    key = AUTHORITY_KEYS[number]
    verifier = InlineVerifier()
    return AuthorityState(
        key, genesis.committee(), store, new_executor(), verifier, REFERENCE_GAS_PRICE, BATCH
    )


def _transfer(gas: Object, value: Object) -> bytes:
    inputs = (ObjectInput(ImmOrOwnedObject(value.reference())), pure(Address, BOB.address))
    return _encoded(gas, inputs, (TransferObjects((Input(0),), Input(1)),))


def _split_call_transfer(gas: Object, value: Object) -> bytes:
    """Split a coin, join the part to it again by a Move call, transfer it."""
    coin: Argument = Input(0)
    inputs = (
        ObjectInput(ImmOrOwnedObject(value.reference())),
        pure(bcs.U64, 5),
        pure(Address, BOB.address),
    )
    framework_id = Address((2).to_bytes(32, "big"))
    join = MoveCall(
        framework_id, "coin", "join", (parse_type_tag("0x2::iota::IOTA"),), (coin, NestedResult(0, 0))
    )
    commands = (
        SplitCoins(coin, (Input(1), Input(1))),
        join,
        TransferObjects((NestedResult(0, 1), coin), Input(2)),
    )
    return _encoded(gas, inputs, commands)


def _encoded(gas: Object, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]) -> bytes:
    return build_transaction(ALICE, gas, inputs, commands).to_bytes()
