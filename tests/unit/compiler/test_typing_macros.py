"""Expansion of macros."""

from __future__ import annotations

from movelite.compiler import typed_tree as T
from movelite.compiler.typing.walk import walk
from tests.unit.compiler.checking import body_of, codes_in, result_of, warnings_in


def locals_named(body: T.Block, name: str) -> set[T.Local]:
    return {e.local for e in walk(body) if isinstance(e, T.LocalUse) and e.local.name == name}


def test_arguments_are_evaluated_wherever_the_parameter_stands() -> None:
    source = """
        fun next(): u64 { 1 }
        macro fun twice($x: u64): u64 { $x + $x }
        public fun f(): u64 { twice!(next()) }
    """
    calls = [e for e in walk(body_of(source)) if isinstance(e, T.Call)]
    assert len(calls) == 2


def test_names_of_the_macro_and_of_the_caller_never_meet() -> None:
    source = """
        macro fun add_one($x: u64): u64 { let y = 1; $x + y }
        public fun f(): u64 { let y = 10; add_one!(y) }
    """
    assert len(locals_named(body_of(source), "y")) == 2


def test_lambdas_see_the_variables_around_them() -> None:
    source = """
        macro fun apply($f: |u64| -> u64): u64 { let x = 5; $f(x) }
        public fun f(): u64 { let x = 1; apply!(|y| x + y) }
    """
    assert len(locals_named(body_of(source), "x")) == 2


def test_return_in_a_macro_leaves_the_macro_only() -> None:
    source = """
        macro fun early($c: bool): u64 { if ($c) return 1; 2 }
        public fun f(): u64 { early!(true) + 1 }
    """
    body = body_of(source)
    assert not [e for e in walk(body) if isinstance(e, T.Return)]
    assert [e for e in walk(body) if isinstance(e, T.Give)]


def test_return_in_a_lambda_leaves_the_lambda_only() -> None:
    source = """
        macro fun call($f: |u64| -> u64): u64 { $f(1) }
        public fun f(): u64 { call!(|x| { if (x > 1) return 0; x }) }
    """
    assert not [e for e in walk(body_of(source)) if isinstance(e, T.Return)]


def test_return_in_an_argument_leaves_the_function() -> None:
    source = """
        macro fun pass($x: u64): u64 { $x }
        public fun f(): u64 { pass!(return 3) }
    """
    assert [e for e in walk(body_of(source)) if isinstance(e, T.Return)]


def test_type_parameters_take_the_types_of_the_call() -> None:
    source = """
        macro fun empty<$T>(): vector<$T> { vector<$T>[] }
        public fun f(): vector<bool> { empty!() }
    """
    packs = [e for e in walk(body_of(source)) if isinstance(e, T.VectorPack)]
    assert [str(pack.element_type) for pack in packs] == [str(result_of(source).type.arguments[0])]  # type: ignore[union-attr]


def test_the_receiver_of_a_method_macro_is_evaluated_once() -> None:
    source = """
        public struct S has copy, drop { x: u64 }
        fun make(): S { S { x: 1 } }
        macro fun sum($s: S): u64 { let a = $s; let b = $s; a.x + b.x }
        public fun f(): u64 { make().sum!() }
    """
    calls = [e for e in walk(body_of(source)) if isinstance(e, T.Call)]
    assert len(calls) == 1


def test_a_macro_cannot_expand_itself() -> None:
    assert "E04032" in codes_in("macro fun m() { m!() } public fun f() { m!() }")


def test_a_macro_in_an_argument_of_itself_is_fine() -> None:
    source = "macro fun id($x: u64): u64 { $x } public fun f(): u64 { id!(id!(id!(1))) }"
    assert codes_in(source) == []


def test_macros_that_grow_without_end_are_refused() -> None:
    doubling = "".join(f"macro fun m{n + 1}($x: u64): u64 {{ m{n}!($x) + m{n}!($x) }}" for n in range(30))
    source = f"macro fun m0($x: u64): u64 {{ $x }} {doubling} public fun f(): u64 {{ m30!(1) }}"
    assert codes_in(source) == ["E04032"]


def test_lambdas_stand_only_in_macro_calls() -> None:
    assert codes_in("public fun f() { let _x = |y: u64| y; }") == ["E04031"]


def test_a_lambda_must_be_passed_as_such() -> None:
    source = "macro fun m($f: || -> u64): u64 { $f() } public fun f(): u64 { m!(1) }"
    assert codes_in(source) == ["E04032"]


def test_an_argument_that_is_never_evaluated_warns() -> None:
    source = "macro fun m($_x: u64) {} public fun f() { m!(1) }"
    assert "W09005" in warnings_in(source)


def test_macros_see_only_what_their_caller_sees() -> None:
    from tests.unit.compiler.checking import errors_of

    source = """
        module a::m { fun hidden() {} public macro fun call() { hidden() } }
        module a::n { public fun f() { a::m::call!() } }
    """
    assert [error[:6] for error in errors_of(source)] == ["E04001"]
