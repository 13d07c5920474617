"""iota-upgrade-compatibility-transactional-tests: every rule on pairs of packages, both ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from movelite.bytecode.compatibility import Compatibility, find_differences, find_incompatibilities
from movelite.bytecode.file_format import ALL_ABILITIES
from movelite.bytecode.normalized import Module, normalize
from movelite.bytecode.reader import deserialize_module
from movelite.package.build import build
from tests.conformance.case import CaseResult, expect_equal, run_case

SUITE = Path("crates/iota-upgrade-compatibility-transactional-tests/tests")

_NONE = Compatibility(False, False, False, False, 0, False, False)
_ALL_BUT_ABILITIES = Compatibility()
_FULL = Compatibility(forbidden_new_abilities=ALL_ABILITIES)
_NO_ENTRIES = Compatibility(entries=False, forbidden_new_abilities=ALL_ABILITIES)
_NO_ENTRIES_NOR_FRIENDS = Compatibility(friends=False, entries=False, forbidden_new_abilities=ALL_ABILITIES)
_NO_FRIENDS = Compatibility(friends=False, forbidden_new_abilities=ALL_ABILITIES)
DEMANDS = (_ALL_BUT_ABILITIES, _NO_ENTRIES, _NO_ENTRIES_NOR_FRIENDS, _NO_FRIENDS, _FULL, _NONE)
"""In the order in which the snapshots have them."""


def run(path: Path) -> Iterable[CaseResult]:
    """Every pair; path is a checkout."""
    for folder in sorted(about.parent for about in (path / SUITE).rglob("*.package")):
        snapshot = path / SUITE / "snapshots" / f"tests__{folder.name}.snap"
        yield run_case(folder.name, partial(_check_pair, folder, snapshot))


def _check_pair(folder: Path, snapshot: Path) -> None:
    base, upgraded = _modules(folder / "base"), _modules(folder / "upgraded")
    expected = snapshot.read_text("utf-8").split("---\n", 2)[2].strip()
    expect_equal("snapshot", report(base, upgraded), expected)


def _modules(folder: Path) -> list[Module]:
    built = build(folder)
    return [normalize(deserialize_module(module.bytecode), with_code=True) for module in built.modules]


def report(base: Sequence[Module], upgraded: Sequence[Module]) -> str:
    """What each rule says of each pair of modules, in the snapshots' form."""
    demands = [(_debug(rule), partial(find_incompatibilities, rule)) for rule in DEMANDS]
    inclusions = [
        ("Equal", partial(find_differences, allow_additions=False)),
        ("Subset", partial(find_differences, allow_additions=True)),
    ]
    sections = [
        "\n".join(_section(*rule, base, upgraded) for rule in rules) for rules in (demands, inclusions)
    ]
    return "".join(sections)


Check = Callable[[Module, Module], Iterator[str]]
"""Finds what an old and a new module do not agree in."""


def _section(title: str, check: Check, base: Sequence[Module], upgraded: Sequence[Module]) -> str:
    lines = [
        f"{old.address.hex()}::{old.name}:\n"
        f"\tbase->upgrade: {_is_empty(check(old, new))}\n\tupgrade->base: {_is_empty(check(new, old))}"
        for old, new in zip(base, upgraded, strict=True)
    ]
    return "\n".join(["====", title, *lines, "===="])


def _is_empty(findings: Iterator[str]) -> str:
    return "true" if next(findings, None) is None else "false"


def _debug(rule: Compatibility) -> str:
    """A rule in Rust's form for programmers."""
    abilities = "Copy, Drop, Store, Key, " if rule.forbidden_new_abilities else ""
    fields = {
        "check_datatype_and_pub_function_linking": rule.linking,
        "check_datatype_layout": rule.layout,
        "check_friend_linking": rule.friends,
        "check_private_entry_linking": rule.entries,
        "disallowed_new_abilities": f"[{abilities}]",
        "disallow_change_datatype_type_params": rule.fixed_type_parameters,
        "disallow_new_variants": rule.no_new_variants,
    }
    shown = (
        f"{name}: {value if isinstance(value, str) else str(value).lower()}" for name, value in fields.items()
    )
    return f"Compatibility {{ {', '.join(shown)} }}"
