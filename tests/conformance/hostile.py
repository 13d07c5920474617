"""Hostile modules by the thousand: `python -m tests.conformance.hostile PATH [--count N] [--seed S]`.

PATH is a checkout; its compiled framework and the modules of its IR tests are broken in many ways and given
to reader, verifiers and VM. Prints how far they came, the slowest, and each case that crashed or took too
long, with the seed that repeats it (--only INDEX runs that one alone).
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType

from movelite.bytecode.writer import serialize_module
from tests.conformance.packages import package_bytes, package_modules
from tests.conformance.suites import CRATES
from tests.support.hostile import HostileHost
from tests.support.ir import IrError, assemble
from tests.support.mutation import mutate

SECONDS_MAX = 10
"""Longest that one module may take."""

_IR_SUITES = ("move-vm-transactional-tests", "bytecode-verifier-transactional-tests")
_DIRECTIVE = re.compile(r"^\s*//#.*$", re.MULTILINE)


def corpus(checkout: Path) -> list[bytes]:
    """The modules to start from."""
    modules = package_bytes(checkout, "move-stdlib") + package_bytes(checkout, "iota-framework")
    for suite in _IR_SUITES:
        for file in sorted((checkout / CRATES / suite).rglob("*.mvir")):
            for text in _DIRECTIVE.split(file.read_text("utf-8")):
                try:
                    modules.append(serialize_module(assemble(text)))
                except (IrError, ValueError):
                    continue
                except Exception as error:
                    if "VALUE_SERIALIZATION_ERROR" not in str(error):
                        raise
    return modules


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and return 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.hostile")
    parser.add_argument("path", type=Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, default=None)
    options = parser.parse_args(arguments)
    modules = corpus(options.path)
    host = HostileHost(package_modules(options.path, "move-stdlib"))
    # CPU time: a busy machine is no slow module.
    signal.signal(signal.SIGPROF, _too_long)
    reached: Counter[str] = Counter()
    slowest = (0.0, -1)
    failures = 0
    for index in range(options.count) if options.only is None else [options.only]:
        random = Random(f"{options.seed}/{index}")
        data = mutate(random.choice(modules), modules, random)
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, SECONDS_MAX)
        try:
            reached[host.take(data).value] += 1
        except Exception as error:
            failures += 1
            print(f"case {index}: {type(error).__name__}: {error}\n  {data.hex()[:200]}")
            if failures <= 5:
                traceback.print_exc(limit=-4)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        slowest = max(slowest, (time.process_time() - started, index))
    for what, count in reached.most_common():
        print(f"{count:8} {what}")
    print(f"slowest: {slowest[0]:.2f} s (case {slowest[1]})")
    total = sum(reached.values()) + failures
    print(f"hostile: {total - failures}/{total} (seed {options.seed})")
    return 1 if failures else 0


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {SECONDS_MAX} seconds")


if __name__ == "__main__":
    sys.exit(main())
