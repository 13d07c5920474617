"""Fixtures of tests of packages."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of builds, and a folder of git dependencies, for this test alone."""
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MOVE_HOME", str(tmp_path / "move-home"))
