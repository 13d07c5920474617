"""Warnings about code that is never reached and references that need not be mutable; labels of errors."""

from __future__ import annotations

import pytest

from movelite.compiler.rendering import render_all

from .sources import compilation


def said(text: str) -> list[tuple[str, str]]:
    """Code of each message, and the text that it points to."""
    result = compilation(text)
    _ = result.modules
    return [(str(item.code), result.source_map.text(item.loc)) for item in result.diagnostics]


def in_function(body: str, parameters: str = "") -> list[tuple[str, str]]:
    return said(f"module a::m {{ public fun f({parameters}) {{ {body} }} }}")


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        ("abort 0; f()", "W09005", "f()"),
        ("return; f();", "W09005", "f()"),
        ("loop {}; f()", "W09005", "f()"),
        ("let x: u64 = abort 0; x;", "W09005", "abort 0"),
        ("if (return) f() else f()", "W09005", "return"),
        ("1 + return;", "W09005", "return"),
        ("{ abort 0; f() }", "W09005", "f()"),
    ],
)
def test_dead_code_is_noted(body: str, code: str, place: str) -> None:
    assert (code, place) in in_function(body)


def test_a_semicolon_behind_what_never_ends_is_noted() -> None:
    assert [code for code, _ in in_function("loop {};")] == ["W09004"]
    assert [code for code, _ in in_function("if (c) { return; } else { abort 0 }", "c: bool")] == ["W09004"]


@pytest.mark.parametrize(
    "body",
    [
        "if (c) return; f(c)",
        "while (c) { return }; f(c)",
        "loop { if (c) break; }; f(c)",
        "'a: { if (c) return 'a; f(c) }",
        "c && return; f(c)",
        "let x = if (c) 1 else return; x;",
    ],
)
def test_code_that_may_be_reached_is_not(body: str) -> None:
    assert in_function(body, "c: bool") == []


def test_a_match_ends_if_all_its_arms_do() -> None:
    text = """module a::m { public enum E { A, B }
        public fun f(e: &E): u64 { match (e) { E::A => abort 1, E::B => abort 2 } }
        public fun g(e: &E): u64 { match (e) { E::A => return 1, E::B => () }; 2 } }"""
    assert said(text) == [("W09005", "abort 1"), ("W09005", "abort 2")]


def test_a_reference_that_is_never_written_through_need_not_be_mutable() -> None:
    struct = "module a::m { public struct S has drop { x: u64 }"
    assert said(struct + " fun f(s: &mut S): u64 { s.x } public fun g(s: &mut S) { f(s); } }") == [
        ("W09014", "&mut S")
    ]
    assert said(struct + " public fun f(s: &mut S): u64 { let r = &mut s.x; *r } }") == [
        ("W09013", "&mut s.x")
    ]
    for used in ("*r = 1", "g(r)", "{ let q = r; *q = 2 }"):
        body = f"public fun f(s: &mut S) {{ let r = &mut s.x; {used} }} fun g(x: &mut u64) {{ *x = 1 }}"
        assert [code for code, _ in said(f"{struct} {body} }}")] in ([], ["W09008"])


def report(text: str) -> str:
    result = compilation(text)
    _ = result.modules
    return render_all(result.diagnostics, result.source_map)


def test_a_borrow_error_shows_what_stands_in_the_way() -> None:
    text = """module a::m {
    public struct S has drop { x: u64 }
    public fun f(s: S) {
        let r = &s.x;
        let t = s;
        r; t;
    }
}"""
    shown = report(text)
    assert "Invalid move of variable 's'" in shown and "This reference is still in use" in shown
    field = text.replace("&s.x", "&mut s.x").replace("let t = s;", "let t = &s;").replace("s: S", "mut s: S")
    assert "This mutable reference is still in use" in report(field)


def test_a_lost_value_shows_who_holds_it_and_what_its_type_lacks() -> None:
    shown = report("module a::m { public struct S { } public fun f(s: S) { } }")
    assert "The parameter 's' still holds a value" in shown
    assert "does not have the ability 'drop'" in shown
    assert "'drop' ability would need to be added here" in shown


def test_an_unused_variable_of_alternatives_is_told_in_each() -> None:
    text = "public enum E has drop { A(u64), B(u64) }"
    text += "public fun f(e: E): u64 { match (e) { E::A(x) | E::B(x) => 1 } }"
    assert said(f"module a::m {{ {text} }}") == [("W09002", "x"), ("W09002", "x")]


def test_an_argument_that_no_macro_evaluates_is_told_although_others_are_wrong() -> None:
    text = "macro fun m($x: u64, $y: u64): bool { $x } public fun f() { m!(1, 2); }"
    assert ("W09005", "2") in said(f"module a::m {{ {text} }}")
