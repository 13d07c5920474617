"""Groth16 over BN254 and the delay function, against official vectors and by their laws."""

from __future__ import annotations

from hashlib import sha256

import pytest

from movelite.natives.crypto import bn254, class_group
from movelite.natives.crypto.class_group import DISCRIMINANT, IDENTITY, Form, compose, hash_to_form
from movelite.natives.crypto.groth16_bn254 import prepare
from movelite.natives.crypto.vdf import _challenge, _read, _write, verify
from movelite.vm.native_context import MoveAbort
from tests.unit.natives.test_crypto import call

BN254 = 1
KEY = bytes.fromhex(
    "53d75f472c207c7fcf6a34bc1e50cf0d7d2f983dd2230ffcaf280362d162c3871cae3e4f91b77eadaac316fe625e3764fb39"
    "af2bb5aa25007e9bc6b116f6f02f597ad7c28c4a33da5356e656dcef4660d7375973fe0d7b6dc642d51f16b6c8806030ca5b"
    "462a3502d560df7ff62b7f1215195233f688320de19e4b3a2a2cb6120ae49bcc0abbd3cbbf06b29b489edbf86e3b679f4e24"
    "7464992145f468e3c08db41e5e09002a7170cb4cc56ae96b152d17b6b0d1b9333b41f2325c3c8a9d2e2df98f8e2315884fae"
    "52b3c6bb329df0359daac4eff4d2e7ce729078b10d79d42f02000000000000001dcc52e058148a622c51acfdee6e181252ec"
    "0e9717653f0be1faaf2a68222e0dd2ccf4e1e8b088efccfdb955a1ff4a0fd28ae2ccbe1a112449ddae8738fb40b0"
)
"""A verifying key; the pairing of its first two points has the digest ALPHA_BETA."""
ALPHA_BETA = "360d85874e1e82517da60d51ee767a38256f0a6ad9636ef0c2eee8936425b4e1"

POINTS = bytes.fromhex(
    "e8324a3242be5193eb38cca8761691ce061e89ce86f1fce8fd7ef40808f12da3c67d9ed5667c841f956e11adbbe240ddf37a"
    "1e3a4a890600dc88f608b897898e"
)
PAIRING = bytes.fromhex(
    "51e6d72cd3b0914dd232653f84e7971d3e5bbcde6b47ff8d6c05277e579f1c1eb2fe30aa252c63950de6ea00dd21a1027f6d"
    "130357e47c31fafeca0d31e19406231df42bc11ce376f8cf75135d9074f081c242c31f198d151ec69ec37d67cc2b12542cb3"
    "06a7823c8b194f13672176c6ee8266b2a0c9f57a5dbdb2278046b511d44e715a3ebe02ec2e1cf493c1b1ada84676e234134a"
    "6da5a552f61d4e905e15c0dc58a3414d74304775de5ba8571128f3548d269b51fdc08d5b646fd9157e0a2bc0c4bec5a9a604"
    "8d17d1d6cd941b4d459f1de0c7c1d417f33995d2a8dd670b91f0baaccaaf2802100901711885026a5ec97fbbb801000d0d01"
    "185651947c1900e336921d07eb16d0e25a2192829540ad5eeb1c498ba9c6316e16807a55dc2b9a7f3dea2e4a2f485ed1295a"
    "96d6ca86851842b3a22f83507f93ac66a1dc341d5d22f592527d8ea5c12db16bbabe24b76b3e1baf825c8dcf147be369fd8c"
    "5300fd77d0aa8dce730e4e7442c93c4890023f3a266c9fbc90ebbf72825e798c4c00"
)
GAMMA = bytes.fromhex(
    "240a80664919b9f7490209cff12bfd81c32c272607dc004661c792082cbe282ef826f56a3822ebd72345f86c7ee9872e23f1"
    "0d1f2dbf43f8aca5dc2ceb5388a5"
)
DELTA = bytes.fromhex(
    "f755df8c90edab48ac5adafef6a5a461902217f392e3aa4c34c0462b700c18164f79018778755980d491647de11ecc51fda2"
    "cc17171c4b44485ec37ccd23a69b"
)
INPUTS = bytes.fromhex("3fd7c445c6845a9399d1a7b8394c16373399a037786c169f16219359d3be840a")
PROOF = bytes.fromhex(
    "dd2ef02e57d6a282df6b7f36c134ab7e55c2e04c5b8cbd7831be18e0e7224623ae8bd6c41637c10cbd02f5e68de6394461f4"
    "17895ddd264d6f0ddacf68c6cd02feb8881f0efa599139a6faf4223dd8743777c4346cba52322eb466af96f2be9f813af145"
    "0f84d6f8029804f60cac1add70ad1a3d4226404f84f4022dc18caa0f"
)

HASHED_SEED = "e350dfc95a96d52c0a04e98025471e456699a15c12b01b23091f4aec071b0ea5"
"""Digest of the official hash to the class group of b"seed"."""


# --- BN254 -----------------------------------------------------------------------------------------------


def test_a_prepared_key_is_the_official_one() -> None:
    points, pairing, gamma, delta = prepare(KEY)
    assert points == KEY[-64:]
    assert sha256(pairing).hexdigest() == ALPHA_BETA
    assert gamma[:63] == KEY[96:159] and gamma != KEY[96:160]
    assert delta[:63] == KEY[160:223] and delta != KEY[160:224]


@pytest.mark.parametrize(
    "key", [b"", KEY[:-1], KEY[:32] + bytes(63) + b"\xff" + KEY[96:], b"\xff" * len(KEY)]
)
def test_a_broken_key_is_refused(key: bytes) -> None:
    with pytest.raises(MoveAbort) as caught:
        call("groth16", "prepare_verifying_key_internal", BN254, key)
    assert caught.value.code == 0


def test_proofs() -> None:
    def verified(*, points: bytes = POINTS, inputs: bytes = INPUTS, proof: bytes = PROOF) -> bool:
        arguments = (points, PAIRING, GAMMA, DELTA, inputs, proof)
        return bool(call("groth16", "verify_groth16_proof_internal", BN254, *arguments))

    assert verified()
    assert not verified(inputs=b"\x01" + INPUTS[1:])
    assert not verified(proof=PROOF[96:128] + PROOF[32:])
    assert not verified(points=POINTS[:-1])
    assert not verified(inputs=b"\xcf")
    assert not verified(proof=b"\x4a")


def test_the_pairing_is_bilinear() -> None:
    p, q = bn254.read_point(KEY[:32]), bn254.read_twist_point(KEY[32:96])
    one = bn254.pairing([(p, q)])
    assert bn254.pairing([(bn254.multiply(p, 3), q)]) == bn254.product(one, bn254.product(one, one))
    assert bn254.pairing([(p, q), (p, bn254.negate(q))]) == bn254.ONE
    assert bn254.pairing([(None, q), (p, None)]) == bn254.ONE
    assert bn254.multiply(p, bn254.ORDER) is None


def test_points_keep_their_bytes_and_their_order_is_checked() -> None:
    data = KEY[32:96]
    assert bn254.write_twist_point(bn254.read_twist_point(data)) == data
    with pytest.raises(ValueError, match=r"order|no point"):
        for x in range(1, 100):
            bn254.read_twist_point(x.to_bytes(64, "little"))


# --- the delay function ----------------------------------------------------------------------------------


def test_the_hash_to_the_class_group_is_the_official_one() -> None:
    hashed = call("vdf", "hash_to_input_internal", b"seed")
    assert sha256(hashed).hexdigest() == HASHED_SEED
    assert _read(hashed).is_in_group


def test_the_class_group_is_a_group() -> None:
    a, b, c = (class_group.reduced(hash_to_form(seed)) for seed in (b"a", b"b", b"c"))
    assert compose(a, b) == compose(b, a)
    assert compose(compose(a, b), c) == compose(a, compose(b, c))
    assert compose(a, IDENTITY) == a == compose(IDENTITY, a)
    assert compose(a, Form(a.a, -a.b, a.c)) == IDENTITY
    assert compose(compose(a, a), a) == class_group.multi_power(a, 3, b, 0)
    assert compose(a, b).is_in_group


def test_outputs_are_verified_by_their_proofs() -> None:
    iterations = 40
    start = hash_to_form(b"start")
    output = class_group.multi_power(class_group.reduced(start), 1 << iterations, IDENTITY, 0)
    quotient = (1 << iterations) // _challenge(start, output, iterations)
    proof = class_group.multi_power(class_group.reduced(start), quotient, IDENTITY, 0)

    def verified(*forms: Form, count: int = iterations) -> bool:
        return bool(call("vdf", "vdf_verify_internal", *map(_write, forms), count))

    assert verified(start, output, proof)
    assert not verified(start, output, proof, count=iterations + 1)
    assert not verified(start, compose(output, output), proof)
    assert not verified(start, output, Form(2, 1, (1 - DISCRIMINANT) // 8))
    assert not verified(start, output, Form(-1, 1, (DISCRIMINANT - 1) // 4))
    assert not verify(start, output, Form(1, 1 << 20_000, 1), iterations)


def test_bytes_that_are_no_form_abort() -> None:
    form = _write(IDENTITY)
    for position in range(3):
        arguments = [form, form, form]
        arguments[position] = b"\xab\xcd"
        with pytest.raises(MoveAbort) as caught:
            call("vdf", "vdf_verify_internal", *arguments, 1)
        assert caught.value.code == 0
