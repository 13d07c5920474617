"""`move manage-package`: Move.lock learns of what was published elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.main import main
from movelite.package.lock import PublishedPackage, read_published

FIRST, SECOND = "0x" + "1" * 64, "0x" + "2" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "thing"
    root.mkdir()
    (root / "Move.toml").write_text('[package]\nname = "thing"\n')
    (root / "Move.lock").write_text("[move]\nversion = 3\n")
    return root


def record(
    folder: Path, latest: str, version: int, environment: str = "testnet", chain: str = "2304aa97"
) -> int:
    """The exit code."""
    ids = ("--original-id", FIRST, "--latest-id", latest, "--version-number", str(version))
    with pytest.raises(SystemExit) as stopped:
        where = ("--environment", environment, "--network-id", chain, "--path", str(folder))
        main(["move", "manage-package", *where, *ids])
    return int(stopped.value.code or 0)


def test_what_was_published_elsewhere_is_recorded_and_replaced(folder: Path) -> None:
    assert record(folder, FIRST, 1) == 0
    assert record(folder, SECOND, 2) == 0
    assert record(folder, FIRST, 1, environment='my "own".net]', chain="4c78adac") == 0
    first, second = int(FIRST, 16), int(SECOND, 16)
    assert read_published(folder) == [
        PublishedPackage("testnet", "2304aa97", first, second, 2),
        PublishedPackage('my "own".net]', "4c78adac", first, first, 1),
    ]
    assert "version = 3" in (folder / "Move.lock").read_text()


def test_what_cannot_be_is_refused_and_nothing_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "Move.lock").read_text()
    assert record(folder, SECOND, 1) == 2
    assert record(folder, SECOND, 0) == 2
    assert record(folder, SECOND, 2, chain="mainnet") == 2
    assert record(folder, "0xzz", 2) == 1
    assert record(folder.parent, SECOND, 2) == 1
    assert (folder / "Move.lock").read_text() == before
    assert "Traceback" not in capsys.readouterr().err
