"""The state of one running programmable transaction: its arguments, packages, sessions and object runtime.

Source: iota-adapter, programmable_transactions/context.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from authority.execution.arguments import Arguments
from authority.execution.children import StoreChildReader
from authority.execution.errors import ExecutionError, invariant_violation
from authority.execution.gas_charger import GasCharger
from authority.execution.linkage import PackageLinkage, PackageStore
from authority.execution.move_errors import execution_error_of
from authority.execution.recorder import Recorder
from authority.execution.temporary_store import TemporaryStore
from authority.execution.tx_context import TxContext
from authority.execution.values import InputMetadata, ObjectValue, PureValue, ReceivingValue, Slot, Value
from movelite.bytecode.file_format import STORE, CompiledModule
from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.contained_ids import contained_ids, wraps_no_object
from movelite.natives.object_runtime import InputObject, MemoryLimit, ObjectRuntime
from movelite.vm.native_context import Extensions
from movelite.vm.observed import Observer
from movelite.vm.runtime import LoadedFunction, MoveRuntime, Session, check_type_arguments
from movelite.vm.type_tags import type_tag
from movelite.vm.types import (
    ADDRESS,
    BOOL,
    SIGNER,
    U8,
    U16,
    U32,
    U64,
    U128,
    U256,
    Type,
    datatype_type,
    vector_type,
)
from movelite.vm.values import deserialize, serialize
from proto import argument_error as argument
from proto.event import Event
from proto.execution_status import TypeArgumentError, TypeArityMismatch
from proto.ids import Address, ObjectID
from proto.object import Immutable, MoveObjectType, MovePackage, compress_type, expand_type
from proto.protocol_config import ProtocolConfig
from proto.transaction import Argument, CallArg, ImmOrOwnedObject, Pure, Receiving, SharedObject
from proto.type_tag import StructTag, TypeTag, VectorTag

_PRIMITIVES: dict[TypeTag, Type] = {
    type_tag(type_): type_ for type_ in (BOOL, U8, U16, U32, U64, U128, U256, ADDRESS, SIGNER)
}


class ExecutionMode(Enum):
    """NORMAL for users; GENESIS publishes at fixed ids without capability; DEV_INSPECT calls anything."""

    NORMAL = auto()
    GENESIS = auto()
    DEV_INSPECT = auto()


INPUT_TYPES_SIZE = 100_000
"""Types of objects that are remembered."""


@dataclass(frozen=True, slots=True)
class InputType:
    """What an object input needs of its type."""

    type_: Type
    has_store: bool
    wraps_nothing: bool


@dataclass(frozen=True, slots=True)
class ExecutionParameters:
    """What is the same for all transactions of an epoch.

    input_types remembers the types of objects on the ledger: their packages exist for ever. observers: told
    what code does, for those who replay a transaction.
    """

    runtime: MoveRuntime
    config: ProtocolConfig
    mode: ExecutionMode
    input_types: dict[MoveObjectType, InputType]
    observers: tuple[Observer, ...] = ()


@dataclass(slots=True)
class ExecutionContext:
    """What commands work on. Make it with `open_context`."""

    parameters: ExecutionParameters
    store: TemporaryStore
    gas: GasCharger
    tx_context: TxContext
    packages: PackageStore
    objects: ObjectRuntime
    arguments: Arguments
    recorder: Recorder | None = None
    transfers: list[tuple[Address, ObjectValue]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    _sessions: dict[ObjectID, tuple[Session, ObjectID]] = field(default_factory=dict)

    @property
    def config(self) -> ProtocolConfig:
        """The protocol's numbers."""
        return self.parameters.config

    @property
    def mode(self) -> ExecutionMode:
        """How strict execution is."""
        return self.parameters.mode

    @property
    def allows_any_value(self) -> bool:
        """Whether functions of any visibility may be called with any bytes."""
        return self.mode is not ExecutionMode.NORMAL

    def session(self, package_id: ObjectID) -> tuple[Session, ObjectID]:
        """A VM session linked as the package says, and the package's original id. Raises: ExecutionError."""
        known = self._sessions.get(package_id)
        if known is None:
            package = self.packages.get(package_id)
            if package is None:
                raise self.failure(
                    VMError(StatusCode.LINKER_ERROR, message=f"no package 0x{package_id.hex()}")
                )
            linkage = PackageLinkage(package, self.packages)
            extensions = Extensions(self.objects, self.tx_context.terms)
            parameters = self.parameters
            session = parameters.runtime.new_session(
                linkage, self.gas.meter, extensions, parameters.observers
            )
            known = self._sessions[package_id] = (session, linkage.original_id)
        return known

    def load_type(self, tag: TypeTag) -> Type:
        """The type of a tag. Raises: ExecutionError."""
        try:
            return self._load_type(tag)
        except VMError as error:
            raise self.failure(error) from error

    def load_type_argument(self, index: int, tag: TypeTag) -> Type:
        """The index-th type argument of a call. Raises: ExecutionError."""
        try:
            return self._load_type(tag)
        except VMError as error:
            match error.status:
                case StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH:
                    raise ExecutionError(TypeArityMismatch()) from error
                case StatusCode.TYPE_RESOLUTION_FAILURE:
                    raise ExecutionError(TypeArgumentError(index, argument.TypeNotFound())) from error
                case StatusCode.CONSTRAINT_NOT_SATISFIED:
                    raise ExecutionError(
                        TypeArgumentError(index, argument.ConstraintNotSatisfied())
                    ) from error
                case _:
                    raise self.failure(error) from error

    def _load_type(self, tag: TypeTag) -> Type:
        """Each struct is looked up in the package that its own address names."""
        if isinstance(tag, VectorTag):
            return vector_type(self._load_type(tag.element))
        if not isinstance(tag, StructTag):
            return _PRIMITIVES[tag]
        session, original_id = self.session(tag.address)
        datatype = session.load_module((original_id, tag.module)).datatypes.get(tag.name)
        if datatype is None:
            raise VMError(StatusCode.TYPE_RESOLUTION_FAILURE, message=f"no type {tag.name}")
        arguments = tuple(self._load_type(argument) for argument in tag.type_args)
        check_type_arguments([parameter.constraints for parameter in datatype.type_parameters], arguments)
        return datatype_type(datatype, arguments)

    def object_type(self, type_: Type) -> MoveObjectType:
        """The stored form of an object's type."""
        tag = type_tag(type_)
        if not isinstance(tag, StructTag):
            raise invariant_violation("an object's type is a struct")
        return compress_type(tag)

    def object_value(self, type_: Type, contents: bytes, is_tainted: bool) -> ObjectValue:
        """An object of a type with key."""
        return ObjectValue(
            type_, self.object_type(type_), bool(type_.abilities & STORE), contents, is_tainted
        )

    def fresh_id(self) -> ObjectID:
        """A new id, recorded as created. Raises: ExecutionError."""
        object_id = self.tx_context.fresh_id()
        try:
            self.objects.new_id(object_id)
        except VMError as error:
            raise self.failure(error) from error
        return object_id

    def delete_id(self, object_id: ObjectID) -> None:
        """Record an id as deleted. Raises: ExecutionError."""
        try:
            self.objects.delete_id(object_id)
        except VMError as error:
            raise self.failure(error) from error

    def restore(self, place: Argument, value: Value) -> None:
        """Put back what a command borrowed mutably."""
        self.arguments.restore(place, value)
        if self.recorder is not None:
            self.recorder.add_mutated(place, value)

    def finish_command(self, results: list[Value]) -> None:
        """Keep the results of a command."""
        if self.recorder is not None:
            self.recorder.finish_command(results)
        self.arguments.push_results(results)

    def failure(self, error: VMError, session: Session | None = None) -> ExecutionError:
        """The transaction's failure that a VM error means."""

        def load_module(module_id: tuple[bytes, str]) -> CompiledModule | None:
            try:
                return None if session is None else session.load_module(module_id).compiled
            except VMError:
                return None

        def relocate(module_id: tuple[bytes, str]) -> tuple[bytes, str]:
            return module_id if session is None else session.linkage.relocate(module_id)

        return execution_error_of(error, load_module, relocate)

    def take_events(self, module_id: tuple[bytes, str], function: LoadedFunction) -> None:
        """Keep the events of a call, under the module that was called.

        Raises: VMError if the transaction has too many.
        """
        taken = self.objects.take_events()
        limit = self.config.max_num_event_emit
        if len(self.events) + len(taken) > limit:
            raise VMError(
                StatusCode.MEMORY_LIMIT_EXCEEDED,
                sub_status=int(MemoryLimit.EVENT_COUNT),
                message=f"Emitting more than {limit} events is not allowed",
                location=module_id,
                offsets=[(function.definition_index, function.last_offset)],
            )
        address, module = Address(module_id[0]), module_id[1]
        for type_, tag, value in taken:
            self.events.append(Event(address, module, self.tx_context.sender, tag, serialize(type_, value)))


def open_context(
    parameters: ExecutionParameters,
    store: TemporaryStore,
    gas: GasCharger,
    tx_context: TxContext,
    inputs: Sequence[CallArg],
    gas_coin: ObjectID | None,
) -> ExecutionContext:
    """The context of a transaction before its first command, with its inputs loaded.

    Raises: ExecutionError.
    """

    def fetch_package(package_id: ObjectID) -> MovePackage | None:
        found = store.inputs.objects.get(package_id) or store.reader.get_object(package_id)
        return None if found is None else found.package

    runtime_inputs: dict[ObjectID, InputObject] = {}
    objects = ObjectRuntime(
        reader=StoreChildReader(store.reader),
        inputs=runtime_inputs,
        config=parameters.config,
        is_metered=gas.is_metered,
    )
    arguments = Arguments([], Slot(None))
    packages = PackageStore(fetch_package, parameters.runtime.config.stored_are_verified)
    context = ExecutionContext(parameters, store, gas, tx_context, packages, objects, arguments)
    arguments.inputs.extend(_load_input(context, argument) for argument in inputs)
    if gas_coin is not None:
        arguments.gas = _load_gas_coin(context, gas_coin)
    return context


def _load_input(context: ExecutionContext, call_arg: CallArg) -> Slot:
    if isinstance(call_arg, Pure):
        return Slot(PureValue(call_arg.value))
    match call_arg.object:
        case ImmOrOwnedObject(reference):
            return _load_object(context, reference.object_id, is_read_only=False)
        case SharedObject(object_id, _, mutable):
            return _load_object(context, object_id, is_read_only=not mutable)
        case Receiving(reference):
            return Slot(ReceivingValue(reference.object_id, reference.version))


def _load_gas_coin(context: ExecutionContext, gas_coin: ObjectID) -> Slot:
    """Commands see the coin without the budget, so that what they take leaves enough to pay."""
    slot = _load_object(context, gas_coin, is_read_only=False)
    coin = slot.value
    if not isinstance(coin, ObjectValue) or coin.balance < context.gas.budget:
        raise invariant_violation("the gas coin covers the budget")
    slot.value = coin.with_balance(coin.balance - context.gas.budget)
    return slot


def _load_object(context: ExecutionContext, object_id: ObjectID, *, is_read_only: bool) -> Slot:
    written = context.store.read_object(object_id)
    before = context.store.inputs.objects.get(object_id)
    if written is None or before is None or written.type_ is None:
        raise invariant_violation("an object input is loaded and no package")
    is_mutable = not isinstance(written.owner, Immutable) and not is_read_only
    known = _input_type(context, written.type_)
    value = ObjectValue(known.type_, written.type_, known.has_store, written.contents)
    if known.wraps_nothing:
        ids = frozenset((object_id,))
    else:
        ids = frozenset(contained_ids(known.type_, deserialize(known.type_, written.contents)))
    context.objects.add_input(object_id, InputObject(before.version, written.owner, ids))
    return Slot(value, InputMetadata(object_id, before.version, written.owner, is_mutable))


def _input_type(context: ExecutionContext, object_type: MoveObjectType) -> InputType:
    cache = context.parameters.input_types
    known = cache.get(object_type)
    if known is None:
        type_ = context.load_type(expand_type(object_type))
        known = InputType(type_, bool(type_.abilities & STORE), wraps_no_object(type_))
        if len(cache) >= INPUT_TYPES_SIZE:
            cache.clear()
        cache[object_type] = known
    return known
