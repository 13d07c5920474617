"""Transfers under load while an authority is killed (SIGKILL) and restarted every few seconds.

    python -m tests.e2e.soak --transfers 10000

In the end: every certificate that the client was shown is on every authority with the same effects, the
supply is conserved, no lock is left behind, and no promise that an authority gave before it was killed was
forgotten after it. Prints figures; exits with 1 and the reason if anything of that is not so.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.service.core import ClientService
from authority.survey import survey_store
from cli.genesis import plan
from proto.errors import AuthorityError, ObjectLockConflict
from proto.ids import Digest, format_digest
from proto.messages import ExecutedTransaction, Receipt, Refused, TransactionBatch, TransactionInfoRequest
from proto.verification import verify_receipt
from tests.e2e.workload import (
    ADDRESS,
    BALANCE,
    OTHER,
    PAGE,
    Pair,
    account,
    owned_by,
    pairs_of,
    submit_until_final,
    until_executed,
)
from tests.support.local_network import LocalNetwork


class SoakFailure(Exception):
    """Something that must never happen."""


@dataclass(frozen=True, slots=True)
class SoakSettings:
    """transfers: at least so many, and until an authority was killed and is back; lanes: transfers in flight
    at once, each on its own pair of coins; kill_every: seconds.
    """

    transfers: int = 10_000
    lanes: int = 64
    kill_every: float = 4.0
    authorities: int = 4
    promises: int = 200
    seed: int = 1
    tls: bool = False
    progress_every: int = 0
    """Transfers after which a line is printed; 0: never."""


@dataclass(slots=True)
class SoakFigures:
    """What happened."""

    receipts: list[Receipt] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    kills: int = 0
    promises: int = 0
    """Votes of an authority that was killed right after them."""
    cpu_seconds: float = 0.0

    def lines(self) -> list[str]:
        """The figures for people."""
        ordered = sorted(self.latencies)
        median, p99 = ordered[len(ordered) // 2] * 1000, ordered[len(ordered) * 99 // 100] * 1000
        rate = len(self.receipts) / self.seconds
        count = len(self.receipts)
        return [
            f"{count} transfers final in {self.seconds:.1f} s ({rate:.0f} a second); {self.kills} kills",
            f"submit to receipt, ms: median {median:.0f}, p99 {p99:.0f}, longest {ordered[-1] * 1000:.0f}",
            f"all {count} receipts verify, and every authority has their certificates and the same effects",
            f"{self.promises} votes given just before a kill: none forgotten, no lock left behind",
            "supply conserved on every authority",
        ]


@dataclass(slots=True)
class _Promise:
    """A vote of one authority for the transaction `first`; `rival` wants the same coins."""

    authority: str
    pair: Pair

    def batch(self) -> TransactionBatch:
        """The rival, and then what was promised."""
        return TransactionBatch((self.pair.transfer(OTHER).to_bytes(), self.pair.transfer().to_bytes()))


class Soak:
    """One run over a network that has just started."""

    def __init__(self, network: LocalNetwork, settings: SoakSettings) -> None:
        self._network = network
        self._settings = settings
        self._random = random.Random(settings.seed)
        pairs = pairs_of(network)
        self._lanes, self._spare = pairs[: settings.lanes], pairs[settings.lanes :]
        self._promises: list[_Promise] = []
        self._left = settings.transfers
        self._is_over = asyncio.Event()
        self._service = ClientService.connect(network.network)
        self.figures = SoakFigures()

    async def run(self) -> SoakFigures:
        """Load and kills, then the checks. Raises: SoakFailure."""
        self._service.start()
        disturbing = asyncio.create_task(self._disturb())
        begin = time.monotonic()
        try:
            await asyncio.gather(*map(self._drive, self._lanes))
            self.figures.seconds = time.monotonic() - begin
        finally:
            self._is_over.set()
            await disturbing
        for promise in self._promises:  # what was promised is not lost: it can be completed
            self.figures.receipts.append(await submit_until_final(self._service, promise.pair.transfer()))
        await self._service.close()
        await self._check()
        return self.figures

    # ---- load and faults

    async def _drive(self, pair: Pair) -> None:
        while self._left > 0 or not self.figures.kills:  # on a quick machine the load is over too soon
            self._left -= 1
            begin = time.monotonic()
            receipt = await submit_until_final(self._service, pair.transfer())
            self.figures.latencies.append(time.monotonic() - begin)
            self.figures.receipts.append(receipt)
            pair.advance(receipt)
            self._show_progress()

    def _show_progress(self) -> None:
        every, done = self._settings.progress_every, len(self.figures.receipts)
        if every and done % every == 0:
            print(f"{done} of {self._settings.transfers}, {self.figures.kills} kills", file=sys.stderr)

    async def _disturb(self) -> None:
        """Kill one after the other; each comes back before the next one dies, for only f may be down."""
        network = self._network
        while not self._is_over.is_set():
            pause = self._settings.kill_every * self._random.uniform(0.5, 1.5)
            try:
                async with asyncio.timeout(pause):
                    await self._is_over.wait()
                return
            except TimeoutError:
                pass
            name = self._random.choice(network.names)
            promise = await self._take_promise(name)
            network.kill_authority(name)
            network.start_authority(name)
            await network.wait_for_authorities([name])
            await network.wait_until_ready([name])
            self.figures.kills += 1
            if promise is not None:
                self._promises.append(promise)
            for given in self._promises:
                if given.authority == name:
                    await self._check_promise(given)

    async def _take_promise(self, name: str) -> _Promise | None:
        """Let an authority alone vote for a transfer of spare coins."""
        if not self._spare or len(self._promises) >= self._settings.promises:
            return None
        pair = self._spare.pop()
        client = self._network.client(name)
        try:
            vote = await client.handle_submit_transactions(TransactionBatch((pair.transfer().to_bytes(),)))
        except AuthorityError:
            return None  # no vote was shown, so nothing was promised
        finally:
            await client.close()
        _expect(
            vote.accepted_indices() == (0,), f"{name} refuses a transfer of unused coins: {vote.refusals}"
        )
        return _Promise(name, pair)

    async def _check_promise(self, promise: _Promise) -> None:
        client = self._network.client(promise.authority, 30)
        try:
            vote = await client.handle_submit_transactions(promise.batch())
        finally:
            await client.close()
        promised = promise.pair.transfer().digest()
        _expect(
            vote.accepted_indices() == (1,),
            f"{promise.authority} forgot its vote for {format_digest(promised)}",
        )
        refusal = vote.refusals[0][1]
        kept = isinstance(refusal, Refused) and isinstance(refusal.error, ObjectLockConflict)
        _expect(kept, f"{promise.authority} does not say what holds the coins: {refusal}")
        self.figures.promises += 1

    # ---- checks

    async def _check(self) -> None:
        receipts, committee = self.figures.receipts, self._network.network.committee()
        effects = {receipt.effects.transaction_digest: receipt.effects.digest() for receipt in receipts}
        _expect(len(effects) == len(receipts), "a transaction is final twice")
        _expect(all(receipt.effects.is_success for receipt in receipts), "a transfer has failed")
        for receipt in receipts:
            verify_receipt(receipt, committee)
        gas = sum(receipt.effects.gas_used.net_gas_usage for receipt in receipts)
        supply = 2 * len(pairs_of(self._network)) * BALANCE - gas
        for name in self._network.names:
            await until_executed(self._network, name, list(effects))
            await self._check_effects(name, effects)
            await self._check_supply(name, supply)
        self.figures.cpu_seconds = sum(self._network.cpu_seconds())
        self._network.close()
        for name in self._network.names:
            kept = survey_store(self._network.folder / name / "data")
            _expect(kept.executed == len(receipts), f"{name} executed {kept.executed} of {len(receipts)}")
            _expect(kept.locks == kept.pending == 0, f"{name} still holds {kept.locks} locks")

    async def _check_effects(self, name: str, effects: dict[Digest, Digest]) -> None:
        digests = list(effects)
        client = self._network.client(name, 30)
        try:
            for start in range(0, len(digests), PAGE):
                page = tuple(digests[start : start + PAGE])
                answer = await client.handle_transaction_info(TransactionInfoRequest(page))
                for digest, info in zip(page, answer.transactions, strict=True):
                    same = isinstance(info, ExecutedTransaction) and info.effects.digest() == effects[digest]
                    _expect(same, f"{name} has other effects of {format_digest(digest)}")
        finally:
            await client.close()

    async def _check_supply(self, name: str, supply: int) -> None:
        client = self._network.client(name, 30)
        try:
            coins = await owned_by(client, ADDRESS)
        finally:
            await client.close()
        total = sum(coin.coin_value or 0 for coin in coins)
        _expect(total == supply, f"{name} has coins of {total}, not {supply}")


def _expect(holds: bool, failure: str) -> None:
    if not holds:
        raise SoakFailure(failure)


async def run_soak(folder: Path, settings: SoakSettings) -> SoakFigures:
    """Make a network in a folder and soak it. Raises: SoakFailure."""
    accounts = [account(settings.lanes + settings.promises)]
    planned = plan(settings.authorities, 0, tls=settings.tls)
    network = LocalNetwork(folder, settings.authorities, accounts, planned)
    try:
        await network.start_authorities()
        await network.wait_until_ready(network.names)
        return await Soak(network, settings).run()
    finally:
        network.close()


def main(arguments: Iterable[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    defaults = SoakSettings()
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.soak", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--transfers", type=int, default=defaults.transfers)
    parser.add_argument("--lanes", type=int, default=defaults.lanes, help="transfers in flight at once")
    parser.add_argument("--kill-every", type=float, default=defaults.kill_every, help="seconds")
    parser.add_argument("--authorities", type=int, default=defaults.authorities)
    parser.add_argument("--tls", action="store_true", help="authorities speak TLS")
    parser.add_argument("--seed", type=int, default=defaults.seed, help="which authority dies when")
    given = parser.parse_args(None if arguments is None else list(arguments))
    settings = SoakSettings(
        given.transfers,
        given.lanes,
        given.kill_every,
        given.authorities,
        seed=given.seed,
        tls=given.tls,
        progress_every=1000,
    )
    folder = Path(tempfile.mkdtemp(prefix="movelite-soak-"))
    try:
        figures = asyncio.run(run_soak(folder, settings))
    except SoakFailure as failure:
        print(f"soak failed: {failure}; the network is kept in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    for line in figures.lines():
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
