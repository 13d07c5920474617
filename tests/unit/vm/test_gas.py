"""The gas model: tiers, the end of gas, rounding."""

from __future__ import annotations

import pytest

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.gas import GasMeter, UnmeteredGas, computation_units


def test_a_step_costs_its_instruction_pushes_and_size() -> None:
    gas = GasMeter(1000)
    gas.charge(1, pushes=2, pops=1, size=30)
    assert (gas.gas_left, gas.instructions, gas.stack_height, gas.stack_size) == (1000 - 33, 1, 1, 30)


def test_a_multiplier_grows_when_its_counter_exceeds_the_start_of_the_next_tier() -> None:
    gas = GasMeter(10**9)
    gas.charge(20_000, 0, 0, 0)
    assert gas.instruction_multiplier == 1
    gas.charge(1, 0, 0, 0)
    assert gas.instruction_multiplier == 2
    gas.charge(0, 0, 0, 500_001)
    assert gas.size_multiplier == 5


def test_the_height_multiplier_stays_when_the_stack_shrinks() -> None:
    gas = GasMeter(10**9)
    gas.charge(1, pushes=1001, pops=1001, size=0)
    assert (gas.stack_height, gas.height_multiplier) == (0, 2)
    left = gas.gas_left
    gas.charge(0, pushes=1, pops=0, size=0)
    assert left - gas.gas_left == 2


def test_the_height_never_falls_below_zero() -> None:
    gas = GasMeter(1000)
    gas.charge(1, pushes=1, pops=5, size=0)
    assert gas.stack_height == 0


def test_too_dear_a_step_takes_all_that_is_left() -> None:
    gas = GasMeter(10)
    with pytest.raises(VMError) as failure:
        gas.charge(1, 0, 0, 10)
    assert failure.value.status is StatusCode.OUT_OF_GAS
    assert (gas.gas_left, gas.units_used) == (0, 0)


def test_nothing_runs_out_unmetered() -> None:
    gas = UnmeteredGas()
    gas.charge(10**7, 10**5, 0, 10**9)
    gas.deduct(10**12)
    assert (gas.instructions, gas.remaining()) == (10**7, 2**64 - 1)


def test_a_budget_buys_units_at_the_gas_price_up_to_the_ceiling() -> None:
    assert GasMeter.for_budget(5_000_000_999, 1000).budget == 5_000_000 * 1000
    assert GasMeter.for_budget(50_000_000_000, 1000).budget == 5_000_000 * 1000
    assert GasMeter.for_budget(1_999, 1000).budget == 1000


@pytest.mark.parametrize(
    ("used", "paid"), [(0, 1000), (1, 1000), (999, 1000), (1000, 1000), (1001, 2000), (2000, 2000)]
)
def test_computation_is_paid_in_whole_steps_and_at_least_one(used: int, paid: int) -> None:
    assert computation_units(used) == paid
