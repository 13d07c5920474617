"""The typed tree: what type checking hands to lowering.

What holds of every finished tree, so that nobody behind it has to check again:

- Every expression has its final `type`: no type variables, no function types. Nodes with `ErrorType` or
  `ErrorExpression` occur only when an error was reported. If it was not a blocking one, lowering runs
  nevertheless to find more; it may take an `ErrorExpression` as code that never returns.
- Macros are expanded: no lambdas, no macro calls. Their bodies are `NamedBlock`s, whose `return`s are
  `Give`s to the block's label.
- Method calls are plain `Call`s with the receiver as the first argument, borrowed as the method needs.
- Dots, index syntax, automatic borrows and dereferences are spelled out with `BorrowField`, `BorrowLocal`,
  `BorrowTemporary`, `Call` and `Dereference`. `a.b.c` read by value is a `Dereference` of a borrow chain.
- Passing `&mut T` where `&T` is expected is an explicit `Freeze` with `is_implicit`.
- `match` is lowered (match_lowering.py) to `VariantSwitch`, `IfElse` and binds; `Match` remains only
  until then. A lowered match can hold the same arm in several places, so an expression object may occur
  more than once in a tree (with its locals and labels); lowering gives each place its own code.
- Evaluation order is source order: children are evaluated as listed in the node (so a `Pack` lists its
  fields in source order, each with its index in the declaration).
- `while`, `loop` and named blocks have unique labels; `Give` and `Continue` name them by `Label` object.

Types with `slots` and identity comparison; a tree is built once and then only read, except that typing
itself fills in inferred types.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .named_tree import Attributes, FunctionDef, ModuleDef, TargetKind
from .source import Loc
from .syntax_tree import VisibilityKind
from .typed_code import (
    Abort,
    Assert,
    Assign,
    Binary,
    BinaryOperator,
    Bind,
    BindPattern,
    Block,
    BorrowField,
    BorrowKind,
    BorrowLocal,
    BorrowTemporary,
    Call,
    Cast,
    ConstantPattern,
    ConstantUse,
    Continue,
    DatatypePattern,
    Declare,
    Dereference,
    ErrorCode,
    ErrorExpression,
    ErrorPattern,
    Evaluate,
    Expression,
    Freeze,
    Give,
    IfElse,
    IgnoreTarget,
    Literal,
    LiteralPattern,
    Local,
    LocalTarget,
    LocalUse,
    Loop,
    Match,
    MatchArm,
    Mutate,
    NamedBlock,
    OrPattern,
    Pack,
    PackField,
    Pattern,
    PatternField,
    Return,
    SequenceItem,
    Target,
    TargetField,
    TupleExpression,
    Unary,
    UnaryOperator,
    UnitExpression,
    UnpackTarget,
    UseMode,
    VariantArm,
    VariantSwitch,
    VectorPack,
    While,
    WildcardPattern,
)
from .types import AbilitySet, ModuleIdent, Type, TypeParameter
from .warning_filters import WarningFilters

__all__ = [
    "Abort",
    "Assert",
    "Assign",
    "Binary",
    "BinaryOperator",
    "Bind",
    "BindPattern",
    "Block",
    "BorrowField",
    "BorrowKind",
    "BorrowLocal",
    "BorrowTemporary",
    "Call",
    "Cast",
    "Constant",
    "ConstantPattern",
    "ConstantUse",
    "Continue",
    "DatatypePattern",
    "Declare",
    "Dereference",
    "Enumeration",
    "ErrorCode",
    "ErrorExpression",
    "ErrorPattern",
    "Evaluate",
    "Expression",
    "Field",
    "Freeze",
    "Function",
    "Give",
    "IfElse",
    "IgnoreTarget",
    "Literal",
    "LiteralPattern",
    "Local",
    "LocalTarget",
    "LocalUse",
    "Loop",
    "Match",
    "MatchArm",
    "Module",
    "Mutate",
    "NamedBlock",
    "OrPattern",
    "Pack",
    "PackField",
    "Pattern",
    "PatternField",
    "Program",
    "Return",
    "SequenceItem",
    "Struct",
    "Target",
    "TargetField",
    "TupleExpression",
    "Unary",
    "UnaryOperator",
    "UnitExpression",
    "UnpackTarget",
    "UseMode",
    "Variant",
    "VariantArm",
    "VariantSwitch",
    "VectorPack",
    "While",
    "WildcardPattern",
]

# --- items ---------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Field:
    """A field of a struct or variant."""

    name: str
    type: Type
    loc: Loc


@dataclass(slots=True, eq=False)
class Struct:
    """A struct; `fields` is None for a native one. `index` is its place in the source, over all items."""

    name: str
    loc: Loc
    index: int
    abilities: AbilitySet
    type_parameters: tuple[TypeParameter, ...]
    fields: list[Field] | None
    is_positional: bool
    attributes: Attributes
    filters: WarningFilters


@dataclass(slots=True, eq=False)
class Variant:
    """A variant of an enum; its position in `Enum.variants` is its tag."""

    name: str
    loc: Loc
    fields: list[Field]
    is_positional: bool


@dataclass(slots=True, eq=False)
class Enumeration:
    """An enum."""

    name: str
    loc: Loc
    index: int
    abilities: AbilitySet
    type_parameters: tuple[TypeParameter, ...]
    variants: list[Variant]
    attributes: Attributes
    filters: WarningFilters


@dataclass(slots=True, eq=False)
class Constant:
    """A constant; `value` contains only what can be folded. Typing checked the form, the back end folds.

    `is_error`: marked `#[error]`, so aborts with it carry its name and value.
    """

    name: str
    loc: Loc
    index: int
    type: Type
    value: Expression
    attributes: Attributes
    filters: WarningFilters
    is_error: bool = False


@dataclass(slots=True, eq=False)
class Function:
    """A function. `body` is None for a native one, and for macros, which produce no code.

    `compiled_visibility` is what the module file says: entry functions become public in test mode.
    `return_type` is unit, one type or a tuple. `matches` has what each lowered `match` was before,
    `annotated` the expressions whose type the source or a macro states.
    """

    name: str
    loc: Loc
    index: int
    visibility: VisibilityKind
    compiled_visibility: VisibilityKind
    is_entry: bool
    is_native: bool
    is_macro: bool
    type_parameters: tuple[TypeParameter, ...]
    parameters: list[Local]
    return_type: Type
    body: Block | None
    attributes: Attributes
    filters: WarningFilters
    named: FunctionDef
    matches: dict[Expression, Match] = field(default_factory=dict)
    annotated: set[Expression] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Module:
    """A module. Each dictionary is in source order.

    `friends` are the declared ones and those that `public(package)` calls made necessary.
    `dependency_order` grows from dependencies to dependents; `dependencies` are the modules that the
    expanded code and the declared types use, with a place for each; `package_calls` those whose
    `public(package)` functions are called. `target` says whether code is made for it: functions of
    interface modules have no bodies here (only signatures are checked). `named` is the module of the named
    tree, for the rest: package, filters, documentation.
    """

    ident: ModuleIdent
    loc: Loc
    attributes: Attributes
    filters: WarningFilters
    structs: dict[str, Struct]
    enums: dict[str, Enumeration]
    constants: dict[str, Constant]
    functions: dict[str, Function]
    friends: list[ModuleIdent]
    target: TargetKind
    named: ModuleDef
    dependencies: dict[ModuleIdent, Loc] = field(default_factory=dict)
    package_calls: dict[ModuleIdent, Loc] = field(default_factory=dict)
    dependency_order: int = 0


@dataclass(slots=True, eq=False)
class Program:
    """All modules of a compilation, dependencies included, in dependency order."""

    modules: dict[ModuleIdent, Module]
