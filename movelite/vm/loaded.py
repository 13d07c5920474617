"""Modules and functions made ready to run: every index resolved to what it stands for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b
from typing import Any

from movelite.bytecode.file_format import (
    AbilitySet,
    CompiledModule,
    Constant,
    Datatype,
    DatatypeInstantiation,
    FunctionDefinition,
    Instruction,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    VariantJumpTable,
    Vector,
    Visibility,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier import control_flow_graph
from movelite.verifier.control_flow_graph import ControlFlowGraph
from movelite.verifier.dependencies import Exports
from movelite.vm import types
from movelite.vm.gas import INSTANCE_WORK, MAX_WORK, GasMeter
from movelite.vm.native_context import NativeFunction
from movelite.vm.operand_types import StackShape, infer_stack_shape
from movelite.vm.types import DatatypeInfo, ModuleId, Type
from movelite.vm.values import InvalidValue, Value, copier, deserialize

MAX_INSTANCES_PER_FUNCTION = 256
"""Type argument lists for which a function remembers what it resolved."""

_PRIMITIVES = {
    Primitive.BOOL: types.BOOL,
    Primitive.U8: types.U8,
    Primitive.U16: types.U16,
    Primitive.U32: types.U32,
    Primitive.U64: types.U64,
    Primitive.U128: types.U128,
    Primitive.U256: types.U256,
    Primitive.ADDRESS: types.ADDRESS,
    Primitive.SIGNER: types.SIGNER,
}


class LoadedModule:
    """A verified module with its dependencies linked.

    runtime_id is the id that code knows it by, storage_id where the linked version was found.
    """

    def __init__(
        self,
        compiled: CompiledModule,
        storage_id: ModuleId,
        dependencies: dict[ModuleId, LoadedModule],
        datatypes: dict[str, DatatypeInfo],
        natives: Callable[[ModuleId, str], NativeFunction | None],
    ) -> None:
        self.compiled = compiled
        self.runtime_id = compiled.self_id
        self.storage_id = storage_id
        self.dependencies = dependencies
        self.datatypes = datatypes
        self.identity = _identity(storage_id, dependencies)
        """The same for the same code linked to the same code, wherever and whenever it was loaded."""
        self.functions = [
            Function(self, index, definition, natives)
            for index, definition in enumerate(compiled.function_defs)
        ]
        self.function_map = {function.name: function for function in self.functions}
        self._signatures: dict[int, tuple[Type, ...]] = {}
        self._function_handles: dict[int, Function] = {}
        self._constants: dict[int, tuple[Value, Callable[[Value], Value]]] = {}

    @cached_property
    def exports(self) -> Exports:
        """What modules that import it are linked with."""
        return Exports(self.compiled)

    def _module(self, module_id: ModuleId) -> LoadedModule:
        return self if module_id == self.runtime_id else self.dependencies[module_id]

    def datatype_of_handle(self, index: int) -> DatatypeInfo:
        """The datatype that a datatype handle names."""
        handle = self.compiled.datatype_handles[index]
        module_id = self.compiled.module_id(self.compiled.module_handles[handle.module])
        name = self.compiled.identifiers[handle.name]
        found = self._module(module_id).datatypes.get(name)
        if found is None:
            raise VMError(StatusCode.TYPE_RESOLUTION_FAILURE, message=f"no type {name}")
        return found

    def datatype_of_struct(self, definition: int) -> DatatypeInfo:
        """The datatype of a struct definition."""
        return self.datatype_of_handle(self.compiled.struct_defs[definition].handle)

    def datatype_of_enum(self, definition: int) -> DatatypeInfo:
        """The datatype of an enum definition."""
        return self.datatype_of_handle(self.compiled.enum_defs[definition].handle)

    def function_of_handle(self, index: int) -> Function:
        """The function that a function handle names."""
        found = self._function_handles.get(index)
        if found is None:
            handle = self.compiled.function_handles[index]
            module_id = self.compiled.module_id(self.compiled.module_handles[handle.module])
            name = self.compiled.identifiers[handle.name]
            candidate = self._module(module_id).function_map.get(name)
            if candidate is None:
                raise VMError(StatusCode.FUNCTION_RESOLUTION_FAILURE, message=f"no function {name}")
            found = self._function_handles[index] = candidate
        return found

    def type_of(self, token: SignatureToken) -> Type:
        """The (possibly open) type of a signature token."""
        return type_of_token(token, self.datatype_of_handle)

    def signature(self, index: int) -> tuple[Type, ...]:
        """The types of a signature."""
        found = self._signatures.get(index)
        if found is None:
            found = tuple(self.type_of(token) for token in self.compiled.signatures[index])
            self._signatures[index] = found
        return found

    def constant(self, index: int) -> Value:
        """A fresh value of a constant."""
        known = self._constants.get(index)
        if known is None:
            row = self.compiled.constant_pool[index]
            known = self._constants[index] = self._decode_constant(row)
        value, copy = known
        return copy(value)

    def _decode_constant(self, row: Constant) -> tuple[Value, Callable[[Value], Value]]:
        type_ = self.type_of(row.type_)
        try:
            return deserialize(type_, row.data), copier(type_)
        except InvalidValue as error:
            raise VMError(StatusCode.VERIFIER_INVARIANT_VIOLATION, message=str(error)) from error


def _identity(storage_id: ModuleId, dependencies: dict[ModuleId, LoadedModule]) -> bytes:
    address, name = storage_id
    parts = [address, name.encode(), *(dependency.identity for dependency in dependencies.values())]
    return blake2b(b"".join(parts), digest_size=32).digest()


def type_of_token(token: SignatureToken, datatype: Callable[[int], DatatypeInfo]) -> Type:
    """The type of a signature token, with its datatype handles looked up by `datatype`."""
    match token:
        case Primitive():
            return _PRIMITIVES[token]
        case Vector(inner):
            return types.vector_type(type_of_token(inner, datatype))
        case Reference(inner):
            return types.reference_type(type_of_token(inner, datatype))
        case MutableReference(inner):
            return types.mutable_reference_type(type_of_token(inner, datatype))
        case TypeParameter(index):
            return types.type_parameter(index)
        case Datatype(handle):
            return types.datatype_type(datatype(handle))
        case DatatypeInstantiation(handle, arguments):
            return types.datatype_type(datatype(handle), tuple(type_of_token(a, datatype) for a in arguments))


class Function:
    """A function of a loaded module; its types mention the function's type parameters."""

    def __init__(
        self,
        module: LoadedModule,
        index: int,
        definition: FunctionDefinition,
        natives: Callable[[ModuleId, str], NativeFunction | None],
    ) -> None:
        handle = module.compiled.function_handles[definition.function]
        self.module = module
        self.index = index
        self.name = module.compiled.identifiers[handle.name]
        self.visibility: Visibility = definition.visibility
        self.is_entry = definition.is_entry
        self.type_parameters: tuple[AbilitySet, ...] = handle.type_parameters
        self._parameters_index = handle.parameters
        self._returns_index = handle.return_
        self._locals_index = definition.code.locals_ if definition.code is not None else None
        self.code: tuple[Instruction, ...] = definition.code.code if definition.code is not None else ()
        self.jump_tables: tuple[VariantJumpTable, ...] = (
            definition.code.jump_tables if definition.code is not None else ()
        )
        self.is_native = definition.code is None
        self.native = natives(module.runtime_id, self.name) if self.is_native else None
        self._instances: dict[tuple[Type, ...], FunctionInstance] = {}

    def __repr__(self) -> str:
        return f"Function({self})"

    def __str__(self) -> str:
        address, module = self.module.runtime_id
        return f"0x{address.hex()}::{module}::{self.name}"

    @cached_property
    def parameters(self) -> tuple[Type, ...]:
        """Types of the parameters."""
        return self.module.signature(self._parameters_index)

    @cached_property
    def returns(self) -> tuple[Type, ...]:
        """Types of the results."""
        return self.module.signature(self._returns_index)

    @cached_property
    def locals(self) -> tuple[Type, ...]:
        """Types of all locals: the parameters, then the others."""
        if self._locals_index is None:
            return self.parameters
        return self.parameters + self.module.signature(self._locals_index)

    @cached_property
    def borrowed_locals(self) -> frozenset[int]:
        """Locals that are borrowed mutably."""
        return frozenset(operand for opcode, operand, _ in self.code if opcode is Opcode.MUT_BORROW_LOC)

    @cached_property
    def stack_shape(self) -> StackShape:
        """What is on the operand stack before every instruction."""
        return infer_stack_shape(self)

    @cached_property
    def highest_stack(self) -> int:
        """Most values that one call has on the stack at once."""
        return max(self.stack_shape.heights)

    @cached_property
    def has_calls(self) -> bool:
        """Whether it calls anything."""
        return any(opcode in (Opcode.CALL, Opcode.CALL_GENERIC) for opcode, _, _ in self.code)

    @cached_property
    def flow_graph(self) -> ControlFlowGraph:
        """How control passes between the basic blocks of a function that is not native."""
        code_unit = self.module.compiled.function_defs[self.index].code
        if code_unit is None:
            raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="a native has no code")
        return control_flow_graph.build(code_unit)

    @cached_property
    def block_starts(self) -> list[int]:
        """Offsets at which the basic blocks begin, ascending."""
        return list(self.flow_graph.blocks)

    @cached_property
    def instance_work(self) -> int:
        """What it takes to make an instance of a generic function ready to run, in units of work.

        See movelite.vm.gas. It depends on the code alone.
        """
        roots = [*self.parameters, *self.returns, *self.locals]
        if not self.is_native:
            for instruction, operands in zip(self.code, self.stack_shape.operand_types, strict=True):
                roots += operands
                roots += self._named_types(instruction)
        parts = types.count_open_parts(dict.fromkeys(roots), MAX_WORK)
        return INSTANCE_WORK + len(self.code) + parts

    def _named_types(self, instruction: Instruction) -> tuple[Type, ...]:
        """The type arguments that an instruction has in its operand, where its operands do not show them."""
        opcode, operand, _ = instruction
        compiled = self.module.compiled
        match opcode:
            case Opcode.CALL_GENERIC:
                return self.module.signature(compiled.function_instantiations[operand].type_parameters)
            case Opcode.PACK_GENERIC:
                row = compiled.struct_def_instantiations[operand]
                datatype = self.module.datatype_of_struct(row.definition)
                return (types.datatype_type(datatype, self.module.signature(row.type_parameters)),)
            case Opcode.VEC_PACK:
                return self.module.signature(operand)
            case _:
                return ()

    def instance(self, type_arguments: tuple[Type, ...] = ()) -> FunctionInstance:
        """The function with its type parameters given."""
        found = self._instances.get(type_arguments)
        if found is None:
            if len(self._instances) >= MAX_INSTANCES_PER_FUNCTION:
                self._instances.pop(next(iter(self._instances)))
            found = self._instances[type_arguments] = FunctionInstance(self, type_arguments)
        return found


class FunctionInstance:
    """A function with concrete type arguments, and what its instructions resolve to."""

    def __init__(self, function: Function, type_arguments: tuple[Type, ...]) -> None:
        self.function = function
        self.type_arguments = type_arguments
        self.key = (function.module.identity, function.index, type_arguments)
        """Equal for the same function with the same type arguments, also where it was loaded twice."""
        self._types: dict[Type, Type] = {}
        self._vector_elements: dict[int, Type] = {}
        self._structs: dict[int, Type] = {}
        self._generic_structs: dict[int, Type] = {}
        self._generic_enums: dict[int, Type] = {}
        self._callees: dict[int, FunctionInstance] = {}
        self._generic_callees: dict[int, FunctionInstance] = {}
        self._operand_types: dict[int, tuple[Type, ...]] = {}
        self.translation: Callable[..., Any] | None = None
        """The Python function it was translated to, once it was."""
        self.continuations: dict[int, Callable[..., Any] | None] = {}
        """What runs it from the start of a block on, by offset; None where it cannot be translated."""
        self.heat = 0
        """Instructions that the interpreter has run for it, by which the translator chooses."""
        self.is_translatable = True
        self.charges: object = None
        """The translator's sums of its gas, once they were made."""

    def __repr__(self) -> str:
        return f"FunctionInstance({self.function}, {self.type_arguments})"

    def count(self, gas: GasMeter) -> None:
        """Tell the meter that the instance of a generic function is called. Raises: VMError OUT_OF_GAS."""
        if self.key not in gas.instances:
            gas.count_instance(self.key, self.function.instance_work)

    def _closed(self, open_types: tuple[Type, ...]) -> tuple[Type, ...]:
        arguments, known = self.type_arguments, self._types
        return tuple([types.substitute(type_, arguments, known) for type_ in open_types])

    @cached_property
    def parameters(self) -> tuple[Type, ...]:
        """Types of the parameters."""
        return self._closed(self.function.parameters)

    @cached_property
    def takes_scalar_references(self) -> bool:
        """Whether a parameter is a reference to something that is no list."""
        return any(type_.is_reference and not type_.element.is_container for type_ in self.parameters)

    @cached_property
    def returns(self) -> tuple[Type, ...]:
        """Types of the results."""
        return self._closed(self.function.returns)

    @cached_property
    def locals(self) -> tuple[Type, ...]:
        """Types of all locals."""
        return self._closed(self.function.locals)

    @cached_property
    def boxed_locals(self) -> frozenset[int]:
        """Locals that live in a list of their own: scalars that are borrowed mutably."""
        borrowed = self.function.borrowed_locals
        return frozenset(index for index in borrowed if not self.local_type(index).is_container)

    def local_type(self, index: int) -> Type:
        """The type of one local."""
        return types.substitute(self.function.locals[index], self.type_arguments, self._types)

    def operand_types(self, offset: int) -> tuple[Type, ...]:
        """The types of what the instruction at the offset pops, the top of the stack last."""
        found = self._operand_types.get(offset)
        if found is None:
            open_types = self.function.stack_shape.operand_types[offset]
            found = self._operand_types[offset] = self._closed(open_types)
        return found

    def callee(self, handle: int) -> FunctionInstance:
        """What CALL calls."""
        found = self._callees.get(handle)
        if found is None:
            found = self._callees[handle] = self.function.module.function_of_handle(handle).instance()
        return found

    def generic_callee(self, instantiation: int) -> FunctionInstance:
        """What CALL_GENERIC calls.

        Raises: VMError TOO_MANY_TYPE_NODES or VM_MAX_TYPE_DEPTH_REACHED.
        """
        found = self._generic_callees.get(instantiation)
        if found is None:
            module = self.function.module
            row = module.compiled.function_instantiations[instantiation]
            parts = module.signature(row.type_parameters)
            arguments = tuple([types.instantiate(part, self.type_arguments, self._types) for part in parts])
            types.check_instantiation(self.type_arguments, arguments)
            found = module.function_of_handle(row.handle).instance(arguments)
            self._generic_callees[instantiation] = found
        return found

    def vector_element(self, signature: int) -> Type:
        """The element type that a vector instruction names.

        Raises: VMError TOO_MANY_TYPE_NODES or VM_MAX_TYPE_DEPTH_REACHED.
        """
        found = self._vector_elements.get(signature)
        if found is None:
            (open_type,) = self.function.module.signature(signature)
            found = open_type
            if self.type_arguments:
                found = types.instantiate(open_type, self.type_arguments, self._types)
            self._vector_elements[signature] = found
        return found

    def struct_type(self, definition: int) -> Type:
        """The struct that PACK and UNPACK name."""
        found = self._structs.get(definition)
        if found is None:
            found = types.datatype_type(self.function.module.datatype_of_struct(definition))
            self._structs[definition] = found
        return found

    def generic_struct_type(self, instantiation: int) -> Type:
        """The struct that PACK_GENERIC and UNPACK_GENERIC name.

        Raises: VMError TOO_MANY_TYPE_NODES or VM_MAX_TYPE_DEPTH_REACHED.
        """
        found = self._generic_structs.get(instantiation)
        if found is None:
            module = self.function.module
            row = module.compiled.struct_def_instantiations[instantiation]
            found = self._instantiated(module.datatype_of_struct(row.definition), row.type_parameters)
            self._generic_structs[instantiation] = found
        return found

    def enum_type(self, variant_handle: int) -> Type:
        """The enum that a variant instruction names."""
        module = self.function.module
        row = module.compiled.variant_handles[variant_handle]
        return types.datatype_type(module.datatype_of_enum(row.enum_def))

    def generic_enum_type(self, variant_instantiation: int) -> Type:
        """The enum that a generic variant instruction names.

        Raises: VMError TOO_MANY_TYPE_NODES or VM_MAX_TYPE_DEPTH_REACHED.
        """
        found = self._generic_enums.get(variant_instantiation)
        if found is None:
            module = self.function.module
            handle = module.compiled.variant_instantiation_handles[variant_instantiation]
            row = module.compiled.enum_def_instantiations[handle.enum_def]
            found = self._instantiated(module.datatype_of_enum(row.definition), row.type_parameters)
            self._generic_enums[variant_instantiation] = found
        return found

    def _instantiated(self, datatype: DatatypeInfo, signature: int) -> Type:
        parts = self.function.module.signature(signature)
        types.check_instantiation(self.type_arguments, parts)
        return types.datatype_type(
            datatype, tuple([types.instantiate(part, self.type_arguments, self._types) for part in parts])
        )
