"""Broken Move sources by the thousand: `python -m tests.fuzz.sources [--count N] [--seed S] [--corpus DIR]`.

Starts from our framework and examples, or from all Move files below DIR. Prints what came of them, the
slowest, and each text that crashed the compiler, hung it or gave an unsound module, with the number that
repeats it (--only NUMBER runs that one alone, --show prints its text).
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter
from pathlib import Path
from random import Random

from tests.fuzz.compiling import Clock, Corpus, Host
from tests.fuzz.mutation import mutate


def case(corpus: Corpus, seed: int, number: int) -> tuple[str, int]:
    """The text and the mode of a case."""
    random = Random(f"{seed}/{number}")
    return mutate(random.choice(corpus.texts), corpus.texts, random), random.randrange(60)


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and return 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.sources")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=None)
    parser.add_argument("--only", type=int, default=None)
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args(arguments)
    corpus = Corpus.own() if options.corpus is None else Corpus.of_folder(options.corpus)
    host, clock = Host(), Clock()
    came: Counter[str] = Counter()
    slowest = (0.0, -1)
    failures = 0
    for number in range(options.count) if options.only is None else [options.only]:
        text, mode = case(corpus, options.seed, number)
        if options.show:
            print(text)
        try:
            with clock:
                came[host.take(text, mode)] += 1
        except Exception as error:
            failures += 1
            print(f"case {number}: {type(error).__name__}: {str(error)[:300]}", flush=True)
            if failures <= 200:
                traceback.print_exc(limit=-3)
        slowest = max(slowest, (clock.seconds, number))
    for what, count in came.most_common():
        print(f"{count:8} {what}")
    print(f"slowest: {slowest[0]:.2f} s (case {slowest[1]})")
    total = sum(came.values()) + failures
    print(f"sources: {total - failures}/{total} (seed {options.seed})")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
