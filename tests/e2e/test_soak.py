"""The soak in short; `make soak TRANSFERS=10000` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.soak import SoakSettings, run_soak

pytestmark = pytest.mark.e2e


async def test_nothing_is_lost_or_forgotten_while_authorities_are_killed(tmp_path: Path) -> None:
    settings = SoakSettings(transfers=300, lanes=16, kill_every=1.0, promises=20, tls=True)
    figures = await run_soak(tmp_path / "network", settings)
    assert len(figures.receipts) >= 300
    assert figures.kills >= 1
    assert figures.promises >= 1
