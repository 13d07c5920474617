"""Functions that a programmable transaction calls: their parameters, and what is near where there is none."""

from __future__ import annotations

from typing import Any

from aggregator.rpc_codes import RpcError
from aggregator.service.move_layout import Layout, PrimitiveLayout, StructLayout, VectorLayout
from aggregator.transaction_builder import BuildError, without_reference
from cli.ptb.program import CallPath
from cli.ptb.source import Problem, did_you_mean
from cli.session import Session
from proto.ids import ObjectID, format_address
from proto.type_tag import StructTag, TypeTag, VectorTag


async def parameters_of(session: Session, package: ObjectID, path: CallPath) -> list[Any]:
    """The parameters that a caller gives, in the JSON of normalized functions.

    Raises: Problem if there is no such function; RpcError if the service cannot say.
    """
    place = (format_address(package), path.module.text, path.function.text)
    try:
        found = await session.rpc.call("iota_getNormalizedMoveFunction", *place)
    except RpcError as error:
        if error.retryable:
            raise
        raise await _what_is_missing(session, package, path) from error
    return [parameter for parameter in found["parameters"] if struct_name(parameter) != _CONTEXT]


async def _what_is_missing(session: Session, package: ObjectID, path: CallPath) -> Problem:
    shown = format_address(package)
    try:
        modules = await session.rpc.call("iota_getNormalizedMoveModulesByPackage", shown)
    except RpcError as error:
        if error.retryable:
            raise
        return await _no_package(session, package, path)
    module, function = path.module, path.function
    if module.text not in modules:
        message = f'Module not found in package: "{module.text}".'
        return Problem(message, module.span, did_you_mean(module.text, modules))
    known = modules[module.text]["exposedFunctions"]
    message = f"Could not resolve function '{function.text}' in module '{module.text}'"
    return Problem(message, function.span, did_you_mean(function.text, known))


async def _no_package(session: Session, package: ObjectID, path: CallPath) -> Problem:
    shown = format_address(package)
    try:
        await session.view.object(package)
    except BuildError:
        return Problem(f"Object {shown} does not exist", path.package.span)
    return Problem(f"Object {shown} is no package", path.package.span)


_CONTEXT = ("0x2", "tx_context", "TxContext")
RECEIVING = ("0x2", "transfer", "Receiving")


def struct_name(parameter: Any) -> tuple[str, str, str] | None:
    """Address, module and name of the struct that a parameter is or refers to."""
    match without_reference(parameter):
        case {"Struct": {"address": address, "module": module, "name": name}}:
            return address, module, name
        case _:
            return None


def lacks_type(parameter: Any, given: int) -> bool:
    """Whether a parameter has a type parameter that no type argument is given for."""
    match parameter:
        case {"TypeParameter": index}:
            return bool(index >= given)
        case dict():
            return any(lacks_type(inner, given) for inner in parameter.values())
        case list():
            return any(lacks_type(inner, given) for inner in parameter)
        case _:
            return False


def tag_of(layout: Layout) -> TypeTag:
    """The type of a layout of pure values."""
    match layout:
        case PrimitiveLayout(tag):
            return tag
        case VectorLayout(element):
            return VectorTag(tag_of(element))
        case StructLayout(StructTag(address, module, "Option"), ((_, VectorLayout(inner)),)):
            return StructTag(address, module, "Option", (tag_of(inner),))
        case _:
            return layout.tag
