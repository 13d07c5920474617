"""A few seeds of the fault simulation; `make simulation` runs hundreds."""

from __future__ import annotations

import pytest

from tests.simulation.run import simulate


@pytest.mark.parametrize("seed", range(8))
def test_safety_and_liveness(seed: int) -> None:
    outcome = simulate(seed)
    assert outcome.violations == []
    assert outcome.receipts >= 9


def test_a_seed_is_one_run() -> None:
    assert simulate(3) == simulate(3)
