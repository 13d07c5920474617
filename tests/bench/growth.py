"""Whether a transfer costs more as the ledger grows: RocksDB with 10^4, 10^5 and 10^6 objects.

The objects are written straight to the stores, as copies of the rows of one coin. The stores are then opened
anew, so that their memory is cold, and take turns with batches of transfers of coins from all over them, so
that a machine that is slower for a while is so for all.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from authority.key_value import Batch, KeyValueStore, MemoryKeyValueStore, RocksKeyValueStore
from authority.store import AuthorityStore
from tests.bench.authority import WARM_UP
from tests.bench.report import Options, Report
from tests.bench.workload import (
    BenchCommittee,
    alice_coin,
    alice_id,
    batches,
    execute,
    transfer,
    vote,
)

SIZES = (10**4, 10**5, 10**6)
QUICK_SIZES = (40, 80, 160)
BATCH = 100
ROUNDS = 15
ROWS_AT_ONCE = 20_000


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("Growth of the ledger: object transfer, batches of 100, cold store")
    sizes = QUICK_SIZES if options.quick else SIZES
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / str(size) for size in sizes]
        for path, size in zip(paths, sizes, strict=True):
            report.progress(f"writing {size:,} objects")
            _populate(path, size)
        report.progress("transfers")
        costs = asyncio.run(_costs(paths, sizes, options))
    for name, cost in zip(SIZES, costs, strict=True):
        text = f"CPU of a transfer among {name:,} objects"
        report.add(f"growth_transfer_us_1e{len(str(name)) - 1}", cost * 1e6, "µs CPU", text)
    text = "cost among 10^6 objects against 10^4"
    report.add("cost_growth_1e4_to_1e6", costs[-1] / costs[0], "ratio", text)


def _populate(path: Path, size: int) -> None:
    store = RocksKeyValueStore(path)
    BenchCommittee().authority(store)
    add_coins(store, size)
    _wait_until_quiet()
    store.close()


def add_coins(store: KeyValueStore, count: int) -> None:
    """Write the rows that an authority would write for the first of Alice's coins."""
    one = alice_coin(0)
    own_id: bytes = one.object_id
    sample = MemoryKeyValueStore()
    AuthorityStore(sample).put_genesis_objects([one])
    rows = [(key.split(own_id), value.split(own_id)) for key, value in sample.scan(b"") if own_id in key]
    for start in range(0, count, ROWS_AT_ONCE):
        batch = Batch()
        for number in range(start, min(start + ROWS_AT_ONCE, count)):
            object_id = alice_id(number)
            for key, value in rows:
                batch.put(object_id.join(key), object_id.join(value))
        store.write(batch)


async def _costs(paths: Sequence[Path], sizes: Sequence[int], options: Options) -> list[float]:
    """Median CPU seconds of a transfer in each store."""
    committee, batch = BenchCommittee(), options.size(BATCH, 1)
    rounds = options.size(ROUNDS, 1) + WARM_UP
    authorities = [committee.authority(RocksKeyValueStore(path)) for path in paths]
    _wait_until_quiet()
    coins = [map(alice_coin, Random(size).sample(range(size), 2 * batch * rounds)) for size in sizes]
    samples: list[list[float]] = [[] for _ in sizes]
    for _ in range(rounds):
        for place, authority in enumerate(authorities):
            (requests,) = batches(committee, transfer, coins[place], batch, 1)
            begin = time.process_time()
            await vote(authority, requests.transactions)
            await execute(authority, requests.certificates)
            samples[place].append((time.process_time() - begin) / batch)
    for authority in authorities:
        authority.store.close()
    return [statistics.median(one[WARM_UP:]) for one in samples]


def _wait_until_quiet() -> None:
    """Let the database finish what it does in the background about all that was written."""
    for _ in range(100):
        begin = time.process_time()
        time.sleep(0.2)
        if time.process_time() - begin < 0.01:
            return
