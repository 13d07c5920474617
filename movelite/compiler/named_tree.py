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
from typing import NamedTuple

from .editions import PackageConfig
from .source import NO_LOC, Loc
from .syntax_tree import Name, VisibilityKind
from .types import AbilitySet, ModuleIdent, Type, TypeParameter, TypeVariable
from .warning_filters import WarningFilters


class MemberId(NamedTuple):
    """A struct, enum, function or constant of the whole program."""

    module: ModuleIdent
    name: str

    def __str__(self) -> str:
        return f"{self.module}::{self.name}"


TypeKey = MemberId | str
"""What methods hang on: a datatype, or the name of a builtin type (`u64`, `vector`)."""

HOLE = TypeVariable(-1)
"""`_` written as a type; the type checker puts a fresh variable in its place."""


@dataclass(slots=True, eq=False)
class NamedType:
    """A type that the source has written.

    `parts` are the types written inside it, in order: type arguments, what a reference refers to, the
    elements of a tuple, the parameters and at last the result of a function type.
    """

    loc: Loc
    type: Type
    parts: tuple[NamedType, ...] = ()
    has_holes: bool = False


# --- attributes ------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Attribute:
    """`name`, `name = value` or `name(inner)`.

    `value` is a literal, an address, a module (`expected_failure(location = a::m)`) or a member of one
    (`abort_code = a::m::ECode`, whose existence is not checked here).
    """

    loc: Loc
    name: Name
    value: Literal | ModuleIdent | MemberId | Name | None = None
    value_loc: Loc = NO_LOC
    inner: list[Attribute] = field(default_factory=list)
    is_parameterized: bool = False

    def find(self, name: str) -> Attribute | None:
        """The inner attribute of that name."""
        return next((a for a in self.inner if a.name.text == name), None)


@dataclass(slots=True, eq=False)
class Attributes:
    """The known attributes of an item by name (`ext` and `allow` too); unknown ones are not kept."""

    items: dict[str, Attribute] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.items

    def get(self, name: str) -> Attribute | None:
        """The attribute of that name, if the item has it."""
        return self.items.get(name)

    @property
    def is_test_only(self) -> bool:
        """Marked `#[test_only]`."""
        return "test_only" in self.items

    @property
    def is_test(self) -> bool:
        """A unit test (`#[test]` or `#[random_test]`)."""
        return "test" in self.items or "random_test" in self.items

    @property
    def is_test_or_test_only(self) -> bool:
        """Exists in test mode only."""
        return self.is_test_only or self.is_test


NO_ATTRIBUTES = Attributes()


# --- methods ---------------------------------------------------------------------------------------------


class UseFunKind(Enum):
    """Where a method alias comes from."""

    EXPLICIT = "use fun"
    DECLARATION = "function of the type's module"
    USE_ALIAS = "use of a function"


@dataclass(slots=True, eq=False)
class UseFun:
    """One method alias: `value.method(...)` calls `function`.

    `is_used` is set by the type checker, which reports explicit ones and aliases that nobody used (an
    alias may have been used as a plain name already).
    """

    loc: Loc
    type: TypeKey
    method: Name
    function: MemberId
    kind: UseFunKind
    public_loc: Loc | None = None
    attributes: Attributes = NO_ATTRIBUTES
    is_used: bool = False


@dataclass(slots=True, eq=False)
class UseFunScope:
    """The method aliases of a module or of a block with `use` declarations.

    Look a method up here, then in `parent`, and so on; at last among the public ones of the module that
    declares the type (`ModuleDef.methods_of_own_types`).
    """

    parent: UseFunScope | None
    methods: dict[TypeKey, dict[str, UseFun]] = field(default_factory=dict)

    def find(self, type_key: TypeKey, method: str) -> UseFun | None:
        """The innermost alias for the method of the type."""
        scope: UseFunScope | None = self
        while scope is not None:
            found = scope.methods.get(type_key)
            if found is not None and method in found:
                return found[method]
            scope = scope.parent
        return None


@dataclass(slots=True, eq=False)
class IndexMethods:
    """The functions that `#[syntax(index)]` makes behind `value[i]` of one type."""

    immutable: MemberId | None = None
    mutable: MemberId | None = None
    immutable_loc: Loc = NO_LOC
    mutable_loc: Loc = NO_LOC


# --- variables and labels --------------------------------------------------------------------------------


class Mutability(Enum):
    """Whether a variable may be changed. EITHER: in legacy nobody asks."""

    IMMUTABLE = "immutable"
    MUTABLE = "mut"
    EITHER = "either"


@dataclass(slots=True, eq=False)
class Variable:
    """A local variable or parameter. `name` begins with `$` for parameters that a macro substitutes."""

    name: str
    loc: Loc
    mutability: Mutability
    mut_loc: Loc | None = None
    is_parameter: bool = False
    is_used: bool = False
    """Whether any expression reads or assigns it; unused ones were reported already."""

    @property
    def is_macro_parameter(self) -> bool:
        """Whether the argument expression itself takes its place."""
        return self.name.startswith("$")


@dataclass(slots=True, eq=False)
class Label:
    """Where `break`, `continue` and named `return` go.

    `name` is None for loops and lambdas without one (`is_implicit`).
    """

    name: str | None
    loc: Loc
    is_implicit: bool = False


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
    """SOURCE: the user's own package. LIBRARY: compiled along. INTERFACE: only linked against."""

    SOURCE = "source"
    LIBRARY = "library"
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
