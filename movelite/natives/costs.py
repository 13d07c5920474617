"""What natives charge, in internal units. Source: iota-protocol-config, all versions alike."""

from __future__ import annotations

from typing import Final

BASE: Final = 52
"""What nearly every native charges first."""

PER_UNIT: Final = 2
"""Per byte of input or output, or per unit of abstract size, where a native names no other price."""
