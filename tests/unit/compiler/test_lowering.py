"""What is found behind typing: moves, borrows, changes of locals, values of constants."""

from __future__ import annotations

import pytest

from movelite.compiler.editions import Edition
from tests.unit.compiler.sources import compilation


def found(text: str) -> list[str]:
    """Codes of all that is said, in the order of the text."""
    result = compilation(text)
    _ = result.modules
    return [str(item.code) for item in result.diagnostics.sorted()]


def in_function(body: str, parameters: str = "") -> list[str]:
    """What is said about a function."""
    return found(f"module a::m {{ public fun f({parameters}) {{ {body} }} }}")


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        ("x = x + 1; x;", "x: u64"),
        ("let a; while (c) { a = 0; a; };", "c: bool"),
        ("let a; loop { a = 0; move a; }", ""),
        ("let a = 1; *(&mut a) = 2;", ""),
    ],
)
def test_only_what_is_declared_mut_changes(body: str, parameters: str) -> None:
    assert in_function(body, parameters) == ["E04024"]


def test_a_first_value_is_no_change() -> None:
    assert in_function("let a; if (c) { a = 0 } else { a = 1 }; a;", "c: bool") == []
    assert in_function("while (c) { let a = 0; a; };", "c: bool") == []


def test_a_mut_that_nothing_needs_is_noted() -> None:
    assert in_function("let mut a = 1; a;") == ["W09012"]
    assert in_function("let mut a = 1; a = a + 1; a;") == []


def test_moves_are_checked_after_errors_that_do_not_block() -> None:
    codes = found("module a::m { fun f(x: u64) { #[] x = 1; } fun g() { let x: u64; x; } }")
    assert "E06002" in codes and len(codes) > 1


def test_constants_have_statements() -> None:
    assert found("#[allow(unused_const)] module a::m { const C: u64 = { 1; (); (2, 3); 4 }; }") == []
    codes = found("#[allow(unused_const)] module a::m { const C: u64 = { 1 / 0; 2 - 3; 4 }; }")
    assert codes == ["E08001", "E08001"]


def test_circular_constants_and_their_users_have_no_value() -> None:
    text = "const A: u64 = B; const B: u64 = A; const C: u64 = A + 1; const D: u64 = 1;"
    assert found(f"#[allow(unused_const)] module a::m {{ {text} }}") == ["E08001", "E08001"]


def test_what_is_compared_must_not_be_borrowed_for_change() -> None:
    text = """module a::m { public struct S { a: bool, b: bool }
        public fun f(s: &mut S) { let r = &mut s.a; let same = (&mut s.a) == (&mut s.b); *r = same } }"""
    assert found(text) == ["E07002", "W09013", "W09013"]


def test_a_store_that_nobody_reads_is_noted() -> None:
    assert in_function("let mut a = 1; a; a = 2;") == ["W09003"]
    assert in_function("let mut _a = 1; _a; _a = 2;") == []
    assert in_function("let a = 1; a; a = 2;") == ["W09003", "E04024"]


def test_a_migration_notes_where_mut_is_needed() -> None:
    found_ = compilation("module a::m { fun f() { let x = 1; x = 2; x; } }", Edition.E2024_MIGRATION)
    _ = found_.modules
    codes = [str(item.code) for item in found_.diagnostics.raw()]
    assert "E04024" not in codes and any(item.code.category == 14 for item in found_.diagnostics.raw())
