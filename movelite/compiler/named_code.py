"""The named tree's code: expressions, sequences, targets and patterns (see named_tree.py)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .named_names import Label, MemberId, NamedType, UseFunScope, Variable
from .source import Loc
from .syntax_tree import Name

# --- expressions -----------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class IntLiteral:
    """A number in range of `type` (`u8` ... `u256`), or of u256 when its type is to be inferred."""

    loc: Loc
    value: int
    type: str | None


@dataclass(slots=True, eq=False)
class BoolLiteral:
    """`true`, `false`."""

    loc: Loc
    value: bool


@dataclass(slots=True, eq=False)
class AddressLiteral:
    """`@0x1`, `@name`: 32 bytes. An unassigned name was an error and gives zeros."""

    loc: Loc
    value: bytes


@dataclass(slots=True, eq=False)
class BytesLiteral:
    """`b"..."`, `x"..."`: a vector<u8>."""

    loc: Loc
    value: bytes


Literal = IntLiteral | BoolLiteral | AddressLiteral | BytesLiteral


@dataclass(slots=True, eq=False)
class VariableUse:
    """A variable read (or, inside a `Dotted`, borrowed or assigned through)."""

    loc: Loc
    variable: Variable


@dataclass(slots=True, eq=False)
class ConstantUse:
    """A constant by name."""

    loc: Loc
    constant: MemberId


@dataclass(slots=True, eq=False)
class Arguments:
    """`(a, b)`."""

    loc: Loc
    items: list[Expression]


@dataclass(slots=True, eq=False)
class Call:
    """A call of a function or macro. `macro_loc` is where the `!` stands."""

    loc: Loc
    function: MemberId
    name_loc: Loc
    macro_loc: Loc | None
    type_arguments: list[NamedType] | None
    arguments: Arguments


@dataclass(slots=True, eq=False)
class VariableCall:
    """`$f(a)`: calls the lambda that a macro was given."""

    loc: Loc
    variable: Variable
    arguments: Arguments


@dataclass(slots=True, eq=False)
class FreezeCall:
    """The builtin `freeze(e)`."""

    loc: Loc
    name_loc: Loc
    type_argument: NamedType | None
    arguments: Arguments


@dataclass(slots=True, eq=False)
class AssertCall:
    """The builtin `assert!(c, code)`; in 2024 the code may be missing. Without `!`: `macro_loc` is None."""

    loc: Loc
    name_loc: Loc
    macro_loc: Loc | None
    arguments: Arguments


@dataclass(slots=True, eq=False)
class VectorExpression:
    """`vector<T>[a, b]`."""

    loc: Loc
    name_loc: Loc
    type_argument: NamedType | None
    elements: Arguments


@dataclass(slots=True, eq=False)
class FieldAccess:
    """`.name` of a chain; `loc` covers the chain up to here. Positional fields are `0`, `1`, ..."""

    loc: Loc
    dot_loc: Loc
    name: Name


@dataclass(slots=True, eq=False)
class IndexAccess:
    """`[i, j]` of a chain; `loc` covers the chain up to here."""

    loc: Loc
    indices: Arguments


Access = FieldAccess | IndexAccess


@dataclass(slots=True, eq=False)
class Dotted:
    """A base and what is picked from it, from left to right: `base.f[i].g`. `accesses` may be empty."""

    loc: Loc
    base: Expression
    accesses: list[Access]


class Usage(Enum):
    """What is done with a chain."""

    USE = "use"
    MOVE = "move"
    COPY = "copy"
    BORROW = "&"
    BORROW_MUT = "&mut"


@dataclass(slots=True, eq=False)
class DottedExpression:
    """`a.b[i]`, `move a`, `copy a.b`, `&a.b`, `&mut a[i]`, `&e`.

    A plain variable without accesses is a `VariableUse`; with `move`, `copy` or `&` it is the base of one
    of these. `usage_loc` is where `move` or `copy` stands.
    """

    loc: Loc
    usage: Usage
    dotted: Dotted
    usage_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class MethodCall:
    """`receiver.method<T>(a)` or `receiver.method!(a)`."""

    loc: Loc
    receiver: Dotted
    dot_loc: Loc
    method: Name
    macro_loc: Loc | None
    type_arguments: list[NamedType] | None
    arguments: Arguments
    scope: UseFunScope


@dataclass(slots=True, eq=False)
class If:
    """`if (c) a else b`; a missing else is a `Unit`."""

    loc: Loc
    condition: Expression
    consequent: Expression
    alternative: Expression


@dataclass(slots=True, eq=False)
class Match:
    """`match (subject) { arms }`."""

    loc: Loc
    subject: Expression
    arms: list[MatchArm]
    arms_loc: Loc


@dataclass(slots=True, eq=False)
class While:
    """`while (c) body`."""

    loc: Loc
    label: Label
    condition: Expression
    body: Expression


@dataclass(slots=True, eq=False)
class Loop:
    """`loop body`."""

    loc: Loc
    label: Label
    body: Expression


@dataclass(slots=True, eq=False)
class Block:
    """`{ ... }`, `'label: { ... }`. `scope` is that of its `use` declarations, else the enclosing one."""

    loc: Loc
    label: Label | None
    sequence: Sequence


@dataclass(slots=True, eq=False)
class LambdaParameter:
    """A parameter of a lambda: one target or several in parentheses."""

    loc: Loc
    targets: list[Target]
    type: NamedType | None


@dataclass(slots=True, eq=False)
class Lambda:
    """`|x| body`. `return` in its body gives to `return_label`."""

    loc: Loc
    parameters_loc: Loc
    parameters: list[LambdaParameter]
    result: NamedType | None
    return_label: Label
    body: Expression


@dataclass(slots=True, eq=False)
class Assign:
    """`x = e`, `(x, S { f: y }, _) = e`: the targets name variables that exist."""

    loc: Loc
    targets: list[Target]
    targets_loc: Loc
    value: Expression


@dataclass(slots=True, eq=False)
class FieldMutate:
    """`a.b[i] = e`: the chain has at least one access."""

    loc: Loc
    target: Dotted
    value: Expression


@dataclass(slots=True, eq=False)
class Mutate:
    """`*r = e`."""

    loc: Loc
    reference: Expression
    value: Expression


@dataclass(slots=True, eq=False)
class Return:
    """`return e` of the function itself; without a value it is a `Unit`."""

    loc: Loc
    value: Expression


@dataclass(slots=True, eq=False)
class Abort:
    """`abort e`. Without a code, `code` is an `ErrorCodeOfLine`."""

    loc: Loc
    code: Expression


@dataclass(slots=True, eq=False)
class ErrorCodeOfLine:
    """The code that `abort` and `assert!` make of their line when none is written."""

    loc: Loc


class GiveKind(Enum):
    """The word that leaves a block."""

    BREAK = "break"
    RETURN = "return"


@dataclass(slots=True, eq=False)
class Give:
    """`break 'l e`, `return 'l e`, and `return e` in a lambda; without a value it is a `Unit`."""

    loc: Loc
    kind: GiveKind
    label: Label
    value: Expression


@dataclass(slots=True, eq=False)
class Continue:
    """`continue 'l`."""

    loc: Loc
    label: Label


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
    """`a op b`; `operator` is its text."""

    loc: Loc
    operator: str
    operator_loc: Loc
    left: Expression
    right: Expression


@dataclass(slots=True, eq=False)
class FieldValue:
    """`name: value` of a pack."""

    name: Name
    value: Expression


@dataclass(slots=True, eq=False)
class Pack:
    """`S { f: a }`, `S(a)`, `E::V { f: a }`, `E::V`; positional fields are `0`, `1`, ..."""

    loc: Loc
    datatype: MemberId
    variant: Name | None
    type_arguments: list[NamedType] | None
    fields: list[FieldValue]
    is_positional: bool = False


@dataclass(slots=True, eq=False)
class Tuple:
    """`(a, b)`, at least two."""

    loc: Loc
    items: list[Expression]


@dataclass(slots=True, eq=False)
class Unit:
    """`()`. `is_trailing`: it stands for the value of a block that ends in a semicolon."""

    loc: Loc
    is_trailing: bool = False


@dataclass(slots=True, eq=False)
class Cast:
    """`e as T`."""

    loc: Loc
    operand: Expression
    type: NamedType


@dataclass(slots=True, eq=False)
class Annotate:
    """`(e: T)`, and the value of `let x: T = e`."""

    loc: Loc
    operand: Expression
    type: NamedType


@dataclass(slots=True, eq=False)
class ErrorExpression:
    """Where an error was reported."""

    loc: Loc


Expression = (
    IntLiteral
    | BoolLiteral
    | AddressLiteral
    | BytesLiteral
    | VariableUse
    | ConstantUse
    | Call
    | VariableCall
    | FreezeCall
    | AssertCall
    | VectorExpression
    | DottedExpression
    | MethodCall
    | If
    | Match
    | While
    | Loop
    | Block
    | Lambda
    | Assign
    | FieldMutate
    | Mutate
    | Return
    | Abort
    | ErrorCodeOfLine
    | Give
    | Continue
    | Dereference
    | Not
    | Binary
    | Pack
    | Tuple
    | Unit
    | Cast
    | Annotate
    | ErrorExpression
)


# --- sequences, targets and patterns ---------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Evaluate:
    """`e;`."""

    loc: Loc
    expression: Expression


@dataclass(slots=True, eq=False)
class Declare:
    """`let x: T;`."""

    loc: Loc
    targets: list[Target]
    targets_loc: Loc
    type: NamedType | None


@dataclass(slots=True, eq=False)
class Bind:
    """`let x = e;` (a written type is an `Annotate` around the value)."""

    loc: Loc
    targets: list[Target]
    targets_loc: Loc
    value: Expression


SequenceItem = Evaluate | Declare | Bind


@dataclass(slots=True, eq=False)
class Sequence:
    """The inside of a block. `result` is its value, a trailing `Unit` if the source has none."""

    loc: Loc
    scope: UseFunScope
    items: list[SequenceItem]
    result: Expression


@dataclass(slots=True, eq=False)
class IgnoreTarget:
    """`_`."""

    loc: Loc


@dataclass(slots=True, eq=False)
class VariableTarget:
    """`x`, `mut x`."""

    loc: Loc
    variable: Variable


@dataclass(slots=True, eq=False)
class FieldTarget:
    """`f: target`."""

    name: Name
    target: Target


@dataclass(slots=True, eq=False)
class UnpackTarget:
    """`S<T> { f: x }`, `S(x)`."""

    loc: Loc
    datatype: MemberId
    type_arguments: list[NamedType] | None
    fields: list[FieldTarget]


@dataclass(slots=True, eq=False)
class ErrorTarget:
    """Where an error was reported."""

    loc: Loc


Target = IgnoreTarget | VariableTarget | UnpackTarget | ErrorTarget


@dataclass(slots=True, eq=False)
class MatchArm:
    """`pattern if (guard) => body`.

    `binders` are the variables of the pattern (both sides of an or-pattern share them). In the guard each
    one is another variable, an immutable reference to what the pattern will bind: `guard_binders` maps
    the pattern's to the guard's. `body_binders` are those that the body reads.
    """

    loc: Loc
    pattern: Pattern
    binders: list[Variable]
    guard: Expression | None
    guard_binders: dict[Variable, Variable]
    body_binders: set[Variable]
    body: Expression


@dataclass(slots=True, eq=False)
class FieldPattern:
    """`f: p`."""

    name: Name
    pattern: Pattern


@dataclass(slots=True, eq=False)
class DatatypePattern:
    """`S { f: p }`, `E::V(p)`, `E::V`; `..` is filled with wildcards."""

    loc: Loc
    datatype: MemberId
    variant: Name | None
    type_arguments: list[NamedType] | None
    fields: list[FieldPattern]


@dataclass(slots=True, eq=False)
class ConstantPattern:
    """A constant by name."""

    loc: Loc
    constant: MemberId


@dataclass(slots=True, eq=False)
class BinderPattern:
    """`x`, `mut x`."""

    loc: Loc
    variable: Variable


@dataclass(slots=True, eq=False)
class LiteralPattern:
    """A literal."""

    loc: Loc
    value: Literal


@dataclass(slots=True, eq=False)
class WildcardPattern:
    """`_`."""

    loc: Loc


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
    variable: Variable
    pattern: Pattern


@dataclass(slots=True, eq=False)
class ErrorPattern:
    """Where an error was reported."""

    loc: Loc


Pattern = (
    DatatypePattern
    | ConstantPattern
    | BinderPattern
    | LiteralPattern
    | WildcardPattern
    | OrPattern
    | AtPattern
    | ErrorPattern
)
