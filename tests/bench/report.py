"""What a benchmark gives: rows for people, keyed figures for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUTPUT = Path("build/bench.json")


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is to be. quick: sizes so small that only the code is tried, not the speed."""

    fastpay: Path | None = None
    quick: bool = False

    def size(self, whole: int, quick: int) -> int:
        """A size of this run."""
        return quick if self.quick else whole


@dataclass(slots=True)
class Report:
    """Figures of all benchmarks of one run. A figure is None where it could not be measured."""

    figures: dict[str, float | None] = field(default_factory=dict)
    sections: list[tuple[str, list[tuple[str, str, str]]]] = field(default_factory=list)

    def section(self, title: str) -> None:
        """Begin a table; what is added from now on stands in it."""
        self.sections.append((title, []))
        self.progress(title)

    def progress(self, text: str) -> None:
        """Tell whoever waits what is being done."""
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def add(self, key: str, value: float | None, unit: str, text: str) -> None:
        """A figure under a key, with a line for people."""
        self.figures[key] = value
        shown = "not measured" if value is None else f"{value:,.3g}" if value < 100 else f"{value:,.0f}"
        self.sections[-1][1].append((text, shown, unit))

    def show(self) -> None:
        """Print the tables."""
        for title, rows in self.sections:
            table = Table(title=title, title_justify="left")
            table.add_column("what", min_width=64)
            table.add_column("figure", min_width=12, justify="right")
            table.add_column("unit", min_width=14)
            for row in rows:
                table.add_row(*row)
            Console(width=max(110, Console().width)).print(table)

    def save(self) -> None:
        """Write the figures as JSON."""
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(self.figures, indent=2, sort_keys=True) + "\n")


def quantile(samples: Sequence[float], share: float) -> float:
    """The sample that this share of all is not above."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
