"""Move types as plain values, shared by the typed tree and everything behind it.

A type may say in `loc` where it comes from, so that messages can show it: where the source wrote it, or the
expression that has it. That takes no part in comparison or hashing: equal types are equal values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntFlag

from .source import Loc


class AbilitySet(IntFlag):
    """Abilities of a type; the bits are those of the bytecode file format."""

    NONE = 0
    COPY = 1
    DROP = 2
    STORE = 4
    KEY = 8


ALL_ABILITIES = AbilitySet.COPY | AbilitySet.DROP | AbilitySet.STORE | AbilitySet.KEY
PRIMITIVE_ABILITIES = AbilitySet.COPY | AbilitySet.DROP | AbilitySet.STORE
REFERENCE_ABILITIES = AbilitySet.COPY | AbilitySet.DROP
SIGNER_ABILITIES = AbilitySet.DROP

ABILITY_NAMES = {
    AbilitySet.COPY: "copy",
    AbilitySet.DROP: "drop",
    AbilitySet.STORE: "store",
    AbilitySet.KEY: "key",
}

INTEGER_BITS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "u128": 128, "u256": 256}
"""Every integer type and its width in bits."""


@dataclass(frozen=True, slots=True)
class ModuleIdent:
    """A module by address and name.

    `address` is None for a named address that was given no value; then the name alone tells modules
    apart. `address_name` is how the source spelled the address and takes part in no comparison otherwise.
    """

    address: bytes | None
    name: str
    address_name: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.address_text()}::{self.name}"

    def address_text(self) -> str:
        """The address as messages show it: its name, or the shortest hexadecimal form."""
        if self.address_name is not None:
            return self.address_name
        return f"0x{int.from_bytes(self.address or b'', 'big'):X}"

    @property
    def plain_address_name(self) -> str | None:
        """The name of the address without the value that is shown where the name alone would be ambiguous."""
        name = self.address_name
        return name[1:].split("=", 1)[0] if name is not None and name.startswith("(") else name


@dataclass(frozen=True, slots=True)
class TypeParameter:
    """A declared type parameter. `id` is unique over the whole compilation, `index` within its owner."""

    id: int
    index: int = field(compare=False)
    name: str = field(compare=False)
    abilities: AbilitySet = field(compare=False)
    is_phantom: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class UnitType:
    """`()`."""

    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BuiltinType:
    """bool, address, signer, an integer type, or vector with its one argument."""

    name: str
    arguments: tuple[Type, ...] = ()
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DatatypeType:
    """A struct or enum with its type arguments."""

    module: ModuleIdent
    name: str
    arguments: tuple[Type, ...] = ()
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ParameterType:
    """A use of a type parameter."""

    parameter: TypeParameter
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """`&T` or `&mut T`."""

    mutable: bool
    inner: Type
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TupleType:
    """A list of at least two types: what a function with several results returns. Never nested."""

    elements: tuple[Type, ...]
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FunctionType:
    """`|T1, ..., Tn| -> R`: only macros have parameters of it, so none is left in a typed tree."""

    parameters: tuple[Type, ...]
    result: Type
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TypeVariable:
    """A type still to be inferred; none is left in a finished typed tree."""

    id: int
    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnythingType:
    """Type of an expression that never yields a value (abort, return, break): fits everywhere."""

    loc: Loc | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ErrorType:
    """Stands where an error was reported already; whoever meets it keeps quiet."""

    loc: Loc | None = field(default=None, compare=False, repr=False)


Type = (
    UnitType
    | BuiltinType
    | DatatypeType
    | ParameterType
    | ReferenceType
    | TupleType
    | FunctionType
    | TypeVariable
    | AnythingType
    | ErrorType
)

UNIT = UnitType()
ANYTHING = AnythingType()
ERROR = ErrorType()
BOOL = BuiltinType("bool")
ADDRESS = BuiltinType("address")
SIGNER = BuiltinType("signer")
U8 = BuiltinType("u8")
U16 = BuiltinType("u16")
U32 = BuiltinType("u32")
U64 = BuiltinType("u64")
U128 = BuiltinType("u128")
U256 = BuiltinType("u256")


def vector_of(element: Type, loc: Loc | None = None) -> BuiltinType:
    """`vector<element>`."""
    return BuiltinType("vector", (element,), loc)


def tuple_of(elements: list[Type] | tuple[Type, ...]) -> Type:
    """The type of a list of values: unit, the one type itself, or a tuple."""
    if not elements:
        return UNIT
    return elements[0] if len(elements) == 1 else TupleType(tuple(elements))


def elements_of(type_: Type) -> tuple[Type, ...]:
    """The types of the single values that an expression of this type yields."""
    match type_:
        case UnitType():
            return ()
        case TupleType(elements):
            return elements
        case _:
            return (type_,)


def is_integer(type_: Type) -> bool:
    """Whether this is one of u8 ... u256."""
    return isinstance(type_, BuiltinType) and type_.name in INTEGER_BITS


def children(type_: Type) -> Iterator[Type]:
    """The types directly inside a type."""
    match type_:
        case BuiltinType(_, arguments) | DatatypeType(_, _, arguments) | TupleType(arguments):
            yield from arguments
        case ReferenceType(_, inner):
            yield inner
        case FunctionType(parameters, result):
            yield from parameters
            yield result
        case _:
            pass


def substitute(type_: Type, arguments: dict[int, Type]) -> Type:
    """The type with each type parameter of a known id replaced. Depth is bounded by the type checker."""
    if not arguments:
        return type_
    match type_:
        case ParameterType(parameter):
            return arguments.get(parameter.id, type_)
        case _:
            return map_parts(type_, lambda part: substitute(part, arguments))


def map_parts(type_: Type, change: Callable[[Type], Type]) -> Type:
    """The type with every type directly inside it replaced; what has none inside stays itself."""
    match type_:
        case BuiltinType(name, arguments) if arguments:
            return BuiltinType(name, tuple(map(change, arguments)), type_.loc)
        case DatatypeType(module, name, arguments) if arguments:
            return DatatypeType(module, name, tuple(map(change, arguments)), type_.loc)
        case ReferenceType(mutable, inner):
            return ReferenceType(mutable, change(inner), type_.loc)
        case TupleType(elements):
            return TupleType(tuple(map(change, elements)), type_.loc)
        case FunctionType(parameters, result):
            return FunctionType(tuple(map(change, parameters)), change(result), type_.loc)
        case _:
            return type_


def at(type_: Type, loc: Loc) -> Type:
    """The same type, said to come from another place."""
    return type_ if type_.loc == loc else replace(type_, loc=loc)


def format_type(type_: Type) -> str:
    """The type as messages show it, datatypes with their module: `vector<0x2::coin::Coin<T>>`."""
    match type_:
        case UnitType():
            return "()"
        case BuiltinType(name, arguments):
            return name + _format_arguments(arguments)
        case DatatypeType(module, name, arguments):
            return f"{module}::{name}" + _format_arguments(arguments)
        case ParameterType(parameter):
            return parameter.name
        case ReferenceType(mutable, inner):
            return ("&mut " if mutable else "&") + format_type(inner)
        case TupleType(elements):
            return "(" + ", ".join(map(format_type, elements)) + ")"
        case FunctionType(parameters, result):
            return f"|{', '.join(map(format_type, parameters))}| -> {format_type(result)}"
        case _:
            return "_"


def _format_arguments(arguments: tuple[Type, ...]) -> str:
    return f"<{', '.join(map(format_type, arguments))}>" if arguments else ""
