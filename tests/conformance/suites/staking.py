"""Our staking system against the network's: the same histories by chance, event by event, byte by byte.

A history is some epochs of stakes, withdrawals, reports, validators that come and go, and rewards
(staking_history.move). It runs on both packages 0x3, ours and the network's, and has to print the same:
events, states as BCS (and so the ids of all objects in them), rates and payments; and to end the same.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from movelite.unit_test.engine import load_package
from movelite.unit_test.execution import Outcome
from movelite.unit_test.runner import RunOptions, run_tests
from tests.conformance.case import CaseResult
from tests.conformance.framework_tests import FOLDERS, PEERS, make_package

HISTORIES = 200
EPOCHS = 8
_MODULE = Path(__file__).parent.parent / "staking_history.move"
_GAS_LIMIT = 100_000_000


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each history; path is a checkout."""
    with TemporaryDirectory() as folder:
        ours = _play(make_package(path, "iota_system", Path(folder)))
        peers = Path(folder, "peers")
        shutil.copytree(path / PEERS / FOLDERS["iota_system"], peers)
        theirs = _play(peers)
    for name, outcome in theirs.items():
        detail = _difference(ours[name], outcome)
        yield CaseResult(name, detail == "", detail, ours[name].seconds)


def _play(package: Path) -> dict[str, Outcome]:
    """Put the histories beside the package's help for tests, and run them."""
    tests = package / "tests"
    for file in tests.glob("*_tests.move"):
        file.unlink()
    histories = (f"#[test] fun history_{i}() {{ play({i}, {EPOCHS}) }}\n" for i in range(HISTORIES))
    (tests / _MODULE.name).write_text(_MODULE.read_text() + "\n" + "".join(histories))
    options = RunOptions(gas_limit=_GAS_LIMIT, processes=os.cpu_count() or 1)
    program = load_package(package).program
    return {result.name: result.runs[0].outcome for result in run_tests(program, options)}


def _difference(ours: Outcome, theirs: Outcome) -> str:
    if not theirs.prints:
        return "prints nothing"
    for mine, other in zip(ours.prints, theirs.prints, strict=False):
        if mine != other:
            return f"prints {mine} instead of {other}"
    if len(ours.prints) != len(theirs.prints):
        return f"prints {len(ours.prints)} values instead of {len(theirs.prints)}"
    ends = (_end(ours), _end(theirs))
    return "" if ends[0] == ends[1] else f"ends with {ends[0]} instead of {ends[1]}"


def _end(outcome: Outcome) -> str:
    failure = outcome.failure
    if failure is None:
        return "success"
    module = failure.location[1] if failure.location is not None else "nowhere"
    return f"{failure.status.name} {failure.sub_status} in {module}"
