"""The words of `movelite client ptb`."""

from __future__ import annotations

import pytest

from cli.main import spread
from cli.ptb_command import HELP, shadowed
from cli.ptb_grammar import (
    COMMANDS,
    FORMS,
    At,
    CallPath,
    Items,
    Number,
    Option,
    PtbCommand,
    PtbSyntaxError,
    Text,
    Truth,
    Types,
    Value,
    Variable,
    parse_values,
    source_text,
    split_words,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10", Number(10, None)),
        ("1_00u8", Number(100, "u8")),
        ("0xff", Number(255, None)),
        ("0x1fu64", Number(31, "u64")),
        ("true", Truth(True)),
        ("truename", Variable(("truename",))),
        ('"a b"', Text("a b")),
        ("'it''s'", None),
        ("@0x2", At("0x2")),
        ("@happy-opal", At("happy-opal")),
        ("coins", Variable(("coins",))),
        ("coins.0.1", Variable(("coins", "0", "1"))),
        ("gas", Variable(("gas",))),
        ("[]", Items(())),
        ("[1, @0x2, x.0]", Items((Number(1, None), At("0x2"), Variable(("x", "0"))))),
        ("vector[1, 2,]", Items((Number(1, None), Number(2, None)))),
        ("some(1)", Option(Number(1, None))),
        ("none", Option(None)),
        ("0x2::coin::zero", CallPath("0x2", "coin", "zero")),
        ("sui::pay::join", CallPath("sui", "pay", "join")),
        ("<0x2::iota::IOTA>", Types("0x2::iota::IOTA")),
        ("<u8, 0x2::coin::Coin<0x2::iota::IOTA>>", Types("u8, 0x2::coin::Coin<0x2::iota::IOTA>")),
    ],
)
def test_a_value(text: str, value: Value | None) -> None:
    if value is None:
        assert len(parse_values(text)) == 2
    else:
        assert parse_values(text) == (value,)


@pytest.mark.parametrize("text", ["", "[1", "@", "1u7", "a..b", "10abc", "::", "some(", "<u8"])
def test_what_is_no_value_is_pointed_at(text: str) -> None:
    with pytest.raises(PtbSyntaxError):
        parse_values(text)


def test_words_become_commands_and_options() -> None:
    words = [
        "--split-coins",
        "gas",
        "[1]",
        "--assign",
        "x",
        "--transfer-objects",
        "[x]",
        "@bob",
        "--gas-budget",
        "9",
    ]
    commands, options = split_words(words)
    assert [command.name for command in commands] == ["--split-coins", "--assign", "--transfer-objects"]
    assert commands[1] == PtbCommand("--assign", (Variable(("x",)),))
    assert options == {"--gas-budget": "9"}


def test_a_value_may_be_several_words_and_a_word_several_values() -> None:
    words = ["--assign", "x", "vector[1,", "2", "]", "--transfer-objects", "[a.0,", "b]", "to"]
    [assign, transfer], _ = split_words(words)
    assert assign.values == (Variable(("x",)), Items((Number(1, None), Number(2, None))))
    assert transfer.values == (Items((Variable(("a", "0")), Variable(("b",)))), Variable(("to",)))
    [call, upgrade], _ = split_words(
        ["--move-call", "a::b::c<u8,", "bool>", "1", "--upgrade", "my dir", "@0x1"]
    )
    assert call.values == (CallPath("a", "b", "c"), Types("u8, bool"), Number(1, None))
    assert upgrade.values == (Text("my dir"), At("0x1"))


def test_types_are_nested_as_deep_as_on_the_ledger() -> None:
    nested = "0x1::option::Option<" * 14 + "u8" + ">" * 14
    assert parse_values(f"<{nested}> [none]") == (Types(nested), Items((Option(None),)))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--split-coins", "gas"], "takes 2 values, not 1"),
        (["--none"], "is no command"),
        (["split"], "is no command"),
        (["--gas-budget"], "takes 1 values"),
        (["--gas-budget", "1", "--gas-budget", "2"], "--gas-budget is given twice"),
        (["--move-call", "coin", "1"], "'coin' is no PKG::MODULE::FN"),
        (["--assign", "a", "256u8"], "256u8 does not fit into u8"),
        (["--assign", "a", str(2**256)], "does not fit into any type"),
        (["--assign", "gas", "1"], "'gas' is a reserved word"),
        (["--assign", "none", "1"], "'none' is a reserved word"),
    ],
)
def test_wrong_words_are_named(words: list[str], reason: str) -> None:
    with pytest.raises(PtbSyntaxError, match=reason):
        split_words(words)


def test_names_that_are_assigned_again_are_found() -> None:
    commands, _ = split_words(["--assign", "x", "1", "--assign", "y", "2", "--assign", "x", "3"])
    assert shadowed(commands) == {"x": [1, 3]}


def test_an_option_of_many_values_is_repeated() -> None:
    words = ["client", "call", "--args", "1", "-5", "0x2", "--function", "f", "--type-args", "u8"]
    expected = ["client", "call", "--args", "1", "--args", "-5", "--args", "0x2", "--function", "f"]
    assert spread(words) == [*expected, "--type-args", "u8"]


@pytest.mark.parametrize(
    "text",
    [
        "10u8 2",
        "true",
        '"a \\"b\\""',
        "@0x2 @bob",
        "name.0.1",
        "[1, some(2u64), none]",
        "0x2::coin::zero <u8>",
    ],
)
def test_values_are_shown_as_they_are_written(text: str) -> None:
    assert " ".join(map(source_text, parse_values(text))) == text


def test_who_mistypes_a_command_is_told_which_is_near() -> None:
    with pytest.raises(PtbSyntaxError, match="did you mean --split-coins"):
        split_words(["--splitcoins", "gas", "[1]"])


def test_every_command_has_the_form_of_its_values() -> None:
    assert FORMS.keys() == COMMANDS.keys()
    assert all(f"{name} {form}" in HELP for name, form in FORMS.items())


def test_what_is_no_value_is_shown_beside_the_form_of_its_command() -> None:
    with pytest.raises(PtbSyntaxError, match=r"--move-call PKG::MODULE::FN .*no value:\n  0x2::coin\n  \^"):
        split_words(["--move-call", "0x2::coin"])
