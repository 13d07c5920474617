"""Signatures in worker processes, also when one of them dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence

from authority.signature_verifier import ProcessVerifier, SignatureCheck
from proto import bcs
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


def _names(problems: Sequence[object]) -> list[str | None]:
    return [None if problem is None else type(problem).__name__ for problem in problems]
