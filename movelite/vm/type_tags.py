"""Runtime types to the type tags that the world outside the VM speaks."""

from __future__ import annotations

from collections.abc import Callable

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.types import DatatypeInfo, ModuleId, Type, TypeKind
from proto import type_tag as tags
from proto.ids import Address
from proto.type_tag import StructTag, TypeTag

_ModuleOf = Callable[[DatatypeInfo], ModuleId]

_PRIMITIVES: dict[TypeKind, TypeTag] = {
    TypeKind.BOOL: tags.BOOL,
    TypeKind.U8: tags.U8,
    TypeKind.U16: tags.U16,
    TypeKind.U32: tags.U32,
    TypeKind.U64: tags.U64,
    TypeKind.U128: tags.U128,
    TypeKind.U256: tags.U256,
    TypeKind.ADDRESS: tags.ADDRESS,
    TypeKind.SIGNER: tags.SIGNER,
}


def type_tag(type_: Type) -> TypeTag:
    """The tag that names each datatype by the package version that introduced it.

    Raises: VMError UNKNOWN_INVARIANT_VIOLATION_ERROR for a reference or an open type.
    """
    return _tag(type_, "_type_tag", lambda info: info.defining_id)


def runtime_type_tag(type_: Type) -> TypeTag:
    """The tag that names each datatype by the first version of its package."""
    return _tag(type_, "_runtime_type_tag", lambda info: info.runtime_id)


def _tag(type_: Type, cache_key: str, module_of: _ModuleOf) -> TypeTag:
    known = type_.__dict__.get(cache_key)
    if known is not None:
        cached: TypeTag = known
        return cached
    if type_.kind is TypeKind.VECTOR:
        tag: TypeTag = tags.VectorTag(_tag(type_.element, cache_key, module_of))
    elif type_.kind is TypeKind.DATATYPE:
        address, module = module_of(type_.info)
        arguments = tuple(_tag(argument, cache_key, module_of) for argument in type_.arguments)
        tag = StructTag(Address(address), module, type_.info.name, arguments)
    elif type_.kind in _PRIMITIVES:
        tag = _PRIMITIVES[type_.kind]
    else:
        raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message=f"no type tag for {type_}")
    type_.__dict__[cache_key] = tag
    return tag
