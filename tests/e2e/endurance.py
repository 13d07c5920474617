"""What processes hold after many transfers: memory, file descriptors, and bytes on disk for each transfer.

    python -m tests.e2e.endurance --transfers 50000

Four authorities and a client service as processes; users send by JSON-RPC. Prints a line now and then.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from authority.key_value import disk_usage
from proto import bcs
from proto.ids import format_address, parse_digest
from proto.object import ObjectRef
from proto.transaction import TransactionData
from tests.e2e.workload import Pair, account, pairs_of
from tests.support.local_network import LocalNetwork
from tests.support.processes import open_files, resident_bytes

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Held:
    """After so many transfers. Of authorities the one that holds most; disk: bytes for each transfer since
    the first line.
    """

    transfers: int
    authority_bytes: int
    authority_files: int
    service_bytes: int
    service_files: int
    authority_disk: float
    index_disk: float

    def __str__(self) -> str:
        return (
            f"{self.transfers:>9} {self.authority_bytes / MEGABYTE:>10.0f} {self.authority_files:>6}"
            f" {self.service_bytes / MEGABYTE:>9.0f} {self.service_files:>6}"
            f" {self.authority_disk:>10.0f} {self.index_disk:>8.0f}"
        )


HEADER = """\
           an authority     the service         bytes a transfer
transfers         MB  files        MB  files  authority    index"""


class Endurance:
    """One run over a network that has just started. every: transfers between two lines."""

    def __init__(self, network: LocalNetwork, transfers: int, every: int) -> None:
        self._network = network
        self._left = transfers
        self._every = every
        self._done = 0
        self._disk = self._bytes_on_disk()
        self.lines: list[Held] = []

    async def run(self) -> list[Held]:
        """Transfer until all are done."""
        print(HEADER)
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            await asyncio.gather(*(self._drive(http, pair) for pair in pairs_of(self._network)))
        return self.lines

    async def _drive(self, http: httpx.AsyncClient, pair: Pair) -> None:
        while self._left > 0:
            self._left -= 1
            signed = pair.transfer()
            raw = b64encode(bcs.encode(TransactionData, signed.transaction_data)).decode()
            signatures = [b64encode(signature).decode() for signature in signed.tx_signatures]
            params = [raw, signatures, {"showEffects": True}]
            request = {"jsonrpc": "2.0", "id": 1, "method": "iota_executeTransactionBlock", "params": params}
            answer = (await http.post(self._network.rpc_url, json=request)).json()
            changed = {
                one["reference"]["objectId"]: one["reference"]
                for one in answer["result"]["effects"]["mutated"]
            }
            pair.coin, pair.gas = _as_it_is(pair.coin, changed), _as_it_is(pair.gas, changed)
            self._done += 1
            if self._done % self._every == 0:
                self.lines.append(self._look())
                print(self.lines[-1], flush=True)

    def _look(self) -> Held:
        authorities = [self._network.process_id(name) for name in self._network.names]
        service = self._network.service_process_id
        data, index = (
            (now - before) / self._done for now, before in zip(self._bytes_on_disk(), self._disk, strict=True)
        )
        return Held(
            self._done,
            max(map(resident_bytes, authorities)),
            max(map(open_files, authorities)),
            resident_bytes(service),
            open_files(service),
            data,
            index,
        )

    def _bytes_on_disk(self) -> tuple[int, int]:
        folder = self._network.folder
        data = max(disk_usage(folder / name / "data") for name in self._network.names)
        return data, disk_usage(folder / "service")


def _as_it_is(reference: ObjectRef, changed: dict[str, Any]) -> ObjectRef:
    now = changed[format_address(reference.object_id)]
    return ObjectRef(reference.object_id, int(now["version"]), parse_digest(now["digest"]))


async def run_endurance(folder: Path, transfers: int, lanes: int, every: int) -> list[Held]:
    """Make a network in a folder and look at it every so many transfers. lanes: transfers in flight."""
    network = LocalNetwork(folder, accounts=[account(lanes)])
    try:
        await network.start()
        await network.wait_until_ready(network.names)
        return await Endurance(network, transfers, every).run()
    finally:
        network.close()


def main(arguments: Iterable[str] | None = None) -> int:
    """Run from the command line; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.e2e.endurance", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--transfers", type=int, default=50_000)
    parser.add_argument("--lanes", type=int, default=24, help="transfers in flight at once")
    parser.add_argument("--every", type=int, default=5000, help="transfers between two lines")
    given = parser.parse_args(None if arguments is None else list(arguments))
    folder = Path(tempfile.mkdtemp(prefix="movelite-endurance-"))
    asyncio.run(run_endurance(folder, given.transfers, given.lanes, given.every))
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
