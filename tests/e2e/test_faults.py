"""Real processes that stop, lag, are cut off or run out of disk: the others go on, and they catch up."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.service.core import ClientService
from cli.genesis import plan
from cli.network_files import PlannedAuthority
from proto.errors import AuthorityError, NoQuorum, QuorumDriverError, StorageFailure
from proto.ids import Digest
from proto.messages import HealthRequest, Receipt, TransactionBatch
from proto.verification import verify_receipt
from tests.e2e.workload import OTHER, Pair, account, pairs_of, submit_until_final, until_executed
from tests.support.local_network import LocalNetwork

pytestmark = pytest.mark.e2e

PAIRS = 24
SECONDS = 60.0
"""Patience on a busy machine."""


@asynccontextmanager
async def running(network: LocalNetwork) -> AsyncIterator[ClientService]:
    """A network that has started, with a client."""
    try:
        await network.start_authorities()
        service = ClientService.connect(network.network)
        service.start()
        try:
            yield service
        finally:
            await service.close()
    finally:
        network.close()


async def transfer_all(service: ClientService, pairs: list[Pair]) -> list[Receipt]:
    """One transfer with each pair, until all are final."""
    receipts = await asyncio.gather(*(submit_until_final(service, pair.transfer()) for pair in pairs))
    for pair, receipt in zip(pairs, receipts, strict=True):
        pair.advance(receipt)
    return receipts


async def expect_caught_up(network: LocalNetwork, receipts: list[Receipt]) -> None:
    for name in network.names:
        await until_executed(network, name, _digests(receipts), SECONDS)


async def test_stopped_processes_go_on_where_they_were(tmp_path: Path) -> None:
    """SIGSTOP to one: the others decide. To two: no quorum, said so, and it is final once one is back."""
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)])
    async with running(network) as service:
        first, second = network.names[:2]
        pairs = pairs_of(network)
        network.signal_authority(first, signal.SIGSTOP)
        receipts = await transfer_all(service, pairs)
        network.signal_authority(second, signal.SIGSTOP)
        waiting = pairs[0].transfer()
        with pytest.raises(QuorumDriverError) as caught:
            await service.driver.submit(waiting)
        assert caught.value.retryable, caught.value
        assert isinstance(caught.value, NoQuorum)
        network.signal_authority(second, signal.SIGCONT)
        receipts.append(await submit_until_final(service, waiting))
        network.signal_authority(first, signal.SIGCONT)
        await expect_caught_up(network, receipts)


class SlowRoad:
    """A TCP proxy that takes everything and passes it on when it is opened."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_open = asyncio.Event()
        self.is_open.set()

    async def serve(self, address: str) -> asyncio.Server:
        """Listen at host:port."""
        host, port = address.split(":")
        return await asyncio.start_server(self._connect, host, int(port))

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._target.split(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.close()
            return
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(1 << 16):
                await self.is_open.wait()
                sink.write(chunk)
        except OSError:
            pass
        finally:
            sink.close()


async def test_nobody_waits_for_a_slow_authority(tmp_path: Path) -> None:
    """No clock: its answers come after everything is final, so whoever waited for one would wait forever."""
    planned = plan(4, 0)
    slow = replace(planned[0], address=plan(1, 0)[0].listen)
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)], planned=[slow, *planned[1:]])
    road = SlowRoad(slow.listen)
    async with await road.serve(slow.address), running(network) as service:
        road.is_open.clear()
        pairs = pairs_of(network)
        receipts = await transfer_all(service, pairs[:1])
        receipts += await transfer_all(service, pairs)
        committee = network.network.committee()
        signers = {network.network.name_of(s) for r in receipts for s in verify_receipt(r, committee)}
        assert signers == set(network.names[1:])
        road.is_open.set()
        await expect_caught_up(network, receipts)


# ---- a network cut

NAMESPACE, OUTSIDE, INSIDE = "movelite-e2e", "10.213.77.1", "10.213.77.2"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace that one link joins to this one."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need the command ip, and root")
    try:
        ip("netns", "add", NAMESPACE)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine allows no network namespaces: {error.stderr.decode().strip()}")
    try:
        ip("link", "add", "movelite0", "type", "veth", "peer", "name", "movelite1", "netns", NAMESPACE)
        ip("addr", "add", f"{OUTSIDE}/24", "dev", "movelite0")
        ip("link", "set", "movelite0", "up")
        ip("-n", NAMESPACE, "addr", "add", f"{INSIDE}/24", "dev", "movelite1")
        for device in ("lo", "movelite1"):
            ip("-n", NAMESPACE, "link", "set", device, "up")
        yield NAMESPACE
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine allows no virtual links: {error.stderr.decode().strip()}")
    finally:
        subprocess.run(["ip", "link", "del", "movelite0"], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "del", NAMESPACE], capture_output=True, check=False)


def at_host(planned: PlannedAuthority, host: str) -> PlannedAuthority:
    """The same on another host."""
    listen, frames = (f"{host}:{port_of(at)}" for at in (planned.listen, planned.listen_frames))
    return replace(planned, address=listen, listen=listen, listen_frames=frames)


def port_of(address: str | None) -> str:
    return str(address).rpartition(":")[2]


async def test_an_authority_that_is_cut_off_comes_back(tmp_path: Path, namespace: str) -> None:
    """The link is taken down without a word to either side, as a pulled cable does."""
    planned = [at_host(one, OUTSIDE) for one in plan(4, 0)]
    cut = at_host(planned[0], INSIDE)
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)], planned=[cut, *planned[1:]])
    network.prefixes[cut.name] = ("ip", "netns", "exec", namespace)
    async with running(network) as service:
        pairs = pairs_of(network)
        receipts = await transfer_all(service, pairs)
        ip("link", "set", "movelite0", "down")
        receipts += await transfer_all(service, pairs)
        ip("link", "set", "movelite0", "up")
        receipts += await transfer_all(service, pairs)
        await expect_caught_up(network, receipts)


# ---- a full disk


class LimitedFiles:
    """No file of the process may grow: what a quota does, and without privileges."""

    def __init__(self, network: LocalNetwork, name: str) -> None:
        self._network, self._name = network, name

    def fill(self) -> None:
        self._limit(4096)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        process = self._network.process_id(self._name)
        hard = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size if size >= 0 else hard, hard))


class SmallDisk:
    """A file system of its own, and a file that fills it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with self._ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass

    def free(self) -> None:
        self._ballast.unlink()


@pytest.fixture(params=["limit of file sizes", "small file system"])
def disk_kind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | None]:
    """The folder of a small file system, or None where files are limited instead."""
    if request.param != "small file system":
        yield None
        return
    folder = tmp_path / "network" / "authority-0" / "data"
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system needs root and the right to mount")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_signs_nothing_that_it_did_not_keep(tmp_path: Path, disk_kind: Path | None) -> None:
    network = LocalNetwork(tmp_path / "network", accounts=[account(2 * PAIRS)])
    name = network.names[0]
    disk = LimitedFiles(network, name) if disk_kind is None else SmallDisk(disk_kind)
    async with running(network) as service:
        pairs = pairs_of(network)
        used, unused = pairs[:PAIRS], pairs[PAIRS:]
        receipts = await transfer_all(service, used)
        await expect_caught_up(network, receipts)
        disk.fill()
        given = await vote_until_full(network, name, unused)
        receipts += await transfer_all(service, used)  # the other three go on
        assert not network.readiness(name)[0]
        assert any("database" in reason for reason in network.readiness(name)[1])
        disk.free()
        async with asyncio.timeout(SECONDS):
            while not network.readiness(name)[0]:
                await asyncio.sleep(0.2)
        await expect_caught_up(network, receipts)
        await expect_one_vote_for_each(network, name, unused, given)


async def vote_until_full(network: LocalNetwork, name: str, pairs: list[Pair]) -> int:
    """Ask for votes; how many came before the disk was full. What is known already can still be read."""
    client = network.client(name)
    outcomes = []
    try:
        for pair in pairs:
            try:
                await client.handle_submit_transactions(TransactionBatch((pair.transfer().to_bytes(),)))
                outcomes.append(True)
            except AuthorityError as error:
                assert isinstance(error.kind, StorageFailure)
                assert error.retryable
                outcomes.append(False)
        assert (await client.handle_health(HealthRequest())).executed == PAIRS
    finally:
        await client.close()
    assert outcomes == sorted(outcomes, reverse=True), "it voted after it had failed to"
    assert not outcomes[-1], "the disk is not full"
    return sum(outcomes)


async def expect_one_vote_for_each(network: LocalNetwork, name: str, pairs: list[Pair], given: int) -> None:
    """The votes given stand; of a transfer whose vote failed and its rival it votes for one, once for all."""
    client = network.client(name)
    try:
        for number, pair in enumerate(pairs):
            rivals = TransactionBatch((pair.transfer(OTHER).to_bytes(), pair.transfer().to_bytes()))
            chosen = (await client.handle_submit_transactions(rivals)).accepted_indices()
            assert chosen == (1,) if number < given else len(chosen) == 1
            assert (await client.handle_submit_transactions(rivals)).accepted_indices() == chosen
    finally:
        await client.close()


async def test_a_backup_that_is_put_back_votes_no_more_and_serves_on(tmp_path: Path) -> None:
    """One is stopped, so that the other's votes are needed; then its data are those of before."""
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)])
    async with running(network) as service:
        stopped, restored = network.names[:2]
        pairs, data = pairs_of(network), network.folder / restored / "data"
        network.kill_authority(restored)
        shutil.copytree(data, tmp_path / "backup")
        network.start_authority(restored)
        network.signal_authority(stopped, signal.SIGSTOP)
        receipts = await transfer_all(service, pairs)
        await until_executed(network, network.names[2], _digests(receipts), SECONDS)
        network.kill_authority(restored)
        shutil.rmtree(data)
        shutil.copytree(tmp_path / "backup", data)
        network.signal_authority(stopped, signal.SIGCONT)
        network.start_authority(restored)
        await network.wait_for_authorities([restored])
        async with asyncio.timeout(SECONDS):
            while not any("restored from a backup" in reason for reason in network.readiness(restored)[1]):
                await asyncio.sleep(0.1)
        receipts += await transfer_all(service, pairs)
        await expect_caught_up(network, receipts)


def _digests(receipts: list[Receipt]) -> list[Digest]:
    return [receipt.effects.transaction_digest for receipt in receipts]
