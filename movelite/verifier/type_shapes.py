"""What instructions on table rows take and give: types instantiated once per row and use.

Rows that no instruction names are not looked at: nobody checked their type arguments.
"""

from __future__ import annotations

from typing import NamedTuple

from movelite.bytecode.file_format import VariantHandle, VariantInstantiationHandle
from movelite.verifier.module_view import ModuleView, Types
from movelite.verifier.type_pool import Type


class CallShape(NamedTuple):
    """A function's parameters and results; ticks are charged for instantiating them."""

    parameters: Types
    results: Types
    ticks: int


class DataShape(NamedTuple):
    """A struct or variant: the whole, its fields (None for a native struct), ticks for instantiating them."""

    whole: Type
    fields: Types | None
    ticks: int


class FieldShape(NamedTuple):
    """A field, the struct it belongs to, ticks for instantiating both."""

    owner: Type
    field: Type
    ticks: int


class TypeShapes:
    """Shapes by table index. Needs the bounds, signature and instruction consistency passes."""

    def __init__(self, view: ModuleView) -> None:
        self._view = view
        self._calls: dict[tuple[bool, int], CallShape] = {}
        self._structs: dict[tuple[bool, int], DataShape] = {}
        self._variants: dict[tuple[bool, int], DataShape] = {}
        self._fields: dict[tuple[bool, int], FieldShape] = {}

    def call(self, is_generic: bool, index: int) -> CallShape:
        """Of a function handle or function instantiation."""
        found = self._calls.get((is_generic, index))
        if found is None:
            found = self._calls[is_generic, index] = self._make_call(is_generic, index)
        return found

    def struct(self, is_generic: bool, index: int) -> DataShape:
        """Of a struct definition or struct definition instantiation."""
        found = self._structs.get((is_generic, index))
        if found is None:
            found = self._structs[is_generic, index] = self._make_struct(is_generic, index)
        return found

    def variant(self, is_generic: bool, index: int) -> DataShape:
        """Of a variant handle or variant instantiation handle."""
        found = self._variants.get((is_generic, index))
        if found is None:
            found = self._variants[is_generic, index] = self._make_variant(is_generic, index)
        return found

    def field(self, is_generic: bool, index: int) -> FieldShape:
        """Of a field handle or field instantiation."""
        found = self._fields.get((is_generic, index))
        if found is None:
            found = self._fields[is_generic, index] = self._make_field(is_generic, index)
        return found

    def _make_call(self, is_generic: bool, index: int) -> CallShape:
        view = self._view
        arguments: Types = ()
        if is_generic:
            instance = view.module.function_instantiations[index]
            arguments = view.signatures[instance.type_parameters]
            index = instance.handle
        handle = view.module.function_handles[index]
        parameters = self._instantiate(view.signatures[handle.parameters], arguments)
        results = self._instantiate(view.signatures[handle.return_], arguments)
        return CallShape(parameters, results, _ticks(results) + (_ticks(parameters) if arguments else 0))

    def _make_struct(self, is_generic: bool, index: int) -> DataShape:
        view = self._view
        arguments: Types = ()
        if is_generic:
            instance = view.module.struct_def_instantiations[index]
            arguments = view.signatures[instance.type_parameters]
            index = instance.definition
        declared = view.struct_fields[index]
        fields = None if declared is None else self._instantiate(declared, arguments)
        return self._data(view.module.struct_defs[index].handle, arguments, fields)

    def _make_variant(self, is_generic: bool, index: int) -> DataShape:
        view = self._view
        module = view.module
        arguments: Types = ()
        handle: VariantHandle | VariantInstantiationHandle = (
            module.variant_instantiation_handles[index] if is_generic else module.variant_handles[index]
        )
        if isinstance(handle, VariantInstantiationHandle):
            instance = module.enum_def_instantiations[handle.enum_def]
            arguments = view.signatures[instance.type_parameters]
        fields = self._instantiate(view.variant_fields_of(handle), arguments)
        return self._data(module.enum_defs[view.enum_of_variant(handle)].handle, arguments, fields)

    def _make_field(self, is_generic: bool, index: int) -> FieldShape:
        view = self._view
        arguments: Types = ()
        if is_generic:
            instance = view.module.field_instantiations[index]
            arguments = view.signatures[instance.type_parameters]
            index = instance.handle
        handle = view.module.field_handles[index]
        # The bounds pass refused field handles of native structs.
        declared = (view.struct_fields[handle.owner] or ())[handle.field]
        field = view.pool.instantiate(declared, arguments)
        owner = self._datatype(view.module.struct_defs[handle.owner].handle, arguments)
        return FieldShape(owner, field, owner.clone_cost + field.clone_cost)

    def _data(self, handle: int, arguments: Types, fields: Types | None) -> DataShape:
        whole = self._datatype(handle, arguments)
        return DataShape(whole, fields, whole.clone_cost + _ticks(fields or ()))

    def _datatype(self, handle: int, arguments: Types) -> Type:
        pool = self._view.pool
        return pool.instantiation(handle, arguments) if arguments else pool.datatype(handle)

    def _instantiate(self, types: Types, arguments: Types) -> Types:
        instantiate = self._view.pool.instantiate
        return tuple([instantiate(type_, arguments) for type_ in types]) if arguments else types


def _ticks(types: Types) -> int:
    return sum([type_.clone_cost for type_ in types])
