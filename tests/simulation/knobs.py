"""Bounds that a small world never reaches are near in half of the worlds: what lies behind them runs, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

from aggregator import delivery
from authority import (
    allowance,
    execution_commit,
    long_runs,
    module_checks,
    records,
    sync,
    vote_journal,
    voted_batches,
)
from authority.execution import plain
from proto.protocol_config import NETWORK_LIMITS

_LITTLE = replace(NETWORK_LIMITS, max_answer_bytes=1000)
_SHORT = replace(NETWORK_LIMITS, max_turn_gas_units=1)

_NEAR: tuple[tuple[tuple[Any, str, Any], ...], ...] = (
    ((plain, "USES_PER_PLACE", 0),),
    ((voted_batches, "MAX_TRANSACTIONS", 2),),
    ((sync, "PAGE", 2), (sync, "MOST_AHEAD", 2), (sync, "KEPT_EVERY", 1)),
    ((long_runs, "MOST_WAITING", 1), (module_checks, "MOST_WAITING", 1)),
    ((allowance, "NETWORK_LIMITS", _LITTLE), (execution_commit, "NETWORK_LIMITS", _SHORT)),
    ((records, "ROW_BYTES", 1), (vote_journal, "RECENT_BYTES", 1), (delivery, "MAX_PER_REQUEST", 1)),
)
"""Each bit of a scenario's `near` brings one row near."""


@contextmanager
def bounds(near: int) -> Iterator[None]:
    """Bring some rows near, by their bits."""
    with ExitStack() as stack:
        for bit, row in enumerate(_NEAR):
            if near >> bit & 1:
                for place, name, value in row:
                    stack.enter_context(mock.patch.object(place, name, value))
        yield
