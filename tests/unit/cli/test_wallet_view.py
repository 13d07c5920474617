"""What a wallet builds a transaction from is what it has asked for, whatever a service says."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.transaction_builder import BuildError
from cli.wallet import RpcLedgerView
from proto.ids import format_address, format_digest, parse_address

NAMED, DEARER = parse_address("0xa"), parse_address("0xb")


class Service:
    """Shows one object, whichever is asked for."""

    def __init__(self, shown: bytes) -> None:
        self.shown = shown

    async def call(self, method: str, *params: Any) -> Any:
        assert (method, params[0]) == ("iota_getObject", format_address(NAMED))
        owner = {"AddressOwner": format_address(NAMED)}
        reference = {
            "objectId": format_address(self.shown),
            "version": "7",
            "digest": format_digest(bytes(32)),
        }
        return {"data": {**reference, "owner": owner, "type": "0x2::coin::Coin<0x2::iota::IOTA>"}}


async def test_another_object_than_the_one_that_was_named_is_not_taken() -> None:
    honest = await RpcLedgerView(Service(NAMED)).object(NAMED)  # type: ignore[arg-type]
    assert (honest.reference.object_id, honest.reference.version) == (NAMED, 7)
    with pytest.raises(BuildError, match=f"another object than {format_address(NAMED)}"):
        await RpcLedgerView(Service(DEARER)).object(NAMED)  # type: ignore[arg-type]
