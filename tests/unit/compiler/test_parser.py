"""The parser: what it reads, what it refuses, and that it always ends."""

from __future__ import annotations

import pytest

from movelite.compiler import syntax_tree as st
from movelite.compiler.diagnostics import Diagnostics
from movelite.compiler.editions import Edition, PackageConfig
from movelite.compiler.parser import parse_file
from movelite.compiler.source import SourceMap


def parse(text: str, edition: Edition = Edition.E2024_BETA) -> tuple[list[st.Definition], list[str]]:
    """The definitions of a file and the codes of what was reported."""
    diagnostics = Diagnostics()
    file = SourceMap().add("m.move", text)
    unit = parse_file(file, PackageConfig(None, edition), diagnostics)
    return unit.definitions, [str(item.code) for item in diagnostics]


def parse_expression(text: str) -> st.Expression:
    """One expression, read as a function's result."""
    definitions, codes = parse(f"module 0x1::m {{ fun f() {{ {text} }} }}")
    assert codes == []
    assert isinstance(definitions[0], st.Module)
    function = definitions[0].members[0]
    assert (
        isinstance(function, st.Function) and function.body is not None and function.body.result is not None
    )
    return function.body.result


@pytest.mark.parametrize("number", ["0x_", "9" * 5000, "0x1" + "0" * 64])
def test_numbers_that_fit_nowhere(number: str) -> None:
    assert parse(f"module 0x1::m {{ fun f() {{ @{number}; }} }}")[1] == ["E01005"]
    assert parse(f"module {number}::m {{ }}")[1] == ["E01005"]


def test_operators_bind_as_their_precedence_says() -> None:
    tree = parse_expression("a + b * c == d && e")
    assert isinstance(tree, st.Binary) and tree.operator == "&&"
    assert isinstance(tree.left, st.Binary) and tree.left.operator == "=="
    assert isinstance(tree.left.left, st.Binary) and tree.left.left.operator == "+"


def test_operators_behind_a_block_take_the_whole_if() -> None:
    tree = parse_expression("if (c) { 1 } else { 2 } + 3")
    assert isinstance(tree, st.Binary) and isinstance(tree.left, st.If)
    tree = parse_expression("if (c) 1 else 2 + 3")
    assert isinstance(tree, st.If) and isinstance(tree.alternative, st.Binary)


def test_less_than_is_type_arguments_only_without_a_space() -> None:
    assert isinstance(parse_expression("f<u64>(x)"), st.Call)
    assert isinstance(parse_expression("f < g"), st.Binary)


def test_double_greater_closes_two_lists() -> None:
    tree = parse_expression("f<vector<u64>>(x >> 1)")
    assert isinstance(tree, st.Call) and tree.path.type_arguments is not None
    assert isinstance(tree.arguments.items[0], st.Binary)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x.f<u64>(1)", st.MethodCall),
        ("x.f!(|y| y)", st.MethodCall),
        ("s.0", st.Dot),
        ("v[1]", st.Index),
        ("'l: loop break 'l 1", st.Labeled),
        ("match (x) { E::A { y, .. } if (*y) => 1, _ => 2 }", st.Match),
        ("|x, (a, b): T| -> u64 { x }", st.Lambda),
        ("S { a, b: 1 }", st.Pack),
        ("vector<u8>[1, 2]", st.VectorExpression),
        ("x as u8", st.Cast),
        ("(x: u8)", st.Annotate),
        ("&mut x.y", st.Borrow),
        ("abort 0", st.Abort),
        ("return", st.Return),
        ("@0x1", st.AddressValue),
        ('x"00"', st.HexString),
    ],
)
def test_forms_of_expressions(text: str, kind: type) -> None:
    assert isinstance(parse_expression(text), kind)


def test_documentation_belongs_to_what_follows() -> None:
    definitions, codes = parse(
        "/// A module.\nmodule 0x1::m {\n /// A struct.\n public struct S { /** A field. */ f: u64 }\n}"
    )
    assert codes == []
    module = definitions[0]
    assert isinstance(module, st.Module) and module.doc == " A module."
    struct = module.members[0]
    assert isinstance(struct, st.Struct) and struct.doc == " A struct." and struct.fields is not None
    assert struct.fields.items[0].doc == " A field. "


def test_documentation_of_nothing_is_a_warning() -> None:
    assert parse("module 0x1::m { fun f() { /// nothing\n 1; } }")[1] == ["W01004"]


def test_one_error_does_not_hide_the_rest_of_the_file() -> None:
    definitions, codes = parse(
        "module 0x1::m { fun f() { let = 1; let y 2; } const X: u64; fun g() {} }\nmodule 0x1::n { struct S }"
    )
    assert len(definitions) == 2
    assert codes.count("E01002") >= 4
    module = definitions[0]
    assert isinstance(module, st.Module)
    assert [type(member) for member in module.members] == [st.Function, st.Function]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("module 0x1::m { struct S {} }", "E01003"),
        ("module 0x1::m { public struct S { f: 'a } }", "E01002"),
        ("module 0x1::m { fun f() { x = 'a'; } }", "E01002"),
        ('module 0x1::m { const C: vector<u8> = b"; }', "E01007"),
        ("module 0x1::m { fun f() { a::b::c::d::e() } }", "E01016"),
        ("address 0x1 { module m {} }", "E13002"),
        ("module 0x1::m { fun f() { \u00b5 } }", "E01001"),
    ],
)
def test_what_is_refused(text: str, code: str) -> None:
    assert code in parse(text)[1]


def test_legacy_knows_no_2024_keywords() -> None:
    definitions, codes = parse("module 0x1::m { fun match(mut: u64): u64 { mut } }", Edition.LEGACY)
    assert codes == [] and len(definitions) == 1
    assert parse("module 0x1::m { fun match() {} }")[1] == ["E01002"]


@pytest.mark.parametrize(
    "piece", ["(", "{", "[", "!", "x +", "vector<", "|x| ", "'a: ", "if (x) ", "x.f(", "#["]
)
def test_hostile_nesting_ends_in_a_diagnostic(piece: str) -> None:
    _, codes = parse("module 0x1::m { fun f() { " + piece * 20_000 + " } }")
    assert codes
