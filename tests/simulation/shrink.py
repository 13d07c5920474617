"""Makes a failing scenario smaller: delta debugging over its faults, liars and work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tests.simulation.rules import Rule
from tests.simulation.scenario import Scenario
from tests.simulation.world import simulate

_PARTS = ("faults", "liars", "sabotage", "cheats", "steps", "bursts", "reads")

MAX_RUNS = 400
"""Runs that one scenario is worth."""


def shrink(scenario: Scenario, rule: Rule, run: Callable[[Scenario], bool] | None = None) -> Scenario:
    """The smallest scenario found that still breaks the rule.

    run: whether a scenario still fails; without it, by running it.
    """
    left = MAX_RUNS

    def fails(items: Sequence[tuple[str, Any]], settings: dict[str, Any]) -> bool:
        nonlocal left
        if left <= 0:
            return False
        left -= 1
        smaller = _build(scenario, items, settings)
        if run is not None:
            return run(smaller)
        return any(violation.rule is rule for violation in simulate(smaller).violations)

    items = [(part, item) for part in _PARTS for item in getattr(scenario, part)]
    settings: dict[str, Any] = {}
    items = _minimise(items, lambda some: fails(some, settings))
    for change in ({"lanes": 1}, {"aggregators": 1}, {"stakes": (1, 1, 1, 1)}):
        if _is_possible(change, items) and fails(items, settings | change):
            settings |= change
    items = _minimise(items, lambda some: fails(some, settings))
    return _build(scenario, items, settings)


def _is_possible(change: dict[str, Any], items: Sequence[tuple[str, Any]]) -> bool:
    """Whether what is left names nobody who would be gone."""
    if "stakes" not in change and "aggregators" not in change:
        return True
    return not any(part in ("faults", "liars") for part, _ in items)


def _build(scenario: Scenario, items: Sequence[tuple[str, Any]], settings: dict[str, Any]) -> Scenario:
    parts = {part: tuple(item for name, item in items if name == part) for part in _PARTS}
    changes: dict[str, Any] = {**parts, **settings}
    return replace(scenario, **changes)


def _minimise(
    items: list[tuple[str, Any]], fails: Callable[[list[tuple[str, Any]]], bool]
) -> list[tuple[str, Any]]:
    """Zeller's ddmin: leave out ever smaller chunks as long as the rest still fails."""
    chunk = max(1, len(items) // 2)
    while items:
        start, is_smaller = 0, False
        while start < len(items):
            rest = items[:start] + items[start + chunk :]
            if fails(rest):
                items, is_smaller = rest, True
            else:
                start += chunk
        if chunk == 1 and not is_smaller:
            return items
        chunk = max(1, chunk // 2)
    return items
