"""Unit tests of a program: which functions they are, their arguments, and how each is to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from movelite.bytecode.status import StatusCode

from . import codes
from . import named_tree as nt
from . import types as ty
from .diagnostics import Diagnostics, diag
from .source import Loc
from .types import ModuleIdent

ConstantValue = Callable[[nt.MemberId], object]
"""Value of a constant: an int if it is a number, anything else otherwise."""

_CASES = ("abort_code", "arithmetic_error", "vector_error", "out_of_gas", "major_status")
_INVALID = "Invalid value in attribute assignment"
_MAX_U64 = 2**64 - 1


@dataclass(frozen=True, slots=True)
class GeneratedArgument:
    """An argument that the runner makes up, of this type."""

    type: ty.Type


@dataclass(frozen=True, slots=True)
class ExpectedFailure:
    """How a test must fail. All None: in any way.

    `code` is a number, or the name of an `#[error]` constant; `status` is None if only a code was given
    and its module is open; `module` is where the failure must come from.
    """

    status: StatusCode | None = None
    code: int | str | None = None
    module: ModuleIdent | None = None


@dataclass(frozen=True, slots=True)
class TestCase:
    """One test: arguments are 32 bytes of an address, or generated."""

    __test__ = False

    function: nt.MemberId
    loc: Loc
    arguments: tuple[bytes | GeneratedArgument, ...]
    expected_failure: ExpectedFailure | None


class _Invalid(Exception):
    """The test cannot be run; the reason was reported."""


def build_test_plan(
    program: nt.NamedProgram, diagnostics: Diagnostics, value_of: ConstantValue
) -> list[TestCase]:
    """All tests of the user's own packages; attributes that make no sense are reported."""
    planner = _Planner(program, diagnostics, value_of)
    tests: list[TestCase] = []
    for module in program.modules.values():
        if module.is_dependency or module.package.is_dependency:
            continue
        for function in module.functions.values():
            test = planner.plan(function)
            if test is not None:
                tests.append(test)
    return tests


class _Planner:
    def __init__(self, program: nt.NamedProgram, diagnostics: Diagnostics, value_of: ConstantValue) -> None:
        self.program = program
        self.diagnostics = diagnostics
        self.value_of = value_of

    def report(self, code: codes.Code, loc: Loc, message: str, *labels: tuple[Loc, str]) -> None:
        self.diagnostics.add(diag(code, (loc, message), *labels))

    def plan(self, function: nt.FunctionDef) -> TestCase | None:
        try:
            return self._plan(function)
        except _Invalid:
            return None

    # --- the function ----------------------------------------------------------------------------------

    def _plan(self, function: nt.FunctionDef) -> TestCase | None:
        attribute = self._test_attribute(function)
        if attribute is None:
            return None
        is_random = attribute.name.text == "random_test"
        here = (function.name.loc, "Error found in this test")
        test_only = function.attributes.get("test_only")
        if test_only is not None:
            message = (
                "Function annotated as both #[test] and #[test_only]. You need to declare it as either one "
                "or the other"
            )
            previous = (attribute.loc, "Previously annotated here")
            self.report(codes.Attributes.InvalidUsage, test_only.loc, message, previous, here)
        given = self._given_arguments(attribute)
        arguments = [self._argument(p, given, attribute, is_random, here) for p in function.parameters]
        kept = [a for a in arguments if a is not None]
        if is_random and not kept:
            message = (
                "No parameters to generate for random test. A #[random_test] function must have at least one "
                "parameter to generate."
            )
            self.report(codes.Attributes.InvalidTest, attribute.loc, message, here)
            return None
        failure = function.attributes.get("expected_failure")
        try:
            expected = None if failure is None else self._expected_failure(failure)
        except _Invalid:
            expected = None
        return TestCase(function.id, function.name.loc, tuple(kept), expected)

    def _test_attribute(self, function: nt.FunctionDef) -> nt.Attribute | None:
        test = function.attributes.get("test")
        random = function.attributes.get("random_test")
        failure = function.attributes.get("expected_failure")
        code = codes.Attributes.InvalidUsage
        if test is not None and random is not None:
            message = (
                "Function annotated as both #[test] and #[random_test]. You need to declare it as either one "
                "or the other"
            )
            previous = (test.loc, "Previously annotated here")
            here = (function.name.loc, "Error found in this test")
            self.report(code, random.loc, message, previous, here)
            return None
        if test is None and random is None and failure is not None:
            message = (
                "Only functions defined as a test with #[test] can also have an #[expected_failure] attribute"
            )
            label = (failure.loc, "Attributed as #[expected_failure] here")
            self.report(code, function.name.loc, message, label)
        return test or random

    def _given_arguments(self, attribute: nt.Attribute) -> dict[str, bytes]:
        given: dict[str, bytes] = {}
        if not attribute.is_parameterized and attribute.value is not None:
            message = "Unexpected nested attribute in test declaration"
            self.report(codes.Attributes.InvalidTest, attribute.loc, message)
        for inner in attribute.inner:
            if inner.is_parameterized or inner.value is None:
                message = "Unexpected nested attribute in test declaration"
                self.report(codes.Attributes.InvalidTest, inner.loc, message)
            elif isinstance(inner.value, nt.AddressLiteral):
                given[inner.name.text] = inner.value.value
            else:
                label = (inner.loc, "Assigned in this attribute")
                message = "Unsupported attribute value"
                self.report(codes.Attributes.InvalidValue, inner.value_loc, message, label)
        return given

    def _argument(
        self,
        parameter: nt.ParameterDef,
        given: dict[str, bytes],
        attribute: nt.Attribute,
        is_random: bool,
        here: tuple[Loc, str],
    ) -> bytes | GeneratedArgument | None:
        value = given.get(parameter.variable.name)
        if value is not None:
            return value
        code = codes.Attributes.InvalidTest
        if not is_random:
            message = (
                "Missing test parameter assignment in test. Expected a parameter to be assigned in this "
                "attribute"
            )
            label = (parameter.variable.loc, "Corresponding to this parameter")
            self.report(code, attribute.loc, message, label, here)
            return None
        if _can_generate(parameter.type.type):
            return GeneratedArgument(parameter.type.type)
        message = (
            "Unsupported type for generated input for test. Only built-in types are supported for generated "
            "test inputs"
        )
        item = diag(code, (parameter.type.loc, message), here)
        item.note(
            "Supported builti-in types are: bool, u8, u16, u32, u64, u128, u256, address, and vector<T> "
            "where T is a built-in type"
        )
        self.diagnostics.add(item)
        raise _Invalid

    # --- the failure -----------------------------------------------------------------------------------

    def _expected_failure(self, attribute: nt.Attribute) -> ExpectedFailure | None:
        code = codes.Attributes.InvalidValue
        if not attribute.is_parameterized:
            if attribute.value is None:
                return ExpectedFailure()
            message = "Expect an #[expected_failure(...)] attribute for error specification"
            label = (attribute.loc, message)
            self.report(code, attribute.value_loc, "Invalid expected failure code assignment", label)
            return None
        rest = {inner.name.text: inner for inner in attribute.inner}
        kinds = [rest.pop(name) for name in _CASES if name in rest]
        if len(kinds) != 1:
            message = (
                "Invalid #[expected_failure(...)] attribute, expected 1 failure kind but found "
                f"{len(kinds)}. Expected one of: {', '.join(_CASES)}"
            )
            self.report(code, attribute.loc, message)
            return None
        location = rest.pop("location", None)
        expected = self._failure_of_kind(kinds[0], location, rest)
        if expected.status is not None:
            for name in sorted(rest):
                message = "Unused attribute for expected_failure"
                self.report(codes.UnusedItem.Attribute, rest[name].name.loc, message)
        return expected

    def _failure_of_kind(
        self, kind: nt.Attribute, location: nt.Attribute | None, rest: dict[str, nt.Attribute]
    ) -> ExpectedFailure:
        name = kind.name.text
        match name:
            case "abort_code":
                return self._abort_code(kind, location)
            case "arithmetic_error" | "out_of_gas":
                self._check_unassigned(kind)
                status = StatusCode.ARITHMETIC_ERROR if name == "arithmetic_error" else StatusCode.OUT_OF_GAS
                return ExpectedFailure(status, None, self._location(kind, location))
            case "vector_error":
                self._check_unassigned(kind)
                minor = self._minor_status(rest)
                place = self._location(kind, location)
                return ExpectedFailure(StatusCode.VECTOR_OPERATION_ERROR, minor, place)
            case _:
                status = self._major_status(kind)
                minor = self._minor_status(rest)
                return ExpectedFailure(status, minor, self._location(kind, location))

    def _abort_code(self, kind: nt.Attribute, location: nt.Attribute | None) -> ExpectedFailure:
        self._check_assigned(kind)
        code, module = self._code(kind)
        if location is not None:
            module = self._module(location)
        if module is not None:
            return ExpectedFailure(StatusCode.ABORTED, code, module)
        tip = "Replace value with constant from expected module or add `location=...` attribute."
        message = "WARNING: passes for an abort from any module."
        self.report(codes.Attributes.ValueWarning, kind.name.loc, message, (kind.value_loc, tip))
        return ExpectedFailure(None, code, None)

    def _major_status(self, kind: nt.Attribute) -> StatusCode:
        self._check_assigned(kind)
        code, _ = self._code(kind)
        try:
            return StatusCode(code) if isinstance(code, int) else StatusCode(-1)
        except ValueError:
            label = (kind.value_loc, f"No status code associated with value '{code}'")
            message = "Invalid value for 'major_status'"
            self.report(codes.Attributes.InvalidValue, kind.loc, message, label)
            raise _Invalid from None

    def _minor_status(self, rest: dict[str, nt.Attribute]) -> int | str | None:
        minor = rest.pop("minor_status", None)
        if minor is None:
            return None
        self._check_assigned(minor)
        return self._code(minor)[0]

    def _check_unassigned(self, kind: nt.Attribute) -> None:
        if kind.is_parameterized or kind.value is not None:
            hint = f"Expected no assigned value, e.g. '{kind.name}', for expected failure attribute"
            message = "Unsupported attribute in this location"
            self.report(codes.Attributes.InvalidValue, kind.name.loc, message, (kind.loc, hint))
            raise _Invalid

    def _check_assigned(self, kind: nt.Attribute) -> None:
        if kind.is_parameterized or kind.value is None:
            hint = f"Expected assigned value, e.g. '{kind.name}=...', for expected failure attribute"
            message = "Unsupported attribute in this location"
            self.report(codes.Attributes.InvalidValue, kind.name.loc, message, (kind.loc, hint))
            raise _Invalid

    def _location(self, kind: nt.Attribute, location: nt.Attribute | None) -> ModuleIdent:
        if location is None:
            message = f"Expected 'location' following '{kind.name}'"
            self.report(codes.Attributes.InvalidUsage, kind.name.loc, message)
            raise _Invalid
        return self._module(location)

    def _module(self, attribute: nt.Attribute) -> ModuleIdent:
        self._check_assigned(attribute)
        if not isinstance(attribute.value, ModuleIdent):
            label = (attribute.value_loc, "Expected a module identifier, e.g. 'std::vector'")
            self.report(codes.Attributes.InvalidValue, attribute.loc, _INVALID, label)
            raise _Invalid
        self._check_module(attribute.value, attribute.value_loc)
        return attribute.value

    def _check_module(self, module: ModuleIdent, loc: Loc) -> None:
        if module not in self.program.modules:
            label = (loc, f"Unbound module '{module}'")
            self.report(codes.Attributes.InvalidValue, loc, _INVALID, label)
            raise _Invalid

    def _code(self, attribute: nt.Attribute) -> tuple[int | str, ModuleIdent | None]:
        value, loc = attribute.value, attribute.value_loc
        if isinstance(value, nt.MemberId):
            return self._constant(value, loc), value.module
        label = "Unsupported value in this assignment"
        if isinstance(value, nt.IntLiteral):
            if value.type in (None, "u64") and value.value <= _MAX_U64:
                return value.value, None
            if value.type is not None:
                label = "Annotated non-u64 literals are not permitted"
        self.report(codes.Attributes.InvalidValue, attribute.loc, _INVALID, (loc, label))
        raise _Invalid

    def _constant(self, member: nt.MemberId, loc: Loc) -> int | str:
        self._check_module(member.module, loc)
        constant = self.program.modules[member.module].constants.get(member.name)
        code = codes.Attributes.InvalidValue
        if constant is None:
            label = (loc, f"Unbound constant '{member.name}' in module '{member.module}'")
            self.report(code, loc, _INVALID, label)
            raise _Invalid
        value = self.value_of(member)
        if constant.type.type == ty.U64 and isinstance(value, int):
            return value
        if "error" in constant.attributes:
            return member.name
        message = f"Constant '{member}' has a non-u64 value. Only 'u64' values are permitted"
        self.report(code, loc, _INVALID, (constant.loc, message))
        raise _Invalid


def _can_generate(type_: ty.Type) -> bool:
    return isinstance(type_, ty.BuiltinType) and all(_can_generate(a) for a in type_.arguments)
