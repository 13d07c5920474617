"""Makes the compiled module of a typed module whose functions are lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from movelite.bytecode import file_format as ff
from movelite.bytecode.file_format import CompiledModule, Visibility

from .. import typed_tree as tt
from ..lowering import ir
from ..lowering.constants import ConstantValue, serialize_constant
from ..named_tree import NamedProgram
from ..source import Loc
from ..syntax_tree import VisibilityKind
from ..types import BuiltinType, ModuleIdent, vector_of
from .canonical import canonicalize
from .functions import EmittedCode, FunctionEmitter
from .pools import Pools, Tokens

LineOf = Callable[[Loc], int]
"""The line of a place, counted from 1."""

_VISIBILITY = {
    VisibilityKind.INTERNAL: Visibility.PRIVATE,
    VisibilityKind.PUBLIC: Visibility.PUBLIC,
    VisibilityKind.FRIEND: Visibility.FRIEND,
    VisibilityKind.PACKAGE: Visibility.FRIEND,
}
_EMPTY_FIELD = "dummy_field"
"""A struct without fields gets one of type bool: the format has no empty structs."""

_TAG_BIT = 1 << 63
_UNAVAILABLE = 0xFFFF
VERSION_WITHOUT_ENUMS = 6
VERSION_WITH_ENUMS = 7


class ModuleEmitter:
    """Makes one module."""

    def __init__(
        self,
        module: tt.Module,
        program: tt.Program,
        named: NamedProgram,
        bodies: Mapping[str, ir.Body],
        constants: Mapping[str, ConstantValue],
        line_of: LineOf,
    ) -> None:
        self._module = module
        self._bodies = bodies
        self._constants = constants
        self._line_of = line_of
        self._pools = Pools(module, program, named)
        self.emitted: dict[str, EmittedCode] = {}
        self.constant_indices: dict[str, int] = {}

    def emit(self) -> CompiledModule:
        """The compiled module."""
        pools, module = self._pools, self._module
        self_handle = pools.module_handle(module.ident)
        for constant in module.constants.values():
            self._constant(constant)
        structs = [self._struct(struct) for struct in module.structs.values()]
        enums = [self._enum(enum) for enum in module.enums.values()]
        compiled_functions = [f for f in module.functions.values() if not f.is_macro]
        for function in compiled_functions:
            pools.function_handle(module.ident, function.name)
        functions = [self._function(function) for function in compiled_functions]
        friends = [self._friend(ident) for ident in module.friends]
        compiled = CompiledModule(
            version=VERSION_WITH_ENUMS if enums else VERSION_WITHOUT_ENUMS,
            self_module_handle_idx=self_handle,
            module_handles=pools.modules.rows,
            datatype_handles=pools.datatypes.rows,
            function_handles=pools.functions.rows,
            field_handles=pools.fields.rows,
            friend_decls=friends,
            struct_def_instantiations=pools.struct_instantiations.rows,
            function_instantiations=pools.function_instantiations.rows,
            field_instantiations=pools.field_instantiations.rows,
            signatures=pools.signatures.rows,
            identifiers=pools.identifiers.rows,
            address_identifiers=pools.addresses.rows,
            constant_pool=pools.constants.rows,
            struct_defs=structs,
            function_defs=functions,
            enum_defs=enums,
            enum_def_instantiations=pools.enum_instantiations.rows,
            variant_handles=pools.variants.rows,
            variant_instantiation_handles=pools.variant_instantiations.rows,
        )
        canonicalize(compiled, pools.address_names)
        return compiled

    def _constant(self, constant: tt.Constant) -> None:
        """Every constant has a place in the pool, used or not, and so has the name of an error's."""
        tokens = Tokens(self._pools, ())
        if constant.is_error:
            bytes_type = vector_of(BuiltinType("u8"))
            label = serialize_constant(constant.name.encode(), bytes_type)
            self._pools.constant(tokens.of(bytes_type), label)
        data = serialize_constant(self._constants[constant.name], constant.type)
        self.constant_indices[constant.name] = self._pools.constant(tokens.of(constant.type), data)

    def _struct(self, struct: tt.Struct) -> ff.StructDefinition:
        handle = self._pools.datatype_handle(self._module.ident, struct.name)
        if struct.fields is None:
            return ff.StructDefinition(handle, None)
        return ff.StructDefinition(handle, self._fields(struct.fields, struct) or self._empty())

    def _empty(self) -> tuple[ff.FieldDefinition, ...]:
        return (ff.FieldDefinition(self._pools.identifier(_EMPTY_FIELD), ff.Primitive.BOOL),)

    def _fields(
        self, fields: list[tt.Field], owner: tt.Struct | tt.Enumeration
    ) -> tuple[ff.FieldDefinition, ...]:
        tokens = Tokens(self._pools, owner.type_parameters)
        return tuple(
            ff.FieldDefinition(self._pools.identifier(_field_name(field.name)), tokens.of(field.type))
            for field in fields
        )

    def _enum(self, enum: tt.Enumeration) -> ff.EnumDefinition:
        handle = self._pools.datatype_handle(self._module.ident, enum.name)
        variants = tuple(
            ff.VariantDefinition(self._pools.identifier(variant.name), self._fields(variant.fields, enum))
            for variant in enum.variants
        )
        return ff.EnumDefinition(handle, variants)

    def _function(self, function: tt.Function) -> ff.FunctionDefinition:
        handle = self._pools.function_handle(self._module.ident, function.name)
        visibility = _VISIBILITY[function.compiled_visibility]
        body = self._bodies.get(function.name)
        code: ff.CodeUnit | None = None
        if body is not None:
            emitter = FunctionEmitter(body, self._pools, self._constant_of, self._error_code)
            emitted = self.emitted[function.name] = emitter.emit()
            code = emitted.code
        return ff.FunctionDefinition(handle, visibility, function.is_entry, (), code)

    def _friend(self, ident: ModuleIdent) -> ff.ModuleHandle:
        pools = self._pools
        return ff.ModuleHandle(pools.address(ident.address or bytes(32)), pools.identifier(ident.name))

    def _constant_of(self, use: tt.ConstantUse) -> ConstantValue:
        return self._constants[use.name]

    def _error_code(self, code: tt.ErrorCode) -> int:
        """Tag, line, index of the constant's name and index of its value; 0xFFFF where there is none."""
        name = value = _UNAVAILABLE
        if code.constant is not None:
            constant = self._module.constants[code.constant.name]
            data = serialize_constant(self._constants[constant.name], constant.type)
            tokens = Tokens(self._pools, ())
            bytes_type = vector_of(BuiltinType("u8"))
            label = serialize_constant(constant.name.encode(), bytes_type)
            name = self._pools.constant(tokens.of(bytes_type), label)
            value = self._pools.constant(tokens.of(constant.type), data)
        line = min(self._line_of(code.line_loc), _UNAVAILABLE)
        return _TAG_BIT | line << 32 | name << 16 | value


def _field_name(name: str) -> str:
    """Positional fields have a name in the format, which must be an identifier."""
    return f"pos{name}" if name.isdigit() else name
