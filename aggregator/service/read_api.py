"""Objects and transactions by id: the methods iota_get*.

Names, shapes and limits are those of IOTA's read API.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Annotated

from aggregator.rpc_codes import RpcError
from aggregator.service.answer_room import TOO_LONG, AnswerRoom
from aggregator.service.changes import ChangedObjects, balance_changes, object_changes
from aggregator.service.core import ClientService
from aggregator.service.display import Displays
from aggregator.service.index import IndexedTransaction
from aggregator.service.object_json import Json, ObjectOptions, object_response, past_object_response
from aggregator.service.parameters import (
    MAX_ITEMS,
    MOST_LISTED,
    AddressParam,
    DigestParam,
    PastObjectRequest,
    U64Param,
)
from aggregator.service.rpc_error import invalid_params
from aggregator.service.transaction_json import (
    TransactionOptions,
    effects_json,
    events_json,
    transaction_json,
)
from proto import bcs
from proto.effects import TransactionEffects
from proto.ids import GENESIS_MARKER_DIGEST, Digest, format_digest
from proto.messages import ObjectFound, ObjectInfo, ObjectQuery, Receipt

_LOSSLESS = ObjectOptions(
    show_owner=True, show_previous_transaction=True, show_bcs=True, show_storage_rebate=True
)
"""What an object can be put together from again."""
_UNSHOWN_OBJECT: Json = {"error": {"code": "display", "error": TOO_LONG}}


class ReadApi:
    """Reads of the ledger."""

    def __init__(self, service: ClientService) -> None:
        self._service = service
        self._displays = Displays(service.index, service.catalog)

    async def get_object(self, object_id: AddressParam, options: ObjectOptions | None = None) -> Json:
        """The latest version of an object."""
        return (await self.multi_get_objects([object_id], options))[0]

    async def multi_get_objects(
        self, object_ids: Annotated[list[AddressParam], MOST_LISTED], options: ObjectOptions | None = None
    ) -> list[Json]:
        """The latest versions of several objects."""
        _check_count(len(object_ids))
        found = await self._service.reader.objects([ObjectQuery(id_) for id_ in object_ids])
        shown, room = [], AnswerRoom()
        for info in found:
            response = _UNSHOWN_OBJECT
            if not room.is_full:
                response = await self.object_response(info, options or ObjectOptions())
            shown.append(response if room.takes(response) else _UNSHOWN_OBJECT)
        return shown

    async def object_response(self, info: ObjectInfo, options: ObjectOptions) -> Json:
        """An object as options ask for it, its display too."""
        service = self._service
        response = await object_response(info, options, service.catalog)
        if options.show_display and "data" in response and isinstance(info, ObjectFound):
            response["data"]["display"] = await self._displays.show(info.object)
        return response

    async def try_get_past_object(
        self, object_id: AddressParam, version: U64Param, options: ObjectOptions | None = None
    ) -> Json:
        """An object at a version."""
        info = await self._service.reader.object(object_id, version)
        return await past_object_response(info, version, options or ObjectOptions(), self._service.catalog)

    async def try_get_object_before_version(self, object_id: AddressParam, version: U64Param) -> Json:
        """The newest form of an object that is not above a version (as at IOTA, whatever the name says)."""
        info = await self._service.reader.object(object_id, version, or_older=True)
        return await past_object_response(info, version, _LOSSLESS, self._service.catalog)

    async def try_multi_get_past_objects(
        self,
        past_objects: Annotated[list[PastObjectRequest], MOST_LISTED],
        options: ObjectOptions | None = None,
    ) -> list[Json]:
        """Several objects, each at a version."""
        _check_count(len(past_objects))
        shown, room = [], AnswerRoom()
        for asked in past_objects:
            shown.append(await self.try_get_past_object(asked.object_id, asked.version, options))
            if not room.takes(shown[-1]):
                raise invalid_params(f"of these objects {len(shown) - 1} fit in an answer; ask for fewer")
        return shown

    async def get_transaction_block(
        self, digest: DigestParam, options: TransactionOptions | None = None
    ) -> Json:
        """A final transaction."""
        found = await self._service.final_transaction(digest)
        if found is None:
            raise _not_found(digest)
        return await self.response(found, options or TransactionOptions())

    async def multi_get_transaction_blocks(
        self, digests: Annotated[list[DigestParam], MOST_LISTED], options: TransactionOptions | None = None
    ) -> list[Json]:
        """Several final transactions."""
        _check_count(len(digests))
        shown, room = [], AnswerRoom()
        for digest in digests:
            response: Json = {"digest": format_digest(digest), "errors": [TOO_LONG]}
            if not room.is_full:
                whole = await self.get_transaction_block(digest, options)
                response = whole if room.takes(whole) else response
                if "errors" in whole:
                    room.end()
            shown.append(response)
        return shown

    async def get_events(self, transaction_digest: DigestParam) -> list[Json]:
        """Events of a transaction."""
        found = await self._service.final_transaction(transaction_digest)
        if found is None:
            raise _not_found(transaction_digest)
        return await self._events(found)

    async def get_total_transaction_blocks(self) -> str:
        """How many final transactions this service knows."""
        return str(self._service.index.total())

    async def is_transaction_indexed_on_node(self, digest: DigestParam) -> bool:
        """Whether a transaction is final and queries find it; newer SDKs wait for that."""
        return await self._service.final_transaction(digest) is not None

    async def get_receipt(self, digest: DigestParam) -> Json:
        """The receipt of a transaction: proof of finality, with who signed for it."""
        found = await self._service.final_transaction(digest)
        if found is None:
            raise _not_found(digest)
        return self.receipt_json(found.receipt)

    def receipt_json(self, receipt: Receipt) -> Json:
        """A receipt as Base64 BCS, and the signers that it names."""

        def signers(positions: list[int]) -> list[Json]:
            members = [self._service.committee.members[position] for position in positions]
            return [
                {
                    "name": self._service.network.name_of(member.public_key),
                    "publicKey": b64encode(member.public_key).decode(),
                    "stake": str(member.stake),
                }
                for member in members
            ]

        return {
            "digest": format_digest(receipt.transaction.digest()),
            "effectsDigest": format_digest(receipt.effects.digest()),
            "epoch": str(receipt.certificate.epoch),
            "transactionSigners": signers([vote.signer for vote in receipt.certificate.votes]),
            "effectsSigners": signers([vote.signer for vote in receipt.effects_certificate.votes]),
            "quorumStake": str(self._service.committee.quorum_threshold),
            "totalStake": str(self._service.committee.total_stake),
            "receipt": b64encode(bcs.encode(Receipt, receipt)).decode(),
        }

    async def response(self, found: IndexedTransaction, options: TransactionOptions) -> Json:
        """A transaction with what options ask for."""
        receipt, catalog = found.receipt, self._service.catalog
        effects = receipt.effects
        shown: Json = {"digest": format_digest(effects.transaction_digest)}
        if options.show_input:
            shown["transaction"] = await transaction_json(receipt.transaction, catalog)
        if options.show_raw_input:
            shown["rawTransaction"] = b64encode(receipt.transaction.to_bytes()).decode()
        if options.show_effects:
            shown["effects"] = effects_json(effects)
        if options.show_events:
            try:
                shown["events"] = await self._events(found)
            except RpcError as error:
                shown["errors"] = [error.message]
        if options.show_object_changes or options.show_balance_changes:
            changed = await ChangedObjects.load(effects, self._service.reader)
            if options.show_object_changes:
                sender = receipt.transaction.transaction_data.sender
                shown["objectChanges"] = object_changes(effects, sender, changed)
            if options.show_balance_changes:
                shown["balanceChanges"] = balance_changes(effects, changed)
        if options.show_raw_effects:
            shown["rawEffects"] = list(bcs.encode(TransactionEffects, effects))
        shown["timestampMs"] = str(found.timestamp_ms)
        shown["checkpoint"] = str(found.sequence)
        return shown

    async def _events(self, found: IndexedTransaction) -> list[Json]:
        receipt, catalog = found.receipt, self._service.catalog
        digest = Digest(receipt.effects.transaction_digest)
        return await events_json(receipt.events, digest, found.timestamp_ms, catalog)


def _not_found(digest: Digest) -> RpcError:
    if digest == GENESIS_MARKER_DIGEST:
        return invalid_params(
            "This digest stands for the genesis, which made its objects without a transaction."
        )
    return invalid_params(f"Could not find the referenced transaction [{format_digest(digest)}].")


def _check_count(count: int) -> None:
    if count > MAX_ITEMS:
        raise invalid_params(f"Input exceeds limit of {MAX_ITEMS}")
