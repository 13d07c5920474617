"""Submitting transactions: iota_executeTransactionBlock."""

from __future__ import annotations

from typing import Annotated, Literal

from aggregator.service.core import ClientService
from aggregator.service.object_json import Json
from aggregator.service.parameters import MOST_LISTED, Base64Param, DigestParam
from aggregator.service.read_api import ReadApi
from aggregator.service.rpc_error import invalid_params
from aggregator.service.transaction_json import TransactionOptions
from proto import bcs
from proto.bcs import BcsError
from proto.errors import InvariantViolation
from proto.ids import format_digest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.transaction import SenderSignedData, TransactionData

RequestType = Literal["WaitForEffectsCert", "WaitForLocalExecution"]


class WriteApi:
    """Brings signed transactions to finality."""

    def __init__(self, service: ClientService, reads: ReadApi) -> None:
        self._service = service
        self._reads = reads

    async def execute_transaction_block(
        self,
        tx_bytes: Base64Param,
        signatures: Annotated[list[Base64Param], MOST_LISTED],
        options: TransactionOptions | None = None,
        request_type: RequestType | None = None,
    ) -> Json:
        """Execute a transaction (BCS of TransactionData) with its signatures, and wait for its effects."""
        if len(tx_bytes) > PROTOCOL_CONFIG.max_tx_size_bytes:
            raise invalid_params(f"a transaction has at most {PROTOCOL_CONFIG.max_tx_size_bytes} bytes")
        try:
            data = bcs.decode(TransactionData, tx_bytes)
        except BcsError as error:
            raise invalid_params(f"Deserialization error: {error}") from error
        receipt = await self._service.driver.submit(SenderSignedData(data, tuple(signatures)))
        found = self._service.index.get(receipt.transaction.digest())
        if found is None:
            raise InvariantViolation("the driver puts every final transaction into the index")
        shown = await self._reads.response(found, options or TransactionOptions())
        del shown["checkpoint"]
        # Effects are read from a quorum, so they are visible to this service at once.
        shown["confirmedLocalExecution"] = request_type != "WaitForEffectsCert"
        return shown

    async def get_progress(self, digest: DigestParam) -> Json:
        """How far a transaction is that was given to this service, and which authorities do not answer.

        status: `unknown`, `pending` (votes are asked for), `certified` (it will be executed) or `final`.
        """
        service, committee = self._service, self._service.committee
        progress = service.driver.progress(digest)
        if progress is None:
            status = "unknown" if service.index.get(digest) is None else "final"
            return {"digest": format_digest(digest), "status": status}
        clients = service.authorities.clients.values()
        return {
            "digest": format_digest(digest),
            "status": "certified" if progress.is_certified else "pending",
            "attempts": progress.attempts,
            "answeringStake": committee.total_stake - committee.stake_of_all(progress.troubles),
            "quorumStake": committee.quorum_threshold,
            "totalStake": committee.total_stake,
            "authorities": [
                {"name": one.label, "stake": one.stake, "trouble": progress.troubles.get(one.name)}
                for one in clients
            ],
        }
