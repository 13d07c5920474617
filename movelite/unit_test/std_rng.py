"""The random generator of the official test runner, so that equal seeds give equal inputs.

It is ChaCha with 12 rounds. Values are drawn as the Rust library `rand` 0.8 (`StdRng`) draws them.
"""

from __future__ import annotations

from movelite.natives.crypto.chacha import chacha_words

_MASK_32 = 2**32 - 1
_MASK_64 = 2**64 - 1
_ROUNDS = 12
_PCG_MULTIPLIER = 6364136223846793005
_PCG_INCREMENT = 11634580027462260723
SEED_LENGTH = 32


class StdRng:
    """Draws numbers from a seed of 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_LENGTH:
            raise ValueError(f"a seed has {SEED_LENGTH} bytes")
        self._words = chacha_words(seed, _ROUNDS)

    @classmethod
    def from_u64(cls, seed: int) -> StdRng:
        """The generator that one number seeds."""
        return cls(_expand_seed(seed & _MASK_64))

    def u32(self) -> int:
        """The next 32 bits."""
        return next(self._words)

    def u64(self) -> int:
        """The next 64 bits, the low half first."""
        low = next(self._words)
        return low | next(self._words) << 32

    def integer(self, bits: int) -> int:
        """A number of 8, 16, 32, 64, 128 or 256 bits."""
        if bits <= 32:
            return self.u32() & ((1 << bits) - 1)
        if bits == 64:
            return self.u64()
        if bits == 128:
            low = self.u64()
            return low | self.u64() << 64
        return int.from_bytes(self.fill(32), "little")

    def boolean(self) -> bool:
        """The highest bit of the next 32."""
        return self.u32() >> 31 == 1

    def byte_array(self, length: int) -> bytes:
        """Bytes drawn one by one, as an array of u8 is."""
        return bytes(self.u32() & 0xFF for _ in range(length))

    def fill(self, length: int) -> bytes:
        """Bytes drawn four at a time."""
        words = [self.u32().to_bytes(4, "little") for _ in range(-(-length // 4))]
        return b"".join(words)[:length]

    def below(self, bound: int) -> int:
        """A number from 0 to bound - 1, all equally likely, from 64 bits at a time."""
        zone = (bound << (64 - bound.bit_length())) - 1
        while True:
            product = self.u64() * bound
            if product & _MASK_64 <= zone:
                return product >> 64


def _expand_seed(state: int) -> bytes:
    """32 bytes from a number, by a PCG generator."""
    seed = b""
    for _ in range(SEED_LENGTH // 4):
        state = (state * _PCG_MULTIPLIER + _PCG_INCREMENT) & _MASK_64
        shifted = (((state >> 18) ^ state) >> 27) & _MASK_32
        turn = state >> 59
        seed += (((shifted >> turn) | (shifted << (-turn & 31))) & _MASK_32).to_bytes(4, "little")
    return seed
