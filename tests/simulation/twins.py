"""Twins: an authority that equivocates is two honest ones with one key, in every way to cut a network.

Source: Bano and others, Twins: BFT Systems Made Robust (OPODIS 2021). A scenario is a row of rounds; in each,
every instance is with the client of one transaction, with the client of the contradicting one, or (with three
parts) with nobody. Then the network is whole again. FastPay has no leaders, so a round is the time of one
exchange of messages, or of one attempt of a client.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.simulation.scenario import Cheating, Fault, FaultKind, Scenario

ROUND_SECONDS = (0.045, 1.2)
"""A round of one exchange, and of one attempt."""

START_SECONDS = 1.0
"""When the first round begins: who has just started asks its peers before, and does not vote."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which scenarios.

    committee: authorities of equal stake; twins: how many of them have a second instance; parts: of the
    network; limit: at most so many scenarios, evenly spread over all.
    """

    committee: int = 4
    twins: int = 1
    rounds: int = 2
    parts: int = 2
    limit: int | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        pairs = len(list(combinations(range(self.committee), self.twins)))
        cuts: int = self.parts ** ((self.committee + self.twins) * self.rounds)
        return len(ROUND_SECONDS) * pairs * cuts

    @property
    def count(self) -> int:
        """How many are run."""
        return self.total if self.limit is None else min(self.limit, self.total)

    def scenarios(self, part: int, parts: int) -> Iterator[Scenario]:
        """The scenarios of one of several processes."""
        for place in range(part, self.count, parts):
            yield self.scenario(place * self.total // self.count)

    def scenario(self, number: int) -> Scenario:
        """One scenario by its number, from 0."""
        number_left, seconds = divmod(number, len(ROUND_SECONDS))
        twinned = list(combinations(range(self.committee), self.twins))
        number_left, which = divmod(number_left, len(twinned))
        length = ROUND_SECONDS[seconds]
        instances = self.committee + self.twins
        faults: list[Fault] = []
        for round_number in range(self.rounds):
            start = START_SECONDS + round_number * length
            end = start + length
            sides: list[list[int]] = [[] for _ in range(self.parts)]
            for instance in range(instances):
                number_left, side = divmod(number_left, self.parts)
                sides[side].append(instance)
            faults.append(Fault(FaultKind.PARTITION, start, end, (*sides[0], instances)))
            faults += [Fault(FaultKind.PARTITION, start, end, tuple(side)) for side in sides[2:] if side]
        return Scenario(
            seed=number,
            stakes=(1,) * self.committee,
            seconds=START_SECONDS + self.rounds * length,
            faults=tuple(faults),
            cheats=(Cheating(START_SECONDS, 0.0, False),),
            near=number & 3,
            twins=twinned[which],
        )
