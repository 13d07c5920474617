"""Runs the ledger's test files and tells how exactly each agrees.

L2: statuses, sets of changed objects up to a renaming that keeps types, contents of objects and gas agree.
L2+: the whole output, with the gas of publishing, places in bytecode and sources of errors masked.
L3: every byte. At both of these, objects keep the names that our own order of ids gives them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from authority.genesis import FrameworkPackage
from movelite.compiler.editions import Flavor
from proto.ids import BRIDGE_ADDRESS, IOTA_SYSTEM_ADDRESS, STARDUST_ADDRESS, ObjectID
from tests.conformance.case import CaseResult
from tests.conformance.packages import PACKAGES, package_bytes, package_modules
from tests.conformance.transactional.directives import Task
from tests.conformance.transactional.expected import Expected, read_expected
from tests.conformance.transactional.ledger.adapter import STANDARD_IDS, LedgerAdapter
from tests.conformance.transactional.ledger.compiler import TestCompiler, framework_interface
from tests.conformance.transactional.ledger.summary import TieBreaker
from tests.conformance.transactional.runner import FileRun, difference, run_file
from tests.support.memory_ledger import LedgerTemplate, make_template, standard_packages

MAX_ATTEMPTS = 800
"""How often a file runs at most to find the order in which the network named objects of equal type."""

_NOT_OWNED_ONLY = re.compile(
    r"\b(?:share_object|public_share_object|Shared\(|immshared|advance-epoch|upgrade --|Upgrade\("
    r"|Clock|Random|deny_list|object\(0x[68]\)|object\(0x403\))"
)


@dataclass(frozen=True, slots=True)
class LedgerResult(CaseResult):
    """A file that passed if it agrees at L2; is_owned_only: no shared object, upgrade or epoch is in it."""

    masked_equal: bool = False
    exact: bool = False
    is_owned_only: bool = False


def run_ledger_suite(checkout: Path, root: Path) -> Iterator[CaseResult]:
    """Every file below root."""
    template = framework_template(checkout)
    modules = [
        m for file in sorted((checkout / PACKAGES).iterdir()) for m in package_modules(checkout, file.name)
    ]
    interface = framework_interface(checkout)

    def make_compiler(flavor: Flavor) -> TestCompiler:
        return TestCompiler(interface, modules, flavor)

    for path in sorted([*root.rglob("*.mvir"), *root.rglob("*.move")]):
        make_adapter = partial(LedgerAdapter, path, template, make_compiler)
        yield _run_case(path, path.relative_to(root).as_posix(), make_adapter)


def framework_template(checkout: Path) -> LedgerTemplate:
    """A ledger with the compiled framework of the checkout."""
    packages = standard_packages(
        package_bytes(checkout, "move-stdlib"), package_bytes(checkout, "iota-framework")
    )
    for name, address in (
        ("iota-system", IOTA_SYSTEM_ADDRESS),
        ("bridge", BRIDGE_ADDRESS),
        ("stardust", STARDUST_ADDRESS),
    ):
        dependencies = STANDARD_IDS if name != "bridge" else (*STANDARD_IDS, ObjectID(IOTA_SYSTEM_ADDRESS))
        packages.append(
            FrameworkPackage(ObjectID(address), tuple(package_bytes(checkout, name)), dependencies)
        )
    return make_template(packages)


def _run_case(path: Path, name: str, make_adapter: partial[LedgerAdapter]) -> LedgerResult:
    started = time.perf_counter()
    expected = read_expected(path)
    is_owned_only = not _NOT_OWNED_ONLY.search(_without_comments(path) + expected.text)
    try:
        run, detail = _judge(path, expected, make_adapter)
        masked = masked_equal(run, expected)
        exact = run.text == expected.text
    except Exception as error:
        detail, masked, exact = f"{type(error).__name__}: {error}", False, False
    return LedgerResult(name, not detail, detail, time.perf_counter() - started, masked, exact, is_owned_only)


def _without_comments(path: Path) -> str:
    return re.sub(r"^\s*//(?![#>]).*$", "", path.read_text("utf-8"), flags=re.MULTILINE)


def _judge(path: Path, expected: Expected, make_adapter: partial[LedgerAdapter]) -> tuple[FileRun, str]:
    """The run with objects named in the natural order, and why the file does not agree at L2, if so.

    Where new objects of equal type can be named in several orders, L2 tries them in turn.
    """
    tie_breaker = TieBreaker()
    first = run_file(path, make_adapter(tie_breaker))
    failure = _first_failure(first, expected)
    detail = "" if failure is None else failure[1]
    for _ in range(MAX_ATTEMPTS):
        choices = None if failure is None else _next_choices(tie_breaker, failure[0])
        if choices is None:
            break
        tie_breaker = TieBreaker(choices)
        failure = _first_failure(run_file(path, make_adapter(tie_breaker)), expected)
    return first, "" if failure is None else detail


def _next_choices(tie_breaker: TieBreaker, failed_task: int) -> dict[int, int] | None:
    """The next combination of orders in the tasks up to the one that failed, the last one turning first."""
    choices = dict(tie_breaker.choices)
    tasks = sorted(t for t, count in tie_breaker.ties.items() if count > 1 and t <= failed_task)
    for task in reversed(tasks):
        choices = {t: choice for t, choice in choices.items() if t <= task}
        if choices.get(task, 0) + 1 < tie_breaker.ties[task]:
            choices[task] = choices.get(task, 0) + 1
            return choices
        choices.pop(task, None)
    return None


def _first_failure(run: FileRun, expected: Expected) -> tuple[int, str] | None:
    """The first task whose output does not agree at L2, and how."""
    for task_run in run.tasks:
        task = task_run.task
        actual = verdict(task, task_run.output or "")
        wanted = verdict(task, expected.outputs.get(task.number, ""))
        if actual != wanted:
            return task.number, f"task {task.number} ({task.text}): {difference(actual, wanted)}"
        if not wanted and task_run.work <= 0:
            return task.number, f"task {task.number} ({task.text}): nothing ran"
    return None


_GAS_OF_PUBLISHING = re.compile(r"(storage_cost|storage_rebate): \d+")
_PLACES = re.compile(
    r"\(function index \d+\) at offset \d+|function: \d+, instruction: \d+|offset \d+|function definition \d+"
)
_SOURCE = re.compile(r"source: (?:None|Some\(.*\)), command")
_EVENT_CONTENTS = re.compile(r"contents: \[[\d, ]*\]")


def mask(task: Task, output: str) -> str:
    """Output without what depends on the bytes of compiled code or on words of errors."""
    text = _SOURCE.sub("source: _, command", _PLACES.sub("_", output))
    publishes = task.name in ("publish", "upgrade") or re.search(r"\b(?:Publish|Upgrade)\(", task.data or "")
    return _GAS_OF_PUBLISHING.sub(r"\1: _", text) if publishes else text


def verdict(task: Task, output: str) -> str:
    """What of an output counts at L2: events count by type, an error by its kind."""
    text = _EVENT_CONTENTS.sub("contents: _", mask(task, output))
    if text.startswith("Error: ") and task.name in ("publish", "upgrade") and "error[" in text:
        return "Error: does not compile"
    return text


def masked_equal(run: FileRun, expected: Expected) -> bool:
    """Whether a run agrees at L2+."""
    return all(
        mask(found.task, found.output or "") == mask(found.task, expected.outputs.get(found.task.number, ""))
        for found in run.tasks
    )


def summarize_levels(results: Iterable[CaseResult]) -> dict[str, object]:
    """All three levels, for all files and for those with owned objects alone."""
    cases = [result for result in results if isinstance(result, LedgerResult)]
    owned = [case for case in cases if case.is_owned_only]
    return {"all": _levels(cases), "owned_only": _levels(owned)}


def _levels(cases: list[LedgerResult]) -> dict[str, int]:
    return {
        "files": len(cases),
        "L2": sum(case.passed for case in cases),
        "L2+": sum(case.masked_equal for case in cases),
        "L3": sum(case.exact for case in cases),
    }
