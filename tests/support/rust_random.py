"""The random numbers of the official tests: ChaCha with 12 rounds, as Rust's StdRng draws them."""

from __future__ import annotations

import struct

_MASK = 0xFFFFFFFF
_CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
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
_DOUBLE_ROUNDS = 6


class StdRng:
    """A generator from a seed of 32 bytes; numbers are drawn in words of 32 bits."""

    def __init__(self, seed: bytes) -> None:
        self._key = struct.unpack("<8I", seed)
        self._counter = 0
        self._words: list[int] = []

    def next_u32(self) -> int:
        """The next word."""
        if not self._words:
            self._words = self._block()
        return self._words.pop(0)

    def fill_bytes(self, length: int) -> bytes:
        """Bytes of whole words, of which the last may be used in part only."""
        words = [self.next_u32() for _ in range(-(-length // 4))]
        return struct.pack(f"<{len(words)}I", *words)[:length]

    def array(self, length: int) -> bytes:
        """Bytes drawn one by one: of each word the lowest."""
        return bytes(self.next_u32() & 0xFF for _ in range(length))

    def from_rng(self) -> StdRng:
        """A generator whose seed is drawn from this one."""
        return StdRng(self.fill_bytes(32))

    def _block(self) -> list[int]:
        start = [*_CONSTANTS, *self._key, self._counter & _MASK, self._counter >> 32, 0, 0]
        state = list(start)
        for _ in range(_DOUBLE_ROUNDS):
            for a, b, c, d in _QUARTERS:
                _quarter_round(state, a, b, c, d)
        self._counter += 1
        return [(x + y) & _MASK for x, y in zip(start, state, strict=True)]


def _quarter_round(state: list[int], a: int, b: int, c: int, d: int) -> None:
    for target, source, other, shift in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[target] = (state[target] + state[source]) & _MASK
        mixed = state[other] ^ state[target]
        state[other] = (mixed << shift | mixed >> 32 - shift) & _MASK
