"""The syntax tree's names, paths and types (see syntax_tree.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

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
