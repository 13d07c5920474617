"""What a transaction pays: computation by the Move gas meter, storage by the byte, rebates given back.

Amounts are nanos unless named units; a unit is 1000 internal units of the Move gas meter.
Source: gas model 1, iota-types gas_v1.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from authority.execution.errors import ExecutionError
from movelite.bytecode.status import VMError
from movelite.vm.gas import INTERNAL_UNITS, GasMeter, UnmeteredGas, computation_units
from proto import bcs
from proto.effects import GasCostSummary
from proto.execution_status import InsufficientGas
from proto.protocol_config import ProtocolConfig

BASIS_POINTS = 10_000
DENY_LIST_SETTING_BYTES = 1000
"""Bytes that reading one deny-list setting is charged for."""

COPIED_BYTES = 8
"""Bytes that are a unit of work: to check that they encode a value takes as long. So one transaction makes no
more than 16 MB of them, however often its commands double what they have.
"""


class GasCharger:
    """The charges of one transaction. It knows prices; what is written is the temporary store's matter."""

    def __init__(
        self, meter: GasMeter, budget: int, price: int, config: ProtocolConfig, *, is_metered: bool
    ) -> None:
        """budget: in nanos; price: in nanos a unit."""
        self.meter = meter
        self.budget = budget
        self.is_metered = is_metered
        self._price = price
        self._config = config
        self._computation_cost = 0
        self._storage_cost = 0
        self._rebates = 0

    @classmethod
    def unmetered(cls, config: ProtocolConfig) -> GasCharger:
        """For system transactions and genesis."""
        return cls(UnmeteredGas(), 0, 1, config, is_metered=False)

    def charge_input_objects(self, size: int) -> None:
        """Reading size bytes of input objects. Raises: ExecutionError if it exceeds the budget."""
        self._charge(size * self._config.obj_access_cost_read_per_byte)

    def charge_publish(self, size: int) -> None:
        """Publishing or upgrading size bytes of modules. Raises: ExecutionError."""
        self._charge(size * self._config.package_publish_cost_per_byte)

    def charge_regulated_coin_owners(self, owners: int) -> None:
        """Looking up the deny list for the new owners of regulated coins. Raises: ExecutionError."""
        per_byte = self._config.dynamic_field_borrow_child_object_type_cost_per_byte
        self.charge_input_objects(DENY_LIST_SETTING_BYTES * per_byte * owners)

    def count_copied(self, size: int) -> None:
        """Count bytes that a command reads or copies, for which the network charges nothing.

        Raises: ExecutionError InsufficientGas where it is too much work for one transaction.
        """
        try:
            self.meter.add_work(size // COPIED_BYTES)
        except VMError as error:
            raise ExecutionError(InsufficientGas()) from error

    def _charge(self, internal_units: int) -> None:
        try:
            self.meter.deduct(internal_units)
        except VMError as error:
            raise ExecutionError(InsufficientGas()) from error

    def round_computation(self) -> None:
        """Fix the computation cost, rounded up to whole steps.

        Raises: ExecutionError InsufficientGas if the budget does not exceed it; the cost is then the budget.
        """
        cost = computation_units(self.meter.units_used) * self._price
        if self.budget <= cost:
            self._computation_cost = self.budget
            raise ExecutionError(InsufficientGas())
        self._computation_cost = cost

    @property
    def storage_price(self) -> int:
        """Nanos for a byte that is stored."""
        if not self.is_metered:
            return 0
        return self._config.obj_data_cost_refundable * self._config.storage_gas_price

    def track_storage(self, cost: int, rebates: int) -> None:
        """Note what all written objects cost, and the rebates that the old forms carried."""
        if self.is_metered:
            self._storage_cost, self._rebates = cost, rebates

    def reset_storage(self) -> None:
        """Forget all storage noted."""
        self._storage_cost = self._rebates = 0

    def charge_storage(self) -> None:
        """Check that computation and storage net of rebates fit into the budget.

        Raises: ExecutionError InsufficientGas.
        """
        if max(self._storage_cost - self._sender_rebate(), 0) > self.budget - self._computation_cost:
            raise ExecutionError(InsufficientGas())

    def take_whole_budget(self) -> None:
        """Out of gas even for the inputs: computation costs the budget, storage nothing."""
        self.reset_storage()
        self._computation_cost = self.budget

    def summary(self) -> GasCostSummary:
        """The five figures of the effects."""
        rebate = self._sender_rebate()
        return GasCostSummary(
            computation_cost=self._computation_cost,
            computation_cost_burned=self._computation_cost,
            storage_cost=self._storage_cost,
            storage_rebate=rebate,
            non_refundable_storage_fee=self._rebates - rebate,
        )

    def _sender_rebate(self) -> int:
        return sender_rebate(self._rebates, self._config.storage_rebate_rate)


def sender_rebate(rebates: int, rate: int) -> int:
    """The part of storage rebates that goes back to the sender; rate: in basis points."""
    return (rebates * rate + BASIS_POINTS // 2) // BASIS_POINTS


class KnownCost(NamedTuple):
    """What a transaction pays: the figures of its effects, their BCS, and what is taken from the gas coin."""

    summary: GasCostSummary
    encoded: bytes
    net_usage: int


@lru_cache(maxsize=4096)
def known_cost(
    internal_units: int, budget: int, price: int, storage_cost: int, rebates: int, rebate_rate: int
) -> KnownCost | None:
    """What a transaction pays that used so many units, or None if the budget does not suffice.

    Most transactions are like one before.
    """
    if internal_units > GasMeter.units_of_budget(budget, price) * INTERNAL_UNITS:
        return None
    computation = computation_units(internal_units // INTERNAL_UNITS) * price
    rebate = sender_rebate(rebates, rebate_rate)
    if budget <= computation or max(storage_cost - rebate, 0) > budget - computation:
        return None
    summary = GasCostSummary(computation, computation, storage_cost, rebate, rebates - rebate)
    return KnownCost(summary, bcs.encode(GasCostSummary, summary), summary.net_gas_usage)
