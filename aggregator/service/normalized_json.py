"""Interfaces of Move modules in IOTA's JSON.

Source: iota-json-rpc-types, iota_move.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from aggregator.service.object_json import Json
from movelite.bytecode import normalized
from movelite.bytecode.file_format import (
    DatatypeTypeParameter,
    Primitive,
    TypeParameter,
    Visibility,
    ability_names,
)
from proto.ids import short_address

_VISIBILITY = {Visibility.PRIVATE: "Private", Visibility.PUBLIC: "Public", Visibility.FRIEND: "Friend"}


def count_types(module: normalized.Module) -> int:
    """The types of a module's interface, with those inside of others: a few kilobytes can name millions."""
    sizes: dict[int, int] = {}

    def size_of(type_: normalized.Type) -> int:
        known = sizes.get(id(type_))
        if known is None:
            match type_:
                case normalized.StructType():
                    known = 1 + sum(map(size_of, type_.type_arguments))
                case normalized.VectorType() | normalized.ReferenceType():
                    known = 1 + size_of(type_.inner)
                case _:
                    known = 1
            sizes[id(type_)] = known
        return known

    variants = [variant.fields for enum in module.enums.values() for variant in enum.variants]
    fields = chain(*(struct.fields for struct in module.structs.values()), *variants)
    functions = (function.parameters + function.returns for function in module.functions.values())
    types = chain((field.type_ for field in fields), chain.from_iterable(functions))
    return sum(map(size_of, types))


def module_json(module: normalized.Module) -> Json:
    """A module: its types, and the functions that others can call or that are entries."""
    exposed = {
        name: function
        for name, function in module.functions.items()
        if function.is_entry or function.visibility is not Visibility.PRIVATE
    }
    return {
        "fileFormatVersion": module.file_format_version,
        "address": short_address(module.address),
        "name": module.name,
        "friends": [{"address": short_address(address), "name": name} for address, name in module.friends],
        "structs": {name: struct_json(struct) for name, struct in module.structs.items()},
        "exposedFunctions": {name: function_json(function) for name, function in exposed.items()},
    }


def struct_json(struct: normalized.Struct) -> Json:
    """A struct."""
    return {
        "abilities": _abilities_json(struct.abilities),
        "typeParameters": [_parameter_json(parameter) for parameter in struct.type_parameters],
        "fields": [{"name": field.name, "type": type_json(field.type_)} for field in struct.fields],
    }


def function_json(function: normalized.Function) -> Json:
    """A function's signature."""
    return {
        "visibility": _VISIBILITY[function.visibility],
        "isEntry": function.is_entry,
        "typeParameters": [_abilities_json(abilities) for abilities in function.type_parameters],
        "parameters": [type_json(parameter) for parameter in function.parameters],
        "return": [type_json(returned) for returned in function.returns],
    }


def type_json(type_: normalized.Type) -> Any:
    """A type."""
    match type_:
        case Primitive():
            return "Address" if type_ is Primitive.ADDRESS else type_.name.capitalize()
        case TypeParameter(index):
            return {"TypeParameter": index}
        case normalized.VectorType(inner):
            return {"Vector": type_json(inner)}
        case normalized.ReferenceType(is_mutable, inner):
            return {"MutableReference" if is_mutable else "Reference": type_json(inner)}
        case normalized.StructType(address, module, name, arguments):
            return {
                "Struct": {
                    "address": short_address(address),
                    "module": module,
                    "name": name,
                    "typeArguments": [type_json(argument) for argument in arguments],
                }
            }


def argument_types_json(function: normalized.Function) -> list[Any]:
    """For each parameter whether it is a pure value or how it takes an object."""
    shown: list[Any] = []
    for parameter in function.parameters:
        match parameter:
            case normalized.ReferenceType(is_mutable, normalized.StructType()):
                shown.append({"Object": "ByMutableReference" if is_mutable else "ByImmutableReference"})
            case normalized.StructType():
                shown.append({"Object": "ByValue"})
            case _:
                shown.append("Pure")
    return shown


def _abilities_json(abilities: int) -> Json:
    return {"abilities": [name.capitalize() for name in ability_names(abilities)]}


def _parameter_json(parameter: DatatypeTypeParameter) -> Json:
    return {"constraints": _abilities_json(parameter.constraints), "isPhantom": parameter.is_phantom}
