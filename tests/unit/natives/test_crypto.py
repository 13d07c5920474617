"""Cryptographic natives against vectors of the standards and of the official implementation."""

from __future__ import annotations

from typing import Any

import pytest

from movelite.facade import ledger_natives
from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import Extensions, MoveAbort, NativeContext, RuntimeLimits
from proto.ids import IOTA_FRAMEWORK_ADDRESS, ObjectID, SequenceNumber
from proto.object import Object
from proto.protocol_config import PROTOCOL_CONFIG

HELLO = b"Hello, world!"
NATIVES = ledger_natives()
G1 = bytes.fromhex(
    "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
)
G2 = bytes.fromhex(
    "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e"
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8"
)


class _NoChildren:
    def read_child(self, parent: ObjectID, child: ObjectID, version: SequenceNumber) -> Object | None:
        return None

    def read_received(self, owner: ObjectID, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        return None


def call(module: str, function: str, *arguments: bytes | int) -> Any:
    """What a native returns; byte strings go in and come out as Move's vectors."""
    runtime = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
    context = NativeContext(Extensions(runtime), 10**9, RuntimeLimits(), list)
    values = [list(value) if isinstance(value, bytes) else value for value in arguments]
    (result,) = NATIVES[(IOTA_FRAMEWORK_ADDRESS, module, function)](context, (), values)
    return bytes(result) if isinstance(result, list) else result


def test_hashes_of_nothing() -> None:
    assert call("hash", "keccak256", b"").hex().startswith("c5d2460186f7233c927e7db2dcc703c0")
    assert call("hash", "blake2b256", b"").hex().startswith("0e5751c026e543b2e8ab2eb06099daa1")


def test_hmac() -> None:
    expected = "f6d6ae02f426eb9664e89e3c6d86c60e6103ce22b916819219c26e34e8d236dc"
    assert call("hmac", "hmac_sha3_256", b"my key!", b"hello world!").hex() == expected


def test_ed25519() -> None:
    public_key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )
    assert call("ed25519", "ed25519_verify", signature, public_key, b"") is True
    assert call("ed25519", "ed25519_verify", signature, public_key, b"x") is False
    assert call("ed25519", "ed25519_verify", signature[1:], public_key, b"") is False


K1_KEY = "02337cca2171fdbfcfd657fa59881f46269f1e590b5ffab6023686c7ad2ecc2c1c"
R1_KEY = "0227322b3a891a0a280d6bc1fb2cbb23d28f54906fd6407f5f741f6def5762609a"
K1_SIGNATURES = {
    0: "7e4237ebfbc36613e166bfc5f6229360a9c1949242da97ca04867e4de57b2df3"
    "0c8340bcb320328cf46d71bda51fcb519e3ce53b348eec62de852e350edbd88600",
    1: "e5847245b38548547f613aaea3421ad47f5b95a222366fb9f9b8c57568feb19c"
    "7077fc31e7d83e00acc1347d08c3e1ad50a4eeb6ab044f25c861ddc7be5b8f9f01",
}
R1_SIGNATURES = {
    0: "209841acabd0fdf6d25fa0948b2f5c6c74f930eede89c6fce59502218a3134a1"
    "47535921bf0cdf5d1990f6f0b3dadb8c05069ddc531db057d325857ce198a52900",
    1: "26d84720652d8bc4ddd1986434a10b3b7b69f0e35a17c6a5987e6d1cba69652f"
    "4384a342487642df5e44592d304bea0ceb0fae2e347fa3cec5ce1a8144cfbbb200",
}


@pytest.mark.parametrize("hash_function", [0, 1])
@pytest.mark.parametrize(
    ("module", "curve", "key", "signatures"),
    [("ecdsa_k1", "secp256k1", K1_KEY, K1_SIGNATURES), ("ecdsa_r1", "secp256r1", R1_KEY, R1_SIGNATURES)],
)
def test_ecdsa(module: str, curve: str, key: str, signatures: dict[int, str], hash_function: int) -> None:
    signature = bytes.fromhex(signatures[hash_function])
    assert call(module, f"{curve}_ecrecover", signature, HELLO, hash_function).hex() == key
    public_key = bytes.fromhex(key)
    assert call(module, f"{curve}_verify", signature[:64], public_key, HELLO, hash_function) is True
    assert call(module, f"{curve}_verify", signature[:64], public_key, b"other", hash_function) is False
    assert call(module, f"{curve}_verify", signature, public_key, HELLO, hash_function) is False
    with pytest.raises(MoveAbort) as wrong_length:
        call(module, f"{curve}_ecrecover", signature[:64], HELLO, hash_function)
    assert wrong_length.value.code == 1
    with pytest.raises(MoveAbort) as no_hash:
        call(module, f"{curve}_ecrecover", signature, HELLO, 2)
    assert no_hash.value.code == 0


def _scalar(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_groups_agree_with_the_pairing() -> None:
    three_g1 = call("group_ops", "internal_mul", 1, _scalar(3), G1)
    five_g2 = call("group_ops", "internal_mul", 2, _scalar(5), G2)
    pairing = call("group_ops", "internal_pairing", 1, three_g1, five_g2)
    base = call("group_ops", "internal_pairing", 1, G1, G2)
    assert base.hex().startswith("1250ebd871fc0a92a7b2d83168d0d727272d441befa15c50")
    assert call("group_ops", "internal_mul", 3, _scalar(15), base) == pairing
    assert call("group_ops", "internal_div", 3, _scalar(15), pairing) == base
    again = call("group_ops", "internal_add", 3, call("group_ops", "internal_sub", 3, pairing, base), base)
    assert again == pairing


def test_multi_scalar_multiplication_is_a_sum_of_products() -> None:
    two_g1 = call("group_ops", "internal_add", 1, G1, G1)
    total = call("group_ops", "internal_multi_scalar_mul", 1, _scalar(7) + _scalar(2), G1 + two_g1)
    assert total == call("group_ops", "internal_mul", 1, _scalar(11), G1)
    with pytest.raises(MoveAbort) as too_long:
        call("group_ops", "internal_multi_scalar_mul", 1, _scalar(1) * 33, G1 * 33)
    assert too_long.value.code == 2


def test_points_are_validated() -> None:
    assert call("group_ops", "internal_validate", 1, G1) is True
    assert call("group_ops", "internal_validate", 1, b"\x00" * 48) is False
    assert call("group_ops", "internal_validate", 0, b"\xff" * 32) is False
    with pytest.raises(MoveAbort) as by_zero:
        call("group_ops", "internal_div", 0, _scalar(0), _scalar(1))
    assert by_zero.value.code == 1


def test_an_ecdsa_message_is_charged_by_its_length() -> None:
    runtime = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
    context = NativeContext(Extensions(runtime), 10**9, RuntimeLimits(), list)
    native = NATIVES[(IOTA_FRAMEWORK_ADDRESS, "hash", "keccak256")]
    native(context, (), [[0] * 137])
    assert context.gas_used == 52 + 2 * 137 + 2 * 2
