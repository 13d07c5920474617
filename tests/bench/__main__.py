"""Runs the benchmarks: `python -m tests.bench [NAME ...]`. Writes build/bench.json."""

from __future__ import annotations

import sys
from importlib import import_module

from tests.bench.report import Report

BENCHMARKS = ("authority", "network", "vm")
"""Modules of this folder with `run(report)`, in order."""


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    report = Report()
    for name in names or BENCHMARKS:
        import_module(f"tests.bench.{name}").run(report)
    report.show()
    report.save()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
