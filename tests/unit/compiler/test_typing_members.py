"""Methods, index syntax, visibility, constants and declarations."""

from __future__ import annotations

from movelite.compiler import typed_tree as T
from movelite.compiler.editions import Edition, Flavor
from tests.unit.compiler.checking import codes_in, compilation, errors_of, result_of, warnings_in


def codes_of(source: str, flavor: Flavor = Flavor.CORE) -> list[str]:
    return [error.rsplit(" ", 1)[0][:6].strip() for error in errors_of(source, flavor=flavor)]


# --- methods --------------------------------------------------------------------------------------------


def test_a_method_is_a_call_with_a_borrowed_receiver() -> None:
    source = """
        public struct S { x: u64 }
        public fun bump(s: &mut S) { s.x = s.x + 1; }
        public fun f(mut s: S): S { s.bump(); s }
    """
    run = compilation(f"module a::m {{ {source} }}")
    function = next(iter(run.typed.modules.values())).functions["f"]
    assert not run.diagnostics.has_errors
    item = function.body.items[0] if function.body is not None else None
    assert isinstance(item, T.Evaluate)
    call = item.expression
    assert isinstance(call, T.Call)
    assert call.name == "bump"
    assert isinstance(call.arguments[0], T.BorrowLocal)
    assert call.arguments[0].is_mutable


def test_use_fun_names_a_method() -> None:
    source = (
        "use fun twice as u64.double; fun twice(x: u64): u64 { x * 2 } public fun f(): u64 { 3u64.double() }"
    )
    value = result_of(source)
    assert isinstance(value, T.Call)
    assert value.name == "twice"


def test_an_unknown_method() -> None:
    assert codes_in("public struct S {} public fun f(s: &S) { s.nothing() }") == ["E04023"]


def test_an_unused_method_alias() -> None:
    assert "W09001" in warnings_in("use fun g as u64.h; public fun g(_x: u64) {}")


def test_index_syntax_borrows_as_it_is_used() -> None:
    source = """
        public struct S { x: u64 }
        #[syntax(index)] public fun get(s: &S, _i: u64): &u64 { &s.x }
        #[syntax(index)] public fun get_mut(s: &mut S, _i: u64): &mut u64 { &mut s.x }
        public fun f(s: &mut S): u64 { *(&mut s[0]) = 7; s[1] }
    """
    value = result_of(source)
    assert isinstance(value, T.Dereference)
    assert isinstance(value.reference, T.Call)
    assert value.reference.name == "get"


def test_index_functions_must_agree() -> None:
    source = """
        public struct S { x: u64, y: u8 }
        #[syntax(index)] public fun get(s: &S, _i: u64): &u64 { &s.x }
        #[syntax(index)] public fun get_mut(s: &mut S, _i: u64): &mut u8 { &mut s.y }
    """
    assert codes_in(source) == ["E04034"]


# --- visibility -----------------------------------------------------------------------------------------


def test_only_the_own_module_sees_what_is_internal() -> None:
    source = """
        module a::m { public struct S { x: u64 } fun inner() {} const C: u64 = 1; }
        module a::n {
            public fun call() { a::m::inner() }
            public fun read(s: &a::m::S): u64 { s.x }
            public fun make(): a::m::S { a::m::S { x: 1 } }
            public fun constant(): u64 { a::m::C }
        }
    """
    assert codes_of(source) == ["E04001"] * 4


def test_public_package_calls_make_friends() -> None:
    source = """
        module a::m { public(package) fun g() {} }
        module a::n { public fun f() { a::m::g() } }
    """
    run = compilation(source)
    modules = {module.ident.name: module for module in run.typed.modules.values()}
    assert not run.diagnostics.has_errors
    assert modules["m"].friends == [modules["n"].ident]


def test_modules_stand_behind_what_they_use() -> None:
    source = """
        module a::first { public fun f() { a::second::g() } }
        module a::second { public fun g() {} }
    """
    order = [module.ident.name for module in compilation(source).typed.modules.values()]
    assert order == ["second", "first"]


def test_modules_must_not_use_each_other() -> None:
    source = """
        module a::m { public fun f() { a::n::g() } }
        module a::n { public fun g() { a::m::f() } }
    """
    assert codes_of(source) == ["E02004"]


# --- declarations ---------------------------------------------------------------------------------------


def test_fields_must_have_the_abilities_of_their_struct() -> None:
    assert codes_in("public struct A {} public struct B has drop { a: A }") == ["E05001"]


def test_structs_must_not_contain_themselves() -> None:
    assert codes_in("public struct A { b: B } public struct B { a: vector<A> }") == ["E04018"]


def test_phantom_parameters_stay_out_of_fields() -> None:
    assert codes_in("public struct A<phantom T> { x: T }") == ["E02013"]


def test_a_parameter_that_could_be_phantom_warns() -> None:
    assert warnings_in("public struct A<T> {}") == ["W09006"]


def test_type_arguments_must_meet_constraints() -> None:
    source = "public struct N {} public fun g<T: drop>(_x: T) {} public fun f() { g(N {}) }"
    assert codes_in(source) == ["E05001"]


def test_generic_recursion_must_not_grow() -> None:
    assert codes_in("public fun f<T>() { f<vector<T>>() }") == ["E04019"]
    assert codes_in("public fun f<T>() { f<T>() }") == []


def test_constants_have_simple_types_and_values() -> None:
    assert codes_in("public struct S has drop {} const C: S = S {};") == ["E04012", "E04013"]
    assert codes_in('const C: vector<vector<u8>> = vector[b"a", x"00"];') == []


def test_private_functions_that_nobody_calls_warn() -> None:
    assert warnings_in("fun f() {} const C: u64 = 1;") == ["W09008", "W09011"]


def test_abort_codes_are_numbers_or_error_constants() -> None:
    source = '#[error] const E: vector<u8> = b"no"; public fun f() { abort E }'
    value = result_of(source)
    assert isinstance(value, T.Abort)
    assert isinstance(value.code, T.ErrorCode)
    assert codes_in('const E: vector<u8> = b"no"; public fun f() { abort E }') == ["E04035"]


def test_legacy_knows_no_methods() -> None:
    source = "struct S {} fun g(_s: &S) {} public fun f(s: &S) { s.g() }"
    assert "E13001" in codes_in(source, Edition.LEGACY)


# --- the rules of IOTA ----------------------------------------------------------------------------------

IOTA = """
    module iota::object {
        public struct UID has store { id: u64 }
        public fun new(_c: &mut iota::tx_context::TxContext): UID { UID { id: 0 } }
    }
    module iota::tx_context { public struct TxContext has drop { x: u64 } }
    module iota::transfer { public fun transfer<T: key>(_x: T, _a: address) { abort 0 } }
"""


def test_objects_begin_with_their_id() -> None:
    source = IOTA + "module a::m { public struct O has key { x: u64 } }"
    assert errors_of(source, flavor=Flavor.IOTA)[0].startswith("Iota E02007")


def test_objects_are_made_with_fresh_ids() -> None:
    source = (
        IOTA
        + """
        module a::m {
            use iota::object::{Self, UID};
            public struct O has key { id: UID }
            public fun good(c: &mut iota::tx_context::TxContext): O { let id = object::new(c); O { id } }
            public fun bad(o: O): O { let O { id } = o; O { id } }
        }
    """
    )
    assert [e[:11] for e in errors_of(source, flavor=Flavor.IOTA)] == ["Iota E01001"]


def test_transfers_stay_with_the_module_of_the_object() -> None:
    source = (
        IOTA
        + """
        module a::m { public struct O has key { id: iota::object::UID } }
        module a::n { public fun f(o: a::m::O) { iota::transfer::transfer(o, @0x1) } }
    """
    )
    assert [e[:11] for e in errors_of(source, flavor=Flavor.IOTA)] == ["Iota E02009"]


def test_init_takes_the_context_last() -> None:
    source = IOTA + "module a::m { fun init(_x: u64) {} }"
    assert errors_of(source, flavor=Flavor.IOTA)[0].startswith("Iota E02003")
