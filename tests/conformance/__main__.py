"""Run one conformance suite: `python -m tests.conformance SUITE PATH... [--failures] [--json]`.

PATH is a checkout (or the folder of vectors) that the suite reads; several are read in turn. The last line is
`SUITE: passed/total`; a suite with more to count prints one line of JSON before it, with --json behind it.
Exit code 0 if every case passed, 1 if one failed or none ran, 2 for wrong usage.
"""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import cast

from tests.conformance import suites
from tests.conformance.case import CaseResult

Run = Callable[[Path], Iterable[CaseResult]]


def suite_names() -> list[str]:
    """Names of all suites: the modules beside each other in tests/conformance/suites."""
    names = (m.name for m in pkgutil.iter_modules(suites.__path__))
    return sorted(name.replace("_", "-") for name in names if not name.startswith("_"))


def load_suite(name: str) -> Run:
    """The `run` function of a suite."""
    return cast(Run, _module(name).run)


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{suites.__name__}.{name.replace('-', '_')}")


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, run the suite, print cases and score."""
    options = _parse(arguments)
    if options.suite is None:
        for name in suite_names():
            first_line = (_module(name).__doc__ or "").split("\n")[0]
            print(f"{name:20} {first_line}")
        return 0
    missing = [path for path in options.paths if not path.is_dir()]
    if missing or not options.paths:
        print(
            f"{missing[0] if missing else None} is no directory: give the path to a checkout", file=sys.stderr
        )
        return 2
    try:
        results = list(_run(options))
    except FileNotFoundError as error:
        print(f"this is not what the suite reads: {error.filename} is missing", file=sys.stderr)
        return 2
    passed = sum(result.passed for result in results)
    lines = [f"{options.suite}: {passed}/{len(results)}"]
    summarize = getattr(_module(options.suite), "summarize", None)
    if summarize is not None:
        lines.insert(len(lines) if options.json else 0, json.dumps(summarize(results)))
    if options.json:
        lines.insert(0, json.dumps(_as_json(options.suite, results), indent=1))
    print("\n".join(lines))
    return 0 if results and passed == len(results) else 1


def _run(options: argparse.Namespace) -> Iterator[CaseResult]:
    """Run the suite and print what fails, if that is wanted."""
    run = load_suite(options.suite)
    for result in chain.from_iterable(map(run, options.paths)):
        if not options.json and (options.failures or options.verbose) and not result.passed:
            detail = result.detail if options.verbose else _first_line(result.detail)
            print(f"FAIL {result.name}\n     {detail}")
        yield result


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("suite", nargs="?", choices=suite_names(), help="none: list the suites")
    parser.add_argument("paths", nargs="*", type=Path, help="the checkout or folder that the suite reads")
    parser.add_argument("--failures", action="store_true", help="one line for each case that failed")
    parser.add_argument("--verbose", action="store_true", help="the whole detail of each case that failed")
    parser.add_argument("--json", action="store_true", help="all cases as JSON")
    return parser.parse_intermixed_args(arguments)


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]


def _as_json(suite: str, results: list[CaseResult]) -> dict[str, object]:
    return {
        "suite": suite,
        "passed": sum(result.passed for result in results),
        "total": len(results),
        "cases": [
            {"name": r.name, "passed": r.passed, "detail": r.detail, "seconds": round(r.seconds, 4)}
            for r in results
        ],
    }


if __name__ == "__main__":
    sys.exit(main())
