"""One process of the simulator: runs scenarios under one hash seed and prints what came of them."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.simulation.drawing import draw
from tests.simulation.scenario import Scenario
from tests.simulation.shrink import shrink
from tests.simulation.twins import Plan
from tests.simulation.world import Outcome, simulate

HASH_SEEDS = 2
"""Orders of sets of bytes that are tried; which one belongs to a seed is fixed: seed % HASH_SEEDS."""

RUNS_PER_LINE = 50

SMALLEST_VIOLATIONS = 5
"""So many failing scenarios are made smaller by one process; the others are only told."""


def hash_seed(seed: int) -> int:
    """PYTHONHASHSEED under which a seed runs."""
    return seed % HASH_SEEDS


def main() -> None:
    """Read a task as JSON from the arguments, and print JSON lines."""
    logging.disable(logging.CRITICAL)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (coroutines of dead processes are dropped, and say so)
    task = json.loads(sys.argv[1])
    gc.disable()
    total = _Total()
    shrunk = 0
    try:
        for number, scenario in enumerate(_scenarios(task), 1):
            outcome = simulate(scenario)
            total.add(outcome)
            if outcome.violations:
                smaller = None
                if task.get("is_shrunk", True) and shrunk < SMALLEST_VIOLATIONS:
                    shrunk += 1
                    smaller = shrink(scenario, outcome.violations[0].rule)
                _print_violation(outcome, smaller)
            if number % RUNS_PER_LINE == 0:
                total.flush()
                gc.collect()
                gc.freeze()  # what is left is kept: not to be looked through again and again
        total.flush()
    except Exception:
        _print({"broken": traceback.format_exc()})


def _scenarios(task: dict[str, Any]) -> Iterator[Scenario]:
    yield from map(draw, range(task.get("first", 0), task.get("last", 0), task.get("step", 1)))
    yield from map(Scenario.load, map(Path, task.get("files", ())))
    if "twins" in task:
        yield from Plan(**task["twins"]).scenarios(task["part"], task["parts"])


class _Total:
    """Sums since the last line."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> None:
        """Count a run."""
        self._faults += outcome.counts
        self._sums["runs"] += 1
        self._sums["passed"] += not outcome.violations
        self._sums["receipts"] += outcome.receipts
        self._sums["executions"] += outcome.executions
        self._sums["checks"] += outcome.steps
        self._sums["milliseconds"] += round(outcome.seconds * 1000)

    def flush(self) -> None:
        """Tell the sums and begin anew."""
        _print({"sums": self._sums, "faults": self._faults})
        self._sums, self._faults = Counter(), Counter()


def _print_violation(outcome: Outcome, smaller: Scenario | None) -> None:
    first = outcome.violations[0]
    _print(
        {
            "seed": outcome.scenario.seed,
            "kind": int(first.kind),
            "rule": first.rule.name,
            "texts": [str(violation) for violation in outcome.violations[:5]],
            "scenario": json.loads((smaller or outcome.scenario).to_json()),
            "is_smallest": smaller is not None,
        }
    )


def _print(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)


def describe(outcome: Outcome) -> Iterable[str]:
    """One run for people."""
    yield outcome.scenario.to_json()
    yield from map(str, outcome.violations)
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.counts.items()))
    yield f"faults: {counts or 'none'}"
    yield f"{outcome.receipts} receipts, {outcome.executions} executions, trace {outcome.trace}"
    yield f"{outcome.seconds:.3f} virtual seconds"


if __name__ == "__main__":
    main()
