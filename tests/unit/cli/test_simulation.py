"""The gas budget that a dry run suggests, and what is not sent because it would fail."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cli.simulation import WouldFail, budget_of, check_gas_coins, estimate_budget
from proto.ids import Address, ObjectID
from proto.transaction import (
    Command,
    GasCoin,
    GasData,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    ProgrammableTransaction,
    SplitCoins,
    TransactionData,
    TransferObjects,
)

USED = {"computationCost": "1000000", "storageCost": "0", "storageRebate": "0"}
FAILURE = {"status": "failure", "error": "IncompatibleUpgrade in command 1"}


class Service:
    """Answers every dry run with this status."""

    def __init__(self, status: dict[str, str], reason: str | None = None) -> None:
        self._answer: dict[str, Any] = {"effects": {"status": status, "gasUsed": USED}}
        if reason is not None:
            self._answer["executionErrorSource"] = reason

    async def call(self, method: str, *parameters: Any) -> Any:
        return self._answer


def budget(service: Service, *, is_sent: bool = True) -> int:
    kind = ProgrammableTransaction((), ())
    coroutine = estimate_budget(service, kind, Address(bytes(32)), 1000, is_sent=is_sent)  # type: ignore[arg-type]
    return asyncio.run(coroutine)


def check(service: Service, command: Command) -> None:
    sender = Address(bytes(32))
    kind = ProgrammableTransaction((), (command,))
    data = TransactionData(kind, sender, GasData((), sender, 1000, 1_000_000), None)
    asyncio.run(check_gas_coins(service, data))  # type: ignore[arg-type]


def test_what_would_fail_is_not_sent_and_the_reason_is_told() -> None:
    assert budget(Service({"status": "success"})) == 2_000_000
    with pytest.raises(WouldFail) as refused:
        budget(Service(FAILURE, "the fields of struct Case are changed"))
    assert "IncompatibleUpgrade in command 1: the fields of struct Case are changed" in str(refused.value)


def test_what_is_only_shown_may_fail() -> None:
    assert budget(Service(FAILURE), is_sent=False) == 2_000_000


def test_the_budget_pays_for_computation_and_storage_and_a_reserve() -> None:
    used = {"computationCost": "1000000", "storageCost": "3000000", "storageRebate": "500000"}
    assert budget_of(used, 1000) == 1_000_000 + 2_500_000 + 1_000_000


def test_a_rebate_does_not_lower_the_budget_below_computation() -> None:
    used = {"computationCost": "1000000", "storageCost": "0", "storageRebate": "9000000"}
    assert budget_of(used, 1000) == 2_000_000


@pytest.mark.parametrize(
    "command",
    [
        SplitCoins(GasCoin(), (Input(0),)),
        MergeCoins(GasCoin(), (Input(1),)),
        TransferObjects((GasCoin(),), Input(0)),
        MakeMoveVec(None, (GasCoin(),)),
        MoveCall(ObjectID(bytes(32)), "coin", "burn", (), (GasCoin(),)),
    ],
)
def test_who_takes_from_the_coin_that_pays_is_simulated_with_that_coin(command: Command) -> None:
    with pytest.raises(WouldFail):
        check(Service(FAILURE), command)
    check(Service({"status": "success"}), command)


def test_who_does_not_is_not_simulated_again() -> None:
    check(Service(FAILURE), SplitCoins(Input(0), (Input(1),)))
