"""The client service is killed in the midst of transactions: after a restart they are driven to their end."""

from __future__ import annotations

import asyncio
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from aggregator.account.client import Client
from aggregator.rpc_client import RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError
from aggregator.transaction_builder import TransactionBuilder
from proto import bcs
from proto.ids import format_digest
from proto.messages import Receipt
from proto.transaction import GasCoin, SenderSignedData, TransactionData
from proto.verification import verify_receipt
from tests.e2e.workload import OTHER, USER, account, pairs_of, until_executed
from tests.support.local_network import LocalNetwork

pytestmark = pytest.mark.e2e

PAIRS = 20


async def execute(rpc: RpcClient, signed: SenderSignedData) -> object:
    raw = b64encode(bcs.encode(TransactionData, signed.transaction_data)).decode()
    signatures = [b64encode(signature).decode() for signature in signed.tx_signatures]
    return await rpc.call("iota_executeTransactionBlock", raw, signatures)


async def pay_side_by_side(network: LocalNetwork, journal: Path) -> None:
    """The client library over gRPC: payments in flight from one address, without a service."""

    async def pay(builder: TransactionBuilder) -> None:
        builder.transfer(builder.split(GasCoin(), [1]), OTHER)

    async with Client.connect(network.network, journal) as client:
        user = await client.account(USER)
        receipts = await asyncio.gather(*(user.execute(pay) for _ in range(3 * PAIRS)))
    assert all(receipt.effects.is_success for receipt in receipts)


async def test_what_a_killed_service_left_half_done_becomes_final_without_its_clients(tmp_path: Path) -> None:
    """Two of four authorities are down, so the others have voted and hold the objects; then all fails."""
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)])
    try:
        await network.start()
        transactions = [pair.transfer() for pair in pairs_of(network)]
        for name in network.names[:2]:
            network.kill_authority(name)
        async with RpcClient(network.rpc_url) as rpc:
            asking = [asyncio.create_task(execute(rpc, signed)) for signed in transactions]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            network.kill_service()
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert all(isinstance(outcome, RpcError | ServiceUnreachable) for outcome in outcomes)

        for name in network.names[:2]:
            network.start_authority(name)
        await network.wait_for_authorities(network.names)
        network.begin_service()
        network.wait_for_service()
        asked = [
            signed
            for signed, outcome in zip(transactions, outcomes, strict=True)
            if isinstance(outcome, RpcError)
        ]
        assert asked
        for name in network.names:
            await until_executed(network, name, [signed.digest() for signed in asked], 60)
        async with RpcClient(network.rpc_url) as rpc:
            await asyncio.gather(*(execute(rpc, signed) for signed in transactions))
            shown = await rpc.call("movelite_getReceipt", format_digest(asked[0].digest()))
        receipt = bcs.decode(Receipt, b64decode(shown["receipt"]))
        verify_receipt(receipt, network.network.committee())
        await pay_side_by_side(network, tmp_path / "journal.sqlite")
    finally:
        network.close()
