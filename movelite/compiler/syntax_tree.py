"""The syntax tree: Move source as the parser read it, no name resolved.

Every node has `loc`. Nodes are compared by identity. Where the parser met an error that it could step
over, it leaves an `ErrorExpression` or `ErrorType`, so that later phases still see the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .editions import PackageConfig
from .source import Loc


@dataclass(slots=True, unsafe_hash=True)
class Name:
    """An identifier; equal to every other with the same text."""

    text: str
    loc: Loc = field(compare=False)

    def __str__(self) -> str:
        return self.text


# --- names and types ------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class AddressLiteral:
    """`0x42` or `1` where an address is meant."""

    loc: Loc
    value: int
    text: str


@dataclass(slots=True, eq=False)
class GlobalName:
    """`::name` at the start of a path: a named address, whatever else the name may mean here."""

    loc: Loc
    name: Name


LeadingName = AddressLiteral | GlobalName | Name
"""What may start a path: an address, or a name that can be anything."""


@dataclass(slots=True, eq=False)
class TypeArguments:
    """`<T1, T2>`."""

    loc: Loc
    items: list[Type]


@dataclass(slots=True, eq=False)
class PathEntry:
    """One step of a path. Only the first may be something else than a `Name`."""

    name: LeadingName
    type_arguments: TypeArguments | None = None
    macro_loc: Loc | None = None
    """Where the `!` of a macro call stands."""


@dataclass(slots=True, eq=False)
class Path:
    """`a`, `a::b`, `0x1::m::f<T>`, `m::E<T>::V`: one to four entries."""

    loc: Loc
    entries: list[PathEntry]
    is_incomplete: bool = False
    """The source ended in `::` (an error was reported)."""

    @property
    def type_arguments(self) -> TypeArguments | None:
        """The type arguments, wherever in the path they stand."""
        for entry in self.entries:
            if entry.type_arguments is not None:
                return entry.type_arguments
        return None

    @property
    def macro_loc(self) -> Loc | None:
        """Where the `!` stands, if this calls a macro."""
        for entry in self.entries:
            if entry.macro_loc is not None:
                return entry.macro_loc
        return None

    @property
    def single_name(self) -> Name | None:
        """The name, if the path is nothing but one (type arguments aside)."""
        first = self.entries[0].name
        return (
            first if len(self.entries) == 1 and isinstance(first, Name) and not self.is_incomplete else None
        )


@dataclass(slots=True, eq=False)
class ApplyType:
    """`T`, `m::T<A>`, `_`."""

    loc: Loc
    path: Path


@dataclass(slots=True, eq=False)
class RefType:
    """`&T`, `&mut T`."""

    loc: Loc
    mutable: bool
    inner: Type


@dataclass(slots=True, eq=False)
class FunType:
    """`|A, B| -> R`."""

    loc: Loc
    parameters: list[Type]
    result: Type


@dataclass(slots=True, eq=False)
class TupleType:
    """`()` or `(A, B)`."""

    loc: Loc
    items: list[Type]


@dataclass(slots=True, eq=False)
class ErrorType:
    """Where a type could not be parsed."""

    loc: Loc


Type = ApplyType | RefType | FunType | TupleType | ErrorType


@dataclass(slots=True, eq=False)
class Ability:
    """`copy`, `drop`, `store` or `key` in a list of abilities."""

    loc: Loc
    name: str


@dataclass(slots=True, eq=False)
class TypeParameter:
    """`phantom T: copy + drop`. In macros the name begins with `$`."""

    name: Name
    is_phantom: bool
    abilities: list[Ability]


# --- attributes, uses -----------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Attribute:
    """`name`, `name = value` or `name(inner, ...)`."""

    loc: Loc
    name: Name
    value: Literal | Path | None = None
    inner: list[Attribute] | None = None


Attributes = list[Attribute]
"""Those of all `#[...]` in front of an item, in order."""


@dataclass(slots=True, eq=False)
class UseMember:
    """`name` or `name as alias` of a module."""

    name: Name
    alias: Name | None


@dataclass(slots=True, eq=False)
class ModuleUse:
    """What a `use` takes from one module: the module itself (`members` None, maybe renamed) or members."""

    address: LeadingName
    module: Name
    loc: Loc
    alias: Name | None = None
    members: list[UseMember] | None = None
    is_incomplete: bool = False


@dataclass(slots=True, eq=False)
class UseModules:
    """`use a::m;`, `use a::m::{Self, f as g};`, `use a::{m, n::T};`."""

    loc: Loc
    attributes: Attributes
    uses: list[ModuleUse]
    visibility: Visibility
    """Only `use fun` may have one; anything else here was an error."""


@dataclass(slots=True, eq=False)
class UseFun:
    """`public use fun m::f as T.name;`."""

    loc: Loc
    attributes: Attributes
    visibility: Visibility
    function: Path
    type: Path
    method: Name


Use = UseModules | UseFun


# --- items ----------------------------------------------------------------------------------------------


class VisibilityKind(Enum):
    """The value is how it is written."""

    INTERNAL = ""
    PUBLIC = "public"
    FRIEND = "public(friend)"
    PACKAGE = "public(package)"


@dataclass(slots=True, eq=False)
class Visibility:
    """A visibility and where it is written; no place for what is internal."""

    kind: VisibilityKind
    loc: Loc | None = None


INTERNAL = Visibility(VisibilityKind.INTERNAL)


@dataclass(slots=True, eq=False)
class FieldDeclaration:
    """`name: T` of a struct or variant. Positional fields are named `0`, `1`, ..."""

    name: Name
    type: Type
    doc: str | None = None


@dataclass(slots=True, eq=False)
class Fields:
    """The fields of a struct or variant."""

    loc: Loc
    items: list[FieldDeclaration]
    is_positional: bool


@dataclass(slots=True, eq=False)
class Struct:
    """A struct. `fields` is None for `native struct`."""

    loc: Loc
    attributes: Attributes
    doc: str | None
    name: Name
    type_parameters: list[TypeParameter]
    abilities: list[Ability]
    fields: Fields | None
    native_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class Variant:
    """A variant of an enum. `fields` is None when neither braces nor parentheses follow the name."""

    loc: Loc
    name: Name
    fields: Fields | None
    doc: str | None = None


@dataclass(slots=True, eq=False)
class Enumeration:
    """An enum."""

    loc: Loc
    attributes: Attributes
    doc: str | None
    name: Name
    type_parameters: list[TypeParameter]
    abilities: list[Ability]
    variants: list[Variant]


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter of a function. `mut_loc` is where `mut` stands."""

    name: Name
    type: Type
    mut_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function. `body` is None when native; `entry_loc` and `macro_loc` are where these words stand."""

    loc: Loc
    attributes: Attributes
    doc: str | None
    name: Name
    visibility: Visibility
    entry_loc: Loc | None
    macro_loc: Loc | None
    native_loc: Loc | None
    type_parameters: list[TypeParameter]
    parameters: list[Parameter]
    result: Type
    body: Sequence | None


@dataclass(slots=True, eq=False)
class Constant:
    """A constant."""

    loc: Loc
    attributes: Attributes
    doc: str | None
    name: Name
    type: Type
    value: Expression


@dataclass(slots=True, eq=False)
class Friend:
    """`friend a::m;`."""

    loc: Loc
    attributes: Attributes
    path: Path


@dataclass(slots=True, eq=False)
class SpecBlock:
    """`spec ... { ... }`: skipped, only its place is kept."""

    loc: Loc
    attributes: Attributes


Member = Function | Struct | Enumeration | Constant | Friend | UseModules | UseFun | SpecBlock


@dataclass(slots=True, eq=False)
class Module:
    """A module. `address` is None only inside an address block or where it is missing (an error)."""

    loc: Loc
    attributes: Attributes
    doc: str | None
    address: LeadingName | None
    name: Name
    members: list[Member]
    is_label: bool = False
    """Written `module a::m;`: the rest of the file is its body."""
    is_spec: bool = False


@dataclass(slots=True, eq=False)
class AddressBlock:
    """`address a { module m { ... } }`, legacy only."""

    loc: Loc
    attributes: Attributes
    address: LeadingName
    modules: list[Module]


Definition = Module | AddressBlock


@dataclass(slots=True, eq=False)
class SourceUnit:
    """One parsed file, the package it belongs to and what its named addresses mean."""

    file: int
    package: PackageConfig
    definitions: list[Definition]
    named_addresses: dict[str, int] = field(default_factory=dict)


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
