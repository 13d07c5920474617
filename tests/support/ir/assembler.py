"""Move IR to `CompiledModule`.

The translation is direct: nothing is optimised or reordered, so that offsets and table indices are those
that the official assembler gives. Source: move-ir-to-bytecode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from movelite.bytecode.file_format import (
    CompiledModule,
    DatatypeTypeParameter,
    EnumDefinition,
    FieldDefinition,
    FunctionDefinition,
    StructDefinition,
    VariantDefinition,
)
from tests.support.ir.body import BodyAssembler
from tests.support.ir.definitions import Definitions
from tests.support.ir.errors import IrError
from tests.support.ir.parser import parse_module
from tests.support.ir.syntax import (
    Enum,
    Function,
    Jump,
    Module,
    Struct,
    Type,
    TypeParameterDeclaration,
)
from tests.support.ir.tables import SELF, Tables
from tests.support.ir.types import type_parameter_indices, type_token


def assemble(
    text: str,
    dependencies: Iterable[CompiledModule] = (),
    named_addresses: Mapping[str, bytes] | None = None,
) -> CompiledModule:
    """Assemble one module.

    dependencies: every module that the text may import; named_addresses: what names in place of an address
    stand for. The version is 7 if the module uses enums, else 6.
    Raises: IrError.
    """
    module = parse_module(text, named_addresses or {})
    for function in module.functions:
        _check_labels(function)
    return _Assembler(Tables({m.self_id: m for m in dependencies})).assemble(module)


class _Assembler:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.definitions = Definitions(tables)

    def assemble(self, module: Module) -> CompiledModule:
        tables = self.tables
        friends = [tables.module_handle(ident) for ident in module.friends]
        self_handle = tables.declare_import(module.ident, SELF)
        for import_ in module.imports:
            tables.declare_import(import_.ident, import_.alias)
        datatypes: list[Struct | Enum] = [*module.structs, *module.enums]
        for datatype in datatypes:
            parameters = _datatype_parameters(datatype.type_parameters)
            tables.declare_datatype(SELF, datatype.name, datatype.abilities, parameters)
        for function in module.functions:
            self.declare_function(function)
        structs = [self.struct(struct) for struct in module.structs]
        enums = [self.enum(enum) for enum in module.enums]
        functions = [self.function(function) for function in module.functions]
        uses_enums = bool(enums or tables.enum_instantiations.rows() or tables.variant_handles.rows())
        return CompiledModule(
            version=7 if uses_enums else 6,
            self_module_handle_idx=self_handle,
            module_handles=tables.module_handles.rows(),
            datatype_handles=tables.datatype_handles.rows(),
            function_handles=tables.function_handles(),
            field_handles=tables.field_handles.rows(),
            friend_decls=friends,
            struct_def_instantiations=tables.struct_instantiations.rows(),
            function_instantiations=tables.function_instantiations.rows(),
            field_instantiations=tables.field_instantiations.rows(),
            signatures=tables.signatures.rows(),
            identifiers=tables.identifiers.rows(),
            address_identifiers=tables.addresses.rows(),
            constant_pool=tables.constants.rows(),
            struct_defs=structs,
            function_defs=functions,
            enum_defs=enums,
            enum_def_instantiations=tables.enum_instantiations.rows(),
            variant_handles=tables.variant_handles.rows(),
            variant_instantiation_handles=tables.variant_instantiations.rows(),
        )

    def declare_function(self, function: Function) -> None:
        scope = type_parameter_indices(function.type_parameters)
        returns = tuple(type_token(self.tables, scope, t) for t in function.returns)
        parameters = tuple(type_token(self.tables, scope, t) for _, t in function.parameters)
        constraints = tuple(p.constraints for p in function.type_parameters)
        self.tables.declare_function(SELF, function.name, parameters, returns, constraints)

    def struct(self, struct: Struct) -> StructDefinition:
        handle = self.tables.datatype(SELF, struct.name)
        scope = type_parameter_indices(struct.type_parameters)
        definition = self.definitions.declare_struct(struct.name)
        if struct.fields is None:
            return StructDefinition(handle, None)
        fields = []
        for position, (name, type_) in enumerate(struct.fields):
            fields.append(self.field(scope, name, type_))
            self.definitions.declare_field(handle, definition, name, position)
        return StructDefinition(handle, tuple(fields))

    def enum(self, enum: Enum) -> EnumDefinition:
        handle = self.tables.datatype(SELF, enum.name)
        scope = type_parameter_indices(enum.type_parameters)
        definition = self.definitions.declare_enum(enum.name)
        variants = []
        for tag, variant in enumerate(enum.variants):
            name = self.tables.identifier(variant.name)
            self.definitions.declare_variant(handle, definition, variant.name, tag)
            fields = tuple(self.field(scope, name, type_) for name, type_ in variant.fields)
            variants.append(VariantDefinition(name, fields))
        return EnumDefinition(handle, tuple(variants))

    def field(self, scope: dict[str, int], name: str, type_: Type) -> FieldDefinition:
        index = self.tables.identifier(name)
        return FieldDefinition(index, type_token(self.tables, scope, type_))

    def function(self, function: Function) -> FunctionDefinition:
        handle = self.tables.function(SELF, function.name)
        code = None
        if function.blocks is not None:
            code = BodyAssembler(self.tables, self.definitions, function).assemble(function.blocks)
        return FunctionDefinition(handle, function.visibility, function.is_entry, (), code)


def _datatype_parameters(
    declarations: tuple[TypeParameterDeclaration, ...],
) -> tuple[DatatypeTypeParameter, ...]:
    return tuple(DatatypeTypeParameter(d.constraints, d.is_phantom) for d in declarations)


def _check_labels(function: Function) -> None:
    """Every label is declared once, and every jump goes to one (switches are looked at later)."""
    labels: set[str] = set()
    declared_twice = []
    for block in function.blocks or ():
        if block.label in labels:
            declared_twice.append(block.label)
        labels.add(block.label)
    jumps = [s.label for b in function.blocks or () for s in b.statements if isinstance(s, Jump)]
    undeclared = [label for label in jumps if label not in labels]
    if not declared_twice and not undeclared:
        return
    message = "Invalid block labels"
    if declared_twice:
        message += f", labels were declared twice ({', '.join(declared_twice)})"
    if undeclared:
        message += f", labels were used without being declared ({', '.join(undeclared)})"
    raise IrError(message)
