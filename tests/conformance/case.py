"""The result of one conformance case, and how a suite runs one without dying of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case that really ran.

    passed: whether all that the case states held; detail: why not (--failures shows its first line).
    seconds: wall time, 0 where the suite does not measure it.
    """

    name: str
    passed: bool
    detail: str = ""
    seconds: float = 0.0


Check = tuple[str, Callable[[], None]]
"""The name of a case and what it runs."""


class Mismatch(Exception):
    """What a case expects is not what came out."""


def expect_equal(what: str, actual: object, expected: object) -> None:
    """Check one statement of a case.

    Raises: Mismatch with both values, shortened, if they differ.
    """
    if actual != expected:
        raise Mismatch(f"{what}: got {_short(actual)}, expected {_short(expected)}")


def expect(what: str, condition: bool) -> None:
    """Check that a statement of a case holds; raises Mismatch with its words if not."""
    if not condition:
        raise Mismatch(what)


def run_case(name: str, check: Callable[[], None]) -> CaseResult:
    """Run one check; any exception is a failure of this case, never of the suite."""
    started = time.perf_counter()
    try:
        check()
    except Mismatch as mismatch:
        return CaseResult(name, False, str(mismatch), time.perf_counter() - started)
    except Exception as error:
        return CaseResult(name, False, f"{type(error).__name__}: {error}", time.perf_counter() - started)
    return CaseResult(name, True, seconds=time.perf_counter() - started)


def _short(value: object) -> str:
    text = value.hex() if isinstance(value, bytes) else repr(value)
    return text if len(text) <= 160 else f"{text[:160]}... ({len(text)} characters)"
