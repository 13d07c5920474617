"""Rows are distinct, and definitions are this module's own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from movelite.bytecode.file_format import (
    Constant,
    DatatypeHandle,
    EnumDefinition,
    FieldHandle,
    FunctionHandle,
    FunctionInstantiation,
    ModuleHandle,
    Opcode,
    Primitive,
    StructDefinition,
    StructDefInstantiation,
    VariantHandle,
)
from movelite.bytecode.status import IndexKind, StatusCode
from tests.support.module_builder import ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U64 = Primitive.U64
OTHER = bytes(31) + b"\x07"


def sample() -> ModuleBuilder:
    builder = ModuleBuilder()
    struct = builder.struct("S", {"a": U64, "b": U64})
    builder.field(struct, 0)
    enum = builder.enum("E", {"A": {"x": U64}, "B": {}})
    builder.variant(enum, 0)
    builder.constant(U64, bytes(8))
    builder.function([Opcode.RET])
    return builder


def test_distinct_rows_are_accepted() -> None:
    accept(sample())


@pytest.mark.parametrize(
    ("table", "row", "kind"),
    [
        ("identifiers", "S", IndexKind.IDENTIFIER),
        ("address_identifiers", bytes(31) + b"\x42", IndexKind.ADDRESS_IDENTIFIER),
        ("constant_pool", Constant(U64, bytes(8)), IndexKind.CONSTANT_POOL),
        ("signatures", (), IndexKind.SIGNATURE),
        ("module_handles", ModuleHandle(0, 0), IndexKind.MODULE_HANDLE),
        ("datatype_handles", DatatypeHandle(0, 1, 7, ()), IndexKind.DATATYPE_HANDLE),
        ("variant_handles", VariantHandle(0, 0), IndexKind.VARIANT_HANDLE),
        ("field_handles", FieldHandle(0, 0), IndexKind.FIELD_HANDLE),
    ],
)
def test_a_repeated_row_is_refused(table: str, row: object, kind: IndexKind) -> None:
    builder = sample()
    rows = getattr(builder.module, table)
    rows.append(row)
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(kind, len(rows) - 1)])


def test_functions_are_told_apart_by_name() -> None:
    builder = sample()
    first = builder.module.function_handles[0]
    builder.module.function_handles.append(replace(first, type_parameters=(1,)))
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(IndexKind.FUNCTION_HANDLE, 1)])


def test_repeated_instantiations() -> None:
    builder = sample()
    row = StructDefInstantiation(0, builder.signature(U64))
    builder.module.struct_def_instantiations += [row, row]
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(IndexKind.STRUCT_DEF_INSTANTIATION, 1)])
    builder = sample()
    builder.module.function_instantiations += [FunctionInstantiation(0, 0)] * 2
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(IndexKind.FUNCTION_INSTANTIATION, 1)])


def test_names_of_fields_and_variants() -> None:
    builder = sample()
    fields = builder.module.struct_defs[0].fields or ()
    builder.module.struct_defs[0] = StructDefinition(0, (fields[0], fields[0]))
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(IndexKind.FIELD_DEFINITION, 1)])
    builder = sample()
    variants = builder.module.enum_defs[0].variants
    builder.module.enum_defs[0] = EnumDefinition(1, (variants[0], variants[0]))
    refuse(
        builder,
        StatusCode.DUPLICATE_ELEMENT,
        indices=[(IndexKind.ENUM_DEFINITION, 0), (IndexKind.VARIANT_TAG, 1)],
    )


def test_a_datatype_is_either_struct_or_enum() -> None:
    builder = sample()
    builder.module.enum_defs.append(EnumDefinition(0, builder.module.enum_defs[0].variants))
    refuse(builder, StatusCode.DUPLICATE_ELEMENT, indices=[(IndexKind.ENUM_DEFINITION, 2)])


def test_nothing_is_empty() -> None:
    builder = ModuleBuilder()
    builder.struct("S", {})
    refuse(builder, StatusCode.ZERO_SIZED_STRUCT, indices=[(IndexKind.STRUCT_DEFINITION, 0)])
    builder = ModuleBuilder()
    builder.enum("E", {})
    refuse(builder, StatusCode.ZERO_SIZED_ENUM, indices=[(IndexKind.ENUM_DEFINITION, 0)])


def test_definitions_belong_to_this_module() -> None:
    builder = sample()
    other = builder.module_handle(OTHER, "other")
    builder.module.datatype_handles[0] = replace(builder.module.datatype_handles[0], module=other)
    refuse(builder, StatusCode.INVALID_MODULE_HANDLE, indices=[(IndexKind.STRUCT_DEFINITION, 0)])
    builder = sample()
    other = builder.module_handle(OTHER, "other")
    builder.module.function_handles[0] = replace(builder.module.function_handles[0], module=other)
    refuse(builder, StatusCode.INVALID_MODULE_HANDLE, indices=[(IndexKind.FUNCTION_DEFINITION, 0)])


def test_what_this_module_names_it_defines() -> None:
    builder = sample()
    builder.datatype_handle("Missing")
    refuse(builder, StatusCode.UNIMPLEMENTED_HANDLE, indices=[(IndexKind.DATATYPE_HANDLE, 2)])
    builder = sample()
    builder.module.function_handles.append(FunctionHandle(0, builder.identifier("gone"), 0, 0, ()))
    refuse(builder, StatusCode.UNIMPLEMENTED_HANDLE, indices=[(IndexKind.FUNCTION_HANDLE, 1)])


def test_acquired_resources_are_listed_once() -> None:
    builder = sample()
    builder.function([Opcode.RET], acquires=(0, 0))
    refuse(
        builder,
        StatusCode.DUPLICATE_ACQUIRES_ANNOTATION,
        indices=[(IndexKind.FUNCTION_DEFINITION, 1)],
    )
