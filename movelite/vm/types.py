"""Types of values while a program runs.

A `Type` is interned: two equal types are one object, so equality is identity and a type is a cheap key.
Datatypes are told apart by the module's runtime id (the address its package was first published at), so
that a type is the same whichever version of its package is linked.
Source: move-vm-types, runtime_types; limits from move-vm-runtime, loader.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from weakref import WeakValueDictionary

from movelite.bytecode.file_format import (
    PRIMITIVE_ABILITIES,
    REFERENCE_ABILITIES,
    SIGNER_ABILITIES,
    VECTOR_ABILITIES,
    AbilitySet,
    DatatypeTypeParameter,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.abilities import allowed_abilities

ModuleId = tuple[bytes, str]
"""(address, name) of a module."""

MAX_TYPE_DEPTH = 256
"""Deepest nesting of a type that substitution may make."""

MAX_INSTANTIATION_NODES = 128
"""Most nodes of a type, its arguments and those it is made from, when a generic is instantiated."""

MAX_COUNTED_PARTS = 256
"""Parts that are counted of each type: who measures values of a type goes through no more."""


class TypeKind(Enum):
    """What a type is made of."""

    BOOL = "bool"
    U8 = "u8"
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    U128 = "u128"
    U256 = "u256"
    ADDRESS = "address"
    SIGNER = "signer"
    VECTOR = "vector"
    DATATYPE = "datatype"
    REFERENCE = "&"
    MUTABLE_REFERENCE = "&mut"
    PARAMETER = "parameter"


INTEGER_BITS = {
    TypeKind.U8: 8,
    TypeKind.U16: 16,
    TypeKind.U32: 32,
    TypeKind.U64: 64,
    TypeKind.U128: 128,
    TypeKind.U256: 256,
}
"""Width of each integer type."""


@dataclass(frozen=True, slots=True)
class DepthFormula:
    """Depth of a generic datatype's values: the greatest of constant and each parameter's depth plus term."""

    constant: int
    terms: tuple[tuple[int, int], ...] = ()

    def solve(self, argument_depths: Sequence[int]) -> int:
        """The depth, given that of each type argument."""
        return max([self.constant, *(argument_depths[index] + added for index, added in self.terms)])

    def plus(self, added: int) -> DepthFormula:
        """The formula of something that wraps this in `added` levels."""
        constant = self.constant + added if self.constant else 0
        return DepthFormula(constant, tuple((index, term + added) for index, term in self.terms))

    @staticmethod
    def greatest(formulas: Iterable[DepthFormula]) -> DepthFormula:
        """The formula of something that holds all of these side by side."""
        constant = 0
        terms: dict[int, int] = {}
        for formula in formulas:
            constant = max(constant, formula.constant)
            for index, term in formula.terms:
                terms[index] = max(term, terms.get(index, 0))
        return DepthFormula(constant, tuple(sorted(terms.items())))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct or variant; its type may mention the datatype's parameters."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of an enum."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, eq=False)
class DatatypeInfo:
    """A struct or enum as declared. Exactly one of fields (struct) and variants (enum) is given.

    runtime_id is the module by the address it was first published at, defining_id the module version that
    introduced the type; type tags outside the VM speak of the latter.
    """

    runtime_id: ModuleId
    defining_id: ModuleId
    name: str
    abilities: AbilitySet
    type_parameters: tuple[DatatypeTypeParameter, ...]
    fields: tuple[Field, ...] | None
    variants: tuple[Variant, ...] | None

    @property
    def is_enum(self) -> bool:
        """True for an enum."""
        return self.variants is not None

    @cached_property
    def depth(self) -> DepthFormula:
        """How deep values of this datatype nest."""
        bodies = [self.fields] if self.fields is not None else [v.fields for v in self.variants or ()]
        return DepthFormula.greatest(depth_formula(f.type) for body in bodies for f in body).plus(1)


class Type:
    """An interned type; make one with the functions below, never directly.

    inner is the element or referent, arguments those of a datatype, index that of a type parameter.
    nodes counts the type constructors in it, height how deep they nest; both without the fields.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "arguments",
        "datatype",
        "height",
        "index",
        "inner",
        "is_concrete",
        "kind",
        "nodes",
    )

    def __init__(
        self,
        kind: TypeKind,
        inner: Type | None = None,
        datatype: DatatypeInfo | None = None,
        arguments: tuple[Type, ...] = (),
        index: int = 0,
    ) -> None:
        self.kind = kind
        self.inner = inner
        self.datatype = datatype
        self.arguments = arguments
        self.index = index
        parts = arguments if inner is None else (inner,)
        self.nodes: int = 1 + sum(part.nodes for part in parts)
        self.height: int = 1 + max((part.height for part in parts), default=0)
        self.is_concrete: bool = kind is not TypeKind.PARAMETER and all(part.is_concrete for part in parts)

    def __repr__(self) -> str:
        return f"Type({self})"

    def __str__(self) -> str:
        match self.kind:
            case TypeKind.VECTOR:
                return f"vector<{self.inner}>"
            case TypeKind.REFERENCE:
                return f"&{self.inner}"
            case TypeKind.MUTABLE_REFERENCE:
                return f"&mut {self.inner}"
            case TypeKind.PARAMETER:
                return f"T{self.index}"
            case TypeKind.DATATYPE if self.datatype is not None:
                address, module = self.datatype.defining_id
                generics = f"<{', '.join(map(str, self.arguments))}>" if self.arguments else ""
                return f"0x{address.hex().lstrip('0') or '0'}::{module}::{self.datatype.name}{generics}"
            case _:
                return str(self.kind.value)

    @property
    def is_reference(self) -> bool:
        """True for `&T` and `&mut T`."""
        return self.kind is TypeKind.REFERENCE or self.kind is TypeKind.MUTABLE_REFERENCE

    @property
    def is_mutable_reference(self) -> bool:
        """True for `&mut T`."""
        return self.kind is TypeKind.MUTABLE_REFERENCE

    @property
    def is_datatype(self) -> bool:
        """True for structs and enums."""
        return self.kind is TypeKind.DATATYPE

    @property
    def is_container(self) -> bool:
        """True where a value is a Python list: vectors, structs and enums."""
        return self.kind is TypeKind.VECTOR or self.kind is TypeKind.DATATYPE

    @property
    def referent(self) -> Type:
        """What a reference points to; any other type is its own referent."""
        return self.inner if self.is_reference and self.inner is not None else self

    @property
    def element(self) -> Type:
        """The element type of a vector or the referent of a reference."""
        if self.inner is None:
            raise VMError(StatusCode.INTERNAL_TYPE_ERROR, message=f"{self} has no inner type")
        return self.inner

    @property
    def info(self) -> DatatypeInfo:
        """The declaration of a datatype."""
        if self.datatype is None:
            raise VMError(StatusCode.INTERNAL_TYPE_ERROR, message=f"{self} is no datatype")
        return self.datatype

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a struct type, with its type arguments put in."""
        return self._instantiate(self.info.fields or ())

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The variants of an enum type, with its type arguments put in."""
        return tuple(Variant(v.name, self._instantiate(v.fields)) for v in self.info.variants or ())

    def _instantiate(self, fields: tuple[Field, ...]) -> tuple[Field, ...]:
        return tuple(Field(f.name, substitute(f.type, self.arguments)) for f in fields)

    @cached_property
    def abilities(self) -> AbilitySet:
        """What may be done with values of the type.

        Raises: VMError UNREACHABLE for a type parameter.
        """
        match self.kind:
            case TypeKind.REFERENCE | TypeKind.MUTABLE_REFERENCE:
                return REFERENCE_ABILITIES
            case TypeKind.SIGNER:
                return SIGNER_ABILITIES
            case TypeKind.VECTOR:
                return _polymorphic_abilities(VECTOR_ABILITIES, (False,), (self.element.abilities,))
            case TypeKind.DATATYPE:
                parameters = self.info.type_parameters
                phantoms = tuple(parameter.is_phantom for parameter in parameters)
                arguments = tuple(argument.abilities for argument in self.arguments)
                return _polymorphic_abilities(self.info.abilities, phantoms, arguments)
            case TypeKind.PARAMETER:
                raise VMError(StatusCode.UNREACHABLE, message="abilities of an open type")
            case _:
                return PRIMITIVE_ABILITIES


def _polymorphic_abilities(
    declared: AbilitySet, phantoms: Sequence[bool], arguments: Sequence[AbilitySet]
) -> AbilitySet:
    result = declared
    for phantom, argument in zip(phantoms, arguments, strict=False):
        if not phantom:
            result &= allowed_abilities(argument)
    return result


BOOL = Type(TypeKind.BOOL)
U8 = Type(TypeKind.U8)
U16 = Type(TypeKind.U16)
U32 = Type(TypeKind.U32)
U64 = Type(TypeKind.U64)
U128 = Type(TypeKind.U128)
U256 = Type(TypeKind.U256)
ADDRESS = Type(TypeKind.ADDRESS)
SIGNER = Type(TypeKind.SIGNER)

_types: WeakValueDictionary[object, Type] = WeakValueDictionary()
_datatypes: WeakValueDictionary[object, DatatypeInfo] = WeakValueDictionary()


def vector_type(element: Type) -> Type:
    """`vector<element>`."""
    return _wrapped(TypeKind.VECTOR, element)


def reference_type(referent: Type) -> Type:
    """`&referent`."""
    return _wrapped(TypeKind.REFERENCE, referent)


def mutable_reference_type(referent: Type) -> Type:
    """`&mut referent`."""
    return _wrapped(TypeKind.MUTABLE_REFERENCE, referent)


def _wrapped(kind: TypeKind, inner: Type) -> Type:
    key = (kind, inner)
    found = _types.get(key)
    if found is None:
        found = _types[key] = Type(kind, inner=inner)
    return found


def type_parameter(index: int) -> Type:
    """The type parameter of that index of the enclosing function or datatype."""
    found = _types.get(index)
    if found is None:
        found = _types[index] = Type(TypeKind.PARAMETER, index=index)
    return found


def datatype_type(datatype: DatatypeInfo, arguments: tuple[Type, ...] = ()) -> Type:
    """A struct or enum with its type arguments."""
    key = (datatype, arguments)
    found = _types.get(key)
    if found is None:
        found = _types[key] = Type(TypeKind.DATATYPE, datatype=datatype, arguments=arguments)
    return found


def intern_datatype(datatype: DatatypeInfo) -> DatatypeInfo:
    """The one object that stands for every equal declaration."""
    key = (
        datatype.runtime_id,
        datatype.defining_id,
        datatype.name,
        datatype.abilities,
        datatype.type_parameters,
        datatype.fields,
        datatype.variants,
    )
    return _datatypes.setdefault(key, datatype)


def instantiate(type_: Type, arguments: tuple[Type, ...], known: dict[Type, Type] | None = None) -> Type:
    """The type with its parameters replaced by the arguments, within the limits of running code.

    known: as for `substitute`.

    Raises: VMError TOO_MANY_TYPE_NODES or VM_MAX_TYPE_DEPTH_REACHED.
    """
    if type_.kind is TypeKind.DATATYPE and type_.arguments:
        check_instantiation(arguments, type_.arguments)
    result = substitute(type_, arguments, known)
    if result.height > MAX_TYPE_DEPTH:
        raise VMError(StatusCode.VM_MAX_TYPE_DEPTH_REACHED)
    return result


def check_instantiation(arguments: Sequence[Type], parts: Sequence[Type]) -> None:
    """Refuse a generic whose arguments and own parts are together too large.

    Raises: VMError TOO_MANY_TYPE_NODES.
    """
    if 1 + sum(a.nodes for a in arguments) + sum(p.nodes for p in parts) > MAX_INSTANTIATION_NODES:
        raise VMError(StatusCode.TOO_MANY_TYPE_NODES)


def substitute(type_: Type, arguments: tuple[Type, ...], known: dict[Type, Type] | None = None) -> Type:
    """The type with its parameters replaced by the arguments, whatever its size.

    known: what was found for these arguments before, to which it adds. A part that occurs often is gone
    through once: written out, a type may be far larger than what it is made of.
    """
    if type_.is_concrete:
        return type_
    return _substituted(type_, arguments, {} if known is None else known)


def _substituted(type_: Type, arguments: tuple[Type, ...], known: dict[Type, Type]) -> Type:
    if type_.is_concrete:
        return type_
    if type_.kind is TypeKind.PARAMETER:
        if type_.index >= len(arguments):
            raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="type argument missing")
        return arguments[type_.index]
    found = known.get(type_)
    if found is None:
        if type_.inner is not None:
            found = _wrapped(type_.kind, _substituted(type_.inner, arguments, known))
        else:
            parts = tuple([_substituted(part, arguments, known) for part in type_.arguments])
            found = datatype_type(type_.info, parts)
        known[type_] = found
    return found


def count_open_parts(roots: Iterable[Type], most: int) -> int:
    """How many types mention a type parameter, of these, what they are made of and, of each, the first few
    that its fields are made of: as many as there are types to make where the parameters are given.

    It counts no further once there are more than `most`.
    """
    seen: set[Type] = set()
    for root in roots:
        if len(seen) > most:
            break
        _collect_open(root, seen, len(seen) + MAX_COUNTED_PARTS)
    return len(seen)


def _collect_open(root: Type, seen: set[Type], limit: int) -> None:
    waiting = [root]
    while waiting and len(seen) <= limit:
        type_ = waiting.pop()
        if type_.is_concrete or type_.kind is TypeKind.PARAMETER or type_ in seen:
            continue
        seen.add(type_)
        if type_.inner is not None:
            waiting.append(type_.inner)
        elif type_.datatype is not None:
            bodies = [v.fields for v in type_.variants] if type_.datatype.is_enum else [type_.fields]
            waiting += [f.type for body in bodies for f in body]
            waiting += type_.arguments


def depth_formula(type_: Type) -> DepthFormula:
    """How deep values of the type nest; a scalar counts one."""
    match type_.kind:
        case TypeKind.VECTOR | TypeKind.REFERENCE | TypeKind.MUTABLE_REFERENCE:
            return depth_formula(type_.element).plus(1)
        case TypeKind.PARAMETER:
            return DepthFormula(0, ((type_.index, 0),))
        case TypeKind.DATATYPE:
            formula = type_.info.depth
            if not formula.terms:
                return formula
            arguments = [depth_formula(argument) for argument in type_.arguments]
            substituted = [arguments[index].plus(term) for index, term in formula.terms]
            return DepthFormula.greatest([DepthFormula(formula.constant), *substituted])
        case _:
            return DepthFormula(1)


def check_value_depth(type_: Type, limit: int | None, outer: int = 0) -> int:
    """Depth of the type's values inside `outer` levels, as the packing instructions count it.

    The official count adds the outer levels once more for every generic datatype on the way; so does this.
    Raises: VMError VM_MAX_VALUE_DEPTH_REACHED above the limit.
    Source: move-vm-runtime, interpreter.
    """
    if limit is None:
        return 1

    def checked(depth: int) -> int:
        if depth > limit:
            raise VMError(StatusCode.VM_MAX_VALUE_DEPTH_REACHED)
        return depth

    match type_.kind:
        case TypeKind.VECTOR | TypeKind.REFERENCE | TypeKind.MUTABLE_REFERENCE:
            return check_value_depth(type_.element, limit, checked(outer + 1))
        case TypeKind.DATATYPE:
            arguments = [check_value_depth(argument, limit, checked(outer)) for argument in type_.arguments]
            return checked(outer + type_.info.depth.solve(arguments))
        case TypeKind.PARAMETER:
            raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="open type")
        case _:
            return checked(outer + 1)


def type_size(type_: Type) -> int:
    """Abstract size of the type itself, by which natives charge."""
    return type_.nodes
