"""Signatures in worker processes, also when one of them dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence

from authority.fair_queue import CLIENT
from authority.signature_verifier import PIECE_COST, InlineVerifier, ProcessVerifier, SignatureCheck, cost_of
from proto import bcs
from proto.crypto import IntentScope, SignatureScheme, key_pair, signing_digest
from proto.multisig import MultiSigPublicKey, combine, public_key_of
from proto.transaction import TransactionData
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, new_authority


def checks(count: int) -> list[SignatureCheck]:
    """Good ones, and at the end one that another user signed."""
    coins = coins_of(ALICE, new_authority())
    signed = build_transfer(ALICE, coins[0], coins[1], BOB.address)
    data = signed.transaction_data
    raw = bcs.encode(TransactionData, data)
    good = (raw, signed.tx_signatures, data.signers)
    return [good] * (count - 1) + [(raw, BOB.sign(data).tx_signatures, data.signers)]


async def test_a_worker_that_dies_is_replaced_and_nobody_notices() -> None:
    verifier = ProcessVerifier(1)
    try:
        expected = [None] * 9 + ["SignerSignatureAbsent"]
        for _ in range(2):
            assert _names(await verifier.verify(checks(10))) == expected
            os.kill(verifier.process_ids()[0], signal.SIGKILL)
            together = await asyncio.gather(*(verifier.verify(checks(10)) for _ in range(3)))
            assert [_names(problems) for problems in together] == [expected] * 3
        assert _names(await verifier.verify(checks(10))) == expected
    finally:
        verifier.close()


def multisig_check() -> SignatureCheck:
    """Ten members, each of the scheme that takes longest."""
    raw, scheme = b"some transaction", SignatureScheme.SECP256K1
    keys = [key_pair(scheme, bytes([number]) * 32) for number in range(1, 11)]
    public_key = MultiSigPublicKey(tuple((public_key_of(scheme, key.public_key), 1) for key in keys), 10)
    digest = signing_digest(IntentScope.TRANSACTION_DATA, raw)
    signed = combine(public_key, [(scheme, key.public_key, key.sign(digest)) for key in keys])
    return raw, (signed.to_bytes(),), (public_key.address(),)


def test_costs_are_those_of_the_slowest_scheme_that_the_bytes_allow() -> None:
    (simple,) = checks(1)
    raw, _, signers = simple
    assert cost_of(simple) == 1
    assert cost_of((raw, (bytes([SignatureScheme.SECP256K1]) + bytes(97),), signers)) == 14
    assert 100 < cost_of(multisig_check()) < PIECE_COST
    assert cost_of((raw, (b"",), signers)) == 1


async def test_a_batch_of_multisigs_does_not_hold_up_other_clients() -> None:
    verifier, ended = ProcessVerifier(1), list[str]()

    async def verify(client: str, batch: list[SignatureCheck]) -> None:
        CLIENT.set(client)
        assert await verifier.verify(batch) == [None] * len(batch)
        ended.append(client)

    try:
        await verify("first", checks(10)[:-1])  # the worker is there
        multisigs = [multisig_check()] * 40
        await asyncio.gather(verify("busy", multisigs), verify("other", checks(10)[:-1]))
    finally:
        verifier.close()
    assert ended == ["first", "other", "busy"]


async def test_in_one_process_others_have_their_turn_between_pieces() -> None:
    verifying = asyncio.create_task(InlineVerifier().verify([multisig_check()] * 9))
    rounds = 0
    while not verifying.done():
        rounds += 1
        await asyncio.sleep(0)
    assert rounds >= 3
    assert await verifying == [None] * 9


def _names(problems: Sequence[object]) -> list[str | None]:
    return [None if problem is None else type(problem).__name__ for problem in problems]
