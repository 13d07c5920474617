"""Lints and the rules that follow values through a function."""

from __future__ import annotations

from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.lints.run import LintLevel
from movelite.compiler.phases import Compilation, SourcePackage
from tests.unit.compiler.checking import ADDRESSES

FRAMEWORK = """
    module iota::object {
        public struct UID has store { id: u64 }
        public fun new(_c: &mut iota::tx_context::TxContext): UID { UID { id: 0 } }
    }
    module iota::tx_context {
        public struct TxContext has drop { x: u64 }
        public fun sender(_c: &TxContext): address { @0 }
    }
    module iota::transfer {
        public fun transfer<T: key>(_x: T, _a: address) { abort 0 }
        public fun public_transfer<T: key + store>(_x: T, _a: address) { abort 0 }
        public fun share_object<T: key>(_x: T) { abort 0 }
        public fun public_share_object<T: key + store>(_x: T) { abort 0 }
        public fun public_freeze_object<T: key + store>(_x: T) { abort 0 }
    }
    module iota::coin { public struct Coin<phantom T> has key, store { id: iota::object::UID } }
    module iota::random { public struct Random has key { id: iota::object::UID } }
"""


def lints_in(members: str, level: LintLevel = LintLevel.ALL) -> list[str]:
    """The lints for a module with these members."""
    config = PackageConfig("test", Edition.E2024_BETA, Flavor.IOTA)
    library = SourcePackage(
        PackageConfig("iota", Edition.E2024_BETA), [("f.move", FRAMEWORK)], dict(ADDRESSES)
    )
    source = f"""module a::m {{
        use iota::object::{{Self, UID}};
        use iota::transfer;
        use iota::tx_context::{{Self, TxContext}};
        public struct Thing has key, store {{ id: UID }}
        {members}
    }}"""
    package = SourcePackage(config, [("test.move", source)], dict(ADDRESSES))
    run = Compilation([package], [library], lint_level=level)
    _ = run.typed
    assert not run.diagnostics.has_errors, [d.message for d in run.diagnostics]
    return [str(d.code) for d in run.diagnostics if d.code.prefix == "Lint "]


def test_names_of_constants() -> None:
    assert lints_in("const Some_Name: u64 = 1; const GOOD: u64 = 1; const EGood: u64 = 2;") == ["Lint W04001"]


def test_while_true() -> None:
    assert lints_in("public fun f() { while (true) {} }") == ["Lint W01004"]


def test_sharing_what_was_just_made_is_fine() -> None:
    source = "public fun f(c: &mut TxContext) { transfer::share_object(Thing { id: object::new(c) }) }"
    assert lints_in(source) == []


def test_sharing_an_argument_may_abort() -> None:
    assert lints_in("public fun f(t: Thing) { transfer::public_share_object(t) }") == ["Lint W99000"]


def test_sharing_what_is_fresh_on_one_way_only_may_abort() -> None:
    source = """
        public fun f(t: Thing, b: bool, c: &mut TxContext): Thing {
            let new = Thing { id: object::new(c) };
            let (shared, kept) = if (b) (new, t) else (t, new);
            transfer::public_share_object(shared);
            kept
        }
    """
    assert lints_in(source) == ["Lint W99000"]


def test_transfer_to_the_sender() -> None:
    source = """
        public fun f(t: Thing, c: &TxContext) {
            let to = tx_context::sender(c);
            transfer::public_transfer(t, to)
        }
    """
    assert "Lint W99001" in lints_in(source)
    assert "Lint W99001" not in lints_in(source.replace("public fun", "entry fun"))


def test_private_transfer_of_what_anybody_may_transfer() -> None:
    source = "public fun f(t: Thing, a: address) { transfer::transfer(t, a) }"
    assert lints_in(source) == ["Lint W99002"]


def test_coins_in_fields() -> None:
    assert lints_in("public struct S has key { id: UID, c: iota::coin::Coin<u8> }") == ["Lint W99003"]


def test_freezing_an_object_freezes_what_it_wraps() -> None:
    source = """
        public struct Box has key, store { id: UID, inner: Thing }
        public fun f(b: Box) { transfer::public_freeze_object(b) }
    """
    assert lints_in(source) == ["Lint W99004"]


def test_public_functions_with_randomness() -> None:
    assert lints_in("public fun f(_r: &iota::random::Random) {}") == ["Lint W99006"]


def test_ids_without_key() -> None:
    assert lints_in("public struct S has store { id: UID }") == ["Lint W99007"]


def test_levels() -> None:
    source = "const Some_Name: u64 = 1; public struct S has store { id: UID }"
    assert lints_in(source, LintLevel.NONE) == []
    assert lints_in(source, LintLevel.DEFAULT) == ["Lint W99007"]


def test_allow_silences_a_lint() -> None:
    source = "#[allow(lint(share_owned))] public fun f(t: Thing) { transfer::public_share_object(t) }"
    assert lints_in(source) == []
