"""0x2::vdf: Wesolowski's verifiable delay function over a class group. Source: fastcrypto-vdf.

Elements are forms in BCS, each coefficient as bytes in two's complement, highest first. Coefficients of more
than MAX_BITS bits, which no honest form has, give false.
"""

from __future__ import annotations

from hashlib import sha256

from movelite.natives.crypto.class_group import (
    DISCRIMINANT,
    Form,
    hash_to_form,
    is_probable_prime,
    multi_power,
    reduced,
)
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_time, config_of
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from proto import bcs

INVALID_INPUT = 0
NOT_SUPPORTED = 1
"""Abort codes of the module."""

CHALLENGE_LENGTH = 33
MAX_BITS = 16_384

_Coefficients = tuple[bytes, bytes, bytes]


HASH_MICROSECONDS, VERIFY_MICROSECONDS = 20_000, 250_000
"""What the natives are rated at."""


def hash_to_input(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """hash_to_input_internal(message: &vector<u8>): vector<u8>"""
    config = config_of(context)
    if not config.feature_flags.enable_vdf:
        raise MoveAbort(NOT_SUPPORTED)
    context.charge(config.vdf_hash_to_input_cost)
    charge_time(context, HASH_MICROSECONDS)
    return (list(_write(hash_to_form(bytes(arguments[0])))),)


def vdf_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vdf_verify_internal(input, output, proof: &vector<u8>, iterations: u64): bool"""
    config = config_of(context)
    if not config.feature_flags.enable_vdf:
        raise MoveAbort(NOT_SUPPORTED)
    context.charge(config.vdf_verify_vdf_cost)
    charge_time(context, VERIFY_MICROSECONDS)
    try:
        start, output, proof = (_read(bytes(argument)) for argument in arguments[:3])
    except bcs.BcsError as error:
        raise MoveAbort(INVALID_INPUT) from error
    return (verify(start, output, proof, arguments[3]),)


def _write(form: Form) -> bytes:
    return bcs.encode(_Coefficients, tuple(map(_signed, form)))


def _signed(number: int) -> bytes:
    length = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return number.to_bytes(length, "big", signed=True)


def _read(data: bytes) -> Form:
    return Form(*(int.from_bytes(part, "big", signed=True) for part in bcs.decode(_Coefficients, data)))


def verify(start: Form, output: Form, proof: Form, iterations: int) -> bool:
    """Whether the output is the start squared that many times."""
    forms = (start, output, proof)
    if any(abs(number).bit_length() > MAX_BITS for form in forms for number in form):
        return False
    if not all(form.is_in_group for form in forms):
        return False
    challenge = _challenge(start, output, iterations)
    rest = pow(2, iterations, challenge)
    return multi_power(reduced(start), rest, reduced(proof), challenge) == output


def _challenge(start: Form, output: Form, iterations: int) -> int:
    """The prime of 264 bits that the whole statement chooses; how it is found is chiavdf's HashPrime."""
    statement = _write(start) + _write(output) + iterations.to_bytes(8, "little")
    seed = bytearray(statement + bcs.encode(bytes, _signed(DISCRIMINANT)))
    top = 1 << 8 * CHALLENGE_LENGTH - 1
    while True:
        number = int.from_bytes((_next_hash(seed) + _next_hash(seed))[:CHALLENGE_LENGTH], "big") | top | 1
        if is_probable_prime(number):
            return number


def _next_hash(seed: bytearray) -> bytes:
    """Count up, and hash."""
    seed[:] = ((int.from_bytes(seed, "big") + 1) % (1 << 8 * len(seed))).to_bytes(len(seed), "big")
    return sha256(seed).digest()


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("vdf", "hash_to_input_internal"): hash_to_input,
    ("vdf", "vdf_verify_internal"): vdf_verify,
}
"""Natives of 0x2 by module and function."""
