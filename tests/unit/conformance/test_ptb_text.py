"""What snapshots of the peers' `client ptb` say, with the places that their drawings show."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.ptb_parser_cases import ParserError, parser_cases
from tests.conformance.ptb_text import Said, read_answer

REFUSED = """---
source: tests.rs
---
 === ERRORS AFTER PARSING INPUT COMMANDS ===
  × Error when processing PTB
    ╭─[10:14]
  9 │ --assign x
 10 │ --assign a b c
    ·              ┬
    ·              ╰── Unexpected identifier 'c'
 11 │ --assign
    ╰────
  help: Expected to find a command here

  × Error when processing PTB
   ╭────
 1 │ --split-coins true
   ·               ──┬─
   ·                 ╰── no coin

  × Error when processing PTB
   ╭────
 1 │ --assign
   ·         ▲
   ·         ╰── it ends
   ╰────
"""
BUILT = """---
source: tests.rs
---
 === PREVIEW ===
╭──────────────────────╮
│ PTB Preview          │
├─────────┬────────────┤
│ command │ values     │
├─────────┼────────────┤
│ assign  │ x vector[] │
╰─────────┴────────────╯
 === BUILT PTB ===
Input 0: Pure([1])
Command 0: MakeMoveVec(Someu8,[Input(0)])
"""
PARSER = """
fn test_parse_commands() { let inputs = vec![
    // A comment, "with a string"
    "--assign \\"a\\"", "--json"]; }
fn test_parse_commands_invalid() { let inputs = vec!["a"]; }
fn test_parse_args() { let inputs = vec!["1"]; }
fn test_parse_args_invalid() { let inputs = vec!["[", // a comment
    ","]; }
fn test_parse_types() { let inputs = vec!["u8"]; }
fn test_parse_types_invalid() { let inputs = vec!["x"]; }
"""
ERROR = """PTBError {{
        message: "bad \\"{}\\"",
        span: Span {{
            start: 0,
            end: {},
        }},
        help: None,
        severity: Error,
    }}"""


def snapshot(folder: Path, text: str) -> Path:
    path = folder / "one.snap"
    path.write_text(text)
    return path


def test_errors_have_the_places_of_their_pointers(tmp_path: Path) -> None:
    answer = read_answer(snapshot(tmp_path, REFUSED))
    assert answer.refusals == [
        Said(10, 14, 1, "Unexpected identifier 'c'", has_hint=True),
        Said(1, 15, 4, "no coin", has_hint=False),
        Said(1, 9, 0, "it ends", has_hint=False),
    ]
    assert [said.has_hint for said in answer.said] == [True, False, False]


def test_a_transaction_has_its_preview_inputs_and_commands(tmp_path: Path) -> None:
    answer = read_answer(snapshot(tmp_path, BUILT))
    assert answer.preview == [("assign", "x vector[]")]
    assert (answer.inputs, answer.commands) == (["Pure([1])"], ["MakeMoveVec(Someu8,[Input(0)])"])
    with pytest.raises(ValueError, match="OTHER"):
        read_answer(snapshot(tmp_path, BUILT.replace("PREVIEW", "OTHER")))


def test_command_lines_of_the_parsers_tests_are_read_with_their_errors(tmp_path: Path) -> None:
    folder = tmp_path / "src/client_ptb"
    (folder / "snapshots").mkdir(parents=True)
    (folder / "parser.rs").write_text(PARSER)
    errors = {"commands": f"    [\n        {ERROR.format('a', 1)},\n    ],\n", "types": "", "args": ""}
    errors["args"] = "".join(f"    {ERROR.format('b', 1)},\n" for _ in range(2))
    errors["types"] = f"    {ERROR.format('c', 1)},\n"
    for name, text in errors.items():
        file = folder / f"snapshots/iota__client_ptb__parser__tests__parse_{name}_invalid.snap"
        file.write_text(f"[\n{text}]\n")
    cases = {case.name: case for case in parser_cases(tmp_path)}
    assert cases['parse_commands: --assign "a"'].words == ("--assign", "a")
    assert cases["parse_types: u8"].words == ("--make-move-vec", "<u8>", "[]")
    assert cases["parse_args_invalid: ,"].errors == (ParserError('bad "b"', 20, 21),)
    assert cases["parse_commands_invalid: a"].errors == (ParserError('bad "a"', 0, 1),)
    assert len(cases) == 8
