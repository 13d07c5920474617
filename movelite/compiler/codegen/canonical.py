"""Brings the tables of a module into the official compiler's order.

Identifiers are sorted by text. The module itself stands first, then modules whose addresses have names, by
those names, then the others. Definitions of the module come before what it uses of others, in the order of
definition; the rest is sorted by module and name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from movelite.bytecode import file_format as ff
from movelite.bytecode.file_format import CompiledModule, Instruction, Opcode

Row = TypeVar("Row")
ModuleKey = tuple[bytes, str]
Order = list[int]
"""For each old index the new one."""


def canonicalize(module: CompiledModule, address_names: Mapping[ModuleKey, str]) -> None:
    """Sort the tables of a module, in place. `address_names` are how sources name modules' addresses."""

    def key(handle: ff.ModuleHandle) -> tuple[int, str | bytes, str]:
        address, name = module.address_identifiers[handle.address], module.identifiers[handle.name]
        address_name = address_names.get((address, name))
        return (2, address, name) if address_name is None else (1, address_name, name)

    own = module.module_handles[module.self_module_handle_idx]
    module.friend_decls.sort(key=key)
    modules = _sort(module.module_handles, lambda _, row: (0, "", "") if row == own else key(row))
    _set_modules(module, modules)
    _set_identifiers(module, _sort(module.identifiers, lambda _, text: text))
    _set_addresses(module, own.address)
    _sort_datatypes(module)
    _sort_functions(module)


def _sort(rows: list[Row], key: Callable[[int, Row], Any]) -> Order:
    """Sort a table, in place."""
    old = sorted(range(len(rows)), key=lambda index: key(index, rows[index]))
    rows[:] = [rows[index] for index in old]
    return _inverse(old)


def _inverse(old: Iterable[int]) -> Order:
    positions = {index: position for position, index in enumerate(old)}
    return [positions[index] for index in range(len(positions))]


def _set_modules(module: CompiledModule, new: Order) -> None:
    module.self_module_handle_idx = new[module.self_module_handle_idx]
    module.function_handles = [replace(row, module=new[row.module]) for row in module.function_handles]
    module.datatype_handles = [replace(row, module=new[row.module]) for row in module.datatype_handles]


def _set_identifiers(module: CompiledModule, new: Order) -> None:
    def fields(rows: tuple[ff.FieldDefinition, ...]) -> tuple[ff.FieldDefinition, ...]:
        return tuple(replace(row, name=new[row.name]) for row in rows)

    module.module_handles = [replace(row, name=new[row.name]) for row in module.module_handles]
    module.friend_decls = [replace(row, name=new[row.name]) for row in module.friend_decls]
    module.function_handles = [replace(row, name=new[row.name]) for row in module.function_handles]
    module.datatype_handles = [replace(row, name=new[row.name]) for row in module.datatype_handles]
    module.struct_defs = [
        row if row.fields is None else replace(row, fields=fields(row.fields)) for row in module.struct_defs
    ]
    module.enum_defs = [
        replace(
            row, variants=tuple(ff.VariantDefinition(new[v.name], fields(v.fields)) for v in row.variants)
        )
        for row in module.enum_defs
    ]


def _set_addresses(module: CompiledModule, own: int) -> None:
    """Addresses stand in the order of friends, the module itself and the sorted modules that it uses."""
    addresses = module.address_identifiers
    friends = sorted((row.address for row in module.friend_decls), key=lambda index: addresses[index])
    used = sorted((row.address for row in module.module_handles), key=lambda index: addresses[index])
    old = list(dict.fromkeys([*friends, own, *used]))
    module.address_identifiers = [addresses[index] for index in old]
    new = _inverse(old)
    module.module_handles = [replace(row, address=new[row.address]) for row in module.module_handles]
    module.friend_decls = [replace(row, address=new[row.address]) for row in module.friend_decls]


def _sort_datatypes(module: CompiledModule) -> None:
    defined = {row.handle: index for index, row in enumerate(module.struct_defs)}
    defined |= {row.handle: index for index, row in enumerate(module.enum_defs)}
    new = _sort(
        module.datatype_handles,
        lambda index, row: (0, defined[index], index) if index in defined else (1, row.module, row.name),
    )

    def fields(rows: tuple[ff.FieldDefinition, ...]) -> tuple[ff.FieldDefinition, ...]:
        return tuple(replace(row, signature=_token(row.signature, new)) for row in rows)

    module.struct_defs = [
        ff.StructDefinition(new[row.handle], None if row.fields is None else fields(row.fields))
        for row in module.struct_defs
    ]
    module.enum_defs = [
        ff.EnumDefinition(new[row.handle], tuple(replace(v, fields=fields(v.fields)) for v in row.variants))
        for row in module.enum_defs
    ]
    module.signatures = [tuple(_token(token, new) for token in row) for row in module.signatures]


def _token(token: ff.SignatureToken, new: Order) -> ff.SignatureToken:
    match token:
        case ff.Vector(inner):
            return ff.Vector(_token(inner, new))
        case ff.Reference(inner):
            return ff.Reference(_token(inner, new))
        case ff.MutableReference(inner):
            return ff.MutableReference(_token(inner, new))
        case ff.Datatype(handle):
            return ff.Datatype(new[handle])
        case ff.DatatypeInstantiation(handle, arguments):
            return ff.DatatypeInstantiation(new[handle], tuple(_token(part, new) for part in arguments))
        case _:
            return token


def _sort_functions(module: CompiledModule) -> None:
    defined = {row.function: index for index, row in enumerate(module.function_defs)}
    new = _sort(
        module.function_handles,
        lambda index, row: (0, defined[index], 0) if index in defined else (1, row.module, row.name),
    )

    def code(unit: ff.CodeUnit | None) -> ff.CodeUnit | None:
        return None if unit is None else replace(unit, code=tuple(map(instruction, unit.code)))

    def instruction(before: Instruction) -> Instruction:
        return before._replace(operand=new[before.operand]) if before.opcode is Opcode.CALL else before

    module.function_instantiations = [
        replace(row, handle=new[row.handle]) for row in module.function_instantiations
    ]
    module.function_defs = [
        replace(row, function=new[row.function], code=code(row.code)) for row in module.function_defs
    ]
