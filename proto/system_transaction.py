"""Transactions that only the system makes: genesis, consensus commits, the end of an epoch.

Source: iota-types, transaction, messages_consensus and authenticator_state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from proto.bcs import U64
from proto.event import Event
from proto.ids import Digest, ObjectID, SequenceNumber
from proto.object import ObjectData, Owner


@dataclass(frozen=True, slots=True)
class GenesisObject:
    """An object that exists from the start, at version 1 and with rebate 0."""

    bcs_prefix: ClassVar[bytes] = b"\x00"
    data: ObjectData
    owner: Owner


@dataclass(frozen=True, slots=True)
class GenesisTransaction:
    """Makes the first objects."""

    objects: tuple[GenesisObject, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class CancelledTransactions:
    """Versions that consensus reserved for transactions that it cancelled."""

    bcs_prefix: ClassVar[bytes] = b"\x00"
    assignments: tuple[tuple[Digest, tuple[tuple[ObjectID, SequenceNumber], ...]], ...]


@dataclass(frozen=True, slots=True)
class ConsensusCommitPrologueV1:
    """First transaction of a consensus commit; sets the clock."""

    epoch: U64
    round: U64
    sub_dag_index: U64 | None
    commit_timestamp_ms: U64
    consensus_commit_digest: Digest
    consensus_determined_version_assignments: CancelledTransactions


@dataclass(frozen=True, slots=True)
class JwkId:
    """Which key of which issuer."""

    iss: str
    kid: str


@dataclass(frozen=True, slots=True)
class Jwk:
    """A JSON web key."""

    kty: str
    e: str
    n: str
    alg: str


@dataclass(frozen=True, slots=True)
class ActiveJwk:
    """A key and the epoch from which it holds."""

    jwk_id: JwkId
    jwk: Jwk
    epoch: U64


@dataclass(frozen=True, slots=True)
class AuthenticatorStateUpdateV1:
    """Adds keys of OpenID providers."""

    epoch: U64
    round: U64
    new_active_jwks: tuple[ActiveJwk, ...]
    authenticator_obj_initial_shared_version: SequenceNumber


@dataclass(frozen=True, slots=True)
class ChangeEpoch:
    """Ends an epoch; epoch is the next one's number; charges and rebates are sums in nanos.

    system_packages: (version, modules, ids of dependencies) of each framework package that changes.
    """

    epoch: U64
    protocol_version: U64
    storage_charge: U64
    computation_charge: U64
    storage_rebate: U64
    non_refundable_storage_fee: U64
    epoch_start_timestamp_ms: U64
    system_packages: tuple[tuple[SequenceNumber, tuple[bytes, ...], tuple[ObjectID, ...]], ...]


@dataclass(frozen=True, slots=True)
class AuthenticatorStateCreate:
    """Makes object 0x7."""


@dataclass(frozen=True, slots=True)
class AuthenticatorStateExpire:
    """Drops keys older than min_epoch."""

    min_epoch: U64
    authenticator_obj_initial_shared_version: SequenceNumber


@dataclass(frozen=True, slots=True)
class BridgeStateCreate:
    """Makes object 0x9 for a chain (the digest of its genesis checkpoint)."""

    chain_identifier: Digest


@dataclass(frozen=True, slots=True)
class BridgeCommitteeInit:
    """Starts the bridge's committee."""

    bridge_object_version: SequenceNumber


EndOfEpochTransactionKind = (
    ChangeEpoch
    | AuthenticatorStateCreate
    | AuthenticatorStateExpire
    | BridgeStateCreate
    | BridgeCommitteeInit
)


@dataclass(frozen=True, slots=True)
class EndOfEpochTransaction:
    """What happens at the end of an epoch, in order."""

    kinds: tuple[EndOfEpochTransactionKind, ...]


@dataclass(frozen=True, slots=True)
class RandomnessStateUpdate:
    """Publishes a round of the random beacon in object 0x8."""

    epoch: U64
    randomness_round: U64
    random_bytes: bytes
    randomness_obj_initial_shared_version: SequenceNumber
