"""The syntax tree's expressions and patterns (see syntax_tree.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .source import Loc
from .syntax_names import (
    LeadingName,
    Name,
    Path,
    Type,
    TypeArguments,
)

if TYPE_CHECKING:
    from .syntax_tree import Use


# --- expressions ----------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class NumberLiteral:
    """A number as written: digits with `_`, maybe `0x`, maybe a type at the end."""

    loc: Loc
    text: str


@dataclass(slots=True, eq=False)
class BoolLiteral:
    """`true`, `false`."""

    loc: Loc
    value: bool


@dataclass(slots=True, eq=False)
class AddressValue:
    """`@0x1`, `@name`."""

    loc: Loc
    address: LeadingName


@dataclass(slots=True, eq=False)
class ByteString:
    """`b"..."`; `text` is what stands between the quotes, escapes not yet read."""

    loc: Loc
    text: str


@dataclass(slots=True, eq=False)
class HexString:
    """`x"..."`; `text` is what stands between the quotes."""

    loc: Loc
    text: str


Literal = NumberLiteral | BoolLiteral | AddressValue | ByteString | HexString


@dataclass(slots=True, eq=False)
class MoveExpression:
    """`move e`."""

    loc: Loc
    keyword_loc: Loc
    operand: Expression


@dataclass(slots=True, eq=False)
class CopyExpression:
    """`copy e`."""

    loc: Loc
    keyword_loc: Loc
    operand: Expression


@dataclass(slots=True, eq=False)
class NameExpression:
    """A path read as a value."""

    loc: Loc
    path: Path


@dataclass(slots=True, eq=False)
class Arguments:
    """`(a, b)` or `[a, b]`."""

    loc: Loc
    items: list[Expression]


@dataclass(slots=True, eq=False)
class Call:
    """`f(a)`, `f!(a)`, `S(a)`, `E::V(a)`."""

    loc: Loc
    path: Path
    arguments: Arguments


@dataclass(slots=True, eq=False)
class FieldInit:
    """`name: value` of a pack; for the short form `name`, the value is that name."""

    name: Name
    value: Expression


@dataclass(slots=True, eq=False)
class Pack:
    """`S { f: a }`, `E::V { f: a }`."""

    loc: Loc
    path: Path
    fields: list[FieldInit]


@dataclass(slots=True, eq=False)
class VectorExpression:
    """`vector[a, b]`, `vector<T>[]`."""

    loc: Loc
    name_loc: Loc
    type_arguments: TypeArguments | None
    elements: Arguments


@dataclass(slots=True, eq=False)
class If:
    """`if (c) a else b`."""

    loc: Loc
    condition: Expression
    consequent: Expression
    alternative: Expression | None


@dataclass(slots=True, eq=False)
class While:
    """`while (c) body`."""

    loc: Loc
    condition: Expression
    body: Expression


@dataclass(slots=True, eq=False)
class Loop:
    """`loop body`."""

    loc: Loc
    body: Expression


@dataclass(slots=True, eq=False)
class Labeled:
    """`'label: e`."""

    loc: Loc
    label: Name
    body: Expression


@dataclass(slots=True, eq=False)
class Block:
    """`{ ... }`."""

    loc: Loc
    sequence: Sequence


@dataclass(slots=True, eq=False)
class LambdaParameter:
    """A parameter of a lambda: a pattern (or several, in parentheses) and maybe a type."""

    binds: BindList
    type: Type | None


@dataclass(slots=True, eq=False)
class Lambda:
    """`|x, (a, b): T| -> R { ... }`."""

    loc: Loc
    parameters_loc: Loc
    parameters: list[LambdaParameter]
    result: Type | None
    body: Expression


@dataclass(slots=True, eq=False)
class Tuple:
    """`(a, b)`, at least two."""

    loc: Loc
    items: list[Expression]


@dataclass(slots=True, eq=False)
class Unit:
    """`()`."""

    loc: Loc


@dataclass(slots=True, eq=False)
class Parenthesized:
    """`(e)`."""

    loc: Loc
    inner: Expression


@dataclass(slots=True, eq=False)
class Assign:
    """`a = b`."""

    loc: Loc
    target: Expression
    value: Expression


@dataclass(slots=True, eq=False)
class Abort:
    """`abort code`, `abort`."""

    loc: Loc
    code: Expression | None


@dataclass(slots=True, eq=False)
class Return:
    """`return`, `return value`, `return 'label value`."""

    loc: Loc
    label: Name | None
    value: Expression | None


@dataclass(slots=True, eq=False)
class Break:
    """`break`, `break value`, `break 'label value`."""

    loc: Loc
    label: Name | None
    value: Expression | None


@dataclass(slots=True, eq=False)
class Continue:
    """`continue`, `continue 'label`."""

    loc: Loc
    label: Name | None


@dataclass(slots=True, eq=False)
class Dereference:
    """`*e`."""

    loc: Loc
    operand: Expression


@dataclass(slots=True, eq=False)
class Not:
    """`!e`."""

    loc: Loc
    operand: Expression


@dataclass(slots=True, eq=False)
class Binary:
    """`a op b`; `operator` is its text, `..`, `==>` and `<==>` of specifications included."""

    loc: Loc
    operator: str
    operator_loc: Loc
    left: Expression
    right: Expression


@dataclass(slots=True, eq=False)
class Borrow:
    """`&e`, `&mut e`."""

    loc: Loc
    mutable: bool
    operand: Expression


@dataclass(slots=True, eq=False)
class Dot:
    """`e.f`; for `e.0` the name is `0`."""

    loc: Loc
    operand: Expression
    dot_loc: Loc
    field: Name


@dataclass(slots=True, eq=False)
class MethodCall:
    """`e.f<T>(a)`, `e.f!(a)`."""

    loc: Loc
    operand: Expression
    dot_loc: Loc
    method: Name
    macro_loc: Loc | None
    type_arguments: TypeArguments | None
    arguments: Arguments


@dataclass(slots=True, eq=False)
class Index:
    """`e[i, j]`."""

    loc: Loc
    operand: Expression
    indices: Arguments


@dataclass(slots=True, eq=False)
class Cast:
    """`e as T`."""

    loc: Loc
    operand: Expression
    type: Type


@dataclass(slots=True, eq=False)
class Annotate:
    """`(e: T)`."""

    loc: Loc
    operand: Expression
    type: Type


@dataclass(slots=True, eq=False)
class Match:
    """`match (e) { ... }`."""

    loc: Loc
    subject: Expression
    arms_loc: Loc
    arms: list[MatchArm]


@dataclass(slots=True, eq=False)
class Quantifier:
    """`forall`, `exists`, `choose`: specifications only, so always an error here."""

    loc: Loc


@dataclass(slots=True, eq=False)
class SpecExpression:
    """`spec { ... }` inside a body: skipped."""

    loc: Loc


@dataclass(slots=True, eq=False)
class ErrorExpression:
    """Where an expression could not be parsed."""

    loc: Loc


Expression = (
    NumberLiteral
    | BoolLiteral
    | AddressValue
    | ByteString
    | HexString
    | MoveExpression
    | CopyExpression
    | NameExpression
    | Call
    | Pack
    | VectorExpression
    | If
    | While
    | Loop
    | Labeled
    | Block
    | Lambda
    | Tuple
    | Unit
    | Parenthesized
    | Assign
    | Abort
    | Return
    | Break
    | Continue
    | Dereference
    | Not
    | Binary
    | Borrow
    | Dot
    | MethodCall
    | Index
    | Cast
    | Annotate
    | Match
    | Quantifier
    | SpecExpression
    | ErrorExpression
)


# --- sequences, binds and patterns ----------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Evaluate:
    """`e;`."""

    loc: Loc
    expression: Expression


@dataclass(slots=True, eq=False)
class Let:
    """`let binds: T = value;`; without a value it only declares."""

    loc: Loc
    binds: BindList
    type: Type | None
    value: Expression | None


SequenceItem = Evaluate | Let


@dataclass(slots=True, eq=False)
class Sequence:
    """The inside of `{ ... }`. `result` is the expression after the last semicolon, if there is one;
    `last_semicolon` is where the last semicolon stands."""

    loc: Loc
    uses: list[Use]
    items: list[SequenceItem]
    last_semicolon: Loc | None
    result: Expression | None


@dataclass(slots=True, eq=False)
class Ellipsis:
    """`..` among the fields of a pattern."""

    loc: Loc


@dataclass(slots=True, eq=False)
class VarBind:
    """`x`, `mut x`, `_`."""

    loc: Loc
    name: Name
    mut_loc: Loc | None


@dataclass(slots=True, eq=False)
class FieldBind:
    """`f: bind` of an unpack; the short form `f` binds `f`."""

    name: Name
    bind: Bind


@dataclass(slots=True, eq=False)
class UnpackBind:
    """`S { f: x, .. }`, `S(x, ..)`: exactly one of `named` and `positional` is given."""

    loc: Loc
    path: Path
    named: list[FieldBind | Ellipsis] | None
    positional: list[Bind | Ellipsis] | None


Bind = VarBind | UnpackBind


@dataclass(slots=True, eq=False)
class BindList:
    """One bind, or several in parentheses."""

    loc: Loc
    items: list[Bind]


@dataclass(slots=True, eq=False)
class MatchArm:
    """`pattern if (guard) => body`."""

    loc: Loc
    pattern: Pattern
    guard: Expression | None
    body: Expression


@dataclass(slots=True, eq=False)
class PositionalPattern:
    """`S(p, ..)`, `E::V(p)`."""

    loc: Loc
    path: Path
    items_loc: Loc
    items: list[Pattern | Ellipsis]


@dataclass(slots=True, eq=False)
class FieldPattern:
    """`f: p`; the short forms `f` and `mut f` bind `f`."""

    name: Name
    pattern: Pattern


@dataclass(slots=True, eq=False)
class NamedPattern:
    """`S { f: p, .. }`, `E::V { f }`."""

    loc: Loc
    path: Path
    items_loc: Loc
    items: list[FieldPattern | Ellipsis]


@dataclass(slots=True, eq=False)
class NamePattern:
    """`x`, `mut x`, `_`, a constant, or a variant without fields."""

    loc: Loc
    path: Path
    mut_loc: Loc | None


@dataclass(slots=True, eq=False)
class LiteralPattern:
    """A literal."""

    loc: Loc
    value: Literal


@dataclass(slots=True, eq=False)
class OrPattern:
    """`p | q`."""

    loc: Loc
    left: Pattern
    right: Pattern


@dataclass(slots=True, eq=False)
class AtPattern:
    """`x @ p`."""

    loc: Loc
    name: Name
    pattern: Pattern


Pattern = PositionalPattern | NamedPattern | NamePattern | LiteralPattern | OrPattern | AtPattern
