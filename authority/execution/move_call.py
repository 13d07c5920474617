"""Calling a Move function from a programmable transaction.

Source: iota-adapter, programmable_transactions/execution.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from authority.execution.context import ExecutionContext
from authority.execution.errors import ExecutionError, argument_error
from authority.execution.pure_arguments import is_valid_pure, pure_layout
from authority.execution.values import ObjectValue, PureValue, RawValue, ReceivingValue, Value
from movelite.bytecode.file_format import KEY, Visibility
from movelite.bytecode.status import VMError
from movelite.natives.std_natives import unprefixed_name
from movelite.vm.runtime import LoadedFunction, Session
from movelite.vm.type_tags import type_tag
from movelite.vm.types import Type
from proto.argument_error import (
    InvalidArgumentToPrivateEntryFunction,
    InvalidBCSBytes,
    InvalidUsageOfPureArg,
    TypeMismatch,
)
from proto.execution_status import (
    ArityMismatch,
    FunctionNotFound,
    InvalidPublicFunctionReturnType,
    NonEntryFunctionInvoked,
)
from proto.ids import IOTA_FRAMEWORK_ADDRESS
from proto.transaction import Argument, MoveCall

INIT = "init"
_TX_CONTEXT = ((IOTA_FRAMEWORK_ADDRESS, "tx_context"), "TxContext")
_RECEIVING = ((IOTA_FRAMEWORK_ADDRESS, "transfer"), "Receiving")
_PRIVATE_TRANSFERS = frozenset({"transfer", "freeze_object", "share_object", "receive"})


class _Kind(Enum):
    PRIVATE_ENTRY = auto()
    PUBLIC_ENTRY = auto()
    NON_ENTRY = auto()
    INIT = auto()


@dataclass(slots=True)
class _Call:
    """A function about to run: BCS arguments, and where &mut values go back to."""

    serialized: list[bytes]
    borrowed: list[tuple[Argument, Type]]
    tx_context: Type | None


def execute_move_call(context: ExecutionContext, command: MoveCall) -> list[Value]:
    """Run a MoveCall command. Raises: ExecutionError."""
    type_arguments = tuple(
        context.load_type_argument(index, tag) for index, tag in enumerate(command.type_arguments)
    )
    session, original_id = context.session(command.package)
    module_id = (original_id, command.module)
    return call_function(context, session, module_id, command.function, type_arguments, command.arguments)


def call_init(context: ExecutionContext, session: Session, module_id: tuple[bytes, str]) -> None:
    """Run a module's init. Raises: ExecutionError."""
    call_function(context, session, module_id, INIT, (), (), is_init=True)


def call_function(
    context: ExecutionContext,
    session: Session,
    module_id: tuple[bytes, str],
    name: str,
    type_arguments: tuple[Type, ...],
    arguments: tuple[Argument, ...],
    *,
    is_init: bool = False,
) -> list[Value]:
    """Check, run and take the results of a function. Raises: ExecutionError."""
    kind = _check_visibility(context, session, module_id, name, is_init)
    try:
        function = session.load_function(module_id, name, type_arguments)
    except VMError as error:
        raise context.failure(error, session) from error
    if not is_init:
        _check_returns(context, function)
    _check_callable(module_id, name)
    call = _build_arguments(context, kind, function, arguments)
    try:
        returned = session.execute_serialized(function, call.serialized)
        context.take_events(module_id, function)
    except VMError as error:
        raise context.failure(error, session) from error
    mutable_references = list(returned.mutable_references)
    if call.tx_context is not None and call.tx_context.is_mutable_reference:
        context.tx_context.update(mutable_references.pop()[1])
    is_tainted = kind is _Kind.NON_ENTRY
    for (_, contents), (argument, type_) in zip(mutable_references, call.borrowed, strict=True):
        context.restore(argument, make_value(context, type_, contents, is_tainted))
    results = zip(function.return_types, returned.return_values, strict=True)
    return [make_value(context, type_.referent, contents, True) for type_, contents in results]


def make_value(context: ExecutionContext, type_: Type, contents: bytes, is_tainted: bool) -> Value:
    """A typed value: an object if its type has key."""
    if type_.is_datatype and type_.abilities & KEY:
        return context.object_value(type_, contents, is_tainted)
    return RawValue(type_, type_.abilities, contents, is_tainted)


def check_parameter_type(context: ExecutionContext, index: int, value: Value, type_: Type) -> None:
    """Check that a value may be given where type_ (not a reference) is wanted. Raises: ExecutionError."""
    match value:
        case PureValue(contents):
            if not context.allows_any_value:
                _check_pure(context, index, contents, type_)
        case RawValue(found) | ObjectValue(found):
            if found is not type_:
                raise argument_error(TypeMismatch(), index)
        case ReceivingValue(assigned_type=assigned):
            fits = assigned is None or assigned is type_
            if not fits or not _is_datatype(type_, _RECEIVING) or len(type_.arguments) != 1:
                raise argument_error(TypeMismatch(), index)


def _check_pure(context: ExecutionContext, index: int, contents: bytes, type_: Type) -> None:
    context.gas.count_copied(len(contents))
    tag = type_tag(type_)
    layout = pure_layout(tag)
    if layout is None:
        text = (
            f"Non-primitive argument at index {index}. If it is an object, it must be populated by an object"
        )
        raise argument_error(InvalidUsageOfPureArg(), index, text)
    if not is_valid_pure(contents, layout):
        wanted = unprefixed_name(tag)
        text = f"Function expects {wanted} but provided argument's value does not match"
        raise argument_error(InvalidBCSBytes(), index, text)


def _check_visibility(
    context: ExecutionContext, session: Session, module_id: tuple[bytes, str], name: str, is_init: bool
) -> _Kind:
    try:
        module = session.load_module(module_id).compiled
    except VMError as error:
        raise context.failure(error, session) from error
    for definition in module.function_defs:
        if module.identifiers[module.function_handles[definition.function].name] == name:
            break
    else:
        text = f"Could not resolve function '{name}' in module {module_id[0].hex()}::{module_id[1]}"
        raise ExecutionError(FunctionNotFound(), text)
    if is_init:
        return _Kind.INIT
    if name == INIT:
        raise ExecutionError(NonEntryFunctionInvoked(), "Cannot call 'init'")
    if definition.visibility is Visibility.PUBLIC:
        return _Kind.PUBLIC_ENTRY if definition.is_entry else _Kind.NON_ENTRY
    if definition.is_entry:
        return _Kind.PRIVATE_ENTRY
    if context.allows_any_value:
        return _Kind.NON_ENTRY
    raise ExecutionError(NonEntryFunctionInvoked(), "Can only call `entry` or `public` functions")


def _check_returns(context: ExecutionContext, function: LoadedFunction) -> None:
    for index, type_ in enumerate(function.return_types):
        if type_.is_reference and not context.allows_any_value:
            raise ExecutionError(InvalidPublicFunctionReturnType(index))


def _check_callable(module_id: tuple[bytes, str], name: str) -> None:
    if module_id == (IOTA_FRAMEWORK_ADDRESS, "event"):
        raise ExecutionError(NonEntryFunctionInvoked(), "Cannot directly call functions in iota::event")
    if module_id == (IOTA_FRAMEWORK_ADDRESS, "transfer") and name in _PRIVATE_TRANSFERS:
        text = (
            f"Cannot directly call iota::transfer::{name}. "
            f"Use the public variant instead, iota::transfer::public_{name}"
        )
        raise ExecutionError(NonEntryFunctionInvoked(), text)


def _build_arguments(
    context: ExecutionContext, kind: _Kind, function: LoadedFunction, arguments: tuple[Argument, ...]
) -> _Call:
    parameters = function.parameters
    last = parameters[-1] if parameters else None
    is_context = last is not None and last.is_reference and _is_datatype(last.referent, _TX_CONTEXT)
    has_witness = kind is _Kind.INIT and len(parameters) == 2
    found = len(arguments) + has_witness + is_context
    if found != len(parameters):
        text = f"Expected {len(parameters)} arguments calling function '{function.name}', but found {found}"
        raise ExecutionError(ArityMismatch(), text)
    call = _Call([b"\x01"] if has_witness else [], [], last if is_context else None)
    for index, argument in enumerate(arguments):
        value = _argument_value(context, index, argument, parameters[index], call)
        if value.is_tainted and kind in (_Kind.PRIVATE_ENTRY, _Kind.INIT):
            raise argument_error(InvalidArgumentToPrivateEntryFunction(), index)
        check_parameter_type(context, index, value, parameters[index].referent)
        call.serialized.append(value.contents)
    if is_context:
        call.serialized.append(context.tx_context.to_bytes())
    return call


def _argument_value(
    context: ExecutionContext, index: int, argument: Argument, parameter: Type, call: _Call
) -> Value:
    if parameter.is_mutable_reference:
        value = context.arguments.borrow_mutable(index, argument)
        known = value.type_ if isinstance(value, ObjectValue) else parameter.referent
        call.borrowed.append((argument, known))
        return value
    if parameter.is_reference:
        return context.arguments.borrow(index, argument, parameter.referent)
    return context.arguments.by_value(index, argument)


def _is_datatype(type_: Type, name: tuple[tuple[bytes, str], str]) -> bool:
    return type_.is_datatype and (type_.info.defining_id, type_.info.name) == name
