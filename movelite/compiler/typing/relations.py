"""Subtype and join with a diagnostic when they fail."""

from __future__ import annotations

from ..codes import TypeSafety
from ..diagnostics import Diagnostic, diag
from ..source import Loc
from ..types import ERROR, Type, elements_of
from .context import Body, Message, text_of
from .inference import Failure, Inference, Mismatch, Relation


def subtype(
    body: Body,
    loc: Loc,
    message: Message,
    given: Type,
    expected: Type,
    given_loc: Loc | None = None,
    expected_loc: Loc | None = None,
) -> Type:
    """The type of a value where another type is expected; after an error, the expected one."""
    result = try_subtype(body, loc, message, given, expected, given_loc, expected_loc)
    return expected if result is None else result


def try_subtype(
    body: Body,
    loc: Loc,
    message: Message,
    given: Type,
    expected: Type,
    given_loc: Loc | None = None,
    expected_loc: Loc | None = None,
) -> Type | None:
    """As `subtype`, but None after an error."""
    try:
        return body.inference.relate(Relation.SUBTYPE, given, expected)
    except Mismatch as mismatch:
        body.add(
            _mismatch_diagnostic(
                body.inference, mismatch, loc, text_of(message), given_loc or loc, expected_loc or loc
            )
        )
        return None


def join(
    body: Body,
    loc: Loc,
    message: Message,
    left: Type,
    right: Type,
    left_loc: Loc | None = None,
    right_loc: Loc | None = None,
) -> Type:
    """The least type above both; the error type after an error."""
    try:
        return body.inference.relate(Relation.JOIN, left, right)
    except Mismatch as mismatch:
        body.add(
            _mismatch_diagnostic(
                body.inference, mismatch, loc, text_of(message), left_loc or loc, right_loc or loc, True
            )
        )
        return ERROR


def _mismatch_diagnostic(
    inference: Inference,
    mismatch: Mismatch,
    loc: Loc,
    message: str,
    left_loc: Loc,
    right_loc: Loc,
    is_join: bool = False,
) -> Diagnostic:
    left, right = inference.format(mismatch.left), inference.format(mismatch.right)
    primary = (loc, message)
    match mismatch.failure:
        case Failure.NOT_SUBTYPE:
            labels = (left_loc, f"Given: {left}"), (right_loc, f"Expected: {right}")
            return diag(TypeSafety.SubtypeError, primary, *labels)
        case Failure.NOT_EQUAL:
            labels = (left_loc, f"Given: {left}"), (right_loc, f"Found: {right}. This is not the same type.")
            return diag(TypeSafety.InvariantError, primary, *labels, notes=["These types must match exactly"])
        case Failure.RECURSIVE:
            label = (right_loc, "Unable to infer the type. Recursive type found.")
            return diag(TypeSafety.RecursiveType, primary, label)
        case Failure.ARITY:
            return diag(TypeSafety.JoinError, primary, *_count_labels(mismatch, left, right, loc, is_join))
        case Failure.LAMBDA_ARITY:
            what = "lambda with a different number of parameters"
            return diag(
                TypeSafety.JoinError,
                primary,
                (left_loc, f"Given {what}: {left}"),
                (right_loc, f"Expected: {right}"),
            )
        case Failure.INCOMPATIBLE:
            if is_join:
                tail = ". It is not compatible with the other type."
                labels = (left_loc, f"Found: {left}{tail}"), (right_loc, f"Found: {right}{tail}")
            else:
                labels = (left_loc, f"Given: {left}"), (right_loc, f"Expected: {right}")
            return diag(TypeSafety.JoinError, primary, *labels)


def _count_labels(
    mismatch: Mismatch, left: str, right: str, loc: Loc, is_join: bool
) -> list[tuple[Loc, str]]:
    ours, theirs = len(elements_of(mismatch.left)), len(elements_of(mismatch.right))
    what = "expression list of length"
    if is_join:
        tail = "It is not compatible with the other type of length"
        return [
            (loc, f"Found {what} {ours}: {left}. {tail} {theirs}."),
            (loc, f"Found {what} {theirs}: {right}. {tail} {ours}."),
        ]
    return [(loc, f"Given {what} {ours}: {left}"), (loc, f"Expected {what} {theirs}: {right}")]
