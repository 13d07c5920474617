"""How long a Move package takes to build with the command line, as a user meets it: whole processes.

Cold: the bundled coin example with an empty cache. Warm: the same again. Changed: a package of twelve modules
of which one function changed since the last build. Added: the same with one module more.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.report import Options, Report

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "movelite" / "examples" / "coin"
REPEATS = 5
MODULES = 12

_MANIFEST = """[package]
name = "Many"
edition = "2024.beta"

[addresses]
many = "0x0"
"""

_ONE_MORE = "module many::one_more; public fun f(): u64 { many::m0::total(&vector[1]) }"


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("Builds of Move packages, from the command line")
    repeats = options.size(REPEATS, 1)
    cold, warm, changed, added = [], [], [], []
    for number in range(repeats):
        report.progress(f"build {number + 1} of {repeats}")
        with tempfile.TemporaryDirectory() as folder:
            base = Path(folder)
            shutil.copytree(EXAMPLE, base / "coin", ignore=shutil.ignore_patterns("build"))
            cold.append(_build(base / "coin", base / "cache"))
            warm.append(_build(base / "coin", base / "cache"))
            _write_modules(base / "many", change=0)
            _build(base / "many", base / "cache")
            _write_modules(base / "many", change=1)
            changed.append(_build(base / "many", base / "cache"))
            (base / "many/sources/a_new_one.move").write_text(_ONE_MORE)
            added.append(_build(base / "many", base / "cache"))
    for key, text, samples in (
        ("cold", "the coin example, empty cache", cold),
        ("warm", "the coin example again", warm),
        ("changed", f"one of {MODULES} modules changed", changed),
        ("added", f"a module more beside {MODULES}", added),
    ):
        wall = statistics.median(sample[0] for sample in samples)
        cpu = statistics.median(sample[1] for sample in samples)
        report.add(f"build_{key}_seconds", wall, "s", f"{text}: time")
        report.add(f"build_{key}_cpu_seconds", cpu, "s CPU", f"{text}: processor time")


def _build(package: Path, cache: Path) -> tuple[float, float]:
    """Wall and CPU seconds of `movelite move build`."""
    command = [sys.executable, "-m", "cli", "move", "build", "--path", str(package)]
    environment = {**os.environ, "MOVELITE_CACHE": str(cache), "PYTHONPATH": str(ROOT)}
    before, begin = _cpu_of_children(), time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return time.perf_counter() - begin, _cpu_of_children() - before


def _cpu_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _write_modules(folder: Path, change: int) -> None:
    """A package of modules that call each other in a row; change: a number in the last one."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "Move.toml").write_text(_MANIFEST)
    for number in range(MODULES):
        lower = f"many::m{number - 1}::total(v)" if number else "0"
        constant = change if number == MODULES - 1 else number
        functions = "\n".join(
            f"public fun f{index}(n: u64): u64 {{ let mut i = n; while (i > 9) i = i - {index + 1}; i }}"
            for index in range(10)
        )
        (folder / "sources" / f"m{number}.move").write_text(
            f"""module many::m{number};
public struct S has copy, drop {{ a: u64, b: vector<u64> }}
public fun make(n: u64): S {{ S {{ a: n, b: vector[n, {constant}] }} }}
public fun total(v: &vector<u64>): u64 {{
    let mut sum = {lower};
    v.do_ref!(|value| sum = sum + *value);
    sum
}}
{functions}
"""
        )
