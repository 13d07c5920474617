"""What the transactions of an index amount to: sums up to each of them."""

from __future__ import annotations

from typing import NamedTuple

from proto.effects import Exist, GasCostSummary, OutputNotExist, PackageWrite, TransactionEffects


class Totals(NamedTuple):
    """Gas in nanos, in the order of GasCostSummary; objects and packages more than at genesis."""

    computation: int
    burned: int
    storage: int
    rebate: int
    fee: int
    objects: int
    packages: int

    def with_effects(self, effects: TransactionEffects) -> Totals:
        """The sums with one transaction more. What is wrapped does not count: nobody finds it by id."""
        states = [(change.input_state, change.output_state) for _, change in effects.changed_objects]
        made = sum(not isinstance(after, OutputNotExist) for _, after in states)
        gone = sum(isinstance(before, Exist) for before, _ in states)
        packages = sum(isinstance(after, PackageWrite) for _, after in states)
        paid = effects.gas_used
        return Totals(
            self.computation + paid.computation_cost,
            self.burned + paid.computation_cost_burned,
            self.storage + paid.storage_cost,
            self.rebate + paid.storage_rebate,
            self.fee + paid.non_refundable_storage_fee,
            self.objects + made - gone,
            self.packages + packages,
        )

    def gas(self) -> GasCostSummary:
        """The gas alone."""
        return GasCostSummary(*self[:5])


NOTHING = Totals(0, 0, 0, 0, 0, 0, 0)
