"""Runs the benchmarks: `python -m tests.bench [PART ...]`. Prints tables and writes build/bench.json."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

from tests.bench.report import Options, Report

PARTS = ("authority", "stages", "fastpay", "network", "growth", "committees", "vm", "builds", "command_line")
"""Modules of this folder with `run(report, options)`, in order."""


def main(arguments: list[str] | None = None) -> int:
    """Run the named parts, or all."""
    parser = ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; all if none")
    parser.add_argument("--fastpay", type=Path, help="a checkout of novifinancial/fastpay to compare with")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: tries the code, measures nothing")
    parsed = parser.parse_args(arguments)
    unknown = [name for name in parsed.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    report = Report()
    options = Options(fastpay=parsed.fastpay, quick=parsed.quick)
    for name in parsed.parts or PARTS:
        import_module(f"tests.bench.{name}").run(report, options)
    report.show()
    report.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
