"""What a validator tells of itself: keys it can show to have, and addresses where it can be reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from movelite.bytecode.status import StatusCode, VMError
from movelite.facade import ledger_natives
from movelite.natives.multiaddr import InvalidMultiaddr, parse_multiaddr
from movelite.natives.object_runtime import ObjectRuntime
from movelite.natives.validator_metadata import (
    Bag,
    InvalidMetadata,
    Part,
    ValidatorMetadata,
    check_metadata,
    is_ed25519_key,
)
from movelite.vm.native_context import Extensions, MoveAbort, NativeContext, RuntimeLimits
from proto import bcs
from proto.bls import bls_public_key, bls_sign
from proto.crypto import Ed25519KeyPair
from proto.ids import IOTA_SYSTEM_ADDRESS, ObjectID, SequenceNumber
from proto.object import Object
from proto.protocol_config import PROTOCOL_CONFIG

ADDRESS = bytes([7]) * 32
NETWORK_KEY, PROTOCOL_KEY, OTHER_KEY = (
    Ed25519KeyPair.from_seed(bytes([seed]) * 32).public_key for seed in (1, 2, 3)
)


def proof(secret: bytes, address: bytes) -> bytes:
    """Intent (proof of possession, version 0, app 0), key and address with their length, epoch 0."""
    return bls_sign(secret, bytes([5, 0, 0, 128, 1]) + bls_public_key(secret) + address + bytes(8))


SECRET, NEXT_SECRET = bytes(31) + b"\x01", bytes(31) + b"\x02"
GOOD = ValidatorMetadata(
    iota_address=ADDRESS,
    authority_key=bls_public_key(SECRET),
    network_key=NETWORK_KEY,
    protocol_key=PROTOCOL_KEY,
    proof_of_possession=proof(SECRET, ADDRESS),
    name="name",
    description="description",
    image_url="",
    project_url="",
    network_address="/dns/validator.example/tcp/8080/http",
    p2p_address="/ip4/127.0.0.1/udp/8084",
    primary_address="/ip6/::1/udp/8081",
    next_authority_key=None,
    next_proof_of_possession=None,
    next_network_key=None,
    next_protocol_key=None,
    next_network_address=None,
    next_p2p_address=None,
    next_primary_address=None,
    extra_fields=Bag(bytes(32), 0),
)


def test_metadata_that_can_be_used() -> None:
    check_metadata(GOOD)
    key, shown = bls_public_key(NEXT_SECRET), proof(NEXT_SECRET, ADDRESS)
    check_metadata(replace(GOOD, next_authority_key=key, next_proof_of_possession=shown))
    check_metadata(replace(GOOD, next_network_key=OTHER_KEY, next_p2p_address="/dns/a/udp/1"))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (Part.AUTHORITY_KEY, {"authority_key": b"*"}),
        (Part.AUTHORITY_KEY, {"next_authority_key": b"\xff" * 96}),
        (Part.PROOF_OF_POSSESSION, {"proof_of_possession": proof(SECRET, bytes(32))}),
        (Part.PROOF_OF_POSSESSION, {"authority_key": b"\xc0" + bytes(95)}),  # the point at infinity
        (Part.PROOF_OF_POSSESSION, {"next_authority_key": bls_public_key(NEXT_SECRET)}),
        (Part.PROOF_OF_POSSESSION, {"next_proof_of_possession": b"*"}),
        (Part.NETWORK_KEY, {"network_key": b"*"}),
        (Part.NETWORK_KEY, {"next_network_key": b"\x02" + bytes(31)}),
        (Part.PROTOCOL_KEY, {"protocol_key": NETWORK_KEY}),
        (Part.PROTOCOL_KEY, {"next_network_key": OTHER_KEY, "next_protocol_key": OTHER_KEY}),
        (Part.NETWORK_ADDRESS, {"network_address": "127.0.0.1:80"}),
        (Part.NETWORK_ADDRESS, {"next_network_address": "/ip4/127.0.0.1/tcp"}),
        (Part.P2P_ADDRESS, {"p2p_address": "/ip4/127.0.0.1/tcp/80"}),
        (Part.PRIMARY_ADDRESS, {"primary_address": ""}),
        (Part.PRIMARY_ADDRESS, {"next_primary_address": "/dns4/a/udp/1"}),
    ],
)
def test_what_is_wrong(part: Part, change: dict[str, object]) -> None:
    with pytest.raises(InvalidMetadata) as caught:
        check_metadata(replace(GOOD, **change))  # type: ignore[arg-type]
    assert caught.value.part is part


class _NoChildren:
    def read_child(self, parent: ObjectID, child: ObjectID, version: SequenceNumber) -> Object | None:
        return None

    def read_received(self, owner: ObjectID, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        return None


def call(data: bytes) -> int:
    """What a call of the native costs, in internal units."""
    runtime = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
    context = NativeContext(Extensions(runtime), 10**9, RuntimeLimits(), list)
    native = ledger_natives()[(IOTA_SYSTEM_ADDRESS, "validator", "validate_metadata_bcs")]
    assert native(context, (), [list(data)]) == ()
    return context.gas_used


def test_the_native_charges_by_the_byte_and_aborts_with_the_part() -> None:
    data = bcs.encode(ValidatorMetadata, GOOD)
    assert call(data) == 52 + 2 * len(data)
    with pytest.raises(MoveAbort) as aborted:
        call(bcs.encode(ValidatorMetadata, replace(GOOD, network_key=b"")))
    assert aborted.value.code == 2
    with pytest.raises(VMError) as malformed:
        call(data + b"\x00")
    assert malformed.value.status is StatusCode.MALFORMED


def test_keys_of_ed25519() -> None:
    assert is_ed25519_key(NETWORK_KEY) and is_ed25519_key(bytes(32))
    assert is_ed25519_key((2**255 - 18).to_bytes(32, "little"))  # 1, above the field's order
    assert is_ed25519_key(b"\x01" + bytes(30) + b"\x80")  # x is 0, with a sign
    assert not is_ed25519_key(b"\x02" + bytes(31)) and not is_ed25519_key(bytes(31))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("/ip6/::/udp/+0080/quic-v1", ["ip6", "udp", "quic-v1"]),
        ("/unix/run/a", ["unix"]),
        ("/dns//tcp/0/tls/ws", ["dns", "tcp", "tls", "ws"]),
    ],
)
def test_network_addresses(text: str, names: list[str]) -> None:
    assert [name for name, _ in parse_multiaddr(text)] == names


@pytest.mark.parametrize(
    "text",
    [
        "ip4",
        "/",
        "/ip4/127.0.0.01/udp/1",
        "/ip6/::1%1/udp/1",
        "/dns/a/udp/65536",
        "/udp/-1",
        "/telnet",
    ],
)
def test_what_is_no_network_address(text: str) -> None:
    with pytest.raises(InvalidMultiaddr):
        parse_multiaddr(text)


def test_numbers_of_any_length() -> None:
    parse_multiaddr("/memory/" + "0" * 9999 + "1")
    with pytest.raises(InvalidMultiaddr):
        parse_multiaddr("/memory/" + "9" * 9999)
