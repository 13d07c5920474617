"""Fault simulation: many seeds, one seed, kept files, or twins.

    python -m tests.simulation --seeds 300 [--first 0] [--jobs 2]
    python -m tests.simulation --seed 17
    python -m tests.simulation --replay tests/simulation/regressions
    python -m tests.simulation --twins [--committee 4] [--rounds 2] [--parts 2] [--limit 500]

Exit codes: 0 all well, 1 safety, 3 liveness, 4 crash (the worst that was seen, in this order).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from subprocess import PIPE, Popen
from typing import Any

from tests.simulation.accounts import BURSTS
from tests.simulation.aggregators import POWER_LOST
from tests.simulation.drawing import draw
from tests.simulation.readers import READS
from tests.simulation.rules import Kind
from tests.simulation.scenario import FaultKind, Lie, Sabotage
from tests.simulation.twins import Plan
from tests.simulation.worker import HASH_SEEDS, describe, hash_seed
from tests.simulation.world import simulate

REGRESSIONS = Path(__file__).parent / "regressions"


class Report:
    """What all processes told."""

    def __init__(self, keep: Path | None, log: Path | None) -> None:
        self.sums: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.kinds: set[Kind] = set()
        self._keep = keep
        self._log = log

    def add(self, line: dict[str, Any]) -> None:
        """Take a line of a worker."""
        if "sums" in line:
            self.sums.update(line["sums"])
            self.faults.update(line["faults"])
            if self._log is not None:
                with self._log.open("a") as file:
                    file.write(json.dumps({"time": time.strftime("%H:%M:%S", time.gmtime()), **line}) + "\n")
        elif "broken" in line:
            self.kinds.add(Kind.CRASH)
            print(f"a process of the simulator broke:\n{line['broken']}")
        else:
            self._show_violation(line)

    def _show_violation(self, line: dict[str, Any]) -> None:
        self.kinds.add(Kind(line["kind"]))
        for text in line["texts"]:
            print(f"seed {line['seed']}: {text}")
        smallest = json.dumps(line["scenario"], indent=1)
        if line["is_smallest"]:
            print(f"seed {line['seed']}: smallest scenario: {json.dumps(line['scenario'])}")
        if self._keep is not None:
            self._keep.mkdir(parents=True, exist_ok=True)
            path = self._keep / f"{line['rule'].lower()}-{line['seed']}.json"
            path.write_text(smallest + "\n")
            print(f"seed {line['seed']}: kept as {path}")
        sys.stdout.flush()

    def exit_code(self) -> int:
        """0, or the worst kind of violation: safety, then liveness, then crash."""
        return min(self.kinds, default=0)

    def summary(self, name: str, what: str) -> str:
        """The last line of every run."""
        sums = self.sums
        kinds = [
            *FaultKind,
            POWER_LOST,
            *Lie,
            *(f"aggregator: {kind}" for kind in Sabotage),
            "lost votes noticed",
            "client equivocates",
            "left half done",
            "client leaves",
            "signed again",
            "takes long",
            "worker dies",
            BURSTS,
            READS,
        ]
        faults = ", ".join(
            f"{kind} {self.faults[kind]}" for kind in kinds if self.faults[kind] or name == "simulation"
        )
        return (
            f"{name}: {sums['passed']}/{sums['runs']} {what}; {sums['receipts']} receipts, "
            f"{sums['executions']} executions, {sums['checks']} checks, "
            f"{sums['milliseconds'] // 1000} virtual seconds; faults: {faults}"
        )


def run_tasks(tasks: Iterable[tuple[int, dict[str, Any]]], jobs: int, report: Report) -> None:
    """Run tasks, each under its hash seed, so many processes at a time."""
    waiting = list(tasks)
    with DefaultSelector() as selector:
        running = 0
        while waiting or running:
            while waiting and running < jobs:
                process = _start(*waiting.pop(0))
                selector.register(process.stdout, EVENT_READ, process)  # type: ignore[arg-type]
                running += 1
            for key, _ in selector.select():
                process = key.data
                line = process.stdout.readline()
                if line:
                    report.add(json.loads(line))
                    continue
                selector.unregister(process.stdout)
                running -= 1
                if process.wait() != 0:
                    report.add({"broken": f"exit code {process.returncode}"})


def _start(order: int, task: dict[str, Any]) -> Popen[bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": str(order)}
    command = [sys.executable, "-m", "tests.simulation.worker", json.dumps(task)]
    return Popen(command, stdout=PIPE, env=environment, bufsize=0)


def seed_tasks(first: int, count: int, jobs: int) -> list[tuple[int, dict[str, Any]]]:
    """Seeds divided among processes: at least one for each hash seed."""
    strides = HASH_SEEDS * max(1, -(-jobs // HASH_SEEDS))
    tasks = []
    for offset in range(min(strides, count)):
        task = {"first": first + offset, "last": first + count, "step": strides}
        tasks.append((hash_seed(first + offset), task))
    return tasks


def run_one(seed: int) -> int:
    """Run one seed and show all of it."""
    if os.environ.get("PYTHONHASHSEED") != str(hash_seed(seed)):
        again = [sys.executable, "-m", "tests.simulation", "--seed", str(seed)]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": str(hash_seed(seed))})
    logging.disable(logging.CRITICAL)
    outcome = simulate(draw(seed))
    print("\n".join(describe(outcome)))
    return min((violation.kind for violation in outcome.violations), default=0)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; the exit code says what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds (default 300)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default 0)")
    parser.add_argument("--seed", type=int, help="only this one, with everything that came of it")
    parser.add_argument("--replay", type=Path, help="only the scenarios kept in this folder")
    parser.add_argument("--twins", action="store_true", help="pairs of authorities with one key")
    parser.add_argument("--committee", type=int, default=4, help="twins: authorities (default 4)")
    parser.add_argument("--pairs", type=int, default=1, help="twins: how many have a twin (default 1)")
    parser.add_argument("--rounds", type=int, default=2, help="twins: rounds of partitions (default 2)")
    parser.add_argument("--parts", type=int, default=2, help="twins: parts of the network (default 2)")
    parser.add_argument("--limit", type=int, help="twins: at most so many, evenly spread")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    parser.add_argument("--keep", type=Path, help="folder for failing scenarios, made as small as can be")
    parser.add_argument("--log", type=Path, help="file to which sums are appended on the way")
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return run_one(options.seed)
    keep = options.keep or (REGRESSIONS if not options.twins and options.replay is None else None)
    report = Report(keep, options.log)
    if options.replay is not None:
        files = sorted(map(str, options.replay.glob("*.json")))
        tasks = [(order, {"files": files, "is_shrunk": False}) for order in range(HASH_SEEDS)]
        name, what = "replay", f"kept scenarios, each under {HASH_SEEDS} hash seeds"
    elif options.twins:
        plan = Plan(options.committee, options.pairs, options.rounds, options.parts, options.limit)
        parts = max(options.jobs, HASH_SEEDS)
        tasks = [
            (part % HASH_SEEDS, {"twins": asdict(plan), "part": part, "parts": parts, "is_shrunk": False})
            for part in range(parts)
        ]
        name = "twins"
        what = (
            f"of {plan.total} scenarios ({plan.committee} authorities, {plan.twins} with a twin, "
            f"{plan.rounds} rounds, {plan.parts} parts)"
        )
    else:
        tasks = seed_tasks(options.first, options.seeds, options.jobs)
        name, what = "simulation", "seeds"
    run_tasks(tasks, options.jobs, report)
    print(report.summary(name, what))
    return report.exit_code()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
