"""How much one request may ask for: bytes of its answer or of modules to verify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from proto.protocol_config import NETWORK_LIMITS


@dataclass(slots=True)
class Allowance:
    """What is left for one request. The first thing asked for is always allowed, however large it is.

    Once too much was asked for, all the rest has to be asked for by itself. most_bytes: of everything but the
    first.
    """

    most_bytes: int = field(default_factory=lambda: NETWORK_LIMITS.max_answer_bytes)
    bytes_used: int = 0
    is_spent: bool = False

    def allows(self, size: int) -> bool:
        """Whether so many bytes more are allowed; if not, nothing more is."""
        if self.is_spent or (self.bytes_used and self.bytes_used + size > self.most_bytes):
            self.is_spent = True
            return False
        self.bytes_used += size
        return True

    def allows_in_turn(self, sizes: Sequence[int]) -> int:
        """How many answers of these sizes go into it, one after the other."""
        whole = sum(sizes)
        if not self.is_spent and self.bytes_used + whole <= self.most_bytes:
            self.bytes_used += whole
            return len(sizes)
        return next((count for count, size in enumerate(sizes) if not self.allows(size)), len(sizes))
