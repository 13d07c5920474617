"""The harness for transactional tests: what it reads, and that it cannot be passed by doing nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.case import CaseResult
from tests.conformance.transactional.directives import DirectiveError, Task, split_tasks
from tests.conformance.transactional.expected import read_expected, vm_verdict
from tests.conformance.transactional.move_vm import MoveVmAdapter
from tests.conformance.transactional.options import MANY, ONE, parse_options
from tests.conformance.transactional.runner import Adapter, Outcome, run_suite
from tests.conformance.transactional.runtime_vm import RuntimeMoveVm
from tests.conformance.transactional.values import encode_value, parse_value, resolve_type_names

FILE = """\
// a comment before the first task

//# publish
module 0x42.m {
    public double(n: u64): u64 {
    label b0:
        return copy(n) + copy(n);
    }
    public fail() {
    label b0:
        abort 7;
    }
}

//# run 0x42::m::double
//#     --args 21

//# run 0x42::m::fail
"""

EXPECTED = """\
processed 3 tasks

task 1, lines 15-16:
//# run 0x42::m::double --args 21
return values: 42

task 2, line 18:
//# run 0x42::m::fail
Error: Function execution failed with VMError: {
    major_status: ABORTED,
    sub_status: Some(7),
    location: 0x42::m,
    indices: [],
    offsets: [(FunctionDefinitionIndex(1), 1)],
}
"""


def run(folder: Path, expected: str, adapter: type[Adapter] | None = None, text: str = FILE) -> CaseResult:
    (folder / "case.mvir").write_text(text)
    (folder / "case.exp").write_text(expected)

    def make(path: Path) -> Adapter:
        return adapter() if adapter else MoveVmAdapter(path, RuntimeMoveVm([]), [])

    [result] = run_suite(folder, make, exact=True)
    return result


def test_tasks_have_lines_words_and_data() -> None:
    tasks = split_tasks(FILE)
    assert [t.heading for t in tasks] == ["task 0, lines 3-13:", "task 1, lines 15-16:", "task 2, line 18:"]
    assert tasks[1].words == ("run", "0x42::m::double", "--args", "21")
    assert tasks[1].text == "//# run 0x42::m::double --args 21"
    assert tasks[0].data is not None and tasks[0].data.startswith("\n\n\nmodule 0x42.m {")
    assert tasks[2].data is None


def test_a_file_must_begin_with_a_command() -> None:
    with pytest.raises(DirectiveError):
        split_tasks("module 0x1.m { }")


def test_flags_take_as_many_values_as_they_should() -> None:
    options = parse_options(
        ("a::b", "--args", "1", "2", "--syntax", "move", "c"), {"args": MANY, "syntax": ONE}
    )
    assert options.positional == ("a::b", "c")
    assert (options.many("args"), options.one("syntax")) == (("1", "2"), "move")
    with pytest.raises(DirectiveError, match="unknown flag"):
        parse_options(("--what",), {})


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("10", "0a00000000000000"),
        ("10u8", "0a"),
        ("0x1_0u16", "1000"),
        ("18446744073709551616", "00" * 8 + "01" + "00" * 23),
        ("true", "01"),
        ("@0x2", "00" * 31 + "02"),
        ("@std", "00" * 31 + "01"),
        ('b"hi"', "026869"),
        ('x"00ff"', "0200ff"),
        ("vector[1u8, 2u8]", "020102"),
        ("struct(1u8,true)", "0101"),
    ],
)
def test_values_say_their_own_width(text: str, encoded: str) -> None:
    assert encode_value(parse_value(text, {"std": bytes(31) + b"\1"})).hex() == encoded


def test_types_may_name_addresses() -> None:
    names = {"std": bytes(31) + b"\1"}
    one = "0x" + "0" * 63 + "1"
    assert resolve_type_names("vector<std::m::S<1::m::T>>", names) == f"vector<{one}::m::S<{one}::m::T>>"


def test_a_verdict_is_the_status_and_for_aborts_the_code(tmp_path: Path) -> None:
    (tmp_path / "case.exp").write_text(EXPECTED)
    outputs = read_expected(tmp_path / "case.mvir").outputs
    assert vm_verdict(outputs[2]) == "Function execution failed: ABORTED Some(7)"
    assert vm_verdict(outputs[1]) == "return values: 42"


def test_a_file_with_the_right_output_passes(tmp_path: Path) -> None:
    result = run(tmp_path, EXPECTED)
    assert (result.name, result.passed, result.detail) == ("case.mvir", True, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("values: 42", "values: 43"), ("Some(7)", "Some(8)"), ("Index(1), 1)", "Index(1), 2)")],
)
def test_a_file_with_a_wrong_output_fails(tmp_path: Path, right: str, wrong: str) -> None:
    assert not run(tmp_path, EXPECTED.replace(right, wrong)).passed


class IdleAdapter:
    """Does nothing, and so prints nothing."""

    def initialize(self, task: Task | None) -> str | None:
        return None

    def handle(self, task: Task) -> Outcome:
        return Outcome(None, 0)


def test_doing_nothing_does_not_pass_where_nothing_is_printed(tmp_path: Path) -> None:
    text = "//# run\nmodule 0x1.m { entry f() { label b0: return; } }"
    assert run(tmp_path, "processed 1 task\n", text=text).passed
    result = run(tmp_path, "processed 1 task\n", IdleAdapter, text)
    assert (result.passed, "nothing ran" in result.detail) == (False, True)
