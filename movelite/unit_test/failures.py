"""Whether a test failed as it should, and how reports put failures into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from movelite.bytecode.status import StatusCode
from movelite.unit_test.clever_errors import clever_error, constant_name
from movelite.unit_test.execution import Failure
from movelite.unit_test.program import Expectation, TestModule, TestProgram
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class MoveError:
    """A failure as tests state it: `code` is a number or the name of an `#[error]` constant."""

    status: StatusCode
    code: int | str | None
    module: ModuleId | None


def move_error(failure: Failure, modules: Mapping[ModuleId, TestModule]) -> MoveError:
    """What the run gave."""
    code: int | str | None = failure.sub_status
    clever = None if failure.sub_status is None else clever_error(failure.sub_status)
    if clever is not None:
        module = modules.get(failure.location) if failure.location is not None else None
        code = None if module is None else constant_name(module.compiled, clever)
    return MoveError(failure.status, code, failure.location)


def expected_error(expected: Expectation) -> MoveError | None:
    """What the test states, None if it leaves the status open."""
    if expected.status is None:
        return None
    return MoveError(expected.status, expected.code, expected.module)


def is_expected(expected: Expectation, actual: MoveError) -> bool:
    """Whether a run that failed so is what the test states."""
    stated = expected_error(expected)
    if stated is not None:
        return stated == actual
    if expected.code is None:
        return True
    return actual.status is StatusCode.ABORTED and actual.code == expected.code


_PAST = {
    StatusCode.ABORTED: "aborted",
    StatusCode.ARITHMETIC_ERROR: "gave an arithmetic error",
    StatusCode.VECTOR_OPERATION_ERROR: "gave a vector operation error",
    StatusCode.OUT_OF_GAS: "ran out of gas",
}
_PRESENT = {
    StatusCode.ABORTED: "to abort",
    StatusCode.ARITHMETIC_ERROR: "to give an arithmetic error",
    StatusCode.VECTOR_OPERATION_ERROR: "to give a vector operation error",
    StatusCode.OUT_OF_GAS: "to run out of gas",
}


def describe(error: MoveError, program: TestProgram, *, past: bool) -> str:
    """`aborted with code 1 originating in the module a::m`, or the same as something expected."""
    verb = "gave" if past else "to give"
    other = f"{verb} a {error.status.name} (code {error.status.value}) error"
    text = (_PAST if past else _PRESENT).get(error.status, other)
    if error.status is StatusCode.ABORTED:
        if isinstance(error.code, str):
            text += f" with error constant '{error.code}'"
        elif error.code is not None:
            text += f" with code {error.code}"
    elif error.code is not None:
        text += f" with sub-status {code_text(error.code)}"
    if error.status is not StatusCode.OUT_OF_GAS:
        text += " originating"
    if error.module is None:
        return f"{text} in an unknown location"
    return f"{text} in the module {program.module_name(error.module)}"


def code_text(code: int | str) -> str:
    """A code as messages show it: names in quotes."""
    return f"'{code}'" if isinstance(code, str) else str(code)
