"""The network itself: its chain, rules, prices and committee."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import fields

from aggregator.network import Member
from aggregator.rpc_codes import CALL_FAILED, RpcError
from aggregator.service.core import ClientService
from aggregator.service.object_json import Json
from aggregator.service.parameters import AddressParam, ItemsParam, U64Param, checkpoint_page_size
from aggregator.service.rpc_error import invalid_params
from proto.errors import UserInputError
from proto.ids import IOTA_SYSTEM_ADDRESS, ObjectID, blake2b_256, format_address
from proto.messages import ObjectQuery, ObjectUnknown
from proto.protocol_config import PROTOCOL_CONFIG
from proto.user_input_error import ObjectNotFound

_EPOCH_MS = 86_400_000


class GovernanceApi:
    """Reads about the network."""

    def __init__(self, service: ClientService) -> None:
        self._service = service

    async def get_chain_identifier(self) -> str:
        """The first 4 bytes of the genesis digest, which name the network."""
        return self._service.network.chain[:4].hex()

    async def get_reference_gas_price(self) -> str:
        """Nanos for a unit of gas."""
        return str((await self._service.health()).reference_gas_price)

    async def get_stakes(self, owner: AddressParam) -> list[Json]:
        """Stakes of an address: none, for staking needs shared objects."""
        return []

    async def get_stakes_by_ids(self, staked_iota_ids: ItemsParam) -> list[Json]:
        """Stakes by their ids: no object is one."""
        return await self._no_stakes(staked_iota_ids, "StakedIota")

    async def get_timelocked_stakes_by_ids(self, timelocked_staked_iota_ids: ItemsParam) -> list[Json]:
        """Timelocked stakes by their ids: no object is one."""
        return await self._no_stakes(timelocked_staked_iota_ids, "TimelockedStakedIota")

    async def _no_stakes(self, ids: list[ObjectID], kind: str) -> list[Json]:
        found = await self._service.reader.objects([ObjectQuery(id_) for id_ in ids])
        for id_, info in zip(ids, found, strict=True):
            if isinstance(info, ObjectUnknown):
                raise UserInputError(ObjectNotFound(id_, None))
            raise RpcError(CALL_FAILED, f"{format_address(id_)} is no {kind}: nobody stakes on this network")
        return []

    async def get_validators_apy(self) -> Json:
        """What stakes earn in a year: nothing, for rewards come with the end of an epoch."""
        members = self._service.network.members
        apys = [{"address": format_address(_address_of(member)), "apy": 0.0} for member in members]
        return {"apys": apys, "epoch": str(self._service.committee.epoch)}

    async def get_current_epoch(self) -> Json:
        """The one epoch that there is."""
        validators = [self._validator_json(i) for i in range(len(self._service.network.members))]
        price = (await self._service.health()).reference_gas_price
        return {**await self._epoch_json(), "validators": validators, "referenceGasPrice": price}

    async def get_epochs(
        self,
        cursor: U64Param | None = None,
        limit: int | None = None,
        descending_order: bool | None = None,
    ) -> Json:
        """Epochs behind a number."""
        return self._page_of(await self.get_current_epoch(), cursor, limit, descending_order)

    async def get_epoch_metrics(
        self,
        cursor: U64Param | None = None,
        limit: int | None = None,
        descending_order: bool | None = None,
    ) -> Json:
        """Epochs behind a number, in short."""
        return self._page_of(await self._epoch_json(), cursor, limit, descending_order)

    async def _epoch_json(self) -> Json:
        start = (await self._service.health()).epoch_start_timestamp_ms
        return {
            "epoch": str(self._service.committee.epoch),
            "epochTotalTransactions": str(self._service.index.total()),
            "firstCheckpointId": "0",
            "epochStartTimestamp": str(start),
            "endOfEpochInfo": None,
        }

    def _page_of(self, shown: Json, cursor: int | None, limit: int | None, descending: bool | None) -> Json:
        """A page of one epoch, or of none."""
        checkpoint_page_size(limit)
        epoch = self._service.committee.epoch
        is_behind = cursor is None or (epoch < cursor if descending else epoch > cursor)
        data = [shown] if is_behind else []
        return {"data": data, "nextCursor": shown["epoch"] if data else None, "hasNextPage": False}

    async def get_committee_info(self, epoch: U64Param | None = None) -> Json:
        """Keys and stakes of the authorities."""
        committee = self._service.committee
        if epoch not in (None, committee.epoch):
            raise invalid_params(f"no committee of epoch {epoch}; the current one is {committee.epoch}")
        return {
            "epoch": str(committee.epoch),
            "validators": [
                [b64encode(member.public_key).decode(), str(member.stake)] for member in committee.members
            ],
        }

    async def get_protocol_config(self, version: U64Param | None = None) -> Json:
        """Limits and costs of the protocol."""
        if version not in (None, PROTOCOL_CONFIG.version):
            raise invalid_params(f"unsupported protocol version {version}: it is {PROTOCOL_CONFIG.version}")
        attributes, features = {}, {}
        for field in fields(PROTOCOL_CONFIG):
            value = getattr(PROTOCOL_CONFIG, field.name)
            if field.name not in ("version", "feature_flags") and isinstance(value, int):
                attributes[field.name] = {"u64": str(value)}
        for field in fields(PROTOCOL_CONFIG.feature_flags):
            value = getattr(PROTOCOL_CONFIG.feature_flags, field.name)
            if isinstance(value, bool):
                features[field.name] = value
        supported = str(PROTOCOL_CONFIG.version)
        return {
            "minSupportedProtocolVersion": "1",
            "maxSupportedProtocolVersion": supported,
            "protocolVersion": supported,
            "featureFlags": dict(sorted(features.items())),
            "attributes": dict(sorted(attributes.items())),
        }

    async def get_latest_iota_system_state(self) -> Json:
        """The committee in the form of IOTA's system state; there is no staking, so its pools are empty."""
        health, network = await self._service.health(), self._service.network
        total = sum(member.stake for member in network.members)
        return {
            "epoch": str(network.epoch),
            "protocolVersion": str(health.protocol_version),
            "systemStateVersion": "1",
            "iotaTotalSupply": str(network.genesis.supply if network.genesis else 0),
            "iotaTreasuryCapId": format_address(bytes(32)),
            "storageFundTotalObjectStorageRebates": "0",
            "storageFundNonRefundableBalance": "0",
            "referenceGasPrice": str(health.reference_gas_price),
            "safeMode": False,
            "safeModeStorageCharges": "0",
            "safeModeComputationRewards": "0",
            "safeModeStorageRebates": "0",
            "safeModeNonRefundableStorageFee": "0",
            "epochStartTimestampMs": str(health.epoch_start_timestamp_ms),
            "epochDurationMs": str(_EPOCH_MS),
            "minValidatorCount": "4",
            "maxValidatorCount": "150",
            "minValidatorJoiningStake": "0",
            "validatorLowStakeThreshold": "0",
            "validatorVeryLowStakeThreshold": "0",
            "validatorLowStakeGracePeriod": "0",
            "totalStake": str(total),
            "activeValidators": [self._validator_json(i) for i in range(len(network.members))],
            "pendingActiveValidatorsId": format_address(bytes(32)),
            "pendingActiveValidatorsSize": "0",
            "pendingRemovals": [],
            "stakingPoolMappingsId": format_address(bytes(32)),
            "stakingPoolMappingsSize": "0",
            "inactivePoolsId": format_address(bytes(32)),
            "inactivePoolsSize": "0",
            "validatorCandidatesId": format_address(bytes(32)),
            "validatorCandidatesSize": "0",
            "atRiskValidators": [],
            "validatorReportRecords": [],
        }

    async def get_latest_iota_system_state_v2(self) -> Json:
        """`get_latest_iota_system_state`, under the name of its version."""
        return {"V1": await self.get_latest_iota_system_state()}

    def _validator_json(self, position: int) -> Json:
        member = self._service.network.members[position]
        key, nothing = b64encode(member.public_key).decode(), format_address(bytes(32))
        return {
            "iotaAddress": format_address(_address_of(member)),
            "authorityPubkeyBytes": key,
            "networkPubkeyBytes": key,
            "protocolPubkeyBytes": key,
            "proofOfPossessionBytes": "",
            "name": member.name,
            "description": "",
            "imageUrl": "",
            "projectUrl": "",
            "netAddress": f"/dns/{member.address.replace(':', '/tcp/')}",
            "p2pAddress": f"/dns/{member.address.replace(':', '/tcp/')}",
            "primaryAddress": f"/dns/{member.address.replace(':', '/tcp/')}",
            "nextEpochAuthorityPubkeyBytes": None,
            "nextEpochProofOfPossession": None,
            "nextEpochNetworkPubkeyBytes": None,
            "nextEpochProtocolPubkeyBytes": None,
            "nextEpochNetAddress": None,
            "nextEpochP2pAddress": None,
            "nextEpochPrimaryAddress": None,
            "votingPower": str(member.stake),
            "operationCapId": nothing,
            "gasPrice": "1000",
            "commissionRate": "0",
            "nextEpochStake": str(member.stake),
            "nextEpochGasPrice": "1000",
            "nextEpochCommissionRate": "0",
            "stakingPoolId": format_address(IOTA_SYSTEM_ADDRESS),
            "stakingPoolActivationEpoch": "0",
            "stakingPoolDeactivationEpoch": None,
            "stakingPoolIotaBalance": str(member.stake),
            "rewardsPool": "0",
            "poolTokenBalance": "0",
            "pendingStake": "0",
            "pendingTotalIotaWithdraw": "0",
            "pendingPoolTokenWithdraw": "0",
            "exchangeRatesId": nothing,
            "exchangeRatesSize": "0",
        }


def _address_of(member: Member) -> bytes:
    return blake2b_256(member.public_key)
