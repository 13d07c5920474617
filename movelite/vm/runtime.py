"""The Move VM: a runtime that keeps what it loaded, and sessions that run code against one view of packages.

Source: move-vm-runtime, runtime and session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from movelite.bytecode.file_format import AbilitySet, CompiledModule, Visibility
from movelite.bytecode.reader import BinaryConfig
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.config import VerifierConfig
from movelite.verifier.meter import Meter
from movelite.vm import type_tags, types, values
from movelite.vm.gas import GasMeter
from movelite.vm.interpreter import Interpreter
from movelite.vm.linkage import LinkageResolver
from movelite.vm.loaded import FunctionInstance, LoadedModule
from movelite.vm.loader import CacheLimits, ModuleLoader
from movelite.vm.native_context import Extensions, NativeTable, RuntimeLimits
from movelite.vm.observed import ObservedInterpreter, Observer
from movelite.vm.translator.machine import HOT_AFTER, Machine
from movelite.vm.types import ModuleId, Type
from movelite.vm.value_work import value_work
from movelite.vm.values import InvalidValue, Value
from proto import type_tag as tags
from proto.type_tag import StructTag, TypeTag, VectorTag


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """What a runtime accepts and how far code may go; the defaults are the network's."""

    verifier: VerifierConfig = field(default_factory=VerifierConfig)
    binary: BinaryConfig = field(default_factory=BinaryConfig)
    limits: RuntimeLimits = field(default_factory=RuntimeLimits)
    caches: CacheLimits = field(default_factory=CacheLimits)
    translate: bool = True
    """False runs everything in the reference interpreter."""
    hot_after: int = HOT_AFTER
    """Instructions interpreted, per instruction of a function's code, before it is translated; 0: none."""
    stored_are_verified: bool = False
    """Whether packages are stored by whoever has verified them, so that loading them need not do it again."""
    tells_why_no_layout: bool = True
    """Whether a result whose type is too large for BCS fails with the limit, or with VERIFICATION_ERROR."""


class MoveRuntime:
    """Keeps verified, linked and translated modules for all sessions."""

    def __init__(self, natives: NativeTable, config: RuntimeConfig | None = None) -> None:
        config = config if config is not None else RuntimeConfig()
        self.config = config
        self.loader = ModuleLoader(natives, config.binary, config.verifier, config.caches)

        self.machine = Machine(config.limits, config.hot_after)

    def new_session(
        self,
        linkage: LinkageResolver,
        gas_meter: GasMeter,
        extensions: Extensions | None = None,
        observers: Sequence[Observer] = (),
    ) -> Session:
        """A session over one view of the packages; extensions are what natives will look for.

        With observers, all code runs in the reference interpreter and they are told what it does.
        """
        found = extensions if extensions is not None else Extensions()
        return Session(self, linkage, gas_meter, found, observers)

    def call(
        self,
        function: LoadedFunction,
        arguments: Sequence[Value],
        gas_meter: GasMeter,
        extensions: Extensions,
    ) -> list[Value]:
        """The results of a function that a session has loaded: no view of packages is needed.

        All its references are to vectors, structs and enums, and it returns none: what is borrowed mutably
        changes in place. The number of arguments is right. Raises: ExecutionError.
        """
        instance = function.instance
        if function.is_native or not self.config.translate:
            return Interpreter(gas_meter, extensions, self.config.limits).execute(instance, arguments)
        return self.machine.run(instance, arguments, gas_meter, extensions)

    def forget_links(self) -> None:
        """Look every view up again: call it when a link context has come to mean other modules."""
        self.loader.forget_links()


@dataclass(frozen=True, slots=True)
class LoadedFunction:
    """A function ready to be called; parameters and return types have its type arguments put in."""

    instance: FunctionInstance
    module_id: ModuleId
    storage_id: ModuleId
    name: str
    type_arguments: tuple[Type, ...]
    parameters: tuple[Type, ...]
    return_types: tuple[Type, ...]
    visibility: Visibility
    is_entry: bool
    is_native: bool
    definition_index: int
    last_offset: int
    """Offset of the last instruction, 0 for a native."""


@dataclass(frozen=True, slots=True)
class ReturnValues:
    """What a call gave back: the values behind its `&mut` parameters (by parameter index), and its results.

    A result that is a reference is given as a copy of what it points to.
    """

    mutable_references: list[tuple[int, Value]]
    return_values: list[Value]


@dataclass(frozen=True, slots=True)
class SerializedReturn:
    """`ReturnValues` in BCS."""

    mutable_references: list[tuple[int, bytes]]
    return_values: list[bytes]


_PRIMITIVES: dict[TypeTag, Type] = {
    tags.BOOL: types.BOOL,
    tags.U8: types.U8,
    tags.U16: types.U16,
    tags.U32: types.U32,
    tags.U64: types.U64,
    tags.U128: types.U128,
    tags.U256: types.U256,
    tags.ADDRESS: types.ADDRESS,
    tags.SIGNER: types.SIGNER,
}


class Session:
    """Runs and publishes code against one view of the packages, with one gas meter."""

    def __init__(
        self,
        runtime: MoveRuntime,
        linkage: LinkageResolver,
        gas_meter: GasMeter,
        extensions: Extensions,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.observers = observers
        self.runtime = runtime
        self.linkage = linkage
        self.gas_meter = gas_meter
        self.extensions = extensions

    # Types

    def load_type(self, tag: TypeTag) -> Type:
        """The type that a tag names. Struct tags name the runtime module, as the linkage knows it.

        Raises: VMError, of the linker or TYPE_RESOLUTION_FAILURE, NUMBER_OF_TYPE_ARGUMENTS_MISMATCH,
        CONSTRAINT_NOT_SATISFIED, VM_MAX_TYPE_DEPTH_REACHED.
        """
        return self._load_type(tag, 1)

    def _load_type(self, tag: TypeTag, depth: int) -> Type:
        if depth > types.MAX_TYPE_DEPTH:
            raise VMError(StatusCode.VM_MAX_TYPE_DEPTH_REACHED)
        if isinstance(tag, VectorTag):
            return types.vector_type(self._load_type(tag.element, depth + 1))
        if not isinstance(tag, StructTag):
            return _PRIMITIVES[tag]
        datatype = self.load_module((tag.address, tag.module)).datatypes.get(tag.name)
        if datatype is None:
            raise VMError(
                StatusCode.TYPE_RESOLUTION_FAILURE,
                message=f"Cannot find 0x{tag.address.hex()}::{tag.module}::{tag.name} in cache",
            )
        arguments = tuple(self._load_type(argument, depth + 1) for argument in tag.type_args)
        check_type_arguments([p.constraints for p in datatype.type_parameters], arguments)
        return types.datatype_type(datatype, arguments)

    def type_tag(self, type_: Type) -> TypeTag:
        """The tag of a type, with defining ids.

        Raises: VMError UNKNOWN_INVARIANT_VIOLATION_ERROR for a reference.
        """
        return type_tags.type_tag(type_)

    # Modules and functions

    def load_module(self, module_id: ModuleId) -> LoadedModule:
        """The module of that runtime id in this view; its `compiled` is the CompiledModule.

        Raises: VMError.
        """
        return self.runtime.loader.load(self.linkage, module_id)

    def load_function(
        self, module_id: ModuleId, name: str, type_arguments: Sequence[Type] = ()
    ) -> LoadedFunction:
        """A function of any visibility, with its type arguments checked against the constraints.

        Raises: VMError FUNCTION_RESOLUTION_FAILURE, NUMBER_OF_TYPE_ARGUMENTS_MISMATCH,
        CONSTRAINT_NOT_SATISFIED, or of loading.
        """
        module = self.load_module(module_id)
        function = module.function_map.get(name)
        if function is None:
            raise VMError(
                StatusCode.FUNCTION_RESOLUTION_FAILURE,
                message=f"Cannot find 0x{module_id[0].hex()}::{module_id[1]}::{name}",
            )
        arguments = tuple(type_arguments)
        try:
            check_type_arguments(function.type_parameters, arguments)
        except VMError as error:
            error.location = module_id
            raise
        instance = function.instance(arguments)
        return LoadedFunction(
            instance=instance,
            module_id=module_id,
            storage_id=module.storage_id,
            name=name,
            type_arguments=arguments,
            parameters=instance.parameters,
            return_types=instance.returns,
            visibility=function.visibility,
            is_entry=function.is_entry,
            is_native=function.is_native,
            definition_index=function.index,
            last_offset=max(0, len(function.code) - 1),
        )

    # Execution

    def execute(self, function: LoadedFunction, arguments: Sequence[Value]) -> ReturnValues:
        """Call a function. For a reference parameter give the value itself, which may be changed in place.

        Raises: ExecutionError; VMError NUMBER_OF_ARGUMENTS_MISMATCH.
        """
        if len(arguments) != len(function.parameters):
            raise VMError(
                StatusCode.NUMBER_OF_ARGUMENTS_MISMATCH,
                message=f"argument length mismatch: expected {len(function.parameters)} got {len(arguments)}",
            )
        boxes = list(arguments)
        passed = [
            (boxes, index) if type_.is_reference and not type_.element.is_container else value
            for index, (type_, value) in enumerate(zip(function.parameters, arguments, strict=True))
        ]
        results = self._run(function.instance, passed)
        returned = [
            values.read_reference(type_.element, value) if type_.is_reference else value
            for type_, value in zip(function.return_types, results, strict=True)
        ]
        mutable = [
            (index, boxes[index])
            for index, type_ in enumerate(function.parameters)
            if type_.is_mutable_reference
        ]
        return ReturnValues(mutable, returned)

    def _run(self, instance: FunctionInstance, arguments: Sequence[Value]) -> list[Value]:
        runtime = self.runtime
        if self.observers:
            observed = ObservedInterpreter(
                self.gas_meter, self.extensions, runtime.config.limits, self.observers
            )
            return observed.execute(instance, arguments)
        if instance.function.is_native or not runtime.config.translate:
            interpreter = Interpreter(self.gas_meter, self.extensions, runtime.config.limits)
            return interpreter.execute(instance, arguments)
        return runtime.machine.run(instance, arguments, self.gas_meter, self.extensions)

    def execute_serialized(self, function: LoadedFunction, arguments: Sequence[bytes]) -> SerializedReturn:
        """Call a function with arguments in BCS (for a reference parameter, of what it refers to).

        Raises: ExecutionError; VMError NUMBER_OF_ARGUMENTS_MISMATCH, INVALID_PARAM_TYPE_FOR_DESERIALIZATION,
        FAILED_TO_DESERIALIZE_ARGUMENT.
        """
        if len(arguments) != len(function.parameters):
            raise VMError(
                StatusCode.NUMBER_OF_ARGUMENTS_MISMATCH,
                message=f"argument length mismatch: expected {len(function.parameters)} got {len(arguments)}",
            )
        decoded = [
            self._deserialize_argument(type_.referent, data)
            for type_, data in zip(function.parameters, arguments, strict=True)
        ]
        result = self.execute(function, decoded)
        return_values = [
            self._serialize_result(type_.referent, value)
            for type_, value in zip(function.return_types, result.return_values, strict=True)
        ]
        mutable = [
            (index, self._serialize_result(function.parameters[index].element, value))
            for index, value in result.mutable_references
        ]
        return SerializedReturn(mutable, return_values)

    def _deserialize_argument(self, type_: Type, data: bytes) -> Value:
        try:
            value = values.deserialize(type_, data)
        except VMError as error:
            status = StatusCode.INVALID_PARAM_TYPE_FOR_DESERIALIZATION
            raise VMError(status, message=error.message) from error
        except InvalidValue as error:
            raise VMError(StatusCode.FAILED_TO_DESERIALIZE_ARGUMENT, message=str(error)) from error
        self.gas_meter.add_work(value_work(type_, value))
        return value

    def _serialize_result(self, type_: Type, value: values.Value) -> bytes:
        try:
            values.check_layout(type_)
        except VMError as error:
            if self.runtime.config.tells_why_no_layout:
                raise
            message = "entry point functions cannot have non-serializable return types"
            raise VMError(StatusCode.VERIFICATION_ERROR, message=message) from error
        self.gas_meter.add_work(value_work(type_, value))
        return values.serialize(type_, value)

    # Publishing

    def publish_bundle(
        self, modules: Sequence[bytes], sender: bytes, meter: Meter | None = None
    ) -> list[CompiledModule]:
        """Read and verify modules that are to be published together at the address `sender`.

        Nothing is stored: what to do with the modules is the caller's business. meter: what verifying them
        may take.
        Raises: VMError, PROGRAM_TOO_COMPLEX when the meter runs out.
        """
        loader = self.runtime.loader
        compiled = [loader.read(data) for data in modules]
        for module in compiled:
            if module.self_id[0] != sender:
                raise VMError(
                    StatusCode.MODULE_ADDRESS_DOES_NOT_MATCH_SENDER,
                    indices=[(IndexKind.ADDRESS_IDENTIFIER, module.self_module_handle_idx)],
                )
        if len({module.self_id for module in compiled}) != len(compiled):
            raise VMError(StatusCode.DUPLICATE_MODULE_NAME)
        loader.verify_bundle(self.linkage, compiled, meter)
        for data, module in zip(modules, compiled, strict=True):
            loader.keep_verified(data, module)
        return compiled


def check_type_arguments(constraints: Sequence[AbilitySet], arguments: Sequence[Type]) -> None:
    """Refuse type arguments of the wrong number or without the abilities asked for.

    Raises: VMError NUMBER_OF_TYPE_ARGUMENTS_MISMATCH, CONSTRAINT_NOT_SATISFIED.
    """
    if len(constraints) != len(arguments):
        raise VMError(StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH)
    for needed, argument in zip(constraints, arguments, strict=True):
        if needed & ~argument.abilities:
            raise VMError(StatusCode.CONSTRAINT_NOT_SATISFIED)
