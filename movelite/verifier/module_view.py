"""A module as the passes see it: its types interned, what several passes look up computed once.

Precondition: all indices are within bounds (movelite.bytecode.bounds).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from movelite.bytecode.file_format import (
    AbilitySet,
    CodeUnit,
    CompiledModule,
    FunctionDefinition,
    VariantHandle,
    VariantInstantiationHandle,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier import control_flow_graph
from movelite.verifier import opcode_groups as group
from movelite.verifier.abilities import AbilityCache
from movelite.verifier.control_flow_graph import ControlFlowGraph
from movelite.verifier.errors import code_error
from movelite.verifier.meter import Meter
from movelite.verifier.type_pool import Type, TypePool

Types = tuple[Type, ...]
"""Types in a row, as of a signature."""

_TOUCHES_STORAGE = group.by_opcode([(group.STORAGE, True)], False)


class ModuleView:
    """A module with interned types.

    signatures, constant_types, struct_fields (None for a native struct) and variant_fields (by enum and
    tag) stand beside the module's own tables and have the same indices.
    """

    def __init__(self, module: CompiledModule, meter: Meter) -> None:
        self.module = module
        self.meter = meter
        self.pool = TypePool()
        self.ability_cache = AbilityCache(module, meter)
        intern = self.pool.intern
        self.signatures: list[Types] = [
            tuple([intern(token) for token in signature]) for signature in module.signatures
        ]
        self.constant_types = [intern(constant.type_) for constant in module.constant_pool]
        self.struct_fields: list[Types | None] = [
            None if row.fields is None else tuple([intern(field.signature) for field in row.fields])
            for row in module.struct_defs
        ]
        self.variant_fields: list[list[Types]] = [
            [tuple([intern(field.signature) for field in variant.fields]) for variant in row.variants]
            for row in module.enum_defs
        ]

    def all_types(self) -> Iterator[Type]:
        """Types of signatures, constants, struct fields and variant fields, in this order."""
        for signature in self.signatures:
            yield from signature
        yield from self.constant_types
        for fields in self.struct_fields:
            yield from fields or ()
        for variants in self.variant_fields:
            for variant in variants:
                yield from variant

    @cached_property
    def functions(self) -> list[FunctionView | None]:
        """A view of each function definition, None for native ones. Needs the bounds pass."""
        return [
            None if row.code is None else FunctionView(self, index, row, row.code)
            for index, row in enumerate(self.module.function_defs)
        ]

    @cached_property
    def definition_of_handle(self) -> dict[int, int]:
        """Function definition index by function handle index, for the functions of this module."""
        return {row.function: index for index, row in enumerate(self.module.function_defs)}

    @cached_property
    def touches_storage(self) -> bool:
        """Whether any function lists acquired resources or has an instruction on global storage."""
        return any(
            row.acquires_global_resources
            or (row.code is not None and any(_TOUCHES_STORAGE[step.opcode] for step in row.code.code))
            for row in self.module.function_defs
        )

    def function_name(self, index: int) -> str:
        """Name of a function definition."""
        module = self.module
        return module.identifiers[module.function_handles[module.function_defs[index].function].name]

    def enum_of_variant(self, handle: VariantHandle | VariantInstantiationHandle) -> int:
        """The enum definition that a variant handle, generic or not, belongs to."""
        if isinstance(handle, VariantHandle):
            return handle.enum_def
        return self.module.enum_def_instantiations[handle.enum_def].definition

    def variant_fields_of(self, handle: VariantHandle | VariantInstantiationHandle) -> Types:
        """Declared types of the fields of a handle's variant."""
        return self.variant_fields[self.enum_of_variant(handle)][handle.variant]


class FunctionView:
    """A function definition with a body, and the graph of its basic blocks."""

    def __init__(self, view: ModuleView, index: int, definition: FunctionDefinition, unit: CodeUnit) -> None:
        handle = view.module.function_handles[definition.function]
        self.module_view = view
        self.index = index
        self.definition = definition
        self.unit = unit
        self.code = unit.code
        self.type_parameters: tuple[AbilitySet, ...] = handle.type_parameters
        self.parameters: Types = view.signatures[handle.parameters]
        self.results: Types = view.signatures[handle.return_]
        self.locals: Types = self.parameters + view.signatures[unit.locals_]

    @cached_property
    def graph(self) -> ControlFlowGraph:
        """Basic blocks; needs code that does not fall through at its end."""
        return control_flow_graph.build(self.unit)

    def error(self, status: StatusCode, offset: int, message: str | None = None) -> VMError:
        """An error at a code offset of this function."""
        return code_error(status, self.index, offset, message)
