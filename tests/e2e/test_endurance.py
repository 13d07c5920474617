"""The endurance run in short; `make endurance TRANSFERS=50000` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.endurance import run_endurance

pytestmark = pytest.mark.e2e


async def test_what_processes_hold_is_bounded(tmp_path: Path) -> None:
    first, *_, last = await run_endurance(tmp_path / "network", transfers=600, lanes=16, every=200)
    assert last.transfers == 600
    assert last.authority_files <= first.authority_files + 16
    assert last.service_files <= first.service_files + 16
    assert last.authority_bytes < first.authority_bytes + (30 << 20)
    assert last.service_bytes < first.service_bytes + (30 << 20)
    assert 0 < last.index_disk < 50_000  # SQLite's log is there from the begin, and small runs pay for it
