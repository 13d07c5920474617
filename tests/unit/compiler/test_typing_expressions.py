"""Types of expressions: inference, references, operators, packs."""

from __future__ import annotations

import pytest

from movelite.compiler import typed_tree as T
from movelite.compiler.editions import Edition
from movelite.compiler.types import U8, U64, ReferenceType, format_type, vector_of
from tests.unit.compiler.checking import body_of, codes_in, errors_of, result_of, warnings_in


def test_integer_literals_take_the_type_they_are_used_at() -> None:
    value = result_of("public fun f(x: u8): u8 { x + 1 }")
    assert isinstance(value, T.Binary)
    assert value.right.type == U8


def test_integer_literals_are_u64_where_nothing_says_otherwise() -> None:
    bind = body_of("public fun f() { let _x = 1; }").items[0]
    assert isinstance(bind, T.Bind)
    assert bind.value.type == U64


def test_a_literal_too_large_for_its_inferred_type_is_refused() -> None:
    assert codes_in("public fun f(): u8 { 256 }") == ["E04021"]


def test_the_element_type_of_an_empty_vector_comes_from_later_use() -> None:
    source = "public fun g(_v: vector<u8>) {} public fun f() { let v = vector[]; g(v) }"
    bind = body_of(source).items[0]
    assert isinstance(bind, T.Bind)
    assert bind.value.type == vector_of(U8)


def test_a_type_that_nothing_tells_is_an_error() -> None:
    assert codes_in("public fun f() { let _v = vector[]; }") == ["E04010"]
    assert codes_in("fun f() { let x; x = (x, 0); }") == ["E04010", "E04008", "E04005", "E04010"]


def test_a_number_without_digits_is_an_error() -> None:
    assert codes_in("fun f(): u64 { 0x_ }") == codes_in("fun f(): u64 { 0x_u64 }") == ["E01006"]


def test_branches_must_agree() -> None:
    assert codes_in("public fun f(c: bool): u64 { if (c) 1 else false }") == ["E04007"]


def test_a_branch_that_leaves_agrees_with_everything() -> None:
    assert codes_in("public fun f(c: bool): u64 { if (c) return 1 else abort 2 }") == []
    assert codes_in("public fun f(c: bool): u64 { if (c) 1 else abort 2 }") == []


def test_joining_branches_freezes_the_mutable_reference() -> None:
    value = result_of("public fun f(c: bool, x: &u64, y: &mut u64): &u64 { if (c) x else y }")
    assert isinstance(value, T.IfElse)
    assert value.type == ReferenceType(False, U64)
    assert isinstance(value.alternative, T.Freeze)
    assert value.alternative.is_implicit


def test_arguments_are_frozen_for_immutable_parameters() -> None:
    value = result_of("public fun g(x: &u64): u64 { *x } public fun f(x: &mut u64): u64 { g(x) }")
    assert isinstance(value, T.Call)
    assert isinstance(value.arguments[0], T.Freeze)


def test_an_immutable_reference_is_no_mutable_one() -> None:
    assert codes_in("fun g(_x: &mut u64) {} public fun f(x: &u64) { g(x) }") == ["E04006"]


def test_equality_borrows_a_value_beside_a_reference() -> None:
    value = result_of("public fun f(x: &u64): bool { x == 1 }")
    assert isinstance(value, T.Binary)
    assert isinstance(value.right, T.BorrowTemporary)
    assert value.operand_type == ReferenceType(False, U64)


def test_legacy_compares_only_equal_types() -> None:
    source = "public fun f(x: &u64): bool { x == 1 }"
    assert codes_in(source, Edition.LEGACY) == ["E04007"]


def test_equality_of_values_needs_drop() -> None:
    source = "public struct S {} public fun f(x: S, y: S): bool { x == y }"
    assert codes_in(source) == ["E05001", "E05001"]


def test_reading_a_field_copies_it_out_of_a_borrow() -> None:
    value = result_of("public struct S { x: u64 } public fun f(s: &S): u64 { s.x }")
    assert isinstance(value, T.Dereference)
    assert isinstance(value.reference, T.BorrowField)
    assert isinstance(value.reference.base, T.LocalUse)


def test_reading_through_a_mutable_reference_borrows_immutably() -> None:
    value = result_of("public struct S { x: u64 } public fun f(s: &mut S): u64 { s.x }")
    assert isinstance(value, T.Dereference)
    borrow = value.reference
    assert isinstance(borrow, T.BorrowField)
    assert not borrow.is_mutable
    assert isinstance(borrow.base, T.Freeze)


def test_borrowing_a_constant_warns_of_the_copy() -> None:
    assert "W04028" in warnings_in('const C: vector<u8> = b"x"; public fun f(): bool { &C == &C }')


def test_fields_of_a_pack_keep_the_order_of_the_source() -> None:
    value = result_of("public struct S { x: u64, y: bool } public fun f(): S { S { y: true, x: 1 } }")
    assert isinstance(value, T.Pack)
    assert [(field.name, field.index) for field in value.fields] == [("y", 1), ("x", 0)]


def test_missing_and_unknown_fields() -> None:
    source = "public struct S { x: u64 } public fun f(): S { S { y: 1 } }"
    assert sorted(codes_in(source)) == ["E03010", "E04016"]


def test_unused_values_need_drop() -> None:
    source = "public struct S {} public fun g(): S { S {} } public fun f() { g(); }"
    assert codes_in(source) == ["E05001"]


def test_tuples_freeze_part_by_part() -> None:
    source = """
        public fun g(x: &mut u64, y: &mut u64): (&mut u64, &mut u64) { (x, y) }
        public fun f(x: &mut u64, y: &mut u64): (&u64, &mut u64) { g(x, y) }
    """
    value = result_of(source)
    assert format_type(value.type) == "(&u64, &mut u64)"
    assert isinstance(value, T.Block)


def test_a_long_sum_is_no_problem() -> None:
    terms = " + ".join(["x"] * 400)
    assert codes_in(f"public fun f(x: u64): u64 {{ {terms} }}") == []


def test_types_that_double_are_refused_and_not_followed() -> None:
    lines = "".join(f"let x{n + 1} = P {{ a: x{n}, b: x{n} }};" for n in range(40))
    source = f"public struct P<A, B> has copy, drop {{ a: A, b: B }} public fun f() {{ let x0 = 1; {lines} }}"
    assert codes_in(source) == ["E04032"]


@pytest.mark.parametrize("operator", ["+", "-", "*", "/", "%", "&", "|", "^", "<", ">="])
def test_operators_on_integers_refuse_bools(operator: str) -> None:
    assert "E04003" in codes_in(f"public fun f(x: bool): bool {{ x {operator} x; x }}")


def test_messages_say_what_was_given_and_expected() -> None:
    source = "module a::m { fun g(_x: u64) {} public fun f() { g(true) } }"
    assert errors_of(source) == ["E04007 Invalid call of 'a::m::g'. Invalid argument for parameter '_x'"]
