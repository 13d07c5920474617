"""The IR assembler of the tests: direct translation, official messages."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import Opcode
from tests.support.ir import IrError, assemble


def opcodes(body: str) -> list[str]:
    module = assemble(f"module 0x1.m {{ f(n: u64, r: &mut u64) {{ label b0: {body} }} }}")
    code = module.function_defs[0].code
    assert code is not None
    return [f"{i.opcode.name} {i.operand}" for i in code.code]


def test_an_assertion_branches_around_its_abort() -> None:
    assert opcodes("assert(true, 3); return;") == [
        "LD_TRUE 0",
        "NOT 0",
        "BR_FALSE 5",
        "LD_U64 3",
        "ABORT 0",
        "RET 0",
    ]


def test_the_right_side_comes_before_the_left() -> None:
    assert opcodes("*move(r) = copy(n) + 2 * 3;") == [
        "COPY_LOC 0",
        "LD_U64 2",
        "LD_U64 3",
        "MUL 0",
        "ADD 0",
        "MOVE_LOC 1",
        "WRITE_REF 0",
    ]


def test_several_targets_are_stored_last_first() -> None:
    assert opcodes("n, _ = (1, 2);") == ["LD_U64 1", "LD_U64 2", "POP 0", "ST_LOC 0"]


def test_types_of_other_modules_get_handles_here() -> None:
    other = assemble(
        "module 0x2.o { struct T<A> { x: A } public f<A>(x: Self.T<A>): u64 { label b0: abort 0; } }"
    )
    text = "module 0x1.m { import 0x2.o; g(x: o.T<u8>): u64 { label b0: return o.f<u8>(move(x)); } }"
    module = assemble(text, [other])
    assert [module.identifiers[h.name] for h in module.datatype_handles] == ["T"]
    assert module.function_handles[1].module == 1
    code = module.function_defs[0].code
    assert code is not None and code.code[1].opcode is Opcode.CALL_GENERIC


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "module 0x1.m { f() { label b0: move(x); } }",
            "ParserError: Invalid Token: invalid token kind for statement Move",
        ),
        ("module 0x1.m { struct S has drop, drop { } }", "ParserError: Duplicate ability 'drop'"),
        ("module std.m { }", "ParserError: Invalid Token: Invalid address 'std'"),
        (
            "module 0x1.m { f() { label b0: jump x; } }",
            "Invalid block labels, labels were used without being declared (x)",
        ),
        ("module 0x1.m { f() { label b0: _ = move(x); } }", "variable x undefined"),
        ("module 0x1.m { f(x: Self.S) { label b0: return; } }", "Unbound struct Self.S"),
        ("module 0x1.m { f() { label b0: M.g(); } }", "Unbound module alias M"),
        (
            "module 0x1.m { import 0x2.M; f() { label b0: M.g(); } }",
            f"Dependency not provided for {'0' * 63}2.M",
        ),
    ],
)
def test_mistakes_have_the_official_messages(text: str, message: str) -> None:
    with pytest.raises(IrError) as error:
        assemble(text)
    assert str(error.value) == message


def test_names_may_stand_for_addresses() -> None:
    assert assemble("module std.m { }", named_addresses={"std": bytes(31) + b"\1"}).self_id == (
        bytes(31) + b"\1",
        "m",
    )
