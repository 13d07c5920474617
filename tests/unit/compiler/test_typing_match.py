"""`match`: types of patterns, coverage, lowering."""

from __future__ import annotations

import pytest

from movelite.compiler import typed_tree as T
from movelite.compiler.typing.walk import targets_of, walk
from tests.unit.compiler.checking import body_of, codes_in, errors_of

SHAPE = """
    public enum Shape has copy, drop { Dot, Circle(u64), Box { w: u64, h: u64 } }
    public enum Option<T> has copy, drop { None, Some(T) }
    public struct Pair has copy, drop { a: bool, b: bool }
"""


def missing(arms: str, type_: str = "Shape") -> str:
    """What the checker says a match does not cover; empty if it covers all."""
    source = f"module a::m {{ {SHAPE} public fun f(s: {type_}): u64 {{ match (s) {{ {arms} }} }} }}"
    errors = errors_of(source)
    return errors[0].split("'")[1] if errors else ""


def unpacks_in(body: T.Block) -> list[T.UnpackTarget]:
    blocks = [e for e in walk(body) if isinstance(e, T.Block)]
    return [t for block in blocks for t in targets_of(block) if isinstance(t, T.UnpackTarget)]


@pytest.mark.parametrize(
    ("arms", "type_", "expected"),
    [
        ("Shape::Dot => 0, Shape::Circle(r) => r, Shape::Box { w, h } => w * h", "Shape", ""),
        ("Shape::Dot => 0, _ => 1", "Shape", ""),
        ("Shape::Dot => 0, Shape::Circle(_) => 1", "Shape", "Shape::Box { w: _, h: _ }"),
        (
            "Shape::Dot => 0, Shape::Circle(r) if (r > 1) => 1, Shape::Box { .. } => 2",
            "Shape",
            "Shape::Circle(_)",
        ),
        ("Shape::Dot => 0, Shape::Circle(1) => 1, Shape::Box { .. } => 2", "Shape", "Shape::Circle(_0)"),
        (
            "Option::Some(Option::Some(_)) => 1, Option::None => 0",
            "Option<Option<u64>>",
            "Option::Some(Option::None)",
        ),
        ("Pair { a: true, b: _ } => 1, Pair { a: _, b: true } => 2", "Pair", "Pair { a: false, b: false }"),
        ("Pair { a: true, b: _ } | Pair { a: false, .. } => 1", "Pair", ""),
        ("0 => 1, 1 => 2", "u64", "_0"),
        ("true => 1, false => 2", "bool", ""),
    ],
)
def test_coverage(arms: str, type_: str, expected: str) -> None:
    assert missing(arms, type_) == expected


def test_variants_become_a_switch_on_an_immutable_reference() -> None:
    body = body_of(f"{SHAPE} public fun f(s: Shape): u64 {{ match (s) {{ Shape::Circle(r) => r, _ => 0 }} }}")
    switch = next(e for e in walk(body) if isinstance(e, T.VariantSwitch))
    assert [arm.variant for arm in switch.arms] == ["Dot", "Circle", "Box"]
    assert not switch.subject.type.mutable  # type: ignore[union-attr]


def test_a_value_is_taken_apart_only_in_the_chosen_arm() -> None:
    body = body_of(f"{SHAPE} public fun f(s: Shape): u64 {{ match (s) {{ Shape::Circle(r) => r, _ => 0 }} }}")
    unpacks = [
        t
        for e in walk(body)
        if isinstance(e, T.Block)
        for t in targets_of(e)
        if isinstance(t, T.UnpackTarget)
    ]
    assert [(t.variant, t.borrow) for t in unpacks] == [
        ("Circle", T.BorrowKind.IMMUTABLE),
        ("Circle", T.BorrowKind.VALUE),
    ]


def test_matching_a_mutable_reference_binds_mutable_references() -> None:
    source = f"{SHAPE} public fun f(s: &mut Shape) {{ match (s) {{ Shape::Circle(r) => *r = 1, _ => () }} }}"
    unpacks = unpacks_in(body_of(source))
    assert unpacks[-1].borrow is T.BorrowKind.MUTABLE


def test_integers_zero_and_one_are_no_bools() -> None:
    body = body_of("public fun f(x: u64): u64 { match (x) { 0 => 1, 1 => 2, _ => 3 } }")
    tests = [e.condition for e in walk(body) if isinstance(e, T.IfElse)]
    assert len(tests) == 2
    assert all(isinstance(test, T.Binary) for test in tests)


def test_guards_see_immutable_references() -> None:
    source = (
        f"{SHAPE} public fun f(s: Shape): u64 {{ match (s) {{ Shape::Circle(r) if (*r > 1) => r, _ => 0 }} }}"
    )
    assert codes_in(source.replace("*r", "{ *r = 2; *r }")) != []
    guard = next(e for e in walk(body_of(source)) if isinstance(e, T.IfElse))
    assert isinstance(guard.condition, T.Binary)


def test_constants_match_by_comparison() -> None:
    source = "const C: u64 = 7; public fun f(x: u64): bool { match (x) { C => true, _ => false } }"
    constants = [e for e in walk(body_of(source)) if isinstance(e, T.ConstantUse)]
    assert len(constants) == 1


def test_what_an_arm_ignores_needs_drop() -> None:
    source = """
        public enum E { A(N), B } public struct N {}
        public fun f(e: E) { match (e) { E::A(_) => (), E::B => () } }
    """
    assert codes_in(source) == ["E05001"]


def test_taking_the_whole_and_a_part_copies() -> None:
    source = """
        public enum E has drop { A(u64), B }
        public fun f(e: E): u64 { match (e) { x @ E::A(y) => { g(x); y }, E::B => 0 } }
        fun g(_e: E) {}
    """
    assert codes_in(source) == ["E05001"]


def test_too_many_combinations_are_refused_and_not_tried() -> None:
    fields = ", ".join(f"f{n}: bool" for n in range(24))
    arms = ", ".join(f"S {{ f{n}: true, f{(n + 1) % 24}: false, .. }} => {n}" for n in range(24))
    source = (
        f"public struct S has copy, drop {{ {fields} }} public fun f(s: S): u64 {{ match (s) {{ {arms} }} }}"
    )
    assert codes_in(source) == ["E04036"]
