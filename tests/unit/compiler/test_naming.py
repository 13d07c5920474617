"""Naming: what names mean, and the codes of what they cannot mean."""

from __future__ import annotations

import pytest

from movelite.compiler import named_tree as nt
from movelite.compiler.editions import Edition, Flavor
from movelite.compiler.types import ModuleIdent
from tests.unit.compiler.sources import compilation, named_errors

M = ModuleIdent((0x42).to_bytes(32, "big"), "m")


def function(text: str, name: str = "f") -> nt.FunctionDef:
    """A function of module a::m."""
    found = compilation(text)
    result = found.named.modules[M].functions[name]
    assert not found.diagnostics.has_errors
    return result


def test_uses_are_the_very_object_of_the_declaration() -> None:
    found = function("module a::m { fun f(x: u64): u64 { let y = x; y } }")
    assert found.body is not None
    bind = found.body.items[0]
    assert isinstance(bind, nt.Bind) and isinstance(bind.value, nt.VariableUse)
    assert bind.value.variable is found.parameters[0].variable
    target, result = bind.targets[0], found.body.result
    assert isinstance(target, nt.VariableTarget) and isinstance(result, nt.VariableUse)
    assert result.variable is target.variable


def test_inner_scopes_hide_outer_variables() -> None:
    found = function("module a::m { fun f(x: u64): u64 { { let x = x; x }; x } }")
    assert found.body is not None
    inner = found.body.items[0]
    assert isinstance(inner, nt.Evaluate) and isinstance(inner.expression, nt.Block)
    hidden = inner.expression.sequence.result
    outer = found.body.result
    assert isinstance(hidden, nt.VariableUse) and isinstance(outer, nt.VariableUse)
    assert hidden.variable is not outer.variable


def test_functions_of_a_types_module_are_its_methods() -> None:
    found = compilation("module a::m { public struct S() has drop; public fun get(_s: &S): u64 { 1 } }")
    program = found.named
    key = nt.MemberId(M, "S")
    use = program.find_method(nt.UseFunScope(None), key, "get")
    assert use is not None and use.function == nt.MemberId(M, "get")


def test_use_fun_gives_another_name_inside_its_block() -> None:
    found = function(
        "module a::m { public struct S() has drop; public fun get(_s: &S): u64 { 1 }\n"
        " fun f(s: S): u64 { use fun get as S.take; s.take() } }"
    )
    assert found.body is not None and isinstance(found.body.result, nt.MethodCall)
    use = found.body.result.scope.find(nt.MemberId(M, "S"), "take")
    assert use is not None and use.kind is nt.UseFunKind.EXPLICIT


def test_or_patterns_share_their_binders() -> None:
    found = function(
        "module a::m { public enum E { A(u64), B(u64) }\n"
        " fun f(e: E): u64 { match (e) { E::A(x) | E::B(x) => x } } }"
    )
    assert found.body is not None and isinstance(found.body.result, nt.Match)
    arm = found.body.result.arms[0]
    assert len(arm.binders) == 1 and arm.body_binders == {arm.binders[0]}


def test_iota_packages_know_their_common_types() -> None:
    text = (
        "module iota::object { public struct UID has store { x: u64 } }\n"
        "module a::m { public struct S has key { id: UID } }"
    )
    found = compilation(text, flavor=Flavor.IOTA)
    found.source_packages[0].named_addresses["iota"] = 2
    _ = found.named
    assert not found.diagnostics.has_errors


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("fun f() { x; }", "E03009"),
        ("fun f() { g(); }", "E03005"),
        ("fun f() { X; }", "E03005"),
        ("fun f(): T { abort 0 }", "E03004"),
        ("fun f() { b::c::g(); }", "E03006"),
        ("use 0x1::none;", "E03002"),
        ("use a::m::none;", "E03003"),
        ("fun f() {} fun f() {}", "E02001"),
        ("public struct s {}", "E02010"),
        ("fun f(X: u64) { X; }", "E02010"),
        ("fun vector() {}", "E03011"),
        ("fun f() { let (x, x) = (1, 2); }", "E02001"),
        ("public struct S<T, T> {}", "E02001"),
        ("public struct S<T> { f: S }", "E03008"),
        ("fun f(_: vector<u8, u8>) {}", "E03007"),
        ("fun f() { break }", "E04014"),
        ("fun f() { loop { break 'a } }", "E03015"),
        ("fun f() { 'a: { break 'a } }", "E03014"),
        ("fun f(x: u64) { x(); }", "E04029"),
        ("fun f() { 1 = 2; }", "E01009"),
        ("fun f() { 256u8; }", "E01006"),
        ("public enum E {}", "E02022"),
        ("public enum E { A } fun f() { E::B; }", "E03020"),
        ("public struct S(u64); fun f() { S { x: 1 }; }", "E03013"),
        ("fun f(mut _: u64) {}", "E03016"),
        ("friend b::n;", "E03006"),
        ("#[test_only, test_only] fun f() {}", ""),
        ("#[syntax] public fun f() {}", "E02015"),
        ("public(friend) fun f() {}", "E13002"),
        ("fun f() { x as u8 + 1; }", "E03009"),
        ("fun f(x: u64) { match (x) { y @ _ | _ => () } }", "E03019"),
        ("macro fun f(x: u64) { x }", "E02010"),
        ("use fun f as u64.f; fun f(_: u8) {}", "E02017"),
    ],
)
def test_codes(body: str, code: str) -> None:
    errors = named_errors(f"module a::m {{ {body} }}")
    assert (code in errors) if code else errors == []


def test_tests_exist_in_test_mode_only() -> None:
    text = "module a::m { #[test] fun t() {} #[test_only] fun h() {} fun f() {} }\nmodule std::unit_test {}"
    for test_mode, names in ((False, ["f"]), (True, ["t", "h", "f"])):
        found = compilation(text, test_mode=test_mode)
        found.source_packages[0].named_addresses["std"] = 1
        assert list(found.named.modules[M].functions) == names


def test_addresses_need_values() -> None:
    assert named_errors("module b::m {}") == ["E03001"]
    assert named_errors("module b::m {}", Edition.LEGACY) == ["E03001"]


def test_warnings_can_be_allowed() -> None:
    text = "module a::m { ALLOW public fun f() { let x = 1; } }"
    found = compilation(text.replace("ALLOW", ""))
    _ = found.named
    assert [str(item.code) for item in found.diagnostics] == ["W09002"]
    found = compilation(text.replace("ALLOW", "#[allow(unused_variable)]"))
    _ = found.named
    assert len(found.diagnostics) == 0


def test_expected_codes_are_folded_with_every_operator() -> None:
    text = """
module std::unit_test { }
module a::m {
    const A: u64 = 12;
    const B: u64 = ((A / 5) << 3 | 1 ^ 2) % 11;
    const C: u64 = (260u16 as u64) - A;
    const LOOP: u64 = LOOP2;
    const LOOP2: u64 = LOOP;
    #[test, expected_failure(abort_code = B)] fun b() { abort B }
    #[test, expected_failure(abort_code = C)] fun c() { abort C }
    #[test, expected_failure(abort_code = LOOP)] fun d() { abort 0 }
}
"""
    found = compilation(text, test_mode=True)
    codes = [case.expected_failure.code for case in found.tests if case.expected_failure is not None]
    assert codes == [((12 // 5) << 3 | 1 ^ 2) % 11, 260 - 12]
    assert "E10004" in {str(item.code) for item in found.diagnostics} or found.diagnostics.has_errors
