"""A source may take the place of a module that others, which were compiled before, rely on."""

from __future__ import annotations

import pytest

from movelite.compiler.editions import Edition, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage

LIBRARY = """
module a::base {
    public struct Held has copy, drop, store { x: u64 }
    public enum Kind has copy, drop, store { One, Two }
    public fun held(): Held { Held { x: 1 } }
    public macro fun twice($x: u64): u64 { $x + $x }
    const UNUSED: u64 = 1;
}
module a::holder {
    use a::base::{Self, Held, Kind};
    public struct Holder has drop { held: Held, kind: vector<Kind> }
    public macro fun with(): Held { base::held() }
    public fun has(self: &Holder): bool { self.kind.is_empty() }
}
"""
SAME = LIBRARY.partition("module a::holder")[0]


def compilation(text: str) -> Compilation:
    """The library with a file whose modules take the place of its own."""
    addresses = {"a": 0x42, "std": 1}
    config = PackageConfig("p", Edition.E2024_BETA)
    library = Compilation([SourcePackage(config, [("library.move", LIBRARY)], addresses)])
    sources = [SourcePackage(config, [("m.move", text)], addresses)]
    return Compilation(sources, interface=library.as_interface(), sources_shadow_dependencies=True)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("Held", "Hold"), "E03004 Invalid module access. Unbound type 'Held' in module 'a::base'"),
        (("struct Held", "struct Held<phantom T>"), "E03004 Invalid module access. Unbound type 'Held'"),
        (("Two", "Three"), "E03004 Invalid module access. Unbound type 'Kind' in module 'a::base'"),
        (("fun held", "fun other"), "E03003 Invalid module access. Unbound module member 'held'"),
    ],
)
def test_what_others_name_has_to_be_there(change: tuple[str, str], error: str) -> None:
    user = "module a::user { public fun f(h: &a::holder::Holder): bool { h.has() } }"
    found = compilation(SAME.replace(*change) + user)
    assert found.modules is None
    messages = [f"{one.code} {one.message}" for one in found.diagnostics if one.is_error]
    assert any(message.startswith(error) for message in messages)


def test_what_is_the_same_or_named_by_nobody_may_change() -> None:
    changed = SAME.replace("{ x: u64 }", "{ x: u8 }").replace("UNUSED", "OTHER")
    found = compilation(changed + "module a::user { public fun f(): a::base::Held { a::holder::with!() } }")
    assert found.modules is not None, found.report()


def test_the_place_is_where_the_other_module_names_it() -> None:
    found = compilation(SAME.replace("Held", "Hold"))
    _ = found.typed
    assert "library.move:11:43" in found.report()
