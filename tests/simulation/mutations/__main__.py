"""Breaks one rule of the production code after the other, until a checker sees it.

    python -m tests.simulation.mutations [--seeds 400] [--jobs 1] [--only WORD]

Prints, for each, after how many seeds it was caught and by which rule; exits with 1 if one was not.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.simulation.drawing import draw
from tests.simulation.mutations import MUTATIONS
from tests.simulation.mutations.registry import Mutation
from tests.simulation.rules import Rule
from tests.simulation.world import simulate


@dataclass(frozen=True, slots=True)
class Catch:
    """After how many seeds, and by which rule."""

    seeds: int
    rule: Rule


def hunt(mutant: Mutation, seeds: int) -> Catch | None:
    """Break the code of this process, and run seeds until a checker sees it."""
    mutant.apply()
    for seed in range(seeds):
        for violation in simulate(draw(seed)).violations:
            if violation.rule in mutant.caught:
                return Catch(seed + 1, violation.rule)
    return None


class Hunt:
    """The same in a process of its own, so that this one stays whole."""

    def __init__(self, mutant: Mutation, seeds: int) -> None:
        self.mutant = mutant
        self._answer, writer = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            found = hunt(mutant, seeds)
            os.write(writer, b"nothing" if found is None else f"{found.seeds} {found.rule.name}".encode())
            os._exit(0)
        os.close(writer)

    def result(self) -> Catch | None:
        """Wait for the end. Raises: RuntimeError if the process broke."""
        with os.fdopen(self._answer) as answer:
            words = answer.read().split()
        os.waitpid(self._child, 0)
        if not words:
            raise RuntimeError(f"the hunt for {self.mutant.name!r} broke")
        return Catch(int(words[0]), Rule[words[1]]) if len(words) == 2 else None


def hunt_all(mutants: Sequence[Mutation], seeds: int, jobs: int) -> Iterator[tuple[Mutation, Catch | None]]:
    """All of them, so many at a time."""
    begun = deque[Hunt]()
    for mutant in mutants:
        begun.append(Hunt(mutant, seeds))
        if len(begun) == jobs:
            yield begun[0].mutant, begun.popleft().result()
    for left in begun:
        yield left.mutant, left.result()


def main() -> int:
    """Print the table; 1 if a mutation lives."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.mutations",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--seeds", type=int, default=400, help="most seeds for each (default 400)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--only", default="", help="only those with this in their names")
    options = parser.parse_args()
    mutants = [mutant for mutant in MUTATIONS if options.only in mutant.name]
    logging.disable(logging.CRITICAL)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (what mutants leave behind)
    for seed in range(3):
        simulate(draw(seed))  # what all need is loaded before the processes part
    caught = 0
    for mutant, found in hunt_all(mutants, options.seeds, options.jobs):
        caught += found is not None
        told = "not caught" if found is None else f"{found.seeds} seeds, {found.rule}"
        print(f"| {mutant.name} | {told} |", flush=True)
    print(f"mutations: {caught}/{len(mutants)} caught within {options.seeds} seeds")
    return 0 if caught == len(mutants) else 1


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tests.simulation.mutations", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
