"""Who is asked first, and when the others are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from aggregator import fan_out
from aggregator.fan_out import FanOut
from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName
from proto.errors import AuthorityErrorKind
from proto.messages import HealthResponse
from tests.support.network import Network, Switch

Answers = list[int]


async def health_of(client: SafeClient) -> HealthResponse:
    return await client.health()


async def ask(network: Network, asked: FanOut, enough: int = 3) -> Answers:
    """The answers to one round that is done with so many; who answered by position, errors as -1."""
    names = [state.name for state in network.states]
    answers: Answers = []

    def take(name: AuthorityName, answer: HealthResponse | AuthorityErrorKind) -> None:
        answers.append(names.index(name) if isinstance(answer, HealthResponse) else -1)

    await asked.ask(health_of, take, lambda: len(answers) - answers.count(-1) >= enough, at_first="quorum")
    return answers


def nothing(name: AuthorityName, answer: object) -> None:
    pass


def asked_of(network: Network) -> list[int]:
    """How often each authority was asked."""
    return [len(switch.calls) for switch in network.switches]


async def test_a_quorum_is_enough_when_it_agrees() -> None:
    network = Network()
    assert sorted(await ask(network, FanOut(network.committee, network.clients()))) == [0, 1, 2]
    assert asked_of(network) == [1, 1, 1, 0]


async def test_the_others_are_asked_when_the_quorum_has_answered_and_that_is_not_enough() -> None:
    network = Network()
    assert sorted(await ask(network, FanOut(network.committee, network.clients()), 4)) == [0, 1, 2, 3]


def switched_off(switch: Switch) -> None:
    switch.is_on = False


def slow(switch: Switch) -> None:
    switch.delay = 60.0


@pytest.mark.parametrize("fail", [switched_off, slow])
async def test_who_fails_or_is_late_is_replaced_and_asked_last_from_then_on(
    fail: Callable[[Switch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "PATIENCE_SECONDS", 0.02)
    network = Network()
    fail(network.switches[1])
    asked = FanOut(network.committee, network.clients())
    assert sorted(one for one in await ask(network, asked) if one >= 0) == [0, 2, 3]
    assert sorted(await ask(network, asked)) == [0, 2, 3]
    assert asked_of(network) == [2, 1, 2, 2]
    await asked.close()


async def test_whom_it_was_not_necessary_to_ask_is_said() -> None:
    network = Network()
    asked = FanOut(network.committee, network.clients())
    not_asked = await asked.ask(health_of, nothing, lambda: True, at_first="quorum")
    assert [name for name, _ in not_asked] == [network.states[3].name]
    network.switches[0].is_on = False
    assert not await asked.ask(health_of, nothing, lambda: False, at_first="quorum")
    await asked.close()


async def test_without_a_quorum_a_round_ends_when_all_have_answered() -> None:
    network = Network()
    for switch in network.switches[:3]:
        switch.is_on = False
    assert sorted(await ask(network, FanOut(network.committee, network.clients()))) == [-1, -1, -1, 3]


async def test_a_bug_in_a_round_is_not_hidden() -> None:
    network = Network()

    async def broken(client: SafeClient) -> None:
        raise ZeroDivisionError(client.name)

    with pytest.raises(ZeroDivisionError):
        await FanOut(network.committee, network.clients()).ask(broken, nothing, lambda: False)


async def test_grace_ends_a_round_that_a_quorum_has_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fan_out, "GRACE_SECONDS", 0.02)
    network = Network()
    network.switches[3].delay = 60.0
    answers: list[AuthorityName] = []
    asked = FanOut(network.committee, network.clients())
    async with asyncio.timeout(5):
        await asked.ask(health_of, lambda name, _: answers.append(name), lambda: False)
    assert len(answers) == 3
    await asked.close()
