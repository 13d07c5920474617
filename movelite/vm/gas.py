"""The gas model of the Move VM, to the unit.

Every instruction is charged for itself, for what it pushes and for the size of what it pushes, each times a
multiplier that grows in tiers with what the transaction has done so far. One gas unit is 1000 internal
units; everything here is in internal units unless it says otherwise.
Source: iota-types, gas_model (version 1).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.meter import QUICK_METER_CONFIG, Meter

INTERNAL_UNITS: Final = 1000
"""Internal units in one gas unit."""

MAX_COMPUTATION_UNITS: Final = 5_000_000
"""Most gas units that one transaction may compute, whatever its budget."""

MAX_WORK: Final = 2_000_000
"""Units of work that one transaction may cause beside what its gas pays for; a unit takes about 4 µs."""

QUICK_UNITS: Final = 5_000
"""Gas units of a transaction that is over soon: they take a tenth of a second, rarely half a second."""

QUICK_WORK: Final = 25_000
"""Units of work of such a transaction."""

INSTANCE_WORK: Final = 100
"""Units of work of a new instance of a generic function, without its code and its types."""

COMPARED_SIZE: Final = 64
"""Abstract size that NEQ compares for a unit of work."""

ROUNDING_STEP_UNITS: Final = 1000
"""Computation is paid in whole steps of this many gas units."""

Tiers = tuple[tuple[int, int], ...]
"""(start, multiplier) in rising order; a multiplier holds once the count is above its start."""

_NEVER: Final = 1 << 200


@dataclass(frozen=True, slots=True, eq=False)
class CostSchedule:
    """The three multipliers' tiers."""

    instruction_tiers: Tiers
    stack_height_tiers: Tiers
    stack_size_tiers: Tiers


COST_SCHEDULE = CostSchedule(
    instruction_tiers=((0, 1), (20_000, 2), (50_000, 10), (100_000, 50), (200_000, 100), (10_000_000, 1000)),
    stack_height_tiers=((0, 1), (1_000, 2), (10_000, 10)),
    stack_size_tiers=((0, 1), (100_000, 2), (500_000, 5), (1_000_000, 100), (100_000_000, 1000)),
)
"""What the network charges."""

ZERO_SCHEDULE = CostSchedule(((0, 0),), ((0, 0),), ((0, 0),))
"""Everything free."""


def _tier(tiers: Tiers, count: int) -> tuple[int, int]:
    """The multiplier for a count and the start of the next tier.

    A count equal to a start is in the tier that begins there: the caller asks only when it has passed one.
    """
    multiplier = tiers[0][1]
    for start, tier_multiplier in tiers:
        if start > count:
            return multiplier, start
        multiplier = tier_multiplier
    return multiplier, _NEVER


@lru_cache
def _first_tiers(schedule: CostSchedule) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """The tiers that a meter begins with: instructions, height, size."""
    tiers = (schedule.instruction_tiers, schedule.stack_height_tiers, schedule.stack_size_tiers)
    return _tier(tiers[0], 0), _tier(tiers[1], 0), _tier(tiers[2], 0)


class GasMeter:
    """Gas of one transaction: the budget left and the counters behind the multipliers.

    The counters live as long as the meter, across the calls of a transaction.
    """

    is_metered = True
    """False where everything is free and nothing runs out."""

    max_work = MAX_WORK
    """Most work for which this meter lets code run on."""

    verifier_meter: Meter | None = None
    """What verifying modules may take, if that is bounded."""

    counts_all_work = True
    """Whether instances count that other transactions have called before; if not, there are to be so few that
    they are no more work than max_work leaves of MAX_WORK."""

    is_height_a_bound = False
    """Whether the height may be above what the network counts: enough for whoever starts over, with another
    meter, when a tier of the height is reached (has_passed_height_tier)."""

    def __init__(self, budget: int, schedule: CostSchedule = COST_SCHEDULE) -> None:
        """A meter with a budget in internal units."""
        self.schedule = schedule
        self.budget = budget
        self.gas_left = budget
        self.instructions = 0
        self.stack_height = 0
        self.stack_size = 0
        self.work = 0
        """Units of work so far."""
        self.instances: set[Hashable] = set()
        """Instances of generic functions that were called so far."""
        self._withheld = 0
        """Internal units of the budget that are not to be used this time."""
        first = _first_tiers(schedule)
        self.instruction_multiplier, self.next_instruction_tier = first[0]
        self.height_multiplier, self.next_height_tier = first[1]
        self.size_multiplier, self.next_size_tier = first[2]

    @classmethod
    def for_budget(cls, budget: int, gas_price: int) -> Self:
        """The meter of a transaction; budget and price in nanos."""
        return cls(cls.units_of_budget(budget, gas_price) * INTERNAL_UNITS)

    def stop_soon(self) -> None:
        """Let the gas end where a transaction is no longer quick: enough for a trial.

        Whoever gets so far starts over with another meter (has_stopped_soon).
        """
        self._withheld = max(0, self.gas_left - QUICK_UNITS * INTERNAL_UNITS)
        self.gas_left -= self._withheld
        self.max_work = min(self.max_work, QUICK_WORK)
        self.verifier_meter = Meter(QUICK_METER_CONFIG)

    @property
    def has_stopped_soon(self) -> bool:
        """Whether gas or verification has ended, and with a meter that does not stop soon might not have."""
        if self.verifier_meter is not None and self.verifier_meter.is_used_up:
            return True
        if self.gas_left:
            return False
        return self._withheld > 0 or type(self).max_work > self.max_work < self.work

    @staticmethod
    def units_of_budget(budget: int, gas_price: int) -> int:
        """Gas units that a budget in nanos allows."""
        return min(budget, MAX_COMPUTATION_UNITS * gas_price) // gas_price

    def charge(self, instructions: int, pushes: int, pops: int, size: int) -> None:
        """Charge a step that adds `pushes` values of together `size` to the stack, and then takes `pops` off.

        Raises: VMError OUT_OF_GAS, with nothing left.
        """
        cost = 0
        height = self.stack_height
        if pushes:
            height += pushes
            if height > self.next_height_tier:
                tiers = self.schedule.stack_height_tiers
                self.height_multiplier, self.next_height_tier = _tier(tiers, height)
            cost = pushes * self.height_multiplier
        if instructions:
            self.instructions = count = self.instructions + instructions
            if count > self.next_instruction_tier:
                tiers = self.schedule.instruction_tiers
                self.instruction_multiplier, self.next_instruction_tier = _tier(tiers, count)
            cost += instructions * self.instruction_multiplier
        if size:
            self.stack_size = total = self.stack_size + size
            if total > self.next_size_tier:
                tiers = self.schedule.stack_size_tiers
                self.size_multiplier, self.next_size_tier = _tier(tiers, total)
            cost += size * self.size_multiplier
        left = self.gas_left - cost
        if left < 0:
            self.gas_left = 0
            self.stack_height = height  # what is popped stays counted where the gas ends here
            raise VMError(StatusCode.OUT_OF_GAS)
        self.gas_left = left
        self.stack_height = height - pops if height > pops else 0

    def deduct(self, amount: int) -> None:
        """Take internal units.

        Raises: VMError OUT_OF_GAS, with nothing left.
        """
        if amount > self.gas_left:
            self.gas_left = 0
            raise VMError(StatusCode.OUT_OF_GAS)
        self.gas_left -= amount

    def count_instance(self, key: Hashable, work: int) -> None:
        """The first call of an instance of a generic function.

        The network makes an instance with every call, in no time to speak of; here it takes a thousand times
        as long as an instruction, and no price covers it. What counts is what the code calls, so that all
        authorities stop at the same call, whatever they have called before.
        Raises: VMError OUT_OF_GAS, with nothing left.
        """
        self.instances.add(key)
        self.add_work(work)

    def add_work(self, units: int) -> None:
        """Count work that takes far longer than its gas. Raises: VMError OUT_OF_GAS, with nothing left."""
        self.work += units
        if self.work > self.max_work and self.is_metered:
            self.gas_left = 0
            raise VMError(StatusCode.OUT_OF_GAS)

    def remaining(self) -> int:
        """Internal units left."""
        return self.gas_left

    @property
    def has_passed_height_tier(self) -> bool:
        """Whether the stack was ever as high as where its second tier begins."""
        return self.next_height_tier != _first_tiers(self.schedule)[1][1]

    @property
    def units_used(self) -> int:
        """Whole gas units used so far."""
        return (self.budget - self._withheld - self.gas_left) // INTERNAL_UNITS


class BoundedHeightGas(GasMeter):
    """A meter of which only what is below every tier of the height counts.

    The network's height counter stops at zero, and then stays below the true height of the stack: windows of
    translated code cannot follow that. With the true height in its place they can, and below the tiers all
    heights cost the same. In the same way it does not count work that was done for others, and stops earlier.
    What it allows is quick.
    """

    is_height_a_bound = True
    counts_all_work = False
    max_work = MAX_WORK // 2

    @staticmethod
    def units_of_budget(budget: int, gas_price: int) -> int:
        """Gas units that a budget in nanos allows, but no more than is quick."""
        return min(GasMeter.units_of_budget(budget, gas_price), QUICK_UNITS)

    def begin_with(self, work: int) -> None:
        """Count work that is over soon, and allow what is quick beside it. Raises: VMError OUT_OF_GAS."""
        self.add_work(work)
        self.max_work = min(self.max_work, work + QUICK_WORK)


class UnmeteredGas(GasMeter):
    """A meter that counts and never runs out, for system transactions."""

    is_metered = False

    def __init__(self) -> None:
        super().__init__(0, ZERO_SCHEDULE)

    def deduct(self, amount: int) -> None:
        """Take nothing."""

    def remaining(self) -> int:
        """As much as a u64 holds."""
        return 2**64 - 1


def computation_units(units_used: int) -> int:
    """Gas units to pay for computation: rounded up to whole steps, at least one."""
    if units_used > 0 and units_used % ROUNDING_STEP_UNITS == 0:
        return units_used
    return (units_used // ROUNDING_STEP_UNITS + 1) * ROUNDING_STEP_UNITS
