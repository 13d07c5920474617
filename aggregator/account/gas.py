"""What a transaction takes from its gas coin, as far as the transaction itself tells."""

from __future__ import annotations

from proto import bcs
from proto.bcs import BcsError
from proto.effects import TransactionEffects
from proto.transaction import (
    Argument,
    GasCoin,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    ProgrammableTransaction,
    Pure,
    SplitCoins,
)


def spent_from_gas(kind: ProgrammableTransaction) -> int | None:
    """Nanos that commands split off the gas coin; None if they do what cannot be told from outside.

    What is merged into the coin is not counted: it is at least as much as is said here.
    """
    spent = 0
    for command in kind.commands:
        match command:
            case SplitCoins(GasCoin(), amounts):
                values = [_amount(kind, amount) for amount in amounts]
                if None in values:
                    return None
                spent += sum(value for value in values if value is not None)
            case MergeCoins(_, sources) if GasCoin() in sources:
                return None
            case MoveCall(arguments=arguments) if GasCoin() in arguments:
                return None
            case MakeMoveVec(elements=elements) if GasCoin() in elements:
                return None
            case _:
                pass  # given away, it is not in the account any more, and effects say so
    return spent


def left_in_gas(before: int, kind: ProgrammableTransaction, effects: TransactionEffects) -> int | None:
    """Least nanos in the gas coin after a transaction; before: in all coins of its payment together."""
    spent = spent_from_gas(kind) if effects.is_success else 0
    return None if spent is None else max(0, before - spent - effects.gas_used.net_gas_usage)


def _amount(kind: ProgrammableTransaction, argument: Argument) -> int | None:
    if not isinstance(argument, Input) or argument.index >= len(kind.inputs):
        return None
    value = kind.inputs[argument.index]
    if not isinstance(value, Pure):
        return None
    try:
        return int(bcs.decode(bcs.U64, value.value))
    except BcsError:
        return None
