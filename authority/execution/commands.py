"""The commands of a programmable transaction that need no Move function: transfers, coins, vectors.

Source: iota-adapter, programmable_transactions/execution.
"""

from __future__ import annotations

from authority.execution.context import ExecutionContext
from authority.execution.errors import ExecutionError, argument_error, invariant_violation
from authority.execution.move_call import check_parameter_type, execute_move_call
from authority.execution.publish import execute_publish, execute_upgrade
from authority.execution.values import ObjectValue, PureValue, RawValue, Value
from movelite.vm.types import ADDRESS, U64, Type, vector_type
from proto.argument_error import InvalidBCSBytes, TypeMismatch
from proto.bcs import write_uleb128
from proto.execution_status import (
    CoinBalanceOverflow,
    InsufficientCoinBalance,
    InvalidTransferObject,
)
from proto.ids import ADDRESS_LENGTH, Address
from proto.object import coin_contents
from proto.transaction import (
    Argument,
    Command,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    Publish,
    SplitCoins,
    TransferObjects,
    Upgrade,
)

MAX_U64 = 2**64 - 1


def execute_command(context: ExecutionContext, command: Command) -> None:
    """Run one command and keep its results. Raises: ExecutionError."""
    match command:
        case TransferObjects(objects, address):
            results = _transfer_objects(context, objects, address)
        case SplitCoins(coin, amounts):
            results = _split_coins(context, coin, amounts)
        case MergeCoins(target, coins):
            results = _merge_coins(context, target, coins)
        case MakeMoveVec(type_tag, elements):
            element_type = None if type_tag is None else context.load_type(type_tag)
            results = _make_move_vec(context, element_type, elements)
        case MoveCall():
            results = execute_move_call(context, command)
        case Publish(modules, dependencies):
            results = execute_publish(context, modules, dependencies)
        case Upgrade(modules, dependencies, package, ticket):
            results = execute_upgrade(context, modules, dependencies, package, ticket)
    context.finish_command(results)


def _transfer_objects(
    context: ExecutionContext, objects: tuple[Argument, ...], address: Argument
) -> list[Value]:
    arguments = context.arguments
    taken = [
        arguments.object_by_value(index, argument, may_take_gas=True)
        for index, argument in enumerate(objects)
    ]
    recipient = arguments.by_value(len(taken), address, may_take_gas=True)
    owner = Address(_primitive(recipient, ADDRESS, ADDRESS_LENGTH, len(taken)))
    for value in taken:
        if not value.has_public_transfer:
            raise ExecutionError(InvalidTransferObject())
        context.transfers.append((owner, value))
    return []


def _split_coins(context: ExecutionContext, argument: Argument, amounts: tuple[Argument, ...]) -> list[Value]:
    coin = _coin(context.arguments.borrow_mutable(0, argument), 0)
    balance = coin.balance
    split: list[Value] = []
    for amount_argument in amounts:
        value = context.arguments.by_value(1, amount_argument)
        amount = int.from_bytes(_primitive(value, U64, 8, 1), "little")
        object_id = context.fresh_id()
        if balance < amount:
            raise ExecutionError(InsufficientCoinBalance(), f"balance: {balance} required: {amount}")
        balance -= amount
        contents = coin_contents(object_id, amount)
        split.append(ObjectValue(coin.type_, coin.object_type, True, contents))
    context.restore(argument, coin.with_balance(balance))
    return split


def _merge_coins(context: ExecutionContext, argument: Argument, coins: tuple[Argument, ...]) -> list[Value]:
    target = _coin(context.arguments.borrow_mutable(0, argument), 0)
    taken = [context.arguments.object_by_value(index, coin) for index, coin in enumerate(coins, start=1)]
    balance = target.balance
    for index, coin in enumerate(taken, start=1):
        if coin.type_ != target.type_:
            raise argument_error(TypeMismatch(), index, "Coins do not have the same type")
        context.delete_id(coin.id)
        balance += coin.balance
        if balance > MAX_U64:
            raise ExecutionError(CoinBalanceOverflow())
    context.restore(argument, target.with_balance(balance))
    return []


def _make_move_vec(
    context: ExecutionContext, element_type: Type | None, elements: tuple[Argument, ...]
) -> list[Value]:
    contents = bytearray(write_uleb128(len(elements)))
    is_tainted = False
    for index, argument in enumerate(elements):
        if element_type is None:
            first = context.arguments.object_by_value(index, argument)
            element_type = first.type_
            value: Value = first
        else:
            value = context.arguments.by_value(index, argument)
            check_parameter_type(context, index, value, element_type)
        is_tainted |= value.is_tainted
        context.gas.count_copied(len(value.contents))
        contents += value.contents
    if element_type is None:
        raise invariant_violation("the input check requires a type for an empty vector")
    type_ = vector_type(element_type)
    return [RawValue(type_, type_.abilities, bytes(contents), is_tainted)]


def _coin(value: Value, index: int) -> ObjectValue:
    if not isinstance(value, ObjectValue) or not value.is_coin:
        raise argument_error(TypeMismatch(), index, "Expected a coin but got an non coin object")
    return value


def _primitive(value: Value, type_: Type, length: int, index: int) -> bytes:
    match value:
        case PureValue(contents):
            if len(contents) != length:
                raise argument_error(InvalidBCSBytes(), index)
            return contents
        case RawValue(found, _, contents, _) if found == type_:
            return contents
        case _:
            raise argument_error(TypeMismatch(), index)
