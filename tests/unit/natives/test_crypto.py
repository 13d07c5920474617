"""Cryptographic natives against vectors of the standards and of the official implementation."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

import pytest

from movelite.facade import ledger_natives
from movelite.natives.crypto import ristretto
from movelite.natives.crypto.costs import MAX_SLOW_MICROSECONDS, charge_time
from movelite.natives.crypto.poseidon import FIELD as POSEIDON_FIELD
from movelite.natives.crypto.poseidon import poseidon
from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import (
    Extensions,
    MoveAbort,
    NativeContext,
    NativeOutOfGas,
    RuntimeLimits,
)
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS, ObjectID, SequenceNumber
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


def call(module: str, function: str, *arguments: bytes | int | list[bytes]) -> Any:
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


VRF_OUTPUT = bytes.fromhex(
    "4fad431c7402fa1d4a7652e975aeb9a2b746540eca0b1b1e59c8d19c14a77019"
    "18a8249136e355455b8bc73851f7fc62c84f2e39f685b281e681043970026ed8"
)
VRF_KEY = bytes.fromhex("1ea6f0f467574295a2cd5d21a3fd3a712ade354d520d3bd0fe6088d7b7c2e00e")
VRF_PROOF = bytes.fromhex(
    "d8ad2eafb4f2eaf317447726e541359f26dfce248431fe09984fdc73144abb6c"
    "eb006c57a29a742eae5a81dd04239870"
    "769e310a81046cbbaff8b0bd27a6d6affee167ebba50549b58ffdf9aa192f506"
)


def test_verifiable_random_function() -> None:
    assert call("ecvrf", "ecvrf_verify", VRF_OUTPUT, HELLO, VRF_KEY, VRF_PROOF) is True
    assert call("ecvrf", "ecvrf_verify", VRF_OUTPUT, b"other", VRF_KEY, VRF_PROOF) is False
    assert call("ecvrf", "ecvrf_verify", bytes(64), HELLO, VRF_KEY, VRF_PROOF) is False
    for code, arguments in (
        (1, (VRF_OUTPUT[1:], HELLO, VRF_KEY, VRF_PROOF)),
        (2, (VRF_OUTPUT, HELLO, b"\xff" * 32, VRF_PROOF)),
        (3, (VRF_OUTPUT, HELLO, VRF_KEY, VRF_PROOF[1:])),
    ):
        with pytest.raises(MoveAbort) as refused:
            call("ecvrf", "ecvrf_verify", *arguments)
        assert refused.value.code == code


def test_poseidon() -> None:
    assert poseidon([1]) == 18586133768512220936620570745912940619677854269274689475585506675881198879027
    assert poseidon([1, 2]) == 7853200120776062878684798364095072458815029376092732009249414926327459813530
    with pytest.raises(ValueError, match="below"):
        poseidon([POSEIDON_FIELD])
    of_33 = 15368023340287843142129781602124963668572853984788169144128906033251913623349
    assert poseidon(range(33)) == of_33
    with pytest.raises(ValueError, match="0 inputs"):
        poseidon([])


def test_multiples_of_the_ristretto_generator() -> None:
    twice = "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"
    assert ristretto.write(ristretto.multiply(2, ristretto.BASE)).hex() == twice
    assert ristretto.write(ristretto.multiply(ristretto.ORDER, ristretto.BASE)) == bytes(32)


def test_issuer_of_an_address() -> None:
    address = bytes.fromhex("1c6b623a2f2c91333df730c98d220f11484953b391a3818680f922c264cc0c6b")
    seed = 3006596378422062745101035755700472756930796952630484939867684134047976874601
    names = ("zklogin_verified_issuer", "check_zklogin_issuer_internal")
    assert call(*names, address, seed, b"https://accounts.google.com") is True
    assert call(*names, address, seed, b"https://other.issuer.com") is False
    assert call(*names, address, seed + 1, b"https://accounts.google.com") is False


def test_strings_are_searched_no_further_than_what_is_paid_for() -> None:
    random = Random(5)
    for _ in range(300):
        text = bytes(random.choices(b"ab", k=random.randrange(400)))
        pattern = bytes(random.choices(b"ab", k=random.choice((0, 1, 3, 8, 40))))
        found = text.find(pattern)
        runtime = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
        context = NativeContext(Extensions(runtime), 10**9, RuntimeLimits(), list)
        native = NATIVES[(STD_ADDRESS, "string", "internal_index_of")]
        assert native(context, (), [list(text), list(pattern)]) == (len(text) if found < 0 else found,)

    class Endless(list[int]):
        """A text of which only the beginning may be looked at."""

        def __getitem__(self, key: Any) -> Any:
            assert key.stop < 1000
            return super().__getitem__(key)

    context = NativeContext(Extensions(), 10**9, RuntimeLimits(), list)
    assert native(context, (), [Endless(b"x" * 9 + b"y" * 9000), list(b"xy")]) == (8,)


def test_slow_natives_of_one_transaction_have_an_end_together() -> None:
    objects = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
    context = NativeContext(Extensions(objects), 10**15, RuntimeLimits(), list)
    for _ in range(MAX_SLOW_MICROSECONDS // 80_000):
        charge_time(context, 80_000)
    with pytest.raises(NativeOutOfGas):
        charge_time(context, 80_000)


def rating(module: str, function: str, *arguments: bytes | int) -> int:
    """The microseconds that a call of a native counts as, whatever it gives."""
    objects = ObjectRuntime(_NoChildren(), {}, PROTOCOL_CONFIG, is_metered=True)
    context = NativeContext(Extensions(objects), 10**9, RuntimeLimits(), list)
    values = [list(value) if isinstance(value, bytes) else value for value in arguments]
    with suppress(MoveAbort):
        NATIVES[(IOTA_FRAMEWORK_ADDRESS, module, function)](context, (), values)
    return objects.slow_microseconds


LONG = bytes(200_000)


@pytest.mark.parametrize(
    ("module", "function", "arguments", "least"),
    [
        ("group_ops", "internal_mul", (3, bytes(31) + b"\x02", bytes(576)), 25_000),
        ("group_ops", "internal_mul", (2, bytes(31) + b"\x02", G2), 1000),
        ("group_ops", "internal_multi_scalar_mul", (2, bytes(32) * 32, G2 * 32), 8000),
        ("ecdsa_r1", "secp256r1_ecrecover", (b"\x05" * 64 + b"\x01", HELLO, 1), 10_000),
        ("ecvrf", "ecvrf_verify", (bytes(64), HELLO, bytes(32), bytes(80)), 10_000),
        ("vdf", "vdf_verify_internal", (b"", b"", b"", 1), 200_000),
        ("groth16", "prepare_verifying_key_internal", (0, LONG), 400_000),
        ("groth16", "prepare_verifying_key_internal", (1, LONG), 900_000),
        ("ed25519", "ed25519_verify", (LONG, LONG, b""), 4000),
        ("hash", "keccak256", (b"",), 10),
    ],
)
def test_slow_calls_are_rated_at_what_they_take(
    module: str, function: str, arguments: tuple[bytes | int, ...], least: int
) -> None:
    assert rating(module, function, *arguments) >= least


def test_uncompressed_points_are_the_same_points() -> None:
    whole = call("group_ops", "internal_convert", 1, 4, G1)
    assert len(whole) == 96
    assert call("group_ops", "internal_convert", 4, 1, whole) == G1
    nothing = call("group_ops", "internal_sum", 4, [])
    assert nothing == b"\x40" + bytes(95)
    assert call("group_ops", "internal_convert", 4, 1, nothing) == b"\xc0" + bytes(47)
    assert call("group_ops", "internal_convert", 1, 4, b"\xc0" + bytes(47)) == nothing
    three = call("group_ops", "internal_sum", 4, [whole, nothing, whole, whole])
    assert call("group_ops", "internal_convert", 4, 1, three) == call(
        "group_ops", "internal_mul", 1, _scalar(3), G1
    )
    with pytest.raises(MoveAbort) as too_long:
        call("group_ops", "internal_sum", 4, [whole] * 1201)
    assert too_long.value.code == 2
    with pytest.raises(MoveAbort) as no_such_form:
        call("group_ops", "internal_convert", 2, 4, G2)
    assert no_such_form.value.code == 1
