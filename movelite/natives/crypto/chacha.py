"""The stream of ChaCha as the random generators of Rust's `rand` draw it, 32 bits at a time."""

from __future__ import annotations

from collections.abc import Iterator

KEY_LENGTH = 32

_MASK = 2**32 - 1
_CONSTANTS = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_QUARTERS = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)


def chacha_words(key: bytes, rounds: int) -> Iterator[int]:
    """The stream of a key of 32 bytes; its blocks are counted in 64 bits and have no nonce."""
    key_words = [int.from_bytes(key[i : i + 4], "little") for i in range(0, KEY_LENGTH, 4)]
    counter = 0
    while True:
        start = [*_CONSTANTS, *key_words, counter & _MASK, counter >> 32, 0, 0]
        state = list(start)
        for _ in range(rounds // 2):
            for quarter in _QUARTERS:
                _quarter_round(state, *quarter)
        yield from ((a + b) & _MASK for a, b in zip(start, state, strict=True))
        counter += 1


def _quarter_round(x: list[int], a: int, b: int, c: int, d: int) -> None:
    for target, source, changed, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[target] = (x[target] + x[source]) & _MASK
        mixed = x[changed] ^ x[target]
        x[changed] = ((mixed << turn) | (mixed >> (32 - turn))) & _MASK
