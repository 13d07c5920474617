"""Every type of a module, once.

Equal signature tokens become one `Type` object, so that passes compare types with `is` and look up what
they need (size, deepest type parameter, references inside) instead of walking the tokens again.
"""

from __future__ import annotations

from enum import IntEnum

from movelite.bytecode.file_format import (
    PRIMITIVE_ABILITIES,
    REFERENCE_ABILITIES,
    SIGNER_ABILITIES,
    AbilitySet,
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
)


class Kind(IntEnum):
    """The shape of a type."""

    PRIMITIVE = 0
    REFERENCE = 1
    MUTABLE_REFERENCE = 2
    VECTOR = 3
    DATATYPE = 4
    INSTANTIATION = 5
    PARAMETER = 6


class Type:
    """A type of the module; two types of one pool are equal exactly if they are the same object.

    kind is the shape; inner the type behind a reference or inside a vector; handle and arguments those of a
    datatype; parameter the index of a type parameter; primitive_name what a primitive type is called. The
    rest is derived: size is the number of nodes, weight the same with datatypes and parameters counted as
    four, max_parameter the greatest type parameter inside (-1 if none), holds_reference whether this is or
    contains a reference, clone_cost the ticks for copying the type, fixed_abilities the abilities where
    neither handles nor parameters matter.
    """

    __slots__ = (
        "arguments",
        "clone_cost",
        "fixed_abilities",
        "handle",
        "holds_reference",
        "inner",
        "is_integer",
        "is_reference",
        "kind",
        "max_parameter",
        "parameter",
        "primitive_name",
        "size",
        "weight",
    )

    def __init__(
        self, kind: Kind, parts: tuple[Type, ...] = (), handle: int = -1, parameter: int = -1
    ) -> None:
        self.kind = kind
        self.inner: Type | None = None if handle >= 0 or not parts else parts[0]
        self.arguments: tuple[Type, ...] = parts if handle >= 0 else ()
        self.handle = handle
        self.parameter = parameter
        self.is_reference = kind is Kind.REFERENCE or kind is Kind.MUTABLE_REFERENCE
        self.is_integer = False
        self.primitive_name = ""
        self.fixed_abilities: AbilitySet | None = REFERENCE_ABILITIES if self.is_reference else None
        size, weight, max_parameter, holds_reference = 1, _WEIGHTS[kind], parameter, self.is_reference
        for part in parts:
            size += part.size
            weight += part.weight
            max_parameter = max(max_parameter, part.max_parameter)
            holds_reference = holds_reference or part.holds_reference
        self.size: int = size
        self.weight: int = weight
        self.max_parameter: int = max_parameter
        self.holds_reference: bool = holds_reference
        self.clone_cost = _CLONE_COST * max(size, size * size // _CLONE_QUADRATIC_THRESHOLD)

    @property
    def debug_text(self) -> str:
        """The type in the debug form of the official file format, for messages."""
        if self.kind is Kind.PARAMETER:
            return f"TypeParameter({self.parameter})"
        if self.kind is Kind.DATATYPE:
            return f"Struct(DatatypeHandleIndex({self.handle}))"
        if self.kind is Kind.INSTANTIATION:
            arguments = ", ".join([argument.debug_text for argument in self.arguments])
            return f"StructInstantiation(DatatypeHandleIndex({self.handle}), [{arguments}])"
        if self.inner is None:
            return self.primitive_name
        return f"{self.kind.name.title().replace('_', '')}({self.inner.debug_text})"


_WEIGHTS = dict.fromkeys(Kind, 1) | {Kind.DATATYPE: 4, Kind.INSTANTIATION: 4, Kind.PARAMETER: 4}
_CLONE_COST = 6
_CLONE_QUADRATIC_THRESHOLD = 10


def _primitive(token: Primitive) -> Type:
    made = Type(Kind.PRIMITIVE)
    made.is_integer = token not in (Primitive.BOOL, Primitive.ADDRESS, Primitive.SIGNER)
    made.primitive_name = token.name.capitalize()
    made.fixed_abilities = SIGNER_ABILITIES if token is Primitive.SIGNER else PRIMITIVE_ABILITIES
    return made


class TypePool:
    """Makes types and keeps each one once."""

    def __init__(self) -> None:
        self._primitives = {token: _primitive(token) for token in Primitive}
        self._references: dict[Type, Type] = {}
        self._mutable_references: dict[Type, Type] = {}
        self._vectors: dict[Type, Type] = {}
        self._datatypes: dict[int, Type] = {}
        self._instantiations: dict[tuple[int, tuple[Type, ...]], Type] = {}
        self._parameters: dict[int, Type] = {}
        self._instantiated: dict[tuple[Type, tuple[Type, ...]], Type] = {}
        self.bool = self._primitives[Primitive.BOOL]
        self.u8 = self._primitives[Primitive.U8]
        self.u16 = self._primitives[Primitive.U16]
        self.u32 = self._primitives[Primitive.U32]
        self.u64 = self._primitives[Primitive.U64]
        self.u128 = self._primitives[Primitive.U128]
        self.u256 = self._primitives[Primitive.U256]
        self.address = self._primitives[Primitive.ADDRESS]
        self.signer = self._primitives[Primitive.SIGNER]

    def intern(self, token: SignatureToken) -> Type:
        """The type for a token. Recurses once per level of nesting, which the reader bounds to 256."""
        match token:
            case Primitive():
                return self._primitives[token]
            case Datatype(handle):
                return self.datatype(handle)
            case Reference(inner):
                return self.reference(self.intern(inner))
            case MutableReference(inner):
                return self.mutable_reference(self.intern(inner))
            case Vector(inner):
                return self.vector(self.intern(inner))
            case TypeParameter(index):
                found = self._parameters.get(index)
                if found is None:
                    found = self._parameters[index] = Type(Kind.PARAMETER, parameter=index)
                return found
            case DatatypeInstantiation(handle, arguments):
                return self.instantiation(handle, tuple([self.intern(argument) for argument in arguments]))

    def reference(self, inner: Type) -> Type:
        """`&inner`."""
        found = self._references.get(inner)
        if found is None:
            found = self._references[inner] = Type(Kind.REFERENCE, (inner,))
        return found

    def mutable_reference(self, inner: Type) -> Type:
        """`&mut inner`."""
        found = self._mutable_references.get(inner)
        if found is None:
            found = self._mutable_references[inner] = Type(Kind.MUTABLE_REFERENCE, (inner,))
        return found

    def vector(self, inner: Type) -> Type:
        """`vector<inner>`."""
        found = self._vectors.get(inner)
        if found is None:
            found = self._vectors[inner] = Type(Kind.VECTOR, (inner,))
        return found

    def datatype(self, handle: int) -> Type:
        """The struct or enum of a handle, without type arguments."""
        found = self._datatypes.get(handle)
        if found is None:
            found = self._datatypes[handle] = Type(Kind.DATATYPE, handle=handle)
        return found

    def instantiation(self, handle: int, arguments: tuple[Type, ...]) -> Type:
        """The struct or enum of a handle with type arguments."""
        found = self._instantiations.get((handle, arguments))
        if found is None:
            found = Type(Kind.INSTANTIATION, arguments, handle)
            self._instantiations[handle, arguments] = found
        return found

    def instantiate(self, template: Type, arguments: tuple[Type, ...]) -> Type:
        """template with its type parameters replaced by arguments.

        Precondition (bounds, signature passes): every parameter inside template has an argument.
        """
        if template.max_parameter < 0 or not arguments:
            return template
        found = self._instantiated.get((template, arguments))
        if found is None:
            found = self._instantiated[template, arguments] = self._substitute(template, arguments)
        return found

    def _substitute(self, template: Type, arguments: tuple[Type, ...]) -> Type:
        if template.max_parameter < 0:
            return template
        if template.kind is Kind.PARAMETER:
            return arguments[template.parameter]
        if template.inner is None:
            parts = tuple([self._substitute(argument, arguments) for argument in template.arguments])
            return self.instantiation(template.handle, parts)
        inner = self._substitute(template.inner, arguments)
        if template.kind is Kind.VECTOR:
            return self.vector(inner)
        return self.reference(inner) if template.kind is Kind.REFERENCE else self.mutable_reference(inner)
