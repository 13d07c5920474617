"""The named tree: Move source with every name resolved.

What holds of it, so that nobody behind it has to check again:

- Paths are gone. A function, constant or datatype is a `MemberId` that exists (else an error was reported
  and an `ErrorExpression`, `ErrorPattern` or `ErrorType` stands here). Variants named here exist too.
- Local variables and labels are objects, compared by identity; every use holds the very object of its
  declaration. Macros are therefore hygienic by construction: expanding one means copying its body with new
  objects for those it declares.
- Method calls and index syntax are not resolved, as they depend on types. Each `MethodCall` holds the scope
  of `use fun` declarations it stands in, which stays right wherever a macro moves the call to.
- Type arguments are present if the source has them, and their number is not yet checked for functions
  (E03007, E03008 are the type checker's there; for datatypes they are done).
- Fields of a pack or an unpack are in source order, no name twice. Missing and unknown ones are the type
  checker's affair. `..` is gone: what it stands for is filled with ignores.
- Test-only and verify-only members are already filtered as the mode of compilation demands.

Types are those of types.py, wrapped in `NamedType` where the source has them, to keep the places.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from .editions import PackageConfig
from .named_code import (
    Abort,
    Access,
    AddressLiteral,
    Annotate,
    Arguments,
    AssertCall,
    Assign,
    AtPattern,
    Binary,
    Bind,
    BinderPattern,
    Block,
    BoolLiteral,
    BytesLiteral,
    Call,
    Cast,
    ConstantPattern,
    ConstantUse,
    Continue,
    DatatypePattern,
    Declare,
    Dereference,
    Dotted,
    DottedExpression,
    ErrorCodeOfLine,
    ErrorExpression,
    ErrorPattern,
    ErrorTarget,
    Evaluate,
    Expression,
    FieldAccess,
    FieldMutate,
    FieldPattern,
    FieldTarget,
    FieldValue,
    FreezeCall,
    Give,
    GiveKind,
    If,
    IgnoreTarget,
    IndexAccess,
    IntLiteral,
    Lambda,
    LambdaParameter,
    Literal,
    LiteralPattern,
    Loop,
    Match,
    MatchArm,
    MethodCall,
    Mutate,
    Not,
    OrPattern,
    Pack,
    Pattern,
    Return,
    Sequence,
    SequenceItem,
    Target,
    Tuple,
    Unit,
    UnpackTarget,
    Usage,
    VariableCall,
    VariableTarget,
    VariableUse,
    VectorExpression,
    While,
    WildcardPattern,
)
from .named_names import (
    HOLE,
    NO_ATTRIBUTES,
    Attribute,
    Attributes,
    IndexMethods,
    Label,
    MemberId,
    Mutability,
    NamedType,
    TypeKey,
    UseFun,
    UseFunKind,
    UseFunScope,
    Variable,
)
from .source import Loc
from .syntax_tree import Name, VisibilityKind
from .types import AbilitySet, ModuleIdent, TypeParameter
from .warning_filters import WarningFilters

# --- items -----------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Visibility:
    """A visibility and where it is written (None if internal)."""

    kind: VisibilityKind
    loc: Loc | None = None

    @property
    def is_public(self) -> bool:
        """Whether every module may call."""
        return self.kind is VisibilityKind.PUBLIC


@dataclass(slots=True, eq=False)
class TypeParameterDef:
    """A declared type parameter and where its name and its abilities are written."""

    parameter: TypeParameter
    name: Name
    ability_locs: dict[AbilitySet, Loc]


@dataclass(slots=True, eq=False)
class FieldDef:
    """A field of a struct or variant; positional ones are `0`, `1`, ... (`pos0`, ... in the bytecode)"""

    name: Name
    type: NamedType
    doc: str | None = None


@dataclass(slots=True, eq=False)
class StructDef:
    """A struct; `fields` is None for a native one. `index` counts all items of the module in source order.

    `ability_locs` says where each declared ability is written.
    """

    id: MemberId
    loc: Loc
    name: Name
    index: int
    attributes: Attributes
    filters: WarningFilters
    doc: str | None
    abilities: AbilitySet
    ability_locs: dict[AbilitySet, Loc]
    type_parameters: list[TypeParameterDef]
    fields: list[FieldDef] | None
    is_positional: bool
    native_loc: Loc | None = None


@dataclass(slots=True, eq=False)
class VariantDef:
    """A variant of an enum; `is_positional` is None when it was written without fields."""

    loc: Loc
    name: Name
    index: int
    fields: list[FieldDef]
    is_positional: bool | None
    doc: str | None = None


@dataclass(slots=True, eq=False)
class EnumDef:
    """An enum, its variants in source order."""

    id: MemberId
    loc: Loc
    name: Name
    index: int
    attributes: Attributes
    filters: WarningFilters
    doc: str | None
    abilities: AbilitySet
    ability_locs: dict[AbilitySet, Loc]
    type_parameters: list[TypeParameterDef]
    variants: dict[str, VariantDef]


DatatypeDef = StructDef | EnumDef


@dataclass(slots=True, eq=False)
class ParameterDef:
    """A parameter of a function."""

    variable: Variable
    type: NamedType


@dataclass(slots=True, eq=False)
class FunctionDef:
    """A function or macro. `body` is None for native ones, and for functions of a precompiled dependency
    that are no macros. Read or written variables have `is_used` set."""

    id: MemberId
    loc: Loc
    name: Name
    index: int
    attributes: Attributes
    filters: WarningFilters
    doc: str | None
    visibility: Visibility
    entry_loc: Loc | None
    macro_loc: Loc | None
    native_loc: Loc | None
    type_parameters: list[TypeParameterDef]
    parameters: list[ParameterDef]
    result: NamedType
    body: Sequence | None

    @property
    def is_macro(self) -> bool:
        """Whether calls are expanded."""
        return self.macro_loc is not None

    @property
    def is_native(self) -> bool:
        """Whether the virtual machine supplies the body."""
        return self.native_loc is not None


@dataclass(slots=True, eq=False)
class ConstantDef:
    """A constant."""

    id: MemberId
    loc: Loc
    name: Name
    index: int
    attributes: Attributes
    filters: WarningFilters
    doc: str | None
    type: NamedType
    value: Expression
    is_used: bool = False
    """Whether any constant, function or attribute of the program names it (set in naming)."""


@dataclass(slots=True, eq=False)
class FriendDef:
    """`friend a::m;` that was checked to name another module of the same address."""

    loc: Loc
    module: ModuleIdent
    attributes: Attributes


class TargetKind(Enum):
    """SOURCE: compiled now. INTERFACE: only linked against."""

    SOURCE = "source"
    INTERFACE = "interface"


@dataclass(slots=True, eq=False)
class ModuleDef:
    """A module; every dictionary is in source order.

    `use_funs` are the aliases that hold inside the module; `methods_of_own_types` are those that travel
    with the types it declares: its functions whose first parameter is such a type, and `public use fun`.
    `syntax_methods` are its `#[syntax(index)]` functions by the type they index.
    `dependencies` are the modules that its members name (`use` alone does not count), with a place for each.
    """

    id: ModuleIdent
    loc: Loc
    name: Name
    package: PackageConfig
    target: TargetKind
    attributes: Attributes
    filters: WarningFilters
    doc: str | None
    friends: dict[ModuleIdent, FriendDef]
    structs: dict[str, StructDef]
    enums: dict[str, EnumDef]
    functions: dict[str, FunctionDef]
    constants: dict[str, ConstantDef]
    use_funs: UseFunScope
    methods_of_own_types: dict[TypeKey, dict[str, UseFun]]
    syntax_methods: dict[TypeKey, IndexMethods]
    dependencies: dict[ModuleIdent, Loc] = field(default_factory=dict)
    file: int = -1

    @property
    def is_dependency(self) -> bool:
        """Whether no code is made for it."""
        return self.target is TargetKind.INTERFACE

    def datatype(self, name: str) -> DatatypeDef | None:
        """The struct or enum of that name."""
        return self.structs.get(name) or self.enums.get(name)


@dataclass(slots=True, eq=False)
class NamedProgram:
    """All modules, dependencies included, and who declares methods of the builtin types."""

    modules: dict[ModuleIdent, ModuleDef]
    primitive_definers: dict[str, ModuleIdent] = field(default_factory=dict)
    """`#[defines_primitive(u64)]`: the module whose functions are methods of that type."""
    named_addresses: dict[str, int] = field(default_factory=dict)
    next_type_parameter_id: int = 0

    def datatype(self, member: MemberId) -> DatatypeDef:
        """A struct or enum that is known to exist."""
        module = self.modules[member.module]
        return module.structs.get(member.name) or module.enums[member.name]

    def function(self, member: MemberId) -> FunctionDef:
        """A function that is known to exist."""
        return self.modules[member.module].functions[member.name]

    def constant(self, member: MemberId) -> ConstantDef:
        """A constant that is known to exist."""
        return self.modules[member.module].constants[member.name]

    def find_method(self, scope: UseFunScope, type_key: TypeKey, method: str) -> UseFun | None:
        """The function behind `value.method()` seen from a scope, privacy aside."""
        found = scope.find(type_key, method)
        if found is not None:
            return found
        home = type_key.module if isinstance(type_key, MemberId) else self.primitive_definers.get(type_key)
        module = self.modules.get(home) if home is not None else None
        return module.methods_of_own_types.get(type_key, {}).get(method) if module is not None else None

    def index_methods(self, type_key: TypeKey) -> IndexMethods | None:
        """The functions behind `value[i]`."""
        home = type_key.module if isinstance(type_key, MemberId) else self.primitive_definers.get(type_key)
        module = self.modules.get(home) if home is not None else None
        return module.syntax_methods.get(type_key) if module is not None else None


__all__ = [
    "HOLE",
    "NO_ATTRIBUTES",
    "Abort",
    "Access",
    "AddressLiteral",
    "Annotate",
    "Arguments",
    "AssertCall",
    "Assign",
    "AtPattern",
    "Attribute",
    "Attributes",
    "Binary",
    "Bind",
    "BinderPattern",
    "Block",
    "BoolLiteral",
    "BytesLiteral",
    "Call",
    "Cast",
    "ConstantDef",
    "ConstantPattern",
    "ConstantUse",
    "Continue",
    "DatatypeDef",
    "DatatypePattern",
    "Declare",
    "Dereference",
    "Dotted",
    "DottedExpression",
    "EnumDef",
    "ErrorCodeOfLine",
    "ErrorExpression",
    "ErrorPattern",
    "ErrorTarget",
    "Evaluate",
    "Expression",
    "FieldAccess",
    "FieldDef",
    "FieldMutate",
    "FieldPattern",
    "FieldTarget",
    "FieldValue",
    "FreezeCall",
    "FriendDef",
    "FunctionDef",
    "Give",
    "GiveKind",
    "If",
    "IgnoreTarget",
    "IndexAccess",
    "IndexMethods",
    "IntLiteral",
    "Label",
    "Lambda",
    "LambdaParameter",
    "Literal",
    "LiteralPattern",
    "Loop",
    "Match",
    "MatchArm",
    "MemberId",
    "MethodCall",
    "ModuleDef",
    "Mutability",
    "Mutate",
    "NamedProgram",
    "NamedType",
    "Not",
    "OrPattern",
    "Pack",
    "ParameterDef",
    "Pattern",
    "Return",
    "Sequence",
    "SequenceItem",
    "StructDef",
    "Target",
    "TargetKind",
    "Tuple",
    "TypeKey",
    "TypeParameterDef",
    "Unit",
    "UnpackTarget",
    "Usage",
    "UseFun",
    "UseFunKind",
    "UseFunScope",
    "Variable",
    "VariableCall",
    "VariableTarget",
    "VariableUse",
    "VariantDef",
    "VectorExpression",
    "Visibility",
    "While",
    "WildcardPattern",
]
