"""The gas budget that a dry run suggests."""

from __future__ import annotations

from cli.simulation import budget_of


def test_the_budget_pays_for_computation_and_storage_and_a_reserve() -> None:
    used = {"computationCost": "1000000", "storageCost": "3000000", "storageRebate": "500000"}
    assert budget_of(used, 1000) == 1_000_000 + 2_500_000 + 1_000_000


def test_a_rebate_does_not_lower_the_budget_below_computation() -> None:
    used = {"computationCost": "1000000", "storageCost": "0", "storageRebate": "9000000"}
    assert budget_of(used, 1000) == 2_000_000
