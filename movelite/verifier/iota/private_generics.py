"""Only the module that declares a type may transfer, freeze, share or receive it privately, or emit it.

Source: iota-verifier, private_generics.
"""

from __future__ import annotations

from movelite.bytecode.file_format import (
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    FunctionDefinition,
    Opcode,
    SignatureToken,
)
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.iota.names import format_module_id, format_token, function_name
from proto.ids import IOTA_FRAMEWORK_ADDRESS

_CALL_GENERIC = int(Opcode.CALL_GENERIC)
_TEST_SCENARIO = (IOTA_FRAMEWORK_ADDRESS, "test_scenario")
_TRANSFER = (IOTA_FRAMEWORK_ADDRESS, "transfer")
_ACCOUNT = (IOTA_FRAMEWORK_ADDRESS, "account")
_EVENT = (IOTA_FRAMEWORK_ADDRESS, "event")

_PUBLIC_TRANSFER_FUNCTIONS = (
    "public_transfer",
    "public_freeze_object",
    "public_share_object",
    "public_receive",
    "receiving_object_id",
)
_PRIVATE_ACCOUNT_FUNCTIONS = (
    "create_account_v1",
    "create_immutable_account_v1",
    "rotate_auth_function_ref_v1",
)
_PRIVATE_TRANSFER_FUNCTIONS = ("transfer", "freeze_object", "share_object", "receive")


def check(module: CompiledModule) -> None:
    """Check every call of a generic function of `transfer`, `account` and `event`.

    Raises: IotaVerificationError.
    """
    if module.self_id == _TEST_SCENARIO:
        return
    refusals = [_refusal(module, index) for index in range(len(module.function_instantiations))]
    if not any(refusals):
        return
    for definition in module.function_defs:
        refusal = _first_refusal(definition, refusals)
        if refusal is not None:
            name = module.identifiers[module.function_handles[definition.function].name]
            raise IotaVerificationError(f"{format_module_id(module)}::{name}. {refusal}")


def _first_refusal(definition: FunctionDefinition, refusals: list[str | None]) -> str | None:
    if definition.code is None:
        return None
    for opcode, operand, _ in definition.code.code:
        if opcode == _CALL_GENERIC and refusals[operand] is not None:
            return refusals[operand]
    return None


def _refusal(module: CompiledModule, instantiation: int) -> str | None:
    """Why an instantiation may not be called, or None if it may."""
    row = module.function_instantiations[instantiation]
    address, module_name, function = function_name(module, row.handle)
    arguments = module.signatures[row.type_parameters]
    if (address, module_name) == _TRANSFER:
        return _transfer_refusal(module, function, arguments)
    if (address, module_name) == _ACCOUNT:
        return _account_refusal(module, function, arguments)
    if (address, module_name) == _EVENT:
        return _event_refusal(module, function, arguments)
    return None


def _transfer_refusal(
    module: CompiledModule, function: str, arguments: tuple[SignatureToken, ...]
) -> str | None:
    if module.self_id == _TRANSFER or function in _PUBLIC_TRANSFER_FUNCTIONS:
        return None
    if function not in _PRIVATE_TRANSFER_FUNCTIONS:
        return f"Calling unknown transfer function, {function}"
    if len(arguments) != 1:
        return f"Expected 1 type argument for {function}"
    if _is_declared_here(module, arguments[0]):
        return None
    framework = IOTA_FRAMEWORK_ADDRESS.hex()
    return (
        f"Invalid call to '{framework}::transfer::{function}' on an object of type "
        f"'{format_token(module, arguments[0])}'. "
        "The transferred object's type must be defined in the current module. "
        "If the object has the 'store' type ability, you can use the non-internal variant instead, "
        f"i.e. '{framework}::transfer::public_{function}'"
    )


def _account_refusal(
    module: CompiledModule, function: str, arguments: tuple[SignatureToken, ...]
) -> str | None:
    if module.self_id == _ACCOUNT or function not in _PRIVATE_ACCOUNT_FUNCTIONS:
        return None
    if len(arguments) != 1:
        return f"Expected 1 type argument for {function}"
    if _is_declared_here(module, arguments[0]):
        return None
    return (
        f"Invalid call to '{IOTA_FRAMEWORK_ADDRESS.hex()}::account::{function}' on an object of type "
        f"'{format_token(module, arguments[0])}'. "
        "The account object's type must be defined in the current module"
    )


def _event_refusal(
    module: CompiledModule, function: str, arguments: tuple[SignatureToken, ...]
) -> str | None:
    if function == "events_by_type":
        return None
    if function != "emit":
        return f"Calling unknown event function, {function}"
    if len(arguments) != 1:
        return f"Expected 1 type argument for {function}"
    if _is_declared_here(module, arguments[0]):
        return None
    return (
        f"Invalid call to '{IOTA_FRAMEWORK_ADDRESS.hex()}::event::{function}' with an event type "
        f"'{format_token(module, arguments[0])}'. "
        "The event's type must be defined in the current module"
    )


def _is_declared_here(module: CompiledModule, token: SignatureToken) -> bool:
    match token:
        case Datatype(handle) | DatatypeInstantiation(handle, _):
            return module.datatype_handles[handle].module == module.self_module_handle_idx
        case _:
            return False
