"""A one-time witness is made once, by the network, and given to `init`.

It is a struct named as its module in capitals, with one boolean field: such a struct has drop alone, no type
parameters, is the first parameter of `init`, and is packed nowhere.
Source: iota-verifier, one_time_witness_verifier.
"""

from __future__ import annotations

from collections.abc import Collection

from movelite.bytecode.file_format import (
    DROP,
    CompiledModule,
    Datatype,
    FunctionDefinition,
    FunctionHandle,
    Opcode,
    Primitive,
)
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.iota.names import INIT, format_module_id
from proto.ids import BRIDGE_ADDRESS, IOTA_FRAMEWORK_ADDRESS

_PACK = int(Opcode.PACK)
_EXEMPT = {
    (IOTA_FRAMEWORK_ADDRESS, "iota"),
    *((BRIDGE_ADDRESS, token) for token in ("btc", "eth", "usdc", "usdt")),
}
"""Modules of the system whose witness is made at genesis."""


def check(module: CompiledModule, test_functions: Collection[str]) -> None:
    """Check the witness of a module, if it has one, and `init`'s parameters.

    test_functions may pack the witness.
    Raises: IotaVerificationError.
    """
    if module.self_id in _EXEMPT:
        return
    witness = _find_witness(module)
    if witness is not None:
        _check_declaration(module, witness)
    for definition in module.function_defs:
        handle = module.function_handles[definition.function]
        name = module.identifiers[handle.name]
        if name == INIT:
            _check_init(module, handle, witness)
        if witness is not None and name not in test_functions:
            _check_not_packed(module, definition, witness)


def _find_witness(module: CompiledModule) -> int | None:
    """The struct definition that must be a one-time witness, or None."""
    expected = module.self_id[1].upper()
    for index, struct in enumerate(module.struct_defs):
        is_boolean = (
            struct.fields is not None
            and len(struct.fields) == 1
            and struct.fields[0].signature is Primitive.BOOL
        )
        if is_boolean and _struct_name(module, index) == expected:
            return index
    return None


def _struct_name(module: CompiledModule, struct: int) -> str:
    return module.identifiers[module.datatype_handles[module.struct_defs[struct].handle].name]


def _check_declaration(module: CompiledModule, witness: int) -> None:
    handle = module.datatype_handles[module.struct_defs[witness].handle]
    candidate = f"one-time witness type candidate {format_module_id(module)}::{_struct_name(module, witness)}"
    if handle.abilities != DROP:
        raise IotaVerificationError(f"{candidate} must have a single ability: drop")
    if handle.type_parameters:
        raise IotaVerificationError(f"{candidate} cannot have type parameters")


def _check_init(module: CompiledModule, handle: FunctionHandle, witness: int | None) -> None:
    """The other parameter is checked with the entry points."""
    parameters = module.signatures[handle.parameters]
    this = format_module_id(module)
    if witness is None:
        if len(parameters) != 1:
            context = f"{IOTA_FRAMEWORK_ADDRESS.hex()}::tx_context::TxContext"
            raise IotaVerificationError(
                f"Expected last (and at most second) parameter for {this}::init to be &mut {context} or "
                f"&{context}; optional first parameter must be of one-time witness type whose name is the "
                f"same as the capitalized module name ({this}::{module.self_id[1].upper()}) and which has "
                "no fields or a single field of type bool"
            )
    elif len(parameters) != 2 or parameters[0] != Datatype(module.struct_defs[witness].handle):
        raise IotaVerificationError(
            "init function of a module containing one-time witness type candidate must have "
            f"{this}::{_struct_name(module, witness)} as the first parameter (a struct which has no fields "
            "or a single field of type bool)"
        )


def _check_not_packed(module: CompiledModule, definition: FunctionDefinition, witness: int) -> None:
    if definition.code is None:
        return
    if any(opcode == _PACK and operand == witness for opcode, operand, _ in definition.code.code):
        this = format_module_id(module)
        function = module.identifiers[module.function_handles[definition.function].name]
        raise IotaVerificationError(
            f"one-time witness type {this}::{_struct_name(module, witness)} is instantiated in the "
            f"{this}::{function} function and must never be"
        )
