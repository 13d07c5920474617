"""Subtype and join with a diagnostic when they fail."""

from __future__ import annotations

from ..codes import TypeSafety
from ..diagnostics import Diagnostic, Label, diag
from ..source import Loc
from ..types import ErrorType, FunctionType, Type, elements_of
from .context import Body, Message, text_of
from .inference import Failure, Inference, Mismatch, Relation


def subtype(body: Body, loc: Loc, message: Message, given: Type, expected: Type) -> Type:
    """The type of a value where another type is expected; after an error, the expected one."""
    result = try_subtype(body, loc, message, given, expected)
    return expected if result is None else result


def try_subtype(body: Body, loc: Loc, message: Message, given: Type, expected: Type) -> Type | None:
    """As `subtype`, but None after an error."""
    try:
        return body.inference.relate(Relation.SUBTYPE, given, expected)
    except Mismatch as mismatch:
        body.add(_mismatch_diagnostic(body.inference, mismatch, (loc, text_of(message)), False))
        return None


def join(body: Body, loc: Loc, message: Message, left: Type, right: Type) -> Type:
    """The least type above both; the error type after an error."""
    try:
        return body.inference.relate(Relation.JOIN, left, right)
    except Mismatch as mismatch:
        body.add(_mismatch_diagnostic(body.inference, mismatch, (loc, text_of(message)), True))
        return ErrorType(loc)


def _mismatch_diagnostic(
    inference: Inference, mismatch: Mismatch, primary: Label, is_join: bool
) -> Diagnostic:
    left, right = inference.format(mismatch.left), inference.format(mismatch.right)
    left_loc, right_loc = mismatch.left.loc or primary[0], mismatch.right.loc or primary[0]
    match mismatch.failure:
        case Failure.NOT_SUBTYPE:
            code, left, right = TypeSafety.SubtypeError, f"Given: {left}", f"Expected: {right}"
        case Failure.NOT_EQUAL:
            code, left = TypeSafety.InvariantError, f"Given: {left}"
            right = f"Found: {right}. This is not the same type."
        case Failure.RECURSIVE:
            label = (left_loc, "Unable to infer the type. Recursive type found.")
            return diag(TypeSafety.RecursiveType, primary, label)
        case Failure.ARITY:
            code, (left, right) = TypeSafety.JoinError, _tuple_texts(mismatch, left, right, is_join)
        case Failure.LAMBDA_ARITY:
            code, (left, right) = TypeSafety.JoinError, _lambda_texts(mismatch, left, right, is_join)
        case Failure.INCOMPATIBLE:
            code = TypeSafety.JoinError
            if is_join:
                left = f"Found: {left}. It is not compatible with the other type."
                right = f"Found: {right}. It is not compatible with the other type."
            else:
                left, right = f"Given: {left}", f"Expected: {right}"
    result = diag(code, primary, (left_loc, left), (right_loc, right))
    if mismatch.failure is Failure.NOT_EQUAL:
        result.note("These types must match exactly")
    return result


def _tuple_texts(mismatch: Mismatch, left: str, right: str, is_join: bool) -> tuple[str, str]:
    ours, theirs = len(elements_of(mismatch.left)), len(elements_of(mismatch.right))
    what = "expression list of length"
    if not is_join:
        return f"Given {what} {ours}: {left}", f"Expected {what} {theirs}: {right}"
    tail = "It is not compatible with the other type of length"
    return f"Found {what} {ours}: {left}. {tail} {theirs}.", f"Found {what} {theirs}: {right}. {tail} {ours}."


def _lambda_texts(mismatch: Mismatch, left: str, right: str, is_join: bool) -> tuple[str, str]:
    ours, theirs = _parameter_count(mismatch.left), _parameter_count(mismatch.right)
    if not is_join:
        return (
            f"Given lambda with {ours} arguments: {left}",
            f"Expected a lambda with {theirs} arguments: {right}",
        )
    tail = "It is not compatible with the other type with"
    return (
        f"Found a lambda type with {ours} arguments: {left}. {tail} {theirs} arguments.",
        f"Found a lambda type with {theirs} arguments: {right}. {tail} {ours} arguments.",
    )


def _parameter_count(type_: Type) -> int:
    return len(type_.parameters) if isinstance(type_, FunctionType) else 0
