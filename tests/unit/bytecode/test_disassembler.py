"""The text of a module, as the official disassembler writes it."""

from __future__ import annotations

import pytest

from movelite.bytecode.disassembler import (
    DisassemblerOptions,
    TextTooLong,
    disassemble,
    instruction_name,
    render_constant,
)
from movelite.bytecode.file_format import Constant, Opcode, Primitive, Vector
from movelite.bytecode.source_map import NOWHERE, FunctionSourceMap, SourceMap
from proto.ids import Address
from tests.support.ir import assemble
from tests.unit.bytecode.modules import everything

GROW = """\
public grow(Arg0: u64): u64 {
B0:
	0: CopyLoc[0](Arg0: u64)
	1: LdU64(5)
	2: Gt
	3: BrTrue(9)
B1:
	4: MoveLoc[0](Arg0: u64)
	5: LdU64(1)
	6: Add
	7: StLoc[0](Arg0: u64)
	8: Branch(0)
B2:
	9: MoveLoc[0](Arg0: u64)
	10: Ret

}"""

SWITCH = """\
Jump tables:
[0]:	variant_switch Shape {
		Variant0 => jump 2
		Variant1 => jump 11
		Variant2 => jump 18
	}
}"""


def test_functions_are_listed_by_basic_blocks() -> None:
    assert GROW in disassemble(everything())


def test_switches_list_their_targets() -> None:
    assert SWITCH in disassemble(everything())


def test_heads_show_abilities_and_type_parameters() -> None:
    text = disassemble(everything())
    assert text.startswith(
        "// Move bytecode v7\nmodule 2.everything {\nstruct Box<phantom Ty0, Ty1: copy + drop> has"
    )
    assert (
        "entry public(friend) wrap<Ty0: copy + drop>(Arg0: Ty0, Arg1: &signer): Box<u8, Ty0> * vector<u8> {"
        in text
    )
    assert "native public hidden<Ty0>(Arg0: &Ty0): u16" in text
    assert (
        "enum Shape<Ty0> has drop {\n\tEmpty {  },\n\tRound { radius: u64 },\n\tFull { item: Ty0 }\n}" in text
    )


def test_a_source_map_gives_the_names() -> None:
    module = assemble("module 0x1.m { f(a: u8) { label b0: _ = move(a); return; } }")
    names = FunctionSourceMap(NOWHERE, parameters=(("amount", NOWHERE),))
    source_map = SourceMap(NOWHERE, (Address(module.self_id[0]), "m"), function_map={0: names})
    assert "MoveLoc[0](amount: u8)" in disassemble(module, source_map)


def test_two_modules_of_one_name_are_told_apart() -> None:
    other = assemble("module 0x2.m { public f() { label b0: return; } }")
    module = assemble("module 0x1.m { import 0x2.m as n; f() { label b0: n.f(); return; } }", [other])
    text = disassemble(module)
    assert f"use {'0' * 63}2::m as 1m;" in text
    assert "Call 1m::f()" in text


def test_only_what_others_can_call() -> None:
    text = disassemble(everything(), options=DisassemblerOptions(only_externally_visible=True))
    assert "grow(" in text
    assert "\npeek(" not in text


def test_constants_are_rendered_by_type() -> None:
    assert render_constant(Constant(Primitive.U16, b"\1\1")) == "257"
    assert render_constant(Constant(Primitive.BOOL, b"\1")) == "true"
    assert render_constant(Constant(Primitive.ADDRESS, bytes(31) + b"\2")) == "0x" + "0" * 63 + "2"
    assert render_constant(Constant(Vector(Primitive.U8), b"\2hi")) == '"hi" // interpreted as UTF8 string'
    assert render_constant(Constant(Vector(Primitive.U8), b"\1\xff")) == "01ff"
    assert render_constant(Constant(Vector(Primitive.U16), b"\1\1\0")) == "010100"


def test_instructions_have_their_official_names() -> None:
    assert instruction_name(Opcode.UNPACK_VARIANT_GENERIC_MUT_REF) == "UnpackVariantGenericMutRef"
    assert instruction_name(Opcode.MOVE_FROM_GENERIC_DEPRECATED) == "MoveFromGeneric"
    assert instruction_name(Opcode.LD_U256) == "LdU256"


def test_the_text_of_types_may_be_bounded() -> None:
    whole = disassemble(everything())
    assert disassemble(everything(), options=DisassemblerOptions(most_type_text=len(whole))) == whole
    with pytest.raises(TextTooLong):
        disassemble(everything(), options=DisassemblerOptions(most_type_text=100))
