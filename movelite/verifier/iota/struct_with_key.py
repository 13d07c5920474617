"""A struct with key starts with `id: UID`; enums have no key.

Source: iota-verifier, struct_with_key_verifier.
"""

from __future__ import annotations

from movelite.bytecode.file_format import (
    KEY,
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    FieldDefinition,
    MutableReference,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
)
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.iota.names import FRAMEWORK_ADDRESS, UID, datatype_name


def check(module: CompiledModule) -> None:
    """Check every definition with key.

    Raises: IotaVerificationError.
    """
    for struct in module.struct_defs:
        handle = module.datatype_handles[struct.handle]
        if handle.abilities & KEY:
            _check_first_field(module, module.identifiers[handle.name], struct.fields)
    for enum in module.enum_defs:
        handle = module.datatype_handles[enum.handle]
        if handle.abilities & KEY:
            raise IotaVerificationError(
                f"Enum {module.identifiers[handle.name]} cannot have the 'key' ability. "
                "Enums cannot have the 'key' ability."
            )


def _check_first_field(module: CompiledModule, name: str, fields: tuple[FieldDefinition, ...] | None) -> None:
    if not fields:
        raise IotaVerificationError(f"First field of struct {name} must be 'id', no field found")
    field = module.identifiers[fields[0].name]
    if field != "id":
        raise IotaVerificationError(f"First field of struct {name} must be 'id', {field} found")
    expected = f"First field of struct {name} must be of type {FRAMEWORK_ADDRESS.hex()}::object::UID, "
    token = fields[0].signature
    if not isinstance(token, Datatype):
        raise IotaVerificationError(f"{expected}{_debug_token(token)} type found")
    found = datatype_name(module, token.handle)
    if found != UID:
        address, module_name, type_name = found
        raise IotaVerificationError(f"{expected}{address.hex()}::{module_name}::{type_name} type found")


def _debug_token(token: SignatureToken) -> str:
    """A type in the debug form of the official file format."""
    match token:
        case Primitive():
            return token.name.capitalize()
        case Vector(inner):
            return f"Vector({_debug_token(inner)})"
        case Reference(inner):
            return f"Reference({_debug_token(inner)})"
        case MutableReference(inner):
            return f"MutableReference({_debug_token(inner)})"
        case TypeParameter(index):
            return f"TypeParameter({index})"
        case Datatype(handle):
            return f"Struct(DatatypeHandleIndex({handle}))"
        case DatatypeInstantiation(handle, arguments):
            inside = ", ".join([_debug_token(argument) for argument in arguments])
            return f"StructInstantiation(DatatypeHandleIndex({handle}), [{inside}])"
