"""The typed tree's code: locals, expressions, sequences, targets and patterns (see typed_tree.py)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .named_tree import Label, MemberId, Mutability
from .source import Loc
from .types import ModuleIdent, Type

# --- names inside a function body ---------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Local:
    """A parameter or a local variable. Compared by identity; `id` is unique within its function.

    `name` is the source name; locals of an expanded macro may share a name and differ in id.
    `mut_loc` is where its `mut` stands. `is_temporary` marks locals that no source mentions.

    The official compiler sorts the locals of a function by `official_name`: `number` counts the variables
    of the same name in the function or macro that declares it (a parameter has 0, the first other one 1),
    `expansion` the macros, arguments and lambdas expanded so far (0 in the function's own text). Of the
    locals of a lowered match (`is_match`) and of temporaries it counts all that the function has.
    """

    name: str
    id: int
    type: Type
    loc: Loc
    mutability: Mutability = Mutability.EITHER
    mut_loc: Loc | None = None
    is_parameter: bool = False
    is_temporary: bool = False
    number: int = 0
    expansion: int = 0
    is_match: bool = False

    @property
    def official_name(self) -> str:
        """The name that orders locals in the official compiler's output."""
        if self.is_match:
            return f"__match_tmp%#{self.name}#{self.number}#{self.number}#0"
        return f"{self.name}#{self.number}#{self.expansion}"

    @property
    def is_mutable(self) -> bool:
        """Whether it may be changed: declared `mut`, or nobody asks (legacy, temporaries)."""
        return self.mutability is not Mutability.IMMUTABLE


# --- expressions --------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Expression:
    """Base of all expressions: the type of its value and the source range it came from."""

    type: Type
    loc: Loc


@dataclass(slots=True, eq=False)
class UnitExpression(Expression):
    """`()`. `is_trailing`: the parser supplied it after a block's last semicolon."""

    is_trailing: bool = False


@dataclass(slots=True, eq=False)
class Literal(Expression):
    """A literal; `type` says how to read it.

    Integers: int, in range of the type. bool: bool. address: 32 bytes. vector<u8>: bytes (b"..", x"..").
    """

    value: int | bool | bytes


class UseMode(Enum):
    """How a local is read. INFER: copied if its type has copy and it is used later, else moved."""

    MOVE = "move"
    COPY = "copy"
    INFER = "infer"


@dataclass(slots=True, eq=False)
class LocalUse(Expression):
    """The value of a local. MOVE and COPY were written by the user unless `is_implicit`."""

    local: Local
    mode: UseMode
    is_implicit: bool = True


@dataclass(slots=True, eq=False)
class ConstantUse(Expression):
    """The value of a named constant (always of this package's module; constants are never public)."""

    module: ModuleIdent
    name: str


@dataclass(slots=True, eq=False)
class Call(Expression):
    """A function call.

    `arguments` has one expression for each parameter; `name_loc` is where the name stands.
    """

    module: ModuleIdent
    name: str
    type_arguments: tuple[Type, ...]
    arguments: list[Expression]
    parameter_types: tuple[Type, ...]
    name_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class VectorPack(Expression):
    """`vector[a, b]`."""

    element_type: Type
    elements: list[Expression]


@dataclass(slots=True, eq=False)
class Freeze(Expression):
    """`freeze(e)`, or the silent coercion of `&mut T` to `&T` (`is_implicit`)."""

    operand: Expression
    is_implicit: bool = True


@dataclass(slots=True, eq=False)
class Assert(Expression):
    """`assert!(condition, code)`. `code` is evaluated only when the condition is false in the macro form;
    the legacy function form (`is_macro` false) evaluates it first. `code` may be an `ErrorCode`."""

    condition: Expression
    code: Expression
    is_macro: bool = True


@dataclass(slots=True, eq=False)
class Abort(Expression):
    """`abort code`; code is of type u64 (for clever errors an `ErrorCode`)."""

    code: Expression


@dataclass(slots=True, eq=False)
class ErrorCode(Expression):
    """A clever abort code of type u64.

    The back end makes the number: a tag, the line of `line_loc` (where the user wrote the abort; inside a
    macro the outermost call), and, with `constant`, the constant-pool indices of its name and value.
    """

    line_loc: Loc
    constant: MemberId | None = None


@dataclass(slots=True, eq=False)
class IfElse(Expression):
    """`if`; without an else the alternative is a `UnitExpression`."""

    condition: Expression
    consequent: Expression
    alternative: Expression


@dataclass(slots=True, eq=False)
class While(Expression):
    """`while (condition) body`; the label is the target of break (to behind it) and continue."""

    label: Label
    condition: Expression
    body: Expression


@dataclass(slots=True, eq=False)
class Loop(Expression):
    """`loop body`. Without a break the type is anything."""

    label: Label
    body: Expression
    has_break: bool


@dataclass(slots=True, eq=False)
class NamedBlock(Expression):
    """`'label: { ... }`, a lambda's or a macro's body: `Give`s to the label yield its value."""

    label: Label
    body: Block


@dataclass(slots=True, eq=False)
class Give(Expression):
    """`break 'label value`, `return 'label value`: leaves the loop or named block with a value."""

    label: Label
    value: Expression


@dataclass(slots=True, eq=False)
class Continue(Expression):
    """`continue 'label`."""

    label: Label


@dataclass(slots=True, eq=False)
class Return(Expression):
    """`return value` from the function itself."""

    value: Expression


@dataclass(slots=True, eq=False)
class Block(Expression):
    """`{ items; value }`: the last item is an `Evaluate` whose value is the block's.

    `match_locals` are the locals that the lowering of a match has made, in that order.
    """

    items: list[SequenceItem]
    match_locals: tuple[Local, ...] = ()


@dataclass(slots=True, eq=False)
class Assign(Expression):
    """`(a, S { f: b }, _) = value`; `target_types` are the types the parts of the value have by then."""

    targets: list[Target]
    target_types: list[Type]
    value: Expression


@dataclass(slots=True, eq=False)
class Mutate(Expression):
    """`*reference = value`."""

    reference: Expression
    value: Expression


@dataclass(slots=True, eq=False)
class Dereference(Expression):
    """`*reference`."""

    reference: Expression


class UnaryOperator(Enum):
    """Prefix operators on values."""

    NOT = "!"


@dataclass(slots=True, eq=False)
class Unary(Expression):
    """`!operand`."""

    operator: UnaryOperator
    operand: Expression


class BinaryOperator(Enum):
    """Infix operators; AND and OR evaluate the right side only when needed."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULO = "%"
    BIT_AND = "&"
    BIT_OR = "|"
    XOR = "^"
    SHIFT_LEFT = "<<"
    SHIFT_RIGHT = ">>"
    AND = "&&"
    OR = "||"
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="


@dataclass(slots=True, eq=False)
class Binary(Expression):
    """`left op right`; `operand_type` is the common type of both sides (of the left one for shifts).

    `operator_loc` is where the operator stands, None if the source has none.
    """

    operator: BinaryOperator
    left: Expression
    right: Expression
    operand_type: Type
    operator_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class PackField:
    """One field of a pack; `index` is its place in the declaration."""

    name: str
    index: int
    type: Type
    value: Expression


@dataclass(slots=True, eq=False)
class Pack(Expression):
    """`S<T> { f: a }`, or a variant of an enum when `variant` is given. Fields in source order."""

    module: ModuleIdent
    name: str
    type_arguments: tuple[Type, ...]
    fields: list[PackField]
    variant: str | None = None


@dataclass(slots=True, eq=False)
class TupleExpression(Expression):
    """`(a, b)`, at least two."""

    elements: list[Expression]


@dataclass(slots=True, eq=False)
class BorrowLocal(Expression):
    """`&x` or `&mut x` of a local."""

    is_mutable: bool
    local: Local


@dataclass(slots=True, eq=False)
class BorrowTemporary(Expression):
    """`&e` or `&mut e` of a value that has no place yet."""

    is_mutable: bool
    operand: Expression


@dataclass(slots=True, eq=False)
class BorrowField(Expression):
    """`&base.field`; `base` is a reference (to a struct), mutable if this borrow is. `is_unpacking`:
    a pattern borrows it, with all other fields."""

    is_mutable: bool
    base: Expression
    module: ModuleIdent
    name: str
    field: str
    field_index: int
    is_unpacking: bool = False


@dataclass(slots=True, eq=False)
class Cast(Expression):
    """`(e as T)` between integer types; the target is `type`."""

    operand: Expression


@dataclass(slots=True, eq=False)
class VariantArm:
    """One case of a `VariantSwitch`."""

    variant: str
    body: Expression


@dataclass(slots=True, eq=False)
class VariantSwitch(Expression):
    """Branches on the variant of the enum behind `subject`, an immutable reference. Arms are in the order
    of declaration and complete."""

    subject: Expression
    module: ModuleIdent
    name: str
    arms: list[VariantArm]


@dataclass(slots=True, eq=False)
class Match(Expression):
    """A checked `match`, before match_lowering lowers it."""

    subject: Expression
    arms: list[MatchArm]


@dataclass(slots=True, eq=False)
class ErrorExpression(Expression):
    """Where an error was reported."""


# --- sequences, binders and patterns ------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Evaluate:
    """`e;` whose value is dropped, or a block's value if it is the last item."""

    expression: Expression
    loc: Loc


@dataclass(slots=True, eq=False)
class Declare:
    """`let x;` without a value."""

    targets: list[Target]
    loc: Loc


@dataclass(slots=True, eq=False)
class Bind:
    """`let (x, S { f: y }) = value;`; `target_types` as in `Assign`."""

    targets: list[Target]
    target_types: list[Type]
    value: Expression
    loc: Loc


SequenceItem = Evaluate | Declare | Bind


@dataclass(slots=True, eq=False)
class IgnoreTarget:
    """`_`: the value is dropped."""

    loc: Loc


@dataclass(slots=True, eq=False)
class LocalTarget:
    """`x`: stores into a local. `is_unused` when the checker saw that nothing ever reads the binding."""

    local: Local
    type: Type
    loc: Loc
    is_unused: bool = False


class BorrowKind(Enum):
    """Whether unpacking takes the value apart or borrows its fields."""

    VALUE = "value"
    IMMUTABLE = "&"
    MUTABLE = "&mut"


@dataclass(slots=True, eq=False)
class TargetField:
    """One field of an unpack. `type` is the field's declared type, instantiated, without the borrow."""

    name: str
    index: int
    type: Type
    target: Target


@dataclass(slots=True, eq=False)
class UnpackTarget:
    """`S { f: x }`: unpacks a struct, or with `variant` an enum already known to be of that variant.
    All fields are listed (a `..` is filled with ignores), in source order."""

    module: ModuleIdent
    name: str
    type_arguments: tuple[Type, ...]
    fields: list[TargetField]
    borrow: BorrowKind
    loc: Loc
    variant: str | None = None


Target = IgnoreTarget | LocalTarget | UnpackTarget


@dataclass(slots=True, eq=False)
class WildcardPattern:
    """`_`."""

    type: Type
    loc: Loc


@dataclass(slots=True, eq=False)
class BindPattern:
    """`x` or `x @ inner`: binds the whole value (or, matching on a reference, a reference to it)."""

    type: Type
    loc: Loc
    local: Local
    inner: Pattern | None = None
    is_unused: bool = False


@dataclass(slots=True, eq=False)
class LiteralPattern:
    """A literal; through references it compares the value behind."""

    type: Type
    loc: Loc
    value: int | bool | bytes


@dataclass(slots=True, eq=False)
class ConstantPattern:
    """A named constant."""

    type: Type
    loc: Loc
    module: ModuleIdent
    name: str


@dataclass(slots=True, eq=False)
class PatternField:
    """One field of a datatype pattern; `type` is the declared type, instantiated, without the borrow."""

    name: str
    index: int
    type: Type
    pattern: Pattern


@dataclass(slots=True, eq=False)
class DatatypePattern:
    """`S { .. }` or `E::V(..)`, all fields listed."""

    type: Type
    loc: Loc
    module: ModuleIdent
    name: str
    variant: str | None
    type_arguments: tuple[Type, ...]
    fields: list[PatternField]
    borrow: BorrowKind


@dataclass(slots=True, eq=False)
class OrPattern:
    """`a | b`; both sides bind the same locals."""

    type: Type
    loc: Loc
    left: Pattern
    right: Pattern


@dataclass(slots=True, eq=False)
class ErrorPattern:
    """Where an error was reported."""

    type: Type
    loc: Loc


Pattern = (
    WildcardPattern
    | BindPattern
    | LiteralPattern
    | ConstantPattern
    | DatatypePattern
    | OrPattern
    | ErrorPattern
)


@dataclass(slots=True, eq=False)
class MatchArm:
    """`pattern if (guard) => body`. In the guard, binders are immutable references: `guard_locals` maps
    each binder that the guard reads to the local that holds that reference. `body_locals` are the binders
    that the body reads."""

    pattern: Pattern
    guard: Expression | None
    guard_locals: dict[Local, Local]
    body: Expression
    body_locals: set[Local]
    loc: Loc
