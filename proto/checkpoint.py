"""Checkpoints of IOTA: the ordered history that its validators certify with BLS signatures.

Source: iota-types, messages_checkpoint.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated, ClassVar

from proto import bcs
from proto.bcs import I64, U64, FixedBytes
from proto.bls import bls_verify
from proto.committee import Committee
from proto.crypto import IntentScope, intent_message
from proto.effects import GasCostSummary
from proto.errors import InsufficientStake, InvalidCertificate, InvalidSignature, UnknownSigner, WrongEpoch
from proto.ids import Digest, blake2b_256

BlsPublicKey = Annotated[bytes, FixedBytes(96, prefixed=True)]
BlsSignature = Annotated[bytes, FixedBytes(48)]

_ROARING_NO_RUNS = 12346


@dataclass(frozen=True, slots=True)
class EcmhLiveObjectSetDigest:
    """Digest of all live objects."""

    bcs_prefix: ClassVar[bytes] = b"\x00"
    digest: Digest


@dataclass(frozen=True, slots=True)
class EndOfEpochData:
    """In the last checkpoint of an epoch: who is next; supply change in nanos."""

    next_epoch_committee: tuple[tuple[BlsPublicKey, U64], ...]
    next_epoch_protocol_version: U64
    epoch_commitments: tuple[EcmhLiveObjectSetDigest, ...]
    epoch_supply_change: I64


@dataclass(frozen=True, slots=True)
class CheckpointSummary:
    """Head of a checkpoint; previous_digest links the chain and is None only for the first."""

    epoch: U64
    sequence_number: U64
    network_total_transactions: U64
    content_digest: Digest
    previous_digest: Digest | None
    epoch_rolling_gas_cost_summary: GasCostSummary
    timestamp_ms: U64
    checkpoint_commitments: tuple[EcmhLiveObjectSetDigest, ...]
    end_of_epoch_data: EndOfEpochData | None
    version_specific_data: bytes

    def digest(self) -> Digest:
        """Blake2b of `CheckpointSummary::` and the BCS."""
        return Digest(blake2b_256(b"CheckpointSummary::" + bcs.encode(CheckpointSummary, self)))


@dataclass(frozen=True, slots=True)
class ExecutionDigests:
    """A transaction and its effects."""

    transaction: Digest
    effects: Digest


@dataclass(frozen=True, slots=True)
class CheckpointContents:
    """Transactions in causal order, and the users' signatures of each."""

    bcs_prefix: ClassVar[bytes] = b"\x00"
    transactions: tuple[ExecutionDigests, ...]
    user_signatures: tuple[tuple[bytes, ...], ...]

    def digest(self) -> Digest:
        """Blake2b of `CheckpointContents::` and the BCS."""
        return Digest(blake2b_256(b"CheckpointContents::" + bcs.encode(CheckpointContents, self)))


@dataclass(frozen=True, slots=True)
class AuthorityQuorumSignInfo:
    """One aggregate signature; signers_map: a Roaring bitmap of positions in the committee."""

    epoch: U64
    signature: BlsSignature
    signers_map: bytes

    def signers(self) -> tuple[int, ...]:
        """Positions of the signers, ascending.

        Raises: InvalidCertificate.
        """
        return read_roaring(self.signers_map)


@dataclass(frozen=True, slots=True)
class CertifiedCheckpointSummary:
    """A summary and the quorum behind it."""

    summary: CheckpointSummary
    auth_signature: AuthorityQuorumSignInfo

    def verify(self, committee: Committee) -> None:
        """Check that a quorum of a committee with BLS keys signed the summary.

        Raises: WrongEpoch, UnknownSigner, InsufficientStake, InvalidSignature, InvalidCertificate.
        """
        if not self.summary.epoch == self.auth_signature.epoch == committee.epoch:
            raise WrongEpoch(committee.epoch, self.auth_signature.epoch)
        signers = self.auth_signature.signers()
        if any(signer >= len(committee) for signer in signers):
            raise UnknownSigner(f"a signer beyond the {len(committee)} members")
        members = [committee.members[signer] for signer in signers]
        stake = sum(member.stake for member in members)
        if stake < committee.quorum_threshold:
            raise InsufficientStake(stake, committee.quorum_threshold)
        message = authority_message(
            IntentScope.CHECKPOINT_SUMMARY, bcs.encode(CheckpointSummary, self.summary), committee.epoch
        )
        if not bls_verify([member.public_key for member in members], message, self.auth_signature.signature):
            raise InvalidSignature("the aggregate signature of the checkpoint")


def authority_message(scope: IntentScope, value_bcs: bytes, epoch: int) -> bytes:
    """What a validator of IOTA signs: intent, value, epoch."""
    return intent_message(scope, value_bcs) + epoch.to_bytes(8, "little")


def read_roaring(data: bytes) -> tuple[int, ...]:
    """Numbers of a portable Roaring bitmap of array containers, as committees below 4096 members have.

    Raises: InvalidCertificate if it has another form.
    """
    try:
        cookie, containers = struct.unpack_from("<II", data)
        if cookie != _ROARING_NO_RUNS or containers > 1:
            raise InvalidCertificate("the bitmap of signers has an unknown form")
        if containers == 0:
            return ()
        key, cardinality, offset = struct.unpack_from("<HHI", data, 8)
        count = cardinality + 1
        if key != 0 or count > 4096 or len(data) != offset + 2 * count:
            raise InvalidCertificate("the bitmap of signers has an unknown form")
        numbers = struct.unpack_from(f"<{count}H", data, offset)
    except struct.error as error:
        raise InvalidCertificate("the bitmap of signers is too short") from error
    if list(numbers) != sorted(set(numbers)):
        raise InvalidCertificate("the bitmap of signers is out of order")
    return tuple(numbers)
