"""Full transfers, order and certificate, per authority core: ours beside FastPay's, in the same run.

FastPay's own benchmark (`bench`: one authority of a committee of four, its orders and certificates made
beforehand) runs from a checkout that is given with --fastpay. Ours is arranged in the same way: one authority
of four as a process, behind gRPC and on RocksDB, and a client that has made all requests beforehand. What
counts is the CPU of the authority alone, on both sides: of FastPay's shard thread, of all of our process.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE

from authority.genesis import GenesisAccount
from authority.node import load_key
from cli import event_loop
from cli.network_files import AUTHORITY_KEY
from cli.web import free_port
from proto.messages import CertificatesRequest, Executed, TransactionBatch, sign_batch_vote
from proto.rpc.client import GrpcAuthorityClient
from tests.bench.network import BALANCE, USER_ADDRESS, transfers_of
from tests.bench.report import Options, Report
from tests.bench.workload import named_certificates
from tests.support.local_network import LocalNetwork
from tests.support.processes import thread_seconds

BATCH = 100
BATCHES = 40
WARM_UP = 5

COMMITTEE = 4
ACCOUNTS = 8000
REPEATS = 3
IN_FLIGHT = {"tcp": 200, "udp": 50}
"""Requests on their way at once. More than 50 datagrams overflow the socket's buffer, and the run hangs."""
RUN_SECONDS = 90.0
BUILD_SECONDS = 1800.0

_Requests = list[tuple[TransactionBatch, CertificatesRequest]]


class FastPayFailed(Exception):
    """FastPay cannot be built or run here."""


def run(report: Report, options: Options) -> None:
    """Both systems, and their ratio."""
    report.section("One authority behind its wire: full transfers per core, ours and FastPay's")
    ours = event_loop.run(_ours(report, options))
    report.add("wire_transfer_us", ours * 1e6, "µs CPU", "ours, batches of 100: each transfer")
    report.add("wire_transfers_per_core", 1 / ours, "1/s", "ours: full transfers per authority core")
    theirs = None
    if options.fastpay is None:
        report.progress("no FastPay: give a checkout with --fastpay (make bench FASTPAY=...) to compare")
    else:
        try:
            theirs = _fastpay(report, options.fastpay.resolve(), options)
        except (FastPayFailed, OSError) as error:
            report.progress(f"no FastPay: {error}")
    report.add(
        "fastpay_transfer_us", theirs and theirs * 1e6, "µs CPU", "FastPay, one shard: order and certificate"
    )
    report.add("fastpay_transfers_per_core", theirs and 1 / theirs, "1/s", "FastPay: full transfers per core")
    report.add("transfer_vs_fastpay", theirs and theirs / ours, "times", "ours against FastPay's, per core")


# ---- ours


async def _ours(report: Report, options: Options) -> float:
    """CPU seconds of one authority for each transfer."""
    report.progress("our authority")
    batches, size = options.size(BATCHES, 1), options.size(BATCH, 2)
    count = (batches + WARM_UP) * size
    with tempfile.TemporaryDirectory(prefix="movelite-bench-") as folder:
        account = GenesisAccount(USER_ADDRESS, (BALANCE,) * (2 * count))
        network = LocalNetwork(Path(folder) / "network", accounts=[account])
        requests = _requests(network, count, size)
        name = network.names[0]
        try:
            await network.start_authorities()
            await network.wait_until_ready([name])
            for other in network.names[1:]:
                network.kill_authority(other)
            (address,) = [member.address for member in network.network.members if member.name == name]
            client = GrpcAuthorityClient(address)
            await _send(client, requests[:WARM_UP])
            (before,) = network.cpu_seconds()
            await _send(client, requests[WARM_UP:])
            (after,) = network.cpu_seconds()
            await client.close()
        finally:
            network.close()
    return (after - before) / (batches * size)


def _requests(network: LocalNetwork, count: int, size: int) -> _Requests:
    """Batches, and certificates for them by the three authorities that do not run."""
    keys = [load_key(network.folder / name / AUTHORITY_KEY) for name in network.names[1:]]
    committee = network.network.committee()
    transfers = transfers_of(network, count)
    requests: _Requests = []
    for start in range(0, count, size):
        part = transfers[start : start + size]
        raw, digests = tuple(t.to_bytes() for t in part), [t.digest() for t in part]
        votes = [sign_batch_vote(key, committee.epoch, digests, range(size)) for key in keys]
        requests.append((TransactionBatch(raw), named_certificates(votes, committee)))
    return requests


async def _send(client: GrpcAuthorityClient, requests: _Requests) -> None:
    """All requests, two batches at a time."""
    waiting = iter(requests)

    async def work() -> None:
        for transactions, certificates in waiting:
            vote = await client.handle_submit_transactions(transactions)
            response = await client.handle_submit_certificates(certificates)
            done = all(isinstance(result, Executed) for result in response.results)
            if vote.refusals or not done:
                raise RuntimeError("the authority refuses a transfer")

    await asyncio.gather(work(), work())


# ---- theirs


def _fastpay(report: Report, checkout: Path, options: Options) -> float:
    """CPU seconds of FastPay's authority for each transfer: of its better protocol, the median of its runs.

    Raises: FastPayFailed.
    """
    program = checkout / "target" / "release" / "bench"
    if not program.exists():
        report.progress("building FastPay (some minutes)")
        _build(checkout)
    costs: dict[str, list[float]] = {}
    for protocol in IN_FLIGHT:
        for _ in range(options.size(REPEATS, 1)):
            report.progress(f"FastPay over {protocol}")
            try:
                cost = _run_fastpay(program, protocol, options.size(ACCOUNTS, 300))
            except FastPayFailed as error:
                report.progress(f"FastPay over {protocol}: {error}")
                break
            costs.setdefault(protocol, []).append(cost)
    if not costs:
        raise FastPayFailed("its benchmark does not come to an end")
    return min(map(statistics.median, costs.values()))


def _build(checkout: Path) -> None:
    """Build its benchmark with the toolchain at hand: the one it names is older than what it depends on.

    It denies warnings, and newer compilers have more of them. Raises: FastPayFailed.
    """
    environment = {"RUSTUP_TOOLCHAIN": "stable", "RUSTFLAGS": "--cap-lints warn", **os.environ}
    command = ["cargo", "build", "--release", "--bin", "bench"]
    try:
        subprocess.run(
            command,
            cwd=checkout,
            env=environment,
            check=True,
            stdout=DEVNULL,
            stderr=PIPE,
            timeout=BUILD_SECONDS,
        )
    except FileNotFoundError as error:
        raise FastPayFailed("there is no cargo to build it with") from error
    except subprocess.TimeoutExpired as error:
        raise FastPayFailed("building it takes too long") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise FastPayFailed("it does not build: " + " / ".join(lines[-3:])) from error


def _run_fastpay(program: Path, protocol: str, accounts: int) -> float:
    """CPU seconds of the shard's thread for each of its transfers. Raises: FastPayFailed."""
    sizes = {
        "--committee-size": COMMITTEE,
        "--num-shards": 1,
        "--num-accounts": accounts,
        "--max-in-flight": IN_FLIGHT[protocol],
        "--protocol": protocol,
        "--port": free_port(),
    }
    command = [str(program), *(str(word) for option in sizes.items() for word in option)]
    process = subprocess.Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    threads: dict[int, float] = {}
    deadline = time.monotonic() + RUN_SECONDS
    try:
        for seen in _watch(process):
            threads.update(seen)
            if time.monotonic() > deadline:
                raise FastPayFailed(f"not over after {RUN_SECONDS:g} seconds")
    finally:
        process.kill()
        errors = process.communicate()[1].decode(errors="replace")
    received = re.search(r"Received (\d+) responses", errors)
    if received is None or int(received[1]) != 2 * accounts:
        raise FastPayFailed("it did not answer everything")
    # The first thread is the client, and makes the requests before that.
    return sum(seconds for thread, seconds in threads.items() if thread != process.pid) / accounts


def _watch(process: subprocess.Popen[bytes]) -> Iterator[dict[int, float]]:
    """CPU seconds of the threads, again and again until the process is over."""
    while process.poll() is None:
        try:
            yield thread_seconds(process.pid)
        except FileNotFoundError:
            return
        time.sleep(0.01)
