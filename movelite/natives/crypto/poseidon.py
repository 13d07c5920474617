"""Poseidon over the scalar field of BN254, with the constants that circomlib uses; and 0x2::poseidon.

The constants are drawn from Grain, a shift register, as the authors of Poseidon draw them.
Source: Grassi et al., Poseidon, appendix E; fastcrypto-zkp.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from movelite.natives.crypto.costs import Arguments, Results, Types, charge_time, config_of
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

FIELD = 21888242871839275222246405745257275088548364400416034343698204186575808495617
FIELD_BITS = 254
FULL_ROUNDS = 8
PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""By the number of inputs, from 1."""

_AT_ONCE = 18

MAX_INPUTS = len(PARTIAL_ROUNDS)
ELEMENT_LENGTH = 32

NON_CANONICAL_INPUT = 0
NOT_SUPPORTED = 1
"""Abort codes of the module."""


def poseidon(inputs: Sequence[int]) -> int:
    """The hash of field elements; if there are more than 16, of the hashes of each 16, and so on.

    Raises: ValueError without inputs, or for one that is not below the field's size.
    """
    if any(value >= FIELD for value in inputs):
        raise ValueError("an input is not below the field's size")
    while len(inputs) > MAX_INPUTS:
        inputs = [_hash(inputs[i : i + MAX_INPUTS]) for i in range(0, len(inputs), MAX_INPUTS)]
    return _hash(inputs)


def _hash(inputs: Sequence[int]) -> int:
    if not 0 < len(inputs) <= MAX_INPUTS:
        raise ValueError(f"{len(inputs)} inputs")
    constants, matrix = _parameters(len(inputs) + 1)
    state = [0, *inputs]
    half, partial = FULL_ROUNDS // 2, PARTIAL_ROUNDS[len(inputs) - 1]
    for number, added in enumerate(constants):
        state = [(value + constant) % FIELD for value, constant in zip(state, added, strict=True)]
        if half <= number < half + partial:
            state[0] = pow(state[0], 5, FIELD)
        else:
            state = [pow(value, 5, FIELD) for value in state]
        state = [sum(a * b for a, b in zip(row, state, strict=True)) % FIELD for row in matrix]
    return state[0]


@lru_cache(maxsize=MAX_INPUTS)
def _parameters(width: int) -> tuple[tuple[tuple[int, ...], ...], tuple[tuple[int, ...], ...]]:
    """Constants of every round, and the matrix that mixes a state of this width."""
    partial = PARTIAL_ROUNDS[width - 2]
    bits = _grain(width, partial)
    numbers = _below_field(bits)
    rounds = FULL_ROUNDS + partial
    constants = tuple(tuple(next(numbers) for _ in range(width)) for _ in range(rounds))
    drawn = [_number(bits) % FIELD for _ in range(2 * width)]
    rows, columns = drawn[:width], drawn[width:]
    return constants, tuple(tuple(pow(x + y, -1, FIELD) for y in columns) for x in rows)


def _below_field(bits: Iterator[int]) -> Iterator[int]:
    while True:
        value = _number(bits)
        if value < FIELD:
            yield value


def _number(bits: Iterator[int]) -> int:
    value = 0
    for _ in range(FIELD_BITS):
        value = value << 1 | next(bits)
    return value


def _grain(width: int, partial: int) -> Iterator[int]:
    """The shift register's bits: of every two, the second counts if the first is set."""
    start = 0
    for value, length in ((1, 2), (0, 4), (FIELD_BITS, 12), (width, 12), (FULL_ROUNDS, 10), (partial, 10)):
        start = start << length | value
    start = start << 30 | (1 << 30) - 1
    bits = _register(int(f"{start:080b}"[::-1], 2))
    for _ in range(160):
        next(bits)
    for chosen in bits:
        bit = next(bits)
        if chosen:
            yield bit


def _register(state: int) -> Iterator[int]:
    """What comes out of the register; its oldest bit is the lowest.

    No tap is among the last 18 bits, so that 18 new ones can be made at once.
    """
    mask = (1 << _AT_ONCE) - 1
    while True:
        new = 0
        for tap in (0, 13, 23, 38, 51, 62):
            new ^= state >> tap
        new &= mask
        state = state >> _AT_ONCE | new << 80 - _AT_ONCE
        for position in range(_AT_ONCE):
            yield new >> position & 1


HASH_MICROSECONDS = 9000
"""What the native is rated at for 16 elements."""


def poseidon_bn254(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """poseidon_bn254_internal(&vector<vector<u8>>): vector<u8>"""
    config = config_of(context)
    if not config.feature_flags.enable_poseidon:
        raise MoveAbort(NOT_SUPPORTED)
    (inputs,) = arguments
    context.charge(config.poseidon_bn254_cost_base)
    context.charge(config.poseidon_bn254_cost_per_block * len(inputs))
    charge_time(context, HASH_MICROSECONDS * (1 + len(inputs) // 16))
    try:
        value = poseidon([_element(bytes(data)) for data in inputs])
    except ValueError as error:
        raise MoveAbort(NON_CANONICAL_INPUT) from error
    return (list(value.to_bytes(ELEMENT_LENGTH, "little")),)


def _element(data: bytes) -> int:
    if len(data) > ELEMENT_LENGTH:
        raise ValueError("an element has at most 32 bytes")
    return int.from_bytes(data, "little")


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {("poseidon", "poseidon_bn254_internal"): poseidon_bn254}
"""Natives of 0x2 by module and function."""
