"""The named tree's names: members, types, attributes, methods, variables and labels (see named_tree.py)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from .source import NO_LOC, Loc
from .syntax_tree import Name
from .types import ModuleIdent, Type, TypeVariable

if TYPE_CHECKING:
    from .named_code import Literal


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
    elements of a tuple, the parameters and at last the result of a function type. `name_loc` is where the
    name of a datatype stands, without its module.
    """

    loc: Loc
    type: Type
    parts: tuple[NamedType, ...] = ()
    has_holes: bool = False
    name_loc: Loc = NO_LOC


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
    """A local variable or parameter. `name` begins with `$` for parameters that a macro substitutes.

    `number` counts the variables of its name in the function: a parameter has 0, the first other one 1.
    """

    name: str
    loc: Loc
    mutability: Mutability
    mut_loc: Loc | None = None
    is_parameter: bool = False
    number: int = 0
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
