"""What a constant may be: its type, and the expressions its value is made of."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import TypeSafety
from ..source import Loc
from ..types import INTEGER_BITS, AnythingType, BuiltinType, ErrorType, Type, TypeVariable
from .context import Body

_SCALARS = frozenset(INTEGER_BITS) | {"bool", "address"}
_REFERENCES = "References (and reference operations) are"


def check_constant_type(body: Body, loc: Loc, type_: Type) -> None:
    """Constants are integers, bool, addresses and vectors of these."""
    inner = body.inference.expand(type_)
    while isinstance(inner, BuiltinType) and inner.name == "vector":
        inner = inner.arguments[0]
    if isinstance(inner, ErrorType | AnythingType | TypeVariable):
        return
    if isinstance(inner, BuiltinType) and inner.name in _SCALARS:
        return
    names = ["u8", "u16", "u32", "u64", "u128", "u256", "bool", "address", "vector<_>"]
    expected = ", ".join(f"'{name}'" for name in names)
    found = f"Found: {body.inference.format(inner)}. But expected one of: {expected}"
    body.report(TypeSafety.TypeForConstant, loc, "Unpermitted constant type", (inner.loc or loc, found))


def check_constant_value(body: Body, value: T.Expression) -> None:
    """Report every part of a constant's value that cannot be computed while compiling."""
    pending: list[T.Expression] = [value]
    while pending:
        expression = pending.pop()
        case, inner = _parts(body, expression)
        if case is not None:
            message = f"{case} not supported in constants"
            body.report(TypeSafety.UnsupportedConstant, expression.loc, message)
        pending.extend(inner)


def _parts(body: Body, e: T.Expression) -> tuple[str | None, list[T.Expression]]:
    """What is wrong with an expression (None if nothing), and its parts, which are judged as well."""
    match e:
        case T.Block():
            return None, _sequence_parts(body, e)
        case T.Unary() | T.Cast():
            return None, [e.operand]
        case T.Binary():
            return None, [e.left, e.right]
        case T.VectorPack() | T.TupleExpression():
            return None, e.elements
        case T.Call():
            return "Module calls are", e.arguments
        case T.Freeze():
            return ("'freeze' is", [e.operand]) if not e.is_implicit else (_REFERENCES, [e.operand])
        case T.Assert():
            return "'assert!' is", [e.condition, e.code]
        case T.IfElse():
            return "'if' expressions are", [e.condition, e.consequent, e.alternative]
        case T.VariantSwitch() | T.Match():
            return "'match' expressions are", []
        case T.While():
            return "'while' expressions are", [e.condition, e.body]
        case T.Loop():
            return "'loop' expressions are", [e.body]
        case T.NamedBlock():
            return "named 'block' expressions are", _sequence_parts(body, e.body)
        case T.Assign():
            return "Assignments are", [e.value]
        case T.Return():
            return "'return' expressions are", [e.value]
        case T.Abort():
            return "'abort' expressions are", [e.code]
        case T.Pack():
            case = "Structs are" if e.variant is None else "Enum variants are"
            return case, [field.value for field in e.fields]
        case T.BorrowLocal():
            return _REFERENCES, []
        case T.BorrowTemporary():
            return _REFERENCES, [e.operand]
        case T.BorrowField():
            return _REFERENCES, [e.base]
        case T.Dereference():
            return _REFERENCES, [e.reference]
        case T.Mutate():
            return _REFERENCES, [e.reference, e.value]
        case _:
            return None, []


def _sequence_parts(body: Body, block: T.Block) -> list[T.Expression]:
    parts: list[T.Expression] = []
    for item in block.items:
        if isinstance(item, T.Evaluate):
            parts.append(item.expression)
            continue
        message = "'let' declarations are not supported in constants"
        body.report(TypeSafety.UnsupportedConstant, item.loc, message)
        if isinstance(item, T.Bind):
            parts.append(item.value)
    return parts
