"""What is no package to publish is refused before anything is sent, with what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.package_builds import build_for_network
from movelite.package.errors import PackageError

CHAIN = "12345678"
LOCK = """[env.local]
chain-id = "12345678"
original-published-id = "0x77"
latest-published-id = "0x77"
published-version = "1"
"""


def write_package(folder: Path, manifest: str, *sources: str) -> Path:
    """A package of Move 2024 without the framework."""
    (folder / "sources").mkdir(parents=True)
    head = f'[package]\nname = "{folder.name}"\nedition = "2024.beta"\nimplicit-dependencies = false\n'
    (folder / "Move.toml").write_text(head + manifest)
    for number, source in enumerate(sources):
        (folder / "sources" / f"m{number}.move").write_text(source)
    return folder


def refused(folder: Path, *, with_unpublished: bool = False) -> str:
    with pytest.raises(PackageError) as error:
        build_for_network(folder, CHAIN, with_unpublished)
    return str(error.value)


def test_a_package_without_modules(tmp_path: Path) -> None:
    assert "there are no modules" in refused(write_package(tmp_path / "empty", ""))


def test_modules_with_an_address_of_their_own_also_of_dependencies(tmp_path: Path) -> None:
    lower = write_package(tmp_path / "lower", '[addresses]\nlower = "0xbad"\n', "module lower::low {}")
    assert "module 'low' of package 'lower' has the address 0xbad" in refused(lower)
    manifest = '[dependencies]\nlower = { local = "../lower" }\n[addresses]\nupper = "0x0"\n'
    upper = write_package(tmp_path / "upper", manifest, "module upper::up {}")
    assert "module 'low' of package 'lower'" in refused(upper, with_unpublished=True)


def test_a_dependency_that_is_said_to_be_at_two_places(tmp_path: Path) -> None:
    lower = write_package(
        tmp_path / "lower", 'published-at = "0x88"\n[addresses]\nlower = "0x0"\n', "module lower::low {}"
    )
    (lower / "Move.lock").write_text(LOCK)
    manifest = '[dependencies]\nlower = { local = "../lower" }\n[addresses]\nupper = "0x0"\n'
    upper = write_package(tmp_path / "upper", manifest, "module upper::up {}")
    said = refused(upper)
    assert all(text in said for text in ("is 0x88", "Move.lock beside it", "0x77"))
