"""What a benchmark gives: rows for people, keyed figures for scripts."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUTPUT = Path("build/bench.json")


@dataclass(slots=True)
class Report:
    """Figures of all benchmarks of one run. A figure is None where it could not be measured."""

    figures: dict[str, float | None] = field(default_factory=dict)
    rows: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, key: str, value: float | None, unit: str, text: str) -> None:
        """A figure under a key, with a line for people."""
        self.figures[key] = value
        shown = "not measured" if value is None else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
        self.rows.append((text, shown, unit))

    def show(self) -> None:
        """Print the table."""
        table = Table("what", "figure", "unit", title="Movelite benchmarks")
        for row in self.rows:
            table.add_row(*row)
        Console().print(table)

    def save(self) -> None:
        """Write the figures as JSON."""
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(self.figures, indent=2, sort_keys=True) + "\n")


def median_cpu_seconds(run: Callable[[], object], repeats: int = 5) -> float:
    """Median CPU seconds of a call, after one call to warm up."""
    run()
    samples = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        samples.append(time.process_time() - start)
    return statistics.median(samples)


async def cpu_and_wall(run: Awaitable[object]) -> tuple[float, float]:
    """CPU and wall-clock seconds of awaiting something."""
    cpu, wall = time.process_time(), time.perf_counter()
    await run
    return time.process_time() - cpu, time.perf_counter() - wall
