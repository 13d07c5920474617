"""The network framework's own unit tests, put beside the sources of our framework.

Most are files of their own. Some stand within the modules that they test; those members go into a copy of
our module, and whole modules of tests become files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from movelite.compiler import syntax_tree as st
from movelite.compiler.diagnostics import Diagnostics
from movelite.compiler.editions import PackageConfig
from movelite.compiler.parser import parse_file
from movelite.compiler.source import SourceFile

OURS = Path(__file__).parents[2] / "movelite/framework"
PEERS = Path("crates/iota-framework/packages")
FOLDERS = {"std": "move-stdlib", "iota": "iota-framework", "iota_system": "iota-system"}
"""Our packages and where the checkout has the network's."""

_BORROWED = {
    "iota_system": (
        "iota-framework/tests/timelock/test_label_one.move",
        "iota-framework/tests/timelock/test_label_two.move",
    )
}
"""Modules for tests in dependencies of a package: the network's tool compiles those, too."""

Item = st.Module | st.Function | st.Struct | st.Constant
_NAMED = (st.Function, st.Struct, st.Constant)
_TEST_ATTRIBUTES = {"test", "test_only", "random_test"}


def make_package(checkout: Path, package: str, folder: Path) -> Path:
    """A copy of one of our packages (std, iota or iota_system) in `folder`, with the network's tests."""
    made = folder / package
    peers = checkout / PEERS / FOLDERS[package]
    shutil.copytree(OURS / package, made)
    shutil.copytree(peers / "tests", made / "tests")
    for module in _BORROWED.get(package, ()):
        shutil.copy(checkout / PEERS / module, made / "tests")
    _drop_doubles(made)
    for source in sorted((peers / "sources").rglob("*.move")):
        text = source.read_text("utf-8")
        for unit in _modules(text):
            _add_tests(unit, text, made, source)
    return made


def _drop_doubles(made: Path) -> None:
    """Modules for tests that the network has among its tests, and we have among our sources."""
    theirs = {
        unit.name.text
        for file in (made / "tests").rglob("*.move")
        for unit in _modules(file.read_text("utf-8"))
    }
    for file in (made / "sources" / "test").glob("*.move"):
        if any(unit.name.text in theirs for unit in _modules(file.read_text("utf-8"))):
            file.unlink()


def _modules(text: str) -> Iterator[st.Module]:
    parsed = parse_file(SourceFile(0, "", text), PackageConfig(), Diagnostics())
    return (item for item in parsed.definitions if isinstance(item, st.Module))


def _add_tests(module: st.Module, text: str, made: Path, source: Path) -> None:
    name = module.name.text
    if _is_for_tests(module):
        if name.endswith("_tests"):
            (made / "tests" / f"{name}_of_{source.name}").write_text(_text(module, text), "utf-8")
        return
    ours = next((made / "sources").rglob(source.name), None)
    if ours is None:
        return
    own = ours.read_text("utf-8")
    known = {
        member.name.text for unit in _modules(own) for member in unit.members if isinstance(member, _NAMED)
    }
    members = [member for member in module.members if isinstance(member, _NAMED) and _is_for_tests(member)]
    added = [_text(member, text) for member in members if member.name.text not in known]
    if added:
        ours.write_text("\n\n".join([own, *added]) + "\n", "utf-8")


def _is_for_tests(item: Item) -> bool:
    return any(attribute.name.text in _TEST_ATTRIBUTES for attribute in item.attributes)


def _text(item: Item, text: str) -> str:
    """The source of an item with its attributes."""
    start = min(item.loc.start, text.rindex("#[", 0, item.attributes[0].loc.start + 1))
    return text[start : item.loc.end]
