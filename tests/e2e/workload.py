"""A user with pairs of coins: the first of a pair is transferred, the second pays, again and again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aggregator.service.core import ClientService
from authority.genesis import Genesis, GenesisAccount
from cli.network_files import GENESIS, REFERENCE_GAS_PRICE
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.errors import QuorumDriverError
from proto.ids import Address, Digest
from proto.messages import (
    ExecutedTransaction,
    OwnedObjectsRequest,
    Receipt,
    TransactionInfoRequest,
    TransactionInfoResponse,
)
from proto.object import AddressOwner, Object, ObjectRef
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

USER = Ed25519KeyPair.from_seed(b"u" * 32)
ADDRESS = address_of(SignatureScheme.ED25519, USER.public_key)
OTHER = Address(b"\x02" * 32)
BALANCE = 10**10
BUDGET = 5_000_000
PAGE = 500


@dataclass(slots=True)
class Pair:
    """A coin to transfer and a coin to pay with, as they are now."""

    coin: ObjectRef
    gas: ObjectRef

    def transfer(self, recipient: Address = ADDRESS) -> SenderSignedData:
        """A signed transfer; to oneself by default, so that it can be done again."""
        inputs = (ObjectInput(ImmOrOwnedObject(self.coin)), pure(Address, recipient))
        kind = ProgrammableTransaction(inputs, (TransferObjects((Input(0),), Input(1)),))
        gas_data = GasData((self.gas,), ADDRESS, REFERENCE_GAS_PRICE, BUDGET)
        return signed_transaction(TransactionData(kind, ADDRESS, gas_data), USER)

    def advance(self, receipt: Receipt) -> None:
        """Go on with the versions that a transaction left."""
        now = {reference.object_id: reference for reference, _ in receipt.effects.all_changed()}
        self.coin, self.gas = now[self.coin.object_id], now[self.gas.object_id]


def account(pairs: int) -> GenesisAccount:
    """What the user begins with."""
    return GenesisAccount(ADDRESS, (BALANCE,) * (2 * pairs))


def pairs_of(network: LocalNetwork) -> list[Pair]:
    """The user's coins at genesis."""
    objects = Genesis.load(network.folder / GENESIS).objects
    coins = [value.reference() for value in objects if value.owner == AddressOwner(ADDRESS)]
    half = len(coins) // 2
    return [Pair(coin, gas) for coin, gas in zip(coins[:half], coins[half:], strict=True)]


async def submit_until_final(
    service: ClientService, signed: SenderSignedData, seconds: float = 120
) -> Receipt:
    """Submit as often as it takes, as a patient client does; errors that retrying cannot mend are raised."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await service.driver.submit(signed)
            except QuorumDriverError as error:
                if not error.retryable:
                    raise


async def until_executed(
    network: LocalNetwork, name: str, digests: list[Digest], seconds: float = 120
) -> None:
    """Wait until an authority has executed all of these."""
    client = network.client(name, 30)
    try:
        async with asyncio.timeout(seconds):
            for start in range(0, len(digests), PAGE):
                asked = TransactionInfoRequest(tuple(digests[start : start + PAGE]))
                while not _all_executed(await client.handle_transaction_info(asked)):
                    await asyncio.sleep(0.2)
    finally:
        await client.close()


def _all_executed(answer: TransactionInfoResponse) -> bool:
    return all(isinstance(info, ExecutedTransaction) for info in answer.transactions)


async def owned_by(client: GrpcAuthorityClient, owner: Address) -> list[Object]:
    """Objects of an address as one authority has them."""
    objects: list[Object] = []
    cursor = None
    while True:
        page = await client.handle_owned_objects(OwnedObjectsRequest(AddressOwner(owner), cursor, PAGE))
        objects += page.objects
        cursor = page.next_cursor
        if cursor is None:
            return objects
