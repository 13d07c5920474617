"""What the engine has learnt of a Move function by calling it: enough for plain transactions to call it.

A function can be called there if it takes objects, pure values and the transaction context, gives objects
back, and leaves no traces but in them: no transfers of its own, no events, no dynamic fields. All rules about
who may call what have been checked by the time a plan is made, and packages never change.
"""

from __future__ import annotations

from collections.abc import Iterable

from authority.execution.context import ExecutionContext, InputType
from authority.execution.pure_arguments import Layout, is_valid_pure, pure_layout
from movelite.bytecode.file_format import KEY, STORE, Visibility
from movelite.natives.contained_ids import wraps_no_object
from movelite.vm.runtime import LoadedFunction
from movelite.vm.type_tags import type_tag
from movelite.vm.types import Type
from movelite.vm.value_work import value_work
from movelite.vm.values import Value, deserialize
from proto.ids import ObjectID
from proto.object import CoinType, MoveObjectType, object_head
from proto.record import record
from proto.transaction import Command, MoveCall
from proto.type_tag import TypeTag

PLANS_SIZE = 10_000
"""Functions that are remembered."""

CallKey = tuple[ObjectID, str, str, tuple[TypeTag, ...]]
"""Package, module, function, type arguments."""


class NotPlain(Exception):
    """The general engine has to run this transaction."""


class NotYetPlain(NotPlain):
    """Only this time: it has to call a function first."""


class NotQuiet(NotPlain):
    """A function has left traces that it did not leave before: plain transactions no longer call it."""

    def __init__(self, plan: CallPlan) -> None:
        super().__init__(plan)
        self.plan = plan


LARGEST_VALUE, MOST_VALUES = 1024, 1000
"""Bytes of an argument or a result of a planned call, and how many there are in a plan."""

LARGEST_WORK = 340
"""Units of work of reading or writing one of them: nested types have many parts in few bytes."""

VALUE_WORK = 700
"""Units of work for which each of them counts: more than reading and writing so many bytes is for the general
engine, which measures it.
"""


@record
class Parameter:
    """A parameter that an argument fills. type_: without reference; layout: of a pure one, else None."""

    type_: Type
    layout: Layout | None
    is_reference: bool
    is_mutable: bool

    def pure_value(self, data: bytes) -> Value:
        """What the bytes of a pure argument stand for. Raises: NotPlain if they are no value."""
        if self.layout is None or not is_valid_pure(data, self.layout):
            raise NotPlain
        return small(self.type_, deserialize(self.type_, data))


def small(type_: Type, value: Value) -> Value:
    """The value. Raises: NotPlain if it is more work than a plain transaction counts for it."""
    if value_work(type_, value) > LARGEST_WORK:
        raise NotPlain
    return value


@record
class CallPlan:
    """How to call a function. results: the types of the objects that it returns, and their heads."""

    function: LoadedFunction
    parameters: tuple[Parameter, ...]
    results: tuple[tuple[Type, bytes], ...]
    takes_context: bool


def call_key(command: MoveCall) -> CallKey:
    """What plans are kept under."""
    return command.package, command.module, command.function, command.type_arguments


def learn_calls(
    context: ExecutionContext, commands: Iterable[Command], plans: dict[CallKey, CallPlan | None]
) -> None:
    """Keep plans for the functions that a transaction has called, now that all went well."""
    if context.packages.new_packages or context.events or not context.objects.is_quiet:
        return
    for command in commands:
        if isinstance(command, MoveCall) and call_key(command) not in plans:
            if len(plans) >= PLANS_SIZE:
                plans.clear()
            plans[call_key(command)] = _make_plan(context, command)


def _make_plan(context: ExecutionContext, command: MoveCall) -> CallPlan | None:
    session, original_id = context.session(command.package)
    types = [context.load_type(tag) for tag in command.type_arguments]
    function = session.load_function((original_id, command.module), command.function, types)
    if function.visibility is not Visibility.PUBLIC:
        return None
    takes_context = len(function.parameters) > len(command.arguments)
    filled = function.parameters[:-1] if takes_context else function.parameters
    parameters = [_parameter(context, type_) for type_ in filled]
    results = [(type_, _object_type(context, type_)) for type_ in function.return_types]
    known_parameters = tuple([parameter for parameter in parameters if parameter is not None])
    known_results = tuple([(type_, object_head(found)) for type_, found in results if found is not None])
    if len(known_parameters) < len(parameters) or len(known_results) < len(results):
        return None
    return CallPlan(function, known_parameters, known_results, takes_context)


def _parameter(context: ExecutionContext, type_: Type) -> Parameter | None:
    value_type = type_.referent
    if _object_type(context, value_type) is not None:
        return Parameter(value_type, None, type_.is_reference, type_.is_mutable_reference)
    layout = None if type_.is_reference else pure_layout(type_tag(type_))
    return None if layout is None else Parameter(type_, layout, False, False)


def _object_type(context: ExecutionContext, type_: Type) -> MoveObjectType | None:
    """The stored form of a type of objects; None for all else and for coins that may be regulated."""
    if type_.is_reference or not type_.is_datatype or not type_.abilities & KEY:
        return None
    found = context.object_type(type_)
    if isinstance(found, CoinType):
        return None
    known = InputType(type_, bool(type_.abilities & STORE), wraps_no_object(type_))
    context.parameters.input_types.setdefault(found, known)
    return found
