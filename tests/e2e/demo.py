"""The whole path, told step by step: `make demo`.

Four authorities, a client service and a faucet as processes of their own; real packages are compiled and
published, assets are made and change hands; authorities are killed and come back; the last receipt is
verified offline. Ends with exit code 0 only if every step did what it says.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from aggregator.rpc_codes import RpcError
from aggregator.transaction_builder import TransactionBuilder
from cli.package_builds import build_for_network
from cli.session import Session
from cli.wallet import TransactionOptions, finish, read_base64
from movelite import examples
from proto import bcs
from proto.ids import Address, ObjectID, format_address, parse_address
from proto.key_text import generate_key_pair
from proto.messages import Receipt
from proto.verification import verify_receipt
from tests.support.local_network import LocalNetwork

EXAMPLES = Path(examples.__file__).parent
CATCH_UP_SECONDS = 20.0

Json = dict[str, Any]
Build = Callable[[TransactionBuilder], Coroutine[Any, Any, object]]

_console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_begin = time.monotonic()


def step(text: str) -> None:
    """A heading with the seconds since the start."""
    _console.print(f"\n[{time.monotonic() - _begin:5.1f} s] {text}", style="bold cyan", markup=False)


def say(text: str, style: str = "") -> None:
    """A line of the story."""
    _console.print(f"  {text}", style=style or None, markup=False)


class Demo:
    """The story: Alice is a maker of devices, Bob buys."""

    def __init__(self, network: LocalNetwork) -> None:
        self.network = network
        self.wallet = network.wallet()
        keystore = self.wallet.keystore
        self.alice = keystore.add(generate_key_pair(), "alice")
        self.bob = keystore.add(generate_key_pair(), "bob")
        self.session: Session = network.session(self.wallet)
        self.last_digest = ""

    async def run(self) -> None:
        """All of it."""
        async with self.session.rpc:
            await self.fund()
            packages = [await self.publish(name) for name in ("energy", "title", "swap")]
            energy, title = await self.make_assets(packages[0], packages[1])
            energy = await self.trade(energy, title)
            await self.lose_authorities(energy, title)
            await self.verify_offline()

    # ---- the chapters

    async def fund(self) -> None:
        step("Two addresses get coins from the faucet")
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            for name, address in (("alice", self.alice), ("bob", self.bob)):
                body = {"FixedAmountRequest": {"recipient": format_address(address)}}
                answer = (await http.post(f"{self.network.faucet_url}/gas", json=body)).json()
                if answer["error"]:
                    raise RuntimeError(f"the faucet refuses: {answer['error']}")
                coins = answer["transferredGasObjects"]
                total = sum(coin["amount"] for coin in coins) // 10**9
                say(f"{name} {format_address(address)}: {len(coins)} coins, {total} IOTA")

    async def publish(self, name: str) -> Json:
        step(f"Compile and publish movelite/examples/{name}")
        chain = await self.session.rpc.call("iota_getChainIdentifier")
        built = build_for_network(EXAMPLES / name, chain, with_unpublished=False)
        say(f"{len(built.modules)} module, {sum(map(len, built.modules))} bytes of bytecode")

        async def build(builder: TransactionBuilder) -> None:
            builder.publish(built.modules, built.dependencies, self.alice)

        return await self.execute(self.alice, build)

    async def make_assets(self, energy: Json, title: Json) -> tuple[ObjectID, ObjectID]:
        """A coin and an NFT for Alice; their ids."""
        package, issuer = _package(energy), _created(energy, "::energy::Issuer")
        step("Mint a coin: a certified meter has measured 5 kWh")

        async def certify(builder: TransactionBuilder) -> None:
            arguments = [format_address(issuer), "METER-1", 0, format_address(self.alice)]
            await builder.call(package, "energy", "certify", (), arguments)

        meter = _created(await self.execute(self.alice, certify), "::energy::Meter")

        async def issue(builder: TransactionBuilder) -> None:
            arguments = [issuer, meter]
            owner = format_address(self.alice)
            await builder.call(
                package, "energy", "issue_to", (), [*map(format_address, arguments), 5000, owner]
            )

        coin = _created(await self.execute(self.alice, issue), "::coin::Coin<")

        step("Mint an NFT: the title of a heat pump")
        cap = _created(title, "::title::MakerCap")

        async def issue_title(builder: TransactionBuilder) -> None:
            texts = ["Heat pump", "HP-0001", "https://example.com/hp.svg"]
            arguments = [format_address(cap), *texts, format_address(self.alice)]
            await builder.call(_package(title), "title", "issue_to", (), arguments)

        return coin, _created(await self.execute(self.alice, issue_title), "::title::Title")

    async def trade(self, coin: ObjectID, title: ObjectID) -> ObjectID:
        """Split, merge and transfer; the coin that Bob has then."""
        step("Split the coin: 1.5 kWh and 0.5 kWh of the 5")

        async def split(builder: TransactionBuilder) -> None:
            builder.transfer(builder.split(await builder.object(coin), [1500, 500]), self.alice)

        parts = _all_created(await self.execute(self.alice, split), "::coin::Coin<")
        step("Merge the two parts")

        async def merge(builder: TransactionBuilder) -> None:
            builder.merge(await builder.object(parts[0]), [await builder.object(parts[1])])

        await self.execute(self.alice, merge)
        step("Transfer the 2 kWh and the title to Bob")

        async def transfer(builder: TransactionBuilder) -> None:
            builder.transfer([await builder.object(parts[0]), await builder.object(title)], self.bob)

        await self.execute(self.alice, transfer)
        await self.expect_owner(title, self.bob)
        return parts[0]

    async def lose_authorities(self, coin: ObjectID, title: ObjectID) -> None:
        first, second = self.network.names[3], self.network.names[2]
        step(f"Kill {first} (SIGKILL) and go on with three of four")
        self.network.kill_authority(first)
        await self.execute(self.bob, self.giving(coin, self.alice))

        step(f"Kill {second} too: two of four are left, three are needed")
        self.network.kill_authority(second)
        try:
            await self.execute(self.bob, self.giving(title, self.alice))
        except RpcError as error:
            say(f"error {error.code}: {error.message}", "yellow")
            if "no quorum: 2 of 4 answer, 3 needed; nothing lost" not in error.message:
                raise RuntimeError("the error does not say what is wrong") from error
        else:
            raise RuntimeError("two of four authorities made a certificate")

        step("Start both again: they catch up, and the transaction that waited is completed")
        for name in (first, second):
            self.network.start_authority(name)
        await self.network.wait_for_authorities([first, second])
        await self.until_caught_up()
        await self.expect_owner(title, self.alice)
        await self.execute(self.alice, self.giving(title, self.bob))
        await self.expect_owner(title, self.bob)

    async def verify_offline(self) -> None:
        step("Verify the last receipt offline: with the committee's public keys alone")
        answer = await self.session.rpc.call("movelite_getReceipt", self.last_digest)
        receipt = bcs.decode(Receipt, read_base64(answer["receipt"]))
        committee = self.network.network.committee()
        signers = verify_receipt(receipt, committee)
        names = ", ".join(self.network.network.name_of(signer) for signer in signers)
        stake = committee.stake_of_all(signers)
        say(f"valid: {self.last_digest} is final", "green")
        say(f"signed by {names}: stake {stake} of {committee.total_stake}")

    # ---- helpers

    def giving(self, object_id: ObjectID, recipient: Address) -> Build:
        """A transfer of one object."""

        async def build(builder: TransactionBuilder) -> None:
            builder.transfer([await builder.object(object_id)], recipient)

        return build

    async def execute(self, sender: Address, build: Build) -> Json:
        """Build, sign, execute and print one transaction; it must succeed."""
        builder = self.session.builder()
        await build(builder)
        data = await builder.finish(sender)
        response = await finish(self.session, data, TransactionOptions())
        if response is None:
            raise RuntimeError("nothing was executed")
        self.last_digest = response["digest"]
        return response

    async def expect_owner(self, object_id: ObjectID, owner: Address) -> None:
        """Wait until an object belongs to somebody."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            options = {"showOwner": True}
            answer = await self.session.rpc.call("iota_getObject", format_address(object_id), options)
            if answer["data"]["owner"] == {"AddressOwner": format_address(owner)}:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"{format_address(object_id)} belongs to {answer['data']['owner']}")
            await asyncio.sleep(0.2)

    async def until_caught_up(self) -> None:
        """Wait until all authorities have executed the same number of transactions; print it."""
        deadline = time.monotonic() + CATCH_UP_SECONDS
        while True:
            counts = await self.executed()
            pending_is_done = max(counts.values()) == int(
                await self.session.rpc.call("iota_getTotalTransactionBlocks")
            )
            if len(set(counts.values())) == 1 and len(counts) == 4 and pending_is_done:
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"not caught up: {counts}")
            await asyncio.sleep(0.2)
        for name, count in sorted(counts.items()):
            say(f"{name}: {count} transactions executed")

    async def executed(self) -> dict[str, int]:
        """How many transactions each authority has executed, asked of each directly."""
        from proto.committee import AuthorityName
        from proto.messages import HealthRequest
        from proto.rpc.client import GrpcAuthorityClient

        counts: dict[str, int] = {}
        for member in self.network.network.members:
            client = GrpcAuthorityClient(member.address, name=AuthorityName(member.public_key))
            try:
                counts[member.name] = (await client.handle_health(HealthRequest())).executed
            finally:
                await client.close()
        return counts


def _package(response: Json) -> ObjectID:
    changes = response["objectChanges"]
    return parse_address(next(c["packageId"] for c in changes if c["type"] == "published"))


def _all_created(response: Json, type_part: str) -> Sequence[ObjectID]:
    return [
        parse_address(change["objectId"])
        for change in response["objectChanges"]
        if change["type"] == "created" and type_part in change["objectType"]
    ]


def _created(response: Json, type_part: str) -> ObjectID:
    return _all_created(response, type_part)[0]


async def main() -> None:
    """Run the story in a folder of its own, and clean up."""
    folder = Path(tempfile.mkdtemp(prefix="movelite-demo-"))
    network: LocalNetwork | None = None
    try:
        step("A network of four authorities, each a process with gRPC and RocksDB of its own")
        network = LocalNetwork(folder)
        say(f"genesis made, chain {network.network.chain[:4].hex()}")
        await network.start()
        for member in network.network.members:
            say(f"{member.name} at {member.address}, stake {member.stake}")
        say(f"client service at {network.rpc_url} (REST documentation at /docs)")
        say(f"faucet at {network.faucet_url}")
        await Demo(network).run()
    finally:
        if network is not None:
            step("Shut down")
            network.close()
        shutil.rmtree(folder, ignore_errors=True)
    _console.print(f"\nAll done in {time.monotonic() - _begin:.1f} seconds.", style="bold green")


if __name__ == "__main__":
    asyncio.run(main())
