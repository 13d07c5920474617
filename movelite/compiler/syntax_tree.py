"""The syntax tree: Move source as the parser read it, no name resolved.

Every node has `loc`. Nodes are compared by identity. Where the parser met an error that it could step
over, it leaves an `ErrorExpression` or `ErrorType`, so that later phases still see the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .editions import PackageConfig
from .source import Loc
from .syntax_code import (
    Abort,
    AddressValue,
    Annotate,
    Arguments,
    Assign,
    AtPattern,
    Binary,
    Bind,
    BindList,
    Block,
    BoolLiteral,
    Borrow,
    Break,
    ByteString,
    Call,
    Cast,
    Continue,
    CopyExpression,
    Dereference,
    Dot,
    Ellipsis,
    ErrorExpression,
    Evaluate,
    Expression,
    FieldBind,
    FieldInit,
    FieldPattern,
    HexString,
    If,
    Index,
    Labeled,
    Lambda,
    LambdaParameter,
    Let,
    Literal,
    LiteralPattern,
    Loop,
    Match,
    MatchArm,
    MethodCall,
    MoveExpression,
    NamedPattern,
    NameExpression,
    NamePattern,
    Not,
    NumberLiteral,
    OrPattern,
    Pack,
    Parenthesized,
    Pattern,
    PositionalPattern,
    Quantifier,
    Return,
    Sequence,
    SequenceItem,
    SpecExpression,
    Tuple,
    Unit,
    UnpackBind,
    VarBind,
    VectorExpression,
    While,
)
from .syntax_names import (
    Ability,
    AddressLiteral,
    ApplyType,
    ErrorType,
    FunType,
    GlobalName,
    LeadingName,
    Name,
    Path,
    PathEntry,
    RefType,
    TupleType,
    Type,
    TypeArguments,
    TypeParameter,
)

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


__all__ = [
    "INTERNAL",
    "Ability",
    "Abort",
    "AddressBlock",
    "AddressLiteral",
    "AddressValue",
    "Annotate",
    "ApplyType",
    "Arguments",
    "Assign",
    "AtPattern",
    "Attribute",
    "Attributes",
    "Binary",
    "Bind",
    "BindList",
    "Block",
    "BoolLiteral",
    "Borrow",
    "Break",
    "ByteString",
    "Call",
    "Cast",
    "Constant",
    "Continue",
    "CopyExpression",
    "Definition",
    "Dereference",
    "Dot",
    "Ellipsis",
    "Enumeration",
    "ErrorExpression",
    "ErrorType",
    "Evaluate",
    "Expression",
    "FieldBind",
    "FieldDeclaration",
    "FieldInit",
    "FieldPattern",
    "Fields",
    "Friend",
    "FunType",
    "Function",
    "GlobalName",
    "HexString",
    "If",
    "Index",
    "Labeled",
    "Lambda",
    "LambdaParameter",
    "LeadingName",
    "Let",
    "Literal",
    "LiteralPattern",
    "Loop",
    "Match",
    "MatchArm",
    "Member",
    "MethodCall",
    "Module",
    "ModuleUse",
    "MoveExpression",
    "Name",
    "NameExpression",
    "NamePattern",
    "NamedPattern",
    "Not",
    "NumberLiteral",
    "OrPattern",
    "Pack",
    "Parameter",
    "Parenthesized",
    "Path",
    "PathEntry",
    "Pattern",
    "PositionalPattern",
    "Quantifier",
    "RefType",
    "Return",
    "Sequence",
    "SequenceItem",
    "SourceUnit",
    "SpecBlock",
    "SpecExpression",
    "Struct",
    "Tuple",
    "TupleType",
    "Type",
    "TypeArguments",
    "TypeParameter",
    "Unit",
    "UnpackBind",
    "Use",
    "UseFun",
    "UseMember",
    "UseModules",
    "VarBind",
    "Variant",
    "VectorExpression",
    "Visibility",
    "VisibilityKind",
    "While",
]
