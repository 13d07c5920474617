"""Upgrades: what each policy lets through."""

from __future__ import annotations

import pytest

from movelite.bytecode.compatibility import (
    Compatibility,
    UpgradePolicy,
    check_upgrade,
    find_incompatibilities,
)
from movelite.bytecode.normalized import Module, normalize
from movelite.bytecode.status import StatusCode, VMError
from tests.support.ir import assemble

BASE = """
    struct S<T: copy> has copy { a: u64, b: T }
    enum E has drop { A { }, B { x: u8 } }
    public f<T: copy + drop>(x: T): u64 { label b0: return 1; }
    public(friend) g() { label b0: return; }
    entry h() { label b0: return; }
"""


def module(body: str) -> Module:
    return normalize(assemble(f"module 0x1.m {{ {body} }}"), with_code=True)


def allowed(old: str, new: str) -> set[str]:
    policies = set()
    for policy in UpgradePolicy:
        try:
            check_upgrade(policy, module(old), module(new))
        except VMError as error:
            assert error.status is StatusCode.BACKWARD_INCOMPATIBLE_MODULE_UPDATE
            continue
        policies.add(policy.name.lower())
    return policies


COMPATIBLE, ADDITIVE, ALL = {"compatible"}, {"compatible", "additive"}, {"compatible", "additive", "dep_only"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", ALL),
        ("h() {", "h() {", ALL),
        (
            "entry h() { label b0: return; }",
            "entry h() { label b0: return; } i() { label b0: return; }",
            ADDITIVE,
        ),
        ("struct S<", "struct N { } struct S<", ADDITIVE),
        ("return 1;", "return 2;", COMPATIBLE),
        ("public(friend) g() { label b0: return; }", "", COMPATIBLE),
        ("entry h()", "h()", COMPATIBLE),
        ("f<T: copy + drop>", "f<T: drop>", COMPATIBLE),
        ("f<T: copy + drop>", "f<T: copy + drop + store>", set()),
        ("public f<", "public(friend) f<", set()),
        ("(x: T): u64 { label b0: return 1; }", "(x: T): u8 { label b0: return 1u8; }", set()),
        ("a: u64, b: T", "b: T, a: u64", set()),
        ("a: u64, b: T", "a: u64, c: T", set()),
        ("has copy {", "has copy, drop {", set()),
        ("has copy {", "{", set()),
        ("S<T: copy>", "S<T>", set()),
        ("S<T: copy>", "S<phantom T: copy>", set()),
        ("B { x: u8 } }", "B { x: u8 }, C { } }", set()),
        ("A { }, B", "B", set()),
        ("A { }, B", "Z { }, B", set()),
        ("enum E has drop { A { }, B { x: u8 } }", "", set()),
    ],
)
def test_each_change_is_allowed_by_some_policies(before: str, after: str, expected: set[str]) -> None:
    assert before in BASE
    assert allowed(BASE, BASE.replace(before, after)) == expected


def test_indices_do_not_matter() -> None:
    """The same code over tables in another order is the same module."""
    one = "struct A { } struct B { } f(): Self.A { label b0: return A { }; }"
    other = "struct B { } struct A { } f(): Self.A { label b0: return A { }; }"
    assert allowed(one, other) == ALL


def test_all_findings_are_reported() -> None:
    with pytest.raises(VMError) as error:
        check_upgrade(UpgradePolicy.COMPATIBLE, module(BASE), module(""))
    assert error.value.message == "struct S is missing; enum E is missing; function f is missing"


def test_entry_functions_are_kept_if_that_is_demanded() -> None:
    new = module(BASE.replace("entry h()", "h()"))
    assert list(find_incompatibilities(Compatibility(), module(BASE), new)) == [
        "function h is no longer entry"
    ]
