"""The code and the tables of compiled modules."""

from __future__ import annotations

from movelite.bytecode.file_format import CompiledModule, Opcode
from tests.unit.compiler.checking import compilation


def compiled(members: str) -> CompiledModule:
    """The module `a::m` with these members."""
    run = compilation(f"module a::m {{ {members} }}")
    units = run.modules
    assert units is not None, [item.message for item in run.diagnostics]
    return next(unit.module for unit in units.values())


def code_of(members: str, index: int = 0) -> list[tuple[str, int]]:
    """The instructions of a function, each with its operand."""
    code = compiled(members).function_defs[index].code
    assert code is not None
    return [(instruction.opcode.name, instruction.operand) for instruction in code.code]


def test_operators_on_literals_are_computed() -> None:
    assert code_of("public fun f(): u64 { (2 + 3) * 4 }") == [("LD_U64", 20), ("RET", 0)]


def test_operators_that_would_abort_are_left_to_the_machine() -> None:
    assert ("SUB", 0) in code_of("public fun f(): u64 { 1 - 2 }")


def test_vectors_of_literals_are_constants_but_not_vectors_of_type_parameters() -> None:
    assert code_of("public fun f(): vector<u64> { vector[1, 2] }") == [("LD_CONST", 0), ("RET", 0)]
    assert code_of("public fun f<T>(): vector<T> { vector[] }")[0][0] == "VEC_PACK"


def test_a_value_that_is_stored_and_read_at_once_stays_on_the_stack() -> None:
    code = code_of("public fun f(x: u64): u64 { let y = x + 1; y }")
    assert code == [("MOVE_LOC", 0), ("LD_U64", 1), ("ADD", 0), ("RET", 0)]


def test_a_literal_goes_where_its_only_reader_is() -> None:
    code = code_of("public fun f(c: bool): u64 { let y = 7; if (c) abort 1; y }")
    assert code[-2:] == [("LD_U64", 7), ("RET", 0)]


def test_a_branch_on_a_literal_leaves_one_arm() -> None:
    assert code_of("public fun f(): u64 { if (true) 1 else 2 }") == [("LD_U64", 1), ("RET", 0)]


def test_the_right_side_of_and_is_evaluated_at_once_if_it_costs_nothing() -> None:
    assert code_of("public fun f(a: bool, b: bool): bool { a && b }")[2] == ("AND", 0)
    code = code_of("public fun f(a: bool, b: u64): bool { a && 1 / b == 1 }")
    assert code[1][0] == "BR_FALSE"


def test_locals_are_numbered_by_name() -> None:
    code = code_of("public fun f(x: u64): u64 { let mut b = x; let mut a = x; b = b + a; a = a + b; a * b }")
    assert [operand for name, operand in code if name == "ST_LOC"][:2] == [2, 1]


def test_a_reference_that_is_never_read_is_not_released() -> None:
    assert code_of("public fun f(_x: &u64) {}") == [("RET", 0)]


def test_a_reference_that_only_one_arm_reads_is_released_in_the_other() -> None:
    code = code_of("public fun f(x: &u64, c: bool): u64 { if (c) *x else 0 }")
    assert (Opcode.POP.name, 0) in code


def test_identifiers_are_sorted_and_definitions_come_first() -> None:
    module = compiled("public struct Z {} public struct A { z: Z } fun b() { a() } fun a() {}")
    assert module.identifiers == sorted(module.identifiers)
    names = [module.identifiers[row.name] for row in module.datatype_handles]
    assert names == ["Z", "A"]
    assert [module.identifiers[row.name] for row in module.function_handles] == ["b", "a"]


def test_constants_are_in_the_pool_in_the_order_of_definition() -> None:
    module = compiled("const B: u8 = 2; const A: bool = true; public fun f(): bool { A }")
    assert [constant.data for constant in module.constant_pool] == [b"\x02", b"\x01"]
    code = module.function_defs[0].code
    assert code is not None and code.code[0].opcode is Opcode.LD_CONST


def test_a_match_looks_at_the_subject_first_and_takes_it_apart_layer_by_layer() -> None:
    """The instructions and the places of locals that the official compiler gives."""
    members = "public enum E { V { a: u64, b: u64 } }"
    function = "public fun f(e: &mut E, v: u64) { match (e) { E::V { b, .. } => *b = v } }"
    shown = [f"{name} {operand}" for name, operand in code_of(members + function)]
    assert shown == [
        *("MOVE_LOC 0", "ST_LOC 4", "COPY_LOC 4", "FREEZE_REF 0", "ST_LOC 3", "COPY_LOC 3"),
        "VARIANT_SWITCH 0",
        *("MOVE_LOC 3", "UNPACK_VARIANT_IMM_REF 0", "POP 0", "POP 0"),
        *("MOVE_LOC 4", "UNPACK_VARIANT_MUT_REF 0", "ST_LOC 2", "POP 0"),
        *("MOVE_LOC 2", "ST_LOC 5", "MOVE_LOC 1", "MOVE_LOC 5", "WRITE_REF 0", "RET 0"),
    ]


def test_variables_of_expanded_macros_are_named_as_officially() -> None:
    """Name, number among those of its name in the text that declares it, colour of the copy it is in.

    The second lambda is called first, which changes nothing: copies are numbered where `both` is expanded.
    """
    text = """module a::m;
        macro fun each($n: u64, $f: |u64|) { let n = $n; let mut i = 0; while (i < n) { $f(i); i = i + 1 } }
        macro fun sum($n: u64, $f: |u64| -> u64): u64 {
            let mut s = 0; each!($n, |i| { let v = $f(i); s = s + v }); s
        }
        macro fun both($a: || -> u64, $b: || -> u64): u64 { let x = $b(); let y = $a(); x * y }
        fun f(k: u64): u64 {
            both!(
                || { let i = k; sum!(i, |x| x + i) },
                || { let i = k + 1; let x = sum!(i, |i| i * 2); x + i },
            )
        }"""
    [unit] = (compilation(text).modules or {}).values()
    names = [name for name, _ in unit.source_map.function_map[0].locals_]
    outer = {"i#1#3", "i#2#2", "x#1#1", "y#1#1"}
    first = {"s#1#4", "n#1#7", "i#1#7", "v#1#9"}
    second = {"s#1#11", "n#1#14", "i#1#14", "v#1#16"}
    assert names == sorted(outer | first | second)
