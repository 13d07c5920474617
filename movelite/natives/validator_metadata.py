"""0x3::validator::validate_metadata_bcs: whether what a validator tells of itself can be used.

Keys of BLS12-381 are taken in their compressed form only.
Source: iota-move-natives, validator; iota-types, iota_system_state_inner_v1 and crypto.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from py_arkworks_bls12381 import G1Point, G2Point

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_time, config_of
from movelite.natives.crypto.signatures import BLS_MICROSECONDS
from movelite.natives.multiaddr import InvalidMultiaddr, parse_multiaddr, require_udp
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from proto import bcs
from proto.bcs import U64, BcsError, FixedBytes
from proto.bls import PUBLIC_KEY_LENGTH, SIGNATURE_LENGTH, bls_verify
from proto.checkpoint import authority_message
from proto.crypto import ED25519_PUBLIC_KEY_LENGTH, IntentScope

_ED25519_FIELD = 2**255 - 19
_ED25519_D = -121665 * pow(121666, -1, _ED25519_FIELD) % _ED25519_FIELD


class Part(IntEnum):
    """What can be wrong: the abort codes of 0x3::validator."""

    PROOF_OF_POSSESSION = 0
    AUTHORITY_KEY = 1
    NETWORK_KEY = 2
    PROTOCOL_KEY = 3
    NETWORK_ADDRESS = 4
    P2P_ADDRESS = 5
    PRIMARY_ADDRESS = 6


class InvalidMetadata(ValueError):
    """Metadata that cannot be used, because of one part."""

    def __init__(self, part: Part) -> None:
        super().__init__(f"invalid {part.name.lower().replace('_', ' ')}")
        self.part = part


@dataclass(frozen=True, slots=True)
class Bag:
    """0x2::bag::Bag."""

    id: Annotated[bytes, FixedBytes(32)]
    size: U64


@dataclass(frozen=True, slots=True)
class ValidatorMetadata:
    """0x3::validator::ValidatorMetadataV1. What begins with `next_` replaces the rest when the epoch ends."""

    iota_address: Annotated[bytes, FixedBytes(32)]
    authority_key: bytes
    network_key: bytes
    protocol_key: bytes
    proof_of_possession: bytes
    name: str
    description: str
    image_url: str
    project_url: str
    network_address: str
    p2p_address: str
    primary_address: str
    next_authority_key: bytes | None
    next_proof_of_possession: bytes | None
    next_network_key: bytes | None
    next_protocol_key: bytes | None
    next_network_address: str | None
    next_p2p_address: str | None
    next_primary_address: str | None
    extra_fields: Bag


def validate_metadata_bcs(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """validator::validate_metadata_bcs(metadata: vector<u8>)"""
    config = config_of(context)
    data = bytes(arguments[0])
    context.charge(config.validator_validate_metadata_cost_base)
    context.charge(config.validator_validate_metadata_data_cost_per_byte * len(data))
    charge_time(context, 2 * BLS_MICROSECONDS)
    try:
        metadata = bcs.decode(ValidatorMetadata, data)
    except BcsError as error:
        raise VMError(StatusCode.MALFORMED, message=f"no metadata of a validator: {error}") from None
    try:
        check_metadata(metadata)
    except InvalidMetadata as error:
        raise MoveAbort(error.part) from None
    return ()


def check_metadata(m: ValidatorMetadata) -> None:
    """Look at all parts, in the network's order. Raises: InvalidMetadata, of the first that is wrong."""
    _check_authority(m.iota_address, m.authority_key, m.proof_of_possession)
    _check_keys(m.network_key, m.protocol_key)
    _check_addresses(m.network_address, m.p2p_address, m.primary_address)
    _check_authority(m.iota_address, m.next_authority_key, m.next_proof_of_possession)
    _check_keys(m.next_network_key, m.next_protocol_key)
    _check_addresses(m.next_network_address, m.next_p2p_address, m.next_primary_address)


def _check_authority(address: bytes, key: bytes | None, proof: bytes | None) -> None:
    """The proof is the key's signature of itself and the address."""
    if key is None:
        if proof is not None and not _is_point(G1Point, proof, SIGNATURE_LENGTH):
            raise InvalidMetadata(Part.PROOF_OF_POSSESSION)
        return
    if not _is_point(G2Point, key, PUBLIC_KEY_LENGTH):
        raise InvalidMetadata(Part.AUTHORITY_KEY)
    signed = bcs.encode(bytes, key + address)
    message = authority_message(IntentScope.PROOF_OF_POSSESSION, signed, epoch=0)
    if proof is None or not bls_verify([key], message, proof):
        raise InvalidMetadata(Part.PROOF_OF_POSSESSION)


def _is_point(curve: type[G1Point] | type[G2Point], data: bytes, length: int) -> bool:
    """Whether it is on the curve. That it is of the right group is seen when a signature is verified."""
    if len(data) != length:
        return False
    try:
        point = curve.from_compressed_bytes_unchecked(data)
    except ValueError:
        return False
    return bytes(point.to_compressed_bytes()) == data  # the library reads infinity whatever follows


def _check_keys(network: bytes | None, protocol: bytes | None) -> None:
    if network is not None and not is_ed25519_key(network):
        raise InvalidMetadata(Part.NETWORK_KEY)
    if protocol is not None and (protocol == network or not is_ed25519_key(protocol)):
        raise InvalidMetadata(Part.PROTOCOL_KEY)


def is_ed25519_key(key: bytes) -> bool:
    """Whether bytes name a point of the curve by the rule of ZIP 215: y need not be below the field's order.

    A point has -x^2 + y^2 = 1 + d x^2 y^2, so (y^2 - 1) / (d y^2 + 1) has to be a square; the bit for the
    sign of x may be set even if x is 0.
    """
    if len(key) != ED25519_PUBLIC_KEY_LENGTH:
        return False
    y_squared = (int.from_bytes(key, "little") & (1 << 255) - 1) ** 2
    product = (y_squared - 1) * (_ED25519_D * y_squared + 1) % _ED25519_FIELD
    return pow(product, (_ED25519_FIELD - 1) // 2, _ED25519_FIELD) in (0, 1)


def _check_addresses(network: str | None, p2p: str | None, primary: str | None) -> None:
    for address, part in (
        (network, Part.NETWORK_ADDRESS),
        (p2p, Part.P2P_ADDRESS),
        (primary, Part.PRIMARY_ADDRESS),
    ):
        if address is None:
            continue
        try:
            protocols = parse_multiaddr(address)
            if part is not Part.NETWORK_ADDRESS:
                require_udp(protocols)
        except InvalidMultiaddr:
            raise InvalidMetadata(part) from None


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("validator", "validate_metadata_bcs"): validate_metadata_bcs,
}
"""Natives of 0x3 by module and function."""
