"""Every table holds distinct rows, so that an index names a thing; definitions belong to this module.

Source: move-bytecode-verifier, check_duplication.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.errors import index_error
from movelite.verifier.module_view import ModuleView


def check(view: ModuleView) -> None:
    """Check all tables for repeated rows, and definitions for their handles.

    Raises: VMError DUPLICATE_ELEMENT, DUPLICATE_ACQUIRES_ANNOTATION, ZERO_SIZED_STRUCT, ZERO_SIZED_ENUM,
        INVALID_MODULE_HANDLE or UNIMPLEMENTED_HANDLE.
    """
    _check_tables(view)
    _check_functions(view)
    _check_structs(view)
    module = view.module
    _check_distinct(
        IndexKind.STRUCT_DEF_INSTANTIATION,
        [(row.definition, row.type_parameters) for row in module.struct_def_instantiations],
    )
    _check_enums(view)
    _check_distinct(
        IndexKind.ENUM_DEF_INSTANTIATION,
        [(row.definition, row.type_parameters) for row in module.enum_def_instantiations],
    )
    defined = set(_datatype_handles(view))
    own = module.self_module_handle_idx
    for index, datatype in enumerate(module.datatype_handles):
        if datatype.module == own and index not in defined:
            raise index_error(StatusCode.UNIMPLEMENTED_HANDLE, IndexKind.DATATYPE_HANDLE, index)


def _datatype_handles(view: ModuleView) -> list[int]:
    """Handles of the struct definitions, then of the enum definitions."""
    module = view.module
    return [row.handle for row in module.struct_defs] + [row.handle for row in module.enum_defs]


def _first_duplicate(items: Iterable[Hashable]) -> int | None:
    seen = set()
    for index, item in enumerate(items):
        if item in seen:
            return index
        seen.add(item)
    return None


def _check_distinct(kind: IndexKind, items: Iterable[Hashable]) -> None:
    duplicate = _first_duplicate(items)
    if duplicate is not None:
        raise index_error(StatusCode.DUPLICATE_ELEMENT, kind, duplicate)


def _check_tables(view: ModuleView) -> None:
    """Tables whose rows are compared whole, or by what names the thing."""
    module = view.module
    constants = [
        (type_, constant.data)
        for type_, constant in zip(view.constant_types, module.constant_pool, strict=True)
    ]
    tables: list[tuple[IndexKind, Iterable[Hashable]]] = [
        (IndexKind.IDENTIFIER, module.identifiers),
        (IndexKind.ADDRESS_IDENTIFIER, module.address_identifiers),
        (IndexKind.CONSTANT_POOL, constants),
        (IndexKind.SIGNATURE, view.signatures),
        (IndexKind.MODULE_HANDLE, [(row.address, row.name) for row in module.module_handles]),
        (IndexKind.MODULE_HANDLE, [(row.address, row.name) for row in module.friend_decls]),
        (IndexKind.DATATYPE_HANDLE, [(row.module, row.name) for row in module.datatype_handles]),
        (IndexKind.FUNCTION_HANDLE, [(row.module, row.name) for row in module.function_handles]),
        (
            IndexKind.FUNCTION_INSTANTIATION,
            [(row.handle, row.type_parameters) for row in module.function_instantiations],
        ),
        (IndexKind.VARIANT_HANDLE, [(row.enum_def, row.variant) for row in module.variant_handles]),
        (IndexKind.FIELD_HANDLE, [(row.owner, row.field) for row in module.field_handles]),
        (
            IndexKind.FIELD_INSTANTIATION,
            [(row.handle, row.type_parameters) for row in module.field_instantiations],
        ),
    ]
    for kind, items in tables:
        _check_distinct(kind, items)


def _check_functions(view: ModuleView) -> None:
    module = view.module
    _check_distinct(IndexKind.FUNCTION_DEFINITION, [row.function for row in module.function_defs])
    for index, definition in enumerate(module.function_defs):
        if _first_duplicate(definition.acquires_global_resources) is not None:
            raise index_error(StatusCode.DUPLICATE_ACQUIRES_ANNOTATION, IndexKind.FUNCTION_DEFINITION, index)
    own = module.self_module_handle_idx
    handles = module.function_handles
    for index, definition in enumerate(module.function_defs):
        if handles[definition.function].module != own:
            raise index_error(StatusCode.INVALID_MODULE_HANDLE, IndexKind.FUNCTION_DEFINITION, index)
    defined = {row.function for row in module.function_defs}
    for index, handle in enumerate(handles):
        if handle.module == own and index not in defined:
            raise index_error(StatusCode.UNIMPLEMENTED_HANDLE, IndexKind.FUNCTION_HANDLE, index)


def _check_structs(view: ModuleView) -> None:
    module = view.module
    _check_distinct(IndexKind.STRUCT_DEFINITION, [row.handle for row in module.struct_defs])
    for index, struct in enumerate(module.struct_defs):
        if struct.fields is None:
            continue
        if not struct.fields:
            raise index_error(StatusCode.ZERO_SIZED_STRUCT, IndexKind.STRUCT_DEFINITION, index)
        _check_distinct(IndexKind.FIELD_DEFINITION, [field.name for field in struct.fields])
    _check_owner(view, IndexKind.STRUCT_DEFINITION, [row.handle for row in module.struct_defs])


def _check_enums(view: ModuleView) -> None:
    module = view.module
    # A handle may not be both a struct and an enum either.
    _check_distinct(IndexKind.ENUM_DEFINITION, _datatype_handles(view))
    for index, enum in enumerate(module.enum_defs):
        if not enum.variants:
            raise index_error(StatusCode.ZERO_SIZED_ENUM, IndexKind.ENUM_DEFINITION, index)
        duplicate = _first_duplicate([variant.name for variant in enum.variants])
        if duplicate is not None:
            indices = [(IndexKind.ENUM_DEFINITION, index), (IndexKind.VARIANT_TAG, duplicate)]
            raise VMError(StatusCode.DUPLICATE_ELEMENT, indices=indices)
        for tag, variant in enumerate(enum.variants):
            duplicate = _first_duplicate([field.name for field in variant.fields])
            if duplicate is not None:
                indices = [
                    (IndexKind.FIELD_DEFINITION, duplicate),
                    (IndexKind.VARIANT_TAG, tag),
                    (IndexKind.ENUM_DEFINITION, index),
                ]
                raise VMError(StatusCode.DUPLICATE_ELEMENT, indices=indices)
    _check_owner(view, IndexKind.ENUM_DEFINITION, [row.handle for row in module.enum_defs])


def _check_owner(view: ModuleView, kind: IndexKind, handles: Iterable[int]) -> None:
    module = view.module
    for index, handle in enumerate(handles):
        if module.datatype_handles[handle].module != module.self_module_handle_idx:
            raise index_error(StatusCode.INVALID_MODULE_HANDLE, kind, index)
