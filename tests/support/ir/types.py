"""IR types to signature tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from movelite.bytecode.file_format import (
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Primitive,
    Reference,
    Signature,
    SignatureToken,
    TypeParameter,
    Vector,
)
from tests.support.ir.errors import IrError
from tests.support.ir.syntax import (
    DatatypeType,
    ReferenceType,
    Type,
    TypeParameterDeclaration,
    TypeVariable,
    VectorType,
)
from tests.support.ir.tables import Tables


def type_parameter_indices(declarations: Sequence[TypeParameterDeclaration]) -> dict[str, int]:
    """By name: position of a type parameter. Raises: IrError for a name used twice."""
    indices: dict[str, int] = {}
    for index, declaration in enumerate(declarations):
        if declaration.name in indices:
            raise IrError(f"Type formal '{declaration.name}'' already bound")
        indices[declaration.name] = index
    return indices


def type_token(tables: Tables, scope: Mapping[str, int], type_: Type) -> SignatureToken:
    """The token of a type; datatypes of other modules get their handles on the way.

    Raises: IrError for a name that stands for nothing.
    """
    match type_:
        case Primitive():
            return type_
        case VectorType(inner):
            return Vector(type_token(tables, scope, inner))
        case ReferenceType(is_mutable, inner):
            wrapper = MutableReference if is_mutable else Reference
            return wrapper(type_token(tables, scope, inner))
        case TypeVariable(name):
            if name not in scope:
                raise IrError(f"Unbound type parameter {name}")
            return TypeParameter(scope[name])
        case DatatypeType(module, name, arguments):
            handle = tables.datatype(module, name)
            if not arguments:
                return Datatype(handle)
            return DatatypeInstantiation(handle, type_tokens(tables, scope, arguments))


def type_tokens(tables: Tables, scope: Mapping[str, int], types: Sequence[Type]) -> Signature:
    """The tokens of several types."""
    return tuple(type_token(tables, scope, t) for t in types)
