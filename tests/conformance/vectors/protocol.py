"""The protocol's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from proto.protocol_config import PROTOCOL_CONFIG
from tests.conformance.case import Check, expect_equal


def protocol_config(vector: Any, _: Path) -> Iterator[Check]:
    """Every parameter and flag of protocol version 2."""
    for name, value in vector["parameters"].items():
        yield name, partial(_same, PROTOCOL_CONFIG, name, value)
    for name, value in vector["feature_flags"].items():
        yield f"flag {name}", partial(_same, PROTOCOL_CONFIG.feature_flags, name, value)


def _same(config: object, name: str, value: object) -> None:
    expect_equal(name, getattr(config, name), value)
