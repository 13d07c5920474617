"""Authorities as real processes, killed with SIGKILL: what was signed is not forgotten, nothing is lost."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.service.core import ClientService
from authority.genesis import Genesis, GenesisAccount
from cli.network_files import GENESIS, REFERENCE_GAS_PRICE
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.errors import AuthorityError, ObjectLockConflict
from proto.ids import Address, Digest
from proto.messages import (
    ExecutedTransaction,
    HealthRequest,
    Receipt,
    Refused,
    TransactionBatch,
    TransactionInfoRequest,
)
from proto.object import Object
from proto.rpc.client import GrpcAuthorityClient
from proto.transaction import (
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.user_signature import signed_transaction
from tests.support.local_network import LocalNetwork

pytestmark = pytest.mark.e2e

USER = Ed25519KeyPair.from_seed(b"u" * 32)
ADDRESS = address_of(SignatureScheme.ED25519, USER.public_key)
BALANCE = 10**10
PAIRS = 120


class Ledger:
    """A running network and the coins that the user began with."""

    def __init__(self, network: LocalNetwork) -> None:
        self.network = network
        genesis = Genesis.load(network.folder / GENESIS)
        mine = [value for value in genesis.objects if value.coin_value == BALANCE]
        self.pairs = list(zip(mine[:PAIRS], mine[PAIRS:], strict=True))

    def client(self, name: str) -> GrpcAuthorityClient:
        """A connection to one authority."""
        address = next(m.address for m in self.network.network.members if m.name == name)
        return GrpcAuthorityClient(address, timeout_seconds=5)


def transfer(pair: tuple[Object, Object], recipient: bytes) -> SenderSignedData:
    """A signed transfer of the first coin, paid with the second."""
    coin, gas = pair
    inputs = (ObjectInput(ImmOrOwnedObject(coin.reference())), pure(Address, Address(recipient)))
    kind = ProgrammableTransaction(inputs, (TransferObjects((Input(0),), Input(1)),))
    gas_data = GasData((gas.reference(),), ADDRESS, REFERENCE_GAS_PRICE, 5_000_000)
    return signed_transaction(TransactionData(kind, ADDRESS, gas_data), USER)


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    account = GenesisAccount(ADDRESS, (BALANCE,) * (2 * PAIRS))
    network = LocalNetwork(tmp_path / "network", accounts=[account])
    try:
        await network.start_authorities()
        yield Ledger(network)
    finally:
        network.close()


async def test_a_lock_that_was_signed_is_never_forgotten_and_nothing_is_signed_twice(ledger: Ledger) -> None:
    """An authority dies in the middle of many votes; what it voted for before is what it votes for after."""
    name = ledger.network.names[0]
    firsts = [transfer(pair, b"\x01" * 32) for pair in ledger.pairs]
    seconds = [transfer(pair, b"\x02" * 32) for pair in ledger.pairs]
    voted: set[int] = set()

    async def vote(client: GrpcAuthorityClient, index: int) -> None:
        try:
            answer = await client.handle_submit_transactions(TransactionBatch((firsts[index].to_bytes(),)))
        except AuthorityError:
            return
        assert answer.accepted_indices() == (0,)
        voted.add(index)

    client = ledger.client(name)
    asking = [asyncio.create_task(vote(client, index)) for index in range(PAIRS)]
    while len(voted) < PAIRS // 4:
        await asyncio.sleep(0.001)
    ledger.network.kill_authority(name)
    await asyncio.gather(*asking)
    await client.close()
    assert voted

    ledger.network.start_authority(name)
    await ledger.network.wait_for_authorities([name])
    client = ledger.client(name)
    for index in sorted(voted):
        batch = TransactionBatch((seconds[index].to_bytes(), firsts[index].to_bytes()))
        answer = await client.handle_submit_transactions(batch)
        assert answer.accepted_indices() == (1,), f"transaction {index}"
        refusal = answer.refusals[0][1]
        assert isinstance(refusal, Refused)
        assert isinstance(refusal.error, ObjectLockConflict)
        assert refusal.error.pending_transaction == firsts[index].digest()
    await client.close()


async def test_transfers_go_on_while_authorities_are_killed_and_come_back(ledger: Ledger) -> None:
    """Every receipt that a client was shown is on every authority in the end; no coin is made or lost."""
    network = ledger.network
    service = ClientService.connect(network.network)
    service.start()
    random_ = random.Random(7)
    is_over = asyncio.Event()

    async def disturb() -> None:
        while not is_over.is_set():
            name = random_.choice(network.names)
            network.kill_authority(name)
            network.start_authority(name)
            await network.wait_for_authorities([name])

    async def submit(pair: tuple[Object, Object], number: int) -> Receipt:
        await asyncio.sleep(number * 0.05)
        return await service.driver.submit(transfer(pair, b"\x03" * 32))

    disturbing = asyncio.create_task(disturb())
    receipts = await asyncio.gather(*(submit(pair, n) for n, pair in enumerate(ledger.pairs)))
    is_over.set()
    await disturbing
    await service.close()

    digests = [receipt.effects.transaction_digest for receipt in receipts]
    for name in network.names:
        await _until_executed(ledger, name, digests)
    gas = sum(receipt.effects.gas_used.net_gas_usage for receipt in receipts)
    assert all(receipt.effects.is_success for receipt in receipts)
    assert await _supply(network) == 2 * PAIRS * BALANCE - gas


async def _until_executed(ledger: Ledger, name: str, digests: list[Digest]) -> None:
    client = ledger.client(name)
    try:
        async with asyncio.timeout(60):
            while (await client.handle_health(HealthRequest())).executed < len(digests):
                await asyncio.sleep(0.2)
        answer = await client.handle_transaction_info(TransactionInfoRequest(tuple(digests)))
        assert all(isinstance(info, ExecutedTransaction) for info in answer.transactions)
    finally:
        await client.close()


async def _supply(network: LocalNetwork) -> int:
    """All coins of the user and of those who got some from it."""
    service = ClientService.connect(network.network)
    total = 0
    for owner in (ADDRESS, Address(b"\x03" * 32)):
        async for value in service.reader.owned_objects(owner):
            total += value.coin_value or 0
    await service.close()
    return total
