"""Run the simulation over many seeds: python -m tests.simulation --seeds 300, or one again: --seed 17."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from tests.simulation.run import Outcome, simulate


def main(arguments: Sequence[str]) -> int:
    """Run all seeds asked for; 1 if any violates an invariant."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds, from 0 (default 300)")
    parser.add_argument("--seed", type=int, help="only this one, with what came of it")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    seeds = range(options.seeds) if options.seed is None else [options.seed]
    passed = 0
    totals = Outcome(-1)
    for seed in seeds:
        outcome = simulate(seed)
        passed += not outcome.violations
        for violation in outcome.violations:
            print(f"seed {seed}: {violation}", flush=True)
        if options.seed is not None:
            print(outcome)
        totals.receipts += outcome.receipts
        totals.restarts += outcome.restarts
    print(f"{totals.receipts} receipts, {totals.restarts} power cuts")
    print(f"simulation: {passed}/{len(seeds)}")
    return 0 if passed == len(seeds) else 1


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # Sets of bytes have to have the same order in every process, or a seed would not be one run.
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main(sys.argv[1:]))
