"""What Move.lock keeps of a published package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.package_release import Release
from movelite.package.errors import PackageError

PACKAGE = "0x" + "0" * 62 + "77"
RESPONSE: dict[str, Any] = {
    "objectChanges": [
        {"type": "mutated"},
        {"type": "published", "packageId": PACKAGE, "version": "1", "modules": ["m"]},
    ]
}


def test_where_a_package_is_is_recorded(tmp_path: Path) -> None:
    Release(tmp_path, frozenset({"m"}), "local", "12345678").record(RESPONSE)
    assert PACKAGE in (tmp_path / "Move.lock").read_text()


def test_when_it_cannot_be_recorded_the_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "Move.lock").mkdir()  # not to be written, by whoever runs this
    with pytest.raises(PackageError, match=f"version 1 is published at {PACKAGE}, but .* cannot be written"):
        Release(tmp_path, frozenset({"m"}), "local", "12345678").record(RESPONSE)


def test_a_service_that_does_not_tell_where_a_package_is_is_no_bug(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="does not tell where transaction D has put the package"):
        Release(tmp_path, frozenset({"other"}), "local", "12345678").record({**RESPONSE, "digest": "D"})
