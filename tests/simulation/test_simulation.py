"""Some hundred seeds of the fault simulation; `make simulation` runs as many as asked for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import REGRESSIONS, Report
from tests.simulation.drawing import draw
from tests.simulation.mutations import MUTATIONS
from tests.simulation.rules import Kind, Rule, Violation
from tests.simulation.scenario import Scenario, faulty_stake
from tests.simulation.shrink import shrink
from tests.simulation.twins import Plan
from tests.simulation.world import simulate


def run(*arguments: str) -> str:
    """The last line of the command, which must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


def test_safety_and_liveness(tmp_path: Path) -> None:
    last = run("--seeds", "200", "--keep", str(tmp_path))
    assert last.startswith("simulation: 200/200 seeds; ")
    assert re.search(r", [a-z -:]+ 0(,|$)", last) is None, "a kind of fault never struck"


def test_broken_rules_are_seen() -> None:
    command = [sys.executable, "-m", "tests.simulation.mutations", "--seeds", "250", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert (
        done.stdout.splitlines()[-1]
        == f"mutations: {len(MUTATIONS)}/{len(MUTATIONS)} caught within 250 seeds"
    )


def test_exit_codes_tell_what_was_found() -> None:
    def code(*rules: Rule) -> int:
        report = Report(None, None)
        for rule in rules:
            kind = Violation(rule, "", 0.0).kind
            line = {"kind": int(kind), "rule": rule.name, "seed": 1, "texts": [], "scenario": {}}
            report.add(line | {"is_smallest": False})
        return report.exit_code()

    assert code() == 0
    assert code(Rule.CRASH) == 4
    assert code(Rule.CRASH, Rule.FINALITY) == 3
    assert code(Rule.CRASH, Rule.FINALITY, Rule.SIGN_ONCE) == 1


def test_twins() -> None:
    assert run("--twins", "--limit", "80").startswith("twins: 80/80 of 8192 scenarios")


def test_kept_scenarios_pass() -> None:
    kept = len(list(REGRESSIONS.glob("*.json")))
    assert run("--replay", str(REGRESSIONS)).startswith(f"replay: {2 * kept}/{2 * kept} ")


def test_a_seed_is_one_run() -> None:
    first, second = simulate(draw(3)), simulate(draw(3))
    assert first == second
    assert first.trace != simulate(draw(4)).trace


TRACES = """
from tests.simulation.drawing import draw
from tests.simulation.world import simulate
for seed in range(20):
    outcome = simulate(draw(seed))
    print(seed, outcome.trace, outcome.seconds)
"""


def test_no_run_depends_on_the_order_of_hashes() -> None:
    runs = [
        subprocess.run(
            [sys.executable, "-c", TRACES],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": order},
        ).stdout
        for order in ("5", "77")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0].splitlines()) == 20


@pytest.mark.parametrize("seed", range(40))
def test_a_scenario_is_read_back_as_it_was(seed: int) -> None:
    scenario = draw(seed)
    assert Scenario.from_json(scenario.to_json()) == scenario
    faulty = sum(scenario.stakes[number] for number in scenario.dishonest | scenario.restored)
    assert faulty <= faulty_stake(scenario.stakes)


def test_more_twins_than_are_allowed_spend_twice() -> None:
    """What the checkers see where no protocol could hold: two of four authorities have a twin."""
    outcome = simulate(Plan(twins=2).scenario(45219))
    assert Rule.ONE_CERTIFICATE in {violation.rule for violation in outcome.violations}
    assert outcome.violations[0].kind is Kind.SAFETY


def test_every_twins_scenario_has_one_number() -> None:
    plan = Plan(rounds=1)
    scenarios = {str((one.twins, one.faults)) for one in plan.scenarios(0, 1)}
    assert len(scenarios) == plan.total == 2 * 4 * 2**5


def test_a_failing_scenario_is_made_as_small_as_can_be() -> None:
    scenario = next(one for one in map(draw, range(1000)) if len(one.faults) > 3 and len(one.steps) > 2)
    culprits = (scenario.faults[1], scenario.steps[2])

    def fails(smaller: Scenario) -> bool:
        return culprits[0] in smaller.faults and culprits[1] in smaller.steps

    smallest = shrink(scenario, Rule.SIGN_ONCE, fails)
    assert smallest.faults == culprits[:1]
    assert smallest.steps == culprits[1:]
    assert not smallest.liars
    assert not smallest.cheats
