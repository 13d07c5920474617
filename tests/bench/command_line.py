"""What starting the command line costs in CPU, beside the interpreter alone and the library of commands."""

from __future__ import annotations

import resource
import subprocess
import sys

from tests.bench.report import Options, Report

RUNS = 7

COMMANDS = {
    "interpreter": ("-c", "pass"),
    "typer": ("-c", "import typer"),
    "help": ("-m", "cli", "--help"),
    "client_help": ("-m", "cli", "client", "--help"),
    "client_gas": ("-m", "cli", "client", "gas", "--help"),
    "client_transfer": ("-m", "cli", "client", "transfer", "--help"),
    "verify_receipt": ("-m", "cli", "client", "verify-receipt", "--help"),
}
"""Arguments of the interpreter."""


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("Starting the command line: least CPU of several runs")
    for name, arguments in COMMANDS.items():
        milliseconds = min(_cpu(arguments) for _ in range(options.size(RUNS, 1))) * 1000
        text = " ".join(arguments[1:]) if arguments[0] == "-c" else "movelite " + " ".join(arguments[2:])
        report.add(f"start_{name}_ms", milliseconds, "ms", text)


def _cpu(arguments: tuple[str, ...]) -> float:
    """Seconds of CPU of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
