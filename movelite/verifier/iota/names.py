"""Names that the rules of the network single out, and types as its messages print them.

Source: iota-types; move-bytecode-utils, format_signature_token.
"""

from __future__ import annotations

from movelite.bytecode.file_format import (
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
)
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS

INIT = "init"

QualifiedName = tuple[bytes, str, str]
"""(address, module, name) of a datatype or function."""

ID: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "object", "ID")
UID: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "object", "UID")
TX_CONTEXT: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "tx_context", "TxContext")
CLOCK: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "clock", "Clock")
RANDOM: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "random", "Random")
RECEIVING: QualifiedName = (IOTA_FRAMEWORK_ADDRESS, "transfer", "Receiving")
STD_OPTION: QualifiedName = (STD_ADDRESS, "option", "Option")
ASCII_STRING: QualifiedName = (STD_ADDRESS, "ascii", "String")
UTF8_STRING: QualifiedName = (STD_ADDRESS, "string", "String")


def datatype_name(module: CompiledModule, handle: int) -> QualifiedName:
    """The name of a datatype handle."""
    row = module.datatype_handles[handle]
    address, module_name = module.module_id(module.module_handles[row.module])
    return address, module_name, module.identifiers[row.name]


def function_name(module: CompiledModule, handle: int) -> QualifiedName:
    """The name of a function handle."""
    row = module.function_handles[handle]
    address, module_name = module.module_id(module.module_handles[row.module])
    return address, module_name, module.identifiers[row.name]


def format_module_id(module: CompiledModule) -> str:
    """This module's id with its full address, without prefix."""
    address, name = module.self_id
    return f"{address.hex()}::{name}"


def is_tx_context(module: CompiledModule, token: SignatureToken) -> bool:
    """Whether a type is `&TxContext` or `&mut TxContext`."""
    match token:
        case Reference(Datatype(handle)) | MutableReference(Datatype(handle)):
            return datatype_name(module, handle) == TX_CONTEXT
        case _:
            return False


def format_token(module: CompiledModule, token: SignatureToken) -> str:
    """A type as messages print it: shortest addresses, type parameters as T0, T1 and so on."""
    match token:
        case Primitive():
            return token.name.lower()
        case Vector(inner):
            return f"vector<{format_token(module, inner)}>"
        case Reference(inner):
            return f"&{format_token(module, inner)}"
        case MutableReference(inner):
            return f"&mut {format_token(module, inner)}"
        case TypeParameter(index):
            return f"T{index}"
        case Datatype(handle):
            return _format_datatype(module, handle)
        case DatatypeInstantiation(handle, arguments):
            inside = ", ".join([format_token(module, argument) for argument in arguments])
            return f"{_format_datatype(module, handle)}<{inside}>"


def _format_datatype(module: CompiledModule, handle: int) -> str:
    address, module_name, name = datatype_name(module, handle)
    return f"0x{address.hex().lstrip('0') or '0'}::{module_name}::{name}"
