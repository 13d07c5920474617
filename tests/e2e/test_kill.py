"""An authority killed with SIGKILL in the middle of its votes. test_soak.py does it under load."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proto.errors import AuthorityError, ObjectLockConflict
from proto.messages import Refused, TransactionBatch
from proto.rpc.client import GrpcAuthorityClient
from tests.e2e.workload import OTHER, account, pairs_of
from tests.support.local_network import LocalNetwork

pytestmark = pytest.mark.e2e

PAIRS = 120


async def test_a_lock_that_was_signed_is_never_forgotten_and_nothing_is_signed_twice(tmp_path: Path) -> None:
    """What it voted for before is what it votes for after."""
    network = LocalNetwork(tmp_path / "network", accounts=[account(PAIRS)])
    try:
        await network.start_authorities()
        await network.wait_until_ready(network.names)
        await _kill_while_voting(network)
    finally:
        network.close()


async def _kill_while_voting(network: LocalNetwork) -> None:
    name, pairs = network.names[0], pairs_of(network)
    firsts = [pair.transfer() for pair in pairs]
    seconds = [pair.transfer(OTHER) for pair in pairs]
    voted: set[int] = set()

    async def vote(client: GrpcAuthorityClient, index: int) -> None:
        try:
            answer = await client.handle_submit_transactions(TransactionBatch((firsts[index].to_bytes(),)))
        except AuthorityError:
            return
        assert answer.accepted_indices() == (0,)
        voted.add(index)

    client = network.client(name)
    asking = [asyncio.create_task(vote(client, index)) for index in range(PAIRS)]
    while len(voted) < PAIRS // 4:
        await asyncio.sleep(0.001)
    network.kill_authority(name)
    await asyncio.gather(*asking)
    await client.close()
    assert voted

    network.start_authority(name)
    await network.wait_for_authorities([name])
    await network.wait_until_ready([name])
    client = network.client(name)
    for index in sorted(voted):
        batch = TransactionBatch((seconds[index].to_bytes(), firsts[index].to_bytes()))
        answer = await client.handle_submit_transactions(batch)
        assert answer.accepted_indices() == (1,), f"transaction {index}"
        refusal = answer.refusals[0][1]
        assert isinstance(refusal, Refused)
        assert isinstance(refusal.error, ObjectLockConflict)
        assert refusal.error.pending_transaction == firsts[index].digest()
    await client.close()
