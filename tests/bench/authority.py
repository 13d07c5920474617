"""Certified transfers: the CPU that one authority spends on each, against the limit that signatures set.

Everything that an authority does is in it, from the bytes of a request to the bytes of its answer: decoding,
user signatures, checks, locks, two synced RocksDB commits, execution, effects, votes. The wire itself is not:
`network` and `fastpay` measure whole processes.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from authority.key_value import RocksKeyValueStore
from proto.crypto import Ed25519KeyPair, verify_ed25519
from proto.memory import settle_memory
from tests.bench.report import Options, Report
from tests.bench.workload import (
    BenchCommittee,
    Build,
    alice_coins,
    batches,
    execute,
    payment,
    split_call_transfer,
    transfer,
    vote,
)

BATCH = 100
VERIFICATIONS = 200
"""So many around every batch: a machine is not equally fast at all times, so the limit is measured there."""

WARM_UP = 2

WORKLOADS: tuple[tuple[str, str, Build, int, int], ...] = (
    ("transfer", "object transfer, batches of 100", transfer, BATCH, 30),
    ("payment", "payment from a coin, batches of 100", payment, BATCH, 30),
    ("split_call_transfer", "split, Move call and transfer, batches of 100", split_call_transfer, BATCH, 30),
    ("single_transfer", "object transfer, one at a time", transfer, 1, 100),
)
"""Key, text, what is built, size of a batch, batches that are measured."""


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds for each transaction of a batch, voting and executing the certificate; verification: for
    one signature, just before and just after."""

    vote: float
    execute: float
    verification: float

    @property
    def share(self) -> float:
        """Of the transactions that could be had if checking their signatures were all."""
        return self.verification / (self.vote + self.execute)


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("One authority, CPU from bytes to bytes")
    verifications = options.size(VERIFICATIONS, 10)
    limits: list[float] = []
    for key, text, build, size, rounds in WORKLOADS:
        report.progress(text)
        with tempfile.TemporaryDirectory() as folder:
            timings = asyncio.run(measure(Path(folder), build, size, options.size(rounds, 1), verifications))
        vote_seconds = statistics.median(timing.vote for timing in timings)
        execute_seconds = statistics.median(timing.execute for timing in timings)
        share = statistics.median(timing.share for timing in timings)
        limits += [timing.verification for timing in timings]
        report.add(f"{key}_vote_us", vote_seconds * 1e6, "µs CPU", f"{text}: vote")
        report.add(f"{key}_execute_us", execute_seconds * 1e6, "µs CPU", f"{text}: certificate")
        whole = vote_seconds + execute_seconds
        report.add(f"{key}_per_core", 1 / whole, "1/s", f"{text}: certified per core")
        report.add(f"{key}_vs_ed25519_limit", share, "ratio", f"{text}: share of the limit")
    limit = 1 / statistics.median(limits)
    report.add(
        "ed25519_verifications_per_second", limit, "1/s", "Ed25519 verifications on one core: the limit"
    )


def ed25519_seconds(count: int) -> float:
    """CPU seconds of one verification, by the library that authorities use.

    Of many messages, as in a batch: processors learn the jumps of a verification that is repeated.
    """
    key, signed = signatures(count)
    start = time.process_time()
    for message, signature in signed:
        verify_ed25519(key, message, signature)
    return (time.process_time() - start) / count


@cache
def signatures(count: int) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A public key, and messages with their signatures by it."""
    key = Ed25519KeyPair.from_seed(bytes(32))
    messages = [number.to_bytes(32, "little") for number in range(count)]
    return key.public_key, [(message, key.sign(message)) for message in messages]


async def measure(folder: Path, build: Build, size: int, rounds: int, verifications: int) -> list[Timing]:
    """Run batches through an authority on RocksDB; their timings, without those to warm up."""
    committee = BenchCommittee()
    count = rounds + WARM_UP
    coins = list(alice_coins(2 * size * count))
    authority = committee.authority(RocksKeyValueStore(folder / "store"), coins)
    settle_memory()
    timings = []
    for requests in batches(committee, build, iter(coins), size, count):
        before = ed25519_seconds(verifications)
        begin = time.process_time()
        await vote(authority, requests.transactions)
        middle = time.process_time()
        await execute(authority, requests.certificates)
        end = time.process_time()
        verification = (before + ed25519_seconds(verifications)) / 2
        timings.append(Timing((middle - begin) / size, (end - middle) / size, verification))
    authority.store.close()
    return timings[WARM_UP:]
