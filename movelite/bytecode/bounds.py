"""Every index of a module is within its table, and type arguments are as many as the type takes.

Part of reading, so that all later code may index without looking. Source: move-binary-format, check_bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized

from movelite.bytecode.file_format import (
    CodeUnit,
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    EnumDefinition,
    FunctionDefinition,
    MutableReference,
    Primitive,
    Reference,
    SignatureToken,
    StructDefinition,
    TypeParameter,
    VariantJumpTable,
    Vector,
)
from movelite.bytecode.layout import OPCODES_OF, OperandKind
from movelite.bytecode.status import IndexKind, StatusCode, VMError

_LOCALS_MAX = 255


def preorder(token: SignatureToken) -> Iterator[SignatureToken]:
    """A type and all types within it, outside in, left to right."""
    stack = [token]
    while stack:
        token = stack.pop()
        yield token
        match token:
            case Reference(inner) | MutableReference(inner) | Vector(inner):
                stack.append(inner)
            case DatatypeInstantiation(_, arguments):
                stack.extend(reversed(arguments))


def check_bounds(module: CompiledModule) -> None:
    """Check a module that was just read or assembled.

    Raises: VMError, mostly INDEX_OUT_OF_BOUNDS.
    """
    if not module.module_handles:
        raise VMError(StatusCode.NO_MODULE_HANDLES, indices=[(IndexKind.MODULE_HANDLE, 0)])
    _Checker(module).check()


def _check_index(table: Sized, kind: IndexKind, index: int) -> None:
    if index >= len(table):
        raise _out_of_bounds(kind, index, len(table))


def _out_of_bounds(kind: IndexKind, index: int, length: int) -> VMError:
    message = f"index {index} out of bounds for {length} of {kind.name.lower()}"
    return VMError(StatusCode.INDEX_OUT_OF_BOUNDS, message=message, indices=[(kind, index)])


def _parameters_needed(tokens: Iterable[SignatureToken]) -> int:
    """The least number of type parameters that all tokens can be read with."""
    used = (t.index + 1 for token in tokens for t in preorder(token) if isinstance(t, TypeParameter))
    return max(used, default=0)


class _Checker:
    def __init__(self, module: CompiledModule) -> None:
        self.module = module
        # so that many handles on one large signature cost no more than one
        self.parameters_needed: list[int] = []

    def check(self) -> None:
        module = self.module
        for signature in module.signatures:
            for token in signature:
                self.check_type(token)
        self.parameters_needed = [_parameters_needed(signature) for signature in module.signatures]
        for constant in module.constant_pool:
            self.check_type(constant.type_)
        self.check_handles()
        self.check_instantiations()
        for struct in module.struct_defs:
            self.check_struct(struct)
        for enum in module.enum_defs:
            self.check_enum(enum)
        self.check_variants()
        code = _CodeChecker(self)
        for index, function in enumerate(module.function_defs):
            self.check_function(index, function, code)

    def check_handles(self) -> None:
        module = self.module
        for handle in module.module_handles:
            _check_index(module.address_identifiers, IndexKind.ADDRESS_IDENTIFIER, handle.address)
            _check_index(module.identifiers, IndexKind.IDENTIFIER, handle.name)
        _check_index(module.module_handles, IndexKind.MODULE_HANDLE, module.self_module_handle_idx)
        for datatype in module.datatype_handles:
            _check_index(module.module_handles, IndexKind.MODULE_HANDLE, datatype.module)
            _check_index(module.identifiers, IndexKind.IDENTIFIER, datatype.name)
        for function in module.function_handles:
            _check_index(module.module_handles, IndexKind.MODULE_HANDLE, function.module)
            _check_index(module.identifiers, IndexKind.IDENTIFIER, function.name)
            _check_index(module.signatures, IndexKind.SIGNATURE, function.parameters)
            _check_index(module.signatures, IndexKind.SIGNATURE, function.return_)
            self.check_type_parameters(function.parameters, len(function.type_parameters))
            self.check_type_parameters(function.return_, len(function.type_parameters))
        for field in module.field_handles:
            _check_index(module.struct_defs, IndexKind.STRUCT_DEFINITION, field.owner)
            fields = module.struct_defs[field.owner].fields or ()
            _check_index(fields, IndexKind.MEMBER_COUNT, field.field)
        for friend in module.friend_decls:
            _check_index(module.address_identifiers, IndexKind.ADDRESS_IDENTIFIER, friend.address)
            _check_index(module.identifiers, IndexKind.IDENTIFIER, friend.name)

    def check_instantiations(self) -> None:
        module = self.module
        for struct in module.struct_def_instantiations:
            _check_index(module.struct_defs, IndexKind.STRUCT_DEFINITION, struct.definition)
            _check_index(module.signatures, IndexKind.SIGNATURE, struct.type_parameters)
        for function in module.function_instantiations:
            _check_index(module.function_handles, IndexKind.FUNCTION_HANDLE, function.handle)
            _check_index(module.signatures, IndexKind.SIGNATURE, function.type_parameters)
        for field in module.field_instantiations:
            _check_index(module.field_handles, IndexKind.FIELD_HANDLE, field.handle)
            _check_index(module.signatures, IndexKind.SIGNATURE, field.type_parameters)

    def check_struct(self, struct: StructDefinition) -> None:
        _check_index(self.module.datatype_handles, IndexKind.DATATYPE_HANDLE, struct.handle)
        for field in struct.fields or ():
            self.check_field(struct.handle, field.name, field.signature)

    def check_enum(self, enum: EnumDefinition) -> None:
        _check_index(self.module.datatype_handles, IndexKind.DATATYPE_HANDLE, enum.handle)
        for variant in enum.variants:
            _check_index(self.module.identifiers, IndexKind.IDENTIFIER, variant.name)
            for field in variant.fields:
                self.check_field(enum.handle, field.name, field.signature)

    def check_field(self, datatype_handle: int, name: int, token: SignatureToken) -> None:
        _check_index(self.module.identifiers, IndexKind.IDENTIFIER, name)
        self.check_type(token)
        count = len(self.module.datatype_handles[datatype_handle].type_parameters)
        _check_tokens_type_parameters((token,), count)

    def check_variants(self) -> None:
        module = self.module
        for instantiation in module.enum_def_instantiations:
            _check_index(module.enum_defs, IndexKind.ENUM_DEFINITION, instantiation.definition)
            _check_index(module.signatures, IndexKind.SIGNATURE, instantiation.type_parameters)
        for handle in module.variant_handles:
            _check_index(module.enum_defs, IndexKind.ENUM_DEFINITION, handle.enum_def)
            _check_index(module.enum_defs[handle.enum_def].variants, IndexKind.VARIANT_TAG, handle.variant)
        for variant in module.variant_instantiation_handles:
            _check_index(module.enum_def_instantiations, IndexKind.ENUM_DEF_INSTANTIATION, variant.enum_def)
            definition = module.enum_def_instantiations[variant.enum_def].definition
            _check_index(module.enum_defs[definition].variants, IndexKind.VARIANT_TAG, variant.variant)

    def check_function(self, index: int, function: FunctionDefinition, code: _CodeChecker) -> None:
        module = self.module
        _check_index(module.function_handles, IndexKind.FUNCTION_HANDLE, function.function)
        for struct in function.acquires_global_resources:
            _check_index(module.struct_defs, IndexKind.STRUCT_DEFINITION, struct)
        if function.code is None:
            return
        handle = module.function_handles[function.function]
        _check_index(module.signatures, IndexKind.SIGNATURE, function.code.locals_)
        locals_count = len(module.signatures[function.code.locals_]) + len(
            module.signatures[handle.parameters]
        )
        if locals_count > _LOCALS_MAX:
            raise VMError(StatusCode.TOO_MANY_LOCALS, indices=[(IndexKind.FUNCTION_DEFINITION, index)])
        self.check_type_parameters(function.code.locals_, len(handle.type_parameters))
        code.check(index, function.code, locals_count, len(handle.type_parameters))

    def check_type(self, token: SignatureToken) -> None:
        if isinstance(token, Primitive):
            return
        handles = self.module.datatype_handles
        for part in preorder(token):
            match part:
                case Datatype(handle):
                    given = 0
                case DatatypeInstantiation(handle, arguments):
                    given = len(arguments)
                case _:
                    continue
            _check_index(handles, IndexKind.DATATYPE_HANDLE, handle)
            taken = len(handles[handle].type_parameters)
            if taken != given:
                message = f"expected {taken} type parameters got {given}"
                raise VMError(StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH, message=message)

    def check_type_parameters(self, signature: int, count: int) -> None:
        """Type parameters within a signature of the table are below count."""
        if self.parameters_needed[signature] > count:
            _check_tokens_type_parameters(self.module.signatures[signature], count)


def _check_tokens_type_parameters(tokens: Iterable[SignatureToken], count: int) -> None:
    for token in tokens:
        for part in preorder(token):
            if isinstance(part, TypeParameter) and part.index >= count:
                raise _out_of_bounds(IndexKind.TYPE_PARAMETER, part.index, count)


_Limit = tuple[IndexKind, int, "list[int] | None"]
"""The table that an operand points into, its length, and by operand the signature of its type arguments."""


def _module_limits(module: CompiledModule) -> dict[OperandKind, _Limit]:
    signatures = list(range(len(module.signatures)))
    struct_arguments = [i.type_parameters for i in module.struct_def_instantiations]
    function_arguments = [i.type_parameters for i in module.function_instantiations]
    field_arguments = [i.type_parameters for i in module.field_instantiations]
    variant_arguments = [
        module.enum_def_instantiations[v.enum_def].type_parameters
        for v in module.variant_instantiation_handles
    ]
    return {
        OperandKind.CONSTANT: (IndexKind.CONSTANT_POOL, len(module.constant_pool), None),
        OperandKind.FIELD_HANDLE: (IndexKind.FIELD_HANDLE, len(module.field_handles), None),
        OperandKind.FIELD_INSTANTIATION: (
            IndexKind.FIELD_INSTANTIATION,
            len(field_arguments),
            field_arguments,
        ),
        OperandKind.FUNCTION_HANDLE: (IndexKind.FUNCTION_HANDLE, len(module.function_handles), None),
        OperandKind.FUNCTION_INSTANTIATION: (
            IndexKind.FUNCTION_INSTANTIATION,
            len(function_arguments),
            function_arguments,
        ),
        OperandKind.STRUCT_DEF: (IndexKind.STRUCT_DEFINITION, len(module.struct_defs), None),
        OperandKind.STRUCT_DEF_INSTANTIATION: (
            IndexKind.STRUCT_DEF_INSTANTIATION,
            len(struct_arguments),
            struct_arguments,
        ),
        OperandKind.VARIANT_HANDLE: (IndexKind.VARIANT_HANDLE, len(module.variant_handles), None),
        OperandKind.VARIANT_INSTANTIATION_HANDLE: (
            IndexKind.VARIANT_INSTANTIATION_HANDLE,
            len(variant_arguments),
            variant_arguments,
        ),
        OperandKind.SIGNATURE: (IndexKind.SIGNATURE, len(signatures), signatures),
        OperandKind.SIGNATURE_AND_COUNT: (IndexKind.SIGNATURE, len(signatures), signatures),
    }


class _CodeChecker:
    """Operands of function bodies."""

    def __init__(self, checker: _Checker) -> None:
        self.checker = checker
        self.limits: list[_Limit | None] = [None] * 256
        """By opcode, since dictionaries with enum keys are slow."""
        for kind, limit in _module_limits(checker.module).items():
            self.set_limit(kind, limit)

    def set_limit(self, kind: OperandKind, limit: _Limit) -> None:
        for opcode in OPCODES_OF[kind]:
            self.limits[opcode] = limit

    def check(self, function: int, unit: CodeUnit, locals_count: int, type_parameters: int) -> None:
        """Check the body of one function definition."""
        self.set_limit(OperandKind.CODE_OFFSET, (IndexKind.CODE_DEFINITION, len(unit.code), None))
        self.set_limit(OperandKind.LOCAL, (IndexKind.LOCAL_POOL, locals_count, None))
        self.set_limit(OperandKind.JUMP_TABLE, (IndexKind.VARIANT_JUMP_TABLE, len(unit.jump_tables), None))
        needed = self.checker.parameters_needed
        limits = self.limits
        for offset, (opcode, operand, _) in enumerate(unit.code):
            limit = limits[opcode]
            if limit is None:
                continue
            kind, length, signatures = limit
            if operand >= length:
                error = _out_of_bounds(kind, operand, length)
                error.indices, error.offsets = [], [(function, offset)]
                raise error
            if signatures is not None and needed[signatures[operand]] > type_parameters:
                self.checker.check_type_parameters(signatures[operand], type_parameters)
        for table in unit.jump_tables:
            self.check_jump_table(table, unit)

    def check_jump_table(self, table: VariantJumpTable, unit: CodeUnit) -> None:
        enums = self.checker.module.enum_defs
        _check_index(enums, IndexKind.ENUM_DEFINITION, table.head_enum)
        variants = len(enums[table.head_enum].variants)
        branches = len(table.jump_table)
        if branches != variants:
            raise VMError(
                StatusCode.INVALID_ENUM_SWITCH,
                message=f"jump table of {branches} branches for {variants} variants",
                indices=[(IndexKind.VARIANT_TAG, branches)],
            )
        for target in table.jump_table:
            _check_index(unit.code, IndexKind.CODE_DEFINITION, target)
