"""The words of `movelite client ptb`."""

from __future__ import annotations

import shlex

import pytest

from cli.main import spread
from cli.ptb.builder import shadowed
from cli.ptb.command import FORMS, HELP
from cli.ptb.parser import COMMANDS, parse
from cli.ptb.program import (
    Assign,
    At,
    CallPath,
    Gas,
    MakeMoveVec,
    MoveCall,
    Name,
    Number,
    Option,
    Part,
    SplitCoins,
    Text,
    TransferObjects,
    Truth,
    Upgrade,
    Value,
    Vector,
    Word,
    value_text,
)
from cli.ptb.reader import MAX_DEPTH
from cli.ptb.source import PtbError, did_you_mean, place_of, source_of
from proto.ids import Address, parse_address

BOB = parse_address("0xb0b")


def aliases(name: str) -> Address | None:
    return BOB if name == "happy-opal" else None


def at(text: str) -> At:
    return At(parse_address(text), text)


def value_of(text: str) -> Value:
    """What --assign reads behind the name; the text is one word of the shell."""
    (command,) = parse(["--assign", "x", text], aliases).commands
    assert isinstance(command, Assign) and command.value is not None
    return command.value


def problems(text: str) -> list[tuple[int, int, int, str]]:
    """Line, column, width and message of all that is wrong with words in a shell."""
    words = shlex.split(text)
    with pytest.raises(PtbError) as caught:
        parse(words, aliases)
    return [(*place_of(source_of(words), p.span), p.message) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", Number(10)),
        ("1_00u8", Number(100, "u8")),
        ("1_u128", Number(1, "u128")),
        ("0xff", Number(255)),
        ("0x1fu64", Number(31, "u64")),
        ("true", Truth(True)),
        ("truename", Name("truename")),
        ('"a b"', Text("a b")),
        ("'it is \"so\"'", Text('it is "so"')),
        ('"a\\"b"', Text('a\\"b')),
        ("@0x002", at("0x2")),
        ("@2", at("0x2")),
        ("@happy-opal", At(BOB, "happy-opal")),
        ("gas", Gas()),
        ("gas-a", Name("gas-a")),
        ("coins.0", Part("coins", ("0",))),
        ("some.alias", None),
        ("vector[]", Vector(())),
        ("vector[1, @0x2, x.0,]", Vector((Number(1), at("0x2"), Part("x", ("0",))))),
        ("some(1)", Option(Number(1))),
        ("none", Option(None)),
        (f"{2**256 - 1}", Number(2**256 - 1)),
    ],
)
def test_a_value(text: str, value: Value | None) -> None:
    if value is None:
        with pytest.raises(PtbError):
            value_of(text)
    else:
        assert value_of(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[1", (1, 12, 1, "Unexpected '['")),
        ("vector[1", (1, 20, 0, "Unexpected end of input")),
        ("@", (1, 13, 0, "Unexpected end of input")),
        ("@nobody", (1, 12, 7, "Expected a numerical address but got a named address 'nobody'")),
        ("1u7", (1, 13, 2, "Unexpected identifier 'u7'")),
        ("a..b", (1, 15, 1, "Unexpected identifier 'b'")),
        ("::", (1, 12, 2, "Unexpected '::'")),
        ("some(", (1, 17, 0, "Unexpected end of input")),
        ("256u8", (1, 12, 5, "number too large to fit in target type")),
        (f"{2**256}", (1, 12, 78, "Invalid integer literal")),
        ("9" * 5000, (1, 12, 5000, "Invalid integer literal")),
        ("0x_u8", (1, 12, 5, "cannot parse integer from empty string")),
        ("'\"open'", (1, 12, 5, 'Unexpected unfinished string "open..."')),
    ],
)
def test_what_is_no_value_is_pointed_at(text: str, problem: tuple[int, int, int, str]) -> None:
    assert problems(f"--assign x {text}")[0] == problem


def test_nesting_has_an_end() -> None:
    deepest = "some(" * MAX_DEPTH + "none" + ")" * MAX_DEPTH
    assert value_text(value_of(deepest)) == deepest
    with pytest.raises(PtbError, match=f"nested more than {MAX_DEPTH} deep"):
        value_of(f"some({deepest})")
    with pytest.raises(PtbError, match=f"nested more than {MAX_DEPTH} deep"):
        parse(["--make-move-vec", "<" + "vector<" * 100_000])


def test_words_become_commands_and_options() -> None:
    words = "--split-coins gas [1] --assign x --transfer-objects [x] @happy-opal --gas-budget 0x9 --dry-run"
    program = parse(words.split(), aliases)
    split = SplitCoins(Gas(), (Number(1),))
    transfer = TransferObjects((Name("x"),), At(BOB, "happy-opal"))
    assert program.commands == (split, Assign(Word("x"), None), transfer)
    assert (program.gas_budget, program.switches) == (9, frozenset({"dry-run"}))


def test_a_value_may_be_several_words_and_a_word_several_values() -> None:
    words = ["--assign", "x", "vector[1,", "2", "]", "--transfer-objects", "[a.0,", "b]", "to"]
    assign, transfer = parse(words).commands
    assert assign == Assign(Word("x"), Vector((Number(1), Number(2))))
    assert transfer == TransferObjects((Part("a", ("0",)), Name("b")), Name("to"))
    call, upgrade = parse(
        ["--move-call", "a::b::c<u8,", "vector<bool>>", "1 two", "--upgrade", "my dir", "@0x1"]
    ).commands
    path = CallPath(Word("a"), Word("b"), Word("c"))
    assert call == MoveCall(path, (Word("u8"), Word("vector<bool>")), (Number(1), Name("two")))
    assert upgrade == Upgrade(Word("my dir"), at("0x1"))


def test_types_are_nested_as_deep_as_on_the_ledger() -> None:
    nested = "0x1::option::Option<" * 14 + "u8" + ">" * 14
    (command,) = parse(["--make-move-vec", f"<{nested}>", "[none]"]).commands
    assert command == MakeMoveVec(Word(nested), (Option(None),))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--split-coins gas", (1, 18, 0, "Expected '[' but found end of input")),
        ("split", (1, 1, 5, "Unexpected identifier 'split'")),
        ("--gas-budget many", (1, 14, 4, "Expected a u64 value")),
        (f"--gas-budget {2**64}", (1, 14, 20, "Value does not fit within a u64")),
        ("--gas-coin 1", (1, 12, 1, "Expected an address")),
        ("--move-call coin 1", (1, 18, 1, "Expected '::' but found number '1'")),
        ("--move-call a::b-c::d", (1, 16, 3, 'Invalid module name "b-c"')),
        ("--assign gas 1", (1, 10, 3, "Expected a variable name but found reserved word 'gas'.")),
        ("--publish", (1, 10, 0, "Unexpected end of input")),
        ("'--publish here'", (1, 10, 1, 'Unexpected input " "')),
        ("--splitcoins gas [1]", (1, 1, 12, "Unknown command '--splitcoins'")),
        ("--assign é 1", (1, 10, 1, 'Unexpected input "é"')),
    ],
)
def test_wrong_words_are_named(words: str, problem: tuple[int, int, int, str]) -> None:
    assert problem in problems(words)


def test_all_that_is_wrong_is_told_at_once_with_lines_and_what_may_help() -> None:
    assert [found[:2] for found in problems("--assign none 1 --split-coins gas 2 --assign a 1 2")] == [
        (1, 10),
        (2, 19),
        (3, 14),
    ]
    with pytest.raises(PtbError, match=r"Did you mean '--split-coins'\?") as caught:
        parse(["--splitcoins", "gas", "[1]"])
    assert "  1:1: Unknown command '--splitcoins'\n    --splitcoins gas [1]\n    ^^^^" in str(caught.value)
    (described,) = caught.value.data
    assert (described["line"], described["column"], described["width"]) == (1, 1, 12)


def test_a_budget_that_is_given_twice_is_shown_in_both_places() -> None:
    twice = "--gas-budget 1000 --gas-budget 110000"
    assert [found[:3] for found in problems(twice)] == [(1, 1, 17), (2, 1, 19)]


def test_names_that_are_assigned_again_are_found() -> None:
    words = ["--assign", "x", "1", "--assign", "y", "2", "--assign", "x", "3", "--assign", "x", "4"]
    found = [(place_of(source_of(words), p.span)[0], p.message) for p in shadowed(parse(words).commands)]
    assert [line for line, _ in found] == [1, 3, 4]
    assert [message.split("the ")[-1] for _, message in found[1:]] == ["2nd time.", "3rd time."]


def test_a_preview_has_every_command_as_it_is_written() -> None:
    words = [
        "--move-call",
        "iota::pay::f <u8,0x2::a::B<bool>> some(1u8) vector[1,2]",
        "--assign",
        "y",
        "--json",
    ]
    words += ["--gas-budget", "5", "--make-move-vec", "<u8>", "[ 1 ]", "--publish", "my dir"]
    assert parse(words).preview() == [
        ("move-call", "iota::pay::f<u8, 0x2::a::B<bool>> some(1u8) vector[1, 2]"),
        ("assign", "y"),
        ("make-move-vec", "<u8> [1]"),
        ("publish", "my dir"),
        ("gas-budget", "5"),
        ("json", "true"),
    ]


def test_an_option_of_many_values_is_repeated() -> None:
    words = ["client", "call", "--args", "1", "-5", "0x2", "--function", "f", "--type-args", "u8"]
    expected = ["client", "call", "--args", "1", "--args", "-5", "--args", "0x2", "--function", "f"]
    assert spread(words) == [*expected, "--type-args", "u8"]


def test_help_has_every_command() -> None:
    assert all(f"{name} {form}" in HELP for name, form in FORMS.items())
    assert all(f"--{name}" in HELP for name in COMMANDS)


def test_names_from_a_service_are_compared_within_bounds() -> None:
    assert did_you_mean("ab", ["abc", "b", "x" * 1_000_000]) == "Did you mean one of 'abc', or 'b'?"
    assert did_you_mean("y" * 1_000_000, ["abc"]) == ""
    assert did_you_mean("ab", (f"n{number}" for number in range(10**9))).startswith("Did you mean one of")
