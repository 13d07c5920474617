"""Vectors that the official tools and networks printed: BCS, digests, keys, signatures, effects, checkpoints.

One function for each file, in CHECKS under the pattern of the files that it reads; it yields named checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.conformance.case import CaseResult, run_case

Check = tuple[str, Callable[[], None]]
"""The name of a case and what it runs."""

CHECKS: dict[str, Callable[[Any, Path], Iterator[Check]]] = {}
"""Pattern of file names (relative to the folder of vectors) to what makes checks from one file."""


def run(path: Path) -> Iterable[CaseResult]:
    """Every check of every file under path that a function here reads."""
    for pattern, make_checks in CHECKS.items():
        for file in sorted(path.glob(pattern)):
            vector = json.loads(file.read_text("utf-8"))
            for name, check in make_checks(vector, file):
                yield run_case(f"{file.relative_to(path).as_posix()}: {name}", check)
