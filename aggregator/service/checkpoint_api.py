"""Checkpoints, as a ledger has them whose transactions are final one by one: each is a checkpoint of one.

Number 0 is the genesis, named by its digest. Behind it stands each transaction at its place in this service's
index, named by its own digest and signed by the quorum that executed it.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode

from aggregator.service.core import ClientService
from aggregator.service.index import EVERYTHING, IndexedTransaction
from aggregator.service.object_json import Json
from aggregator.service.parameters import CheckpointParam, U64Param, checkpoint_page_size
from aggregator.service.transaction_json import gas_json
from proto import bcs
from proto.errors import UserInputError
from proto.ids import GENESIS_MARKER_DIGEST, Digest, format_digest
from proto.messages import EffectsCertificate
from proto.user_input_error import VerifiedCheckpointDigestNotFound, VerifiedCheckpointNotFound


class CheckpointApi:
    """Reads of checkpoints."""

    def __init__(self, service: ClientService) -> None:
        self._service = service

    async def get_latest_checkpoint_sequence_number(self) -> str:
        """Number of the last checkpoint."""
        return str(self._service.index.total())

    async def get_checkpoint(self, id: CheckpointParam) -> Json:
        """One checkpoint, by number or digest."""
        service = self._service
        if id in (0, service.network.chain):
            return await self._genesis_json()
        if isinstance(id, int):
            found = service.index.at(id) if id <= service.index.total() else None
        else:
            found = await service.final_transaction(Digest(id))
        if found is not None:
            return self._json(found)
        if isinstance(id, int):
            raise UserInputError(VerifiedCheckpointNotFound(id))
        raise UserInputError(VerifiedCheckpointDigestNotFound(format_digest(id)))

    async def get_checkpoints(
        self, cursor: U64Param | None, limit: int | None, descending_order: bool
    ) -> Json:
        """Checkpoints behind a number, page by page."""
        size, index = checkpoint_page_size(limit), self._service.index
        after = None if cursor is None else min(cursor, index.total() + 1)
        places = await index.query(EVERYTHING, after, size + 1, descending_order)
        shown = []
        for found in map(index.at, places):
            await asyncio.sleep(0)  # each may be a large one to read
            if found is not None:
                shown.append(self._json(found))
        if descending_order and after != 0:
            shown.append(await self._genesis_json())
        elif not descending_order and cursor is None:
            shown.insert(0, await self._genesis_json())
        page, has_next = shown[:size], len(shown) > size
        next_cursor = page[-1]["sequenceNumber"] if has_next else None
        return {"data": page, "nextCursor": next_cursor, "hasNextPage": has_next}

    def _json(self, found: IndexedTransaction) -> Json:
        receipt, index = found.receipt, self._service.index
        digest = format_digest(receipt.effects.transaction_digest)
        previous = index.digest_at(found.sequence - 1) or self._service.network.chain
        signature = bcs.encode(EffectsCertificate, receipt.effects_certificate)
        return {
            "epoch": str(receipt.effects.executed_epoch),
            "sequenceNumber": str(found.sequence),
            "digest": digest,
            "networkTotalTransactions": str(found.sequence),
            "previousDigest": format_digest(previous),
            "epochRollingGasCostSummary": gas_json(index.totals(found.sequence).gas()),
            "timestampMs": str(found.timestamp_ms),
            "transactions": [digest],
            "checkpointCommitments": [],
            "validatorSignature": b64encode(signature).decode(),
        }

    async def _genesis_json(self) -> Json:
        """Nobody signs the genesis: its digest is what the committee is trusted with.

        Objects of the genesis name the marker as the transaction that made them.
        """
        service = self._service
        return {
            "epoch": str(service.network.epoch),
            "sequenceNumber": "0",
            "digest": format_digest(service.network.chain),
            "networkTotalTransactions": "0",
            "epochRollingGasCostSummary": gas_json(service.index.totals(0).gas()),
            "timestampMs": str((await service.health()).epoch_start_timestamp_ms),
            "transactions": [format_digest(GENESIS_MARKER_DIGEST)],
            "checkpointCommitments": [],
            "validatorSignature": "",
        }
