"""Gas of translated code: one counter, and windows in which nothing can happen to it.

Translated code subtracts each stretch's cost from one counter, `g`, a variable that all translated functions
share. The counter starts a window at a weight for which no limit can be reached inside the window: no tier
of the gas model, no end of the gas. When it falls below zero, `charge_exactly` adds up what the window used,
charges the stretch exactly (instruction by instruction if a limit lies inside it), and opens the next window.
So totals, multipliers and the point where gas ends are those of charging each instruction.

If gas ends inside a stretch, the stretch still runs to its end, for an instruction before that point may
fail first; nothing it does can be seen. The next charge then reports the end of gas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import CellType

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.gas import GasMeter
from movelite.vm.loaded import FunctionInstance
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.translator.charges import (
    DYNAMIC_UNIT,
    FREE_HEIGHT,
    HEIGHT_WEIGHT,
    INSTRUCTION_SHIFT,
    INSTRUCTION_WEIGHT,
    MAX_WEIGHT,
    PUSH_SHIFT,
    SIZE_SHIFT,
    WEIGHT_SHIFT,
    Charges,
    InstructionCost,
    Stretch,
)
from movelite.vm.translator.operands import PENDING_MASK

_DRIFT_MASK = (1 << PUSH_SHIFT) - 1
_PUSH_MASK = (1 << INSTRUCTION_SHIFT - PUSH_SHIFT) - 1
_INSTRUCTION_MASK = (1 << SIZE_SHIFT - INSTRUCTION_SHIFT) - 1
_SIZE_MASK = (1 << WEIGHT_SHIFT - SIZE_SHIFT) - 1

MeterState = tuple[int, ...]


@dataclass(slots=True)
class LastCharge:
    """A stretch that was charged exactly, by code at depth w, and the meter before it.

    is_foreign tells that it is the entry of a function about to be called.
    """

    stretch: Stretch
    size: int
    w: int
    is_foreign: bool
    before: MeterState

    def frames_at(self, index: int, frames: list[MoveFrame]) -> list[MoveFrame]:
        """The call stack at an instruction of the stretch, given the frames in progress at the charge."""
        stretch, own = self.stretch, len(self.stretch.offsets)
        if self.is_foreign:
            return [*frames, frame_of(stretch.instance, stretch.offsets[index])]
        if index < own or stretch.entry is None:
            return [*frames[:-1], frame_of(stretch.instance, stretch.offsets[index])]
        caller = frame_of(stretch.instance, stretch.offsets[-1])
        callee = frame_of(stretch.entry.instance, stretch.entry.offsets[index - own])
        return [*frames[:-1], caller, callee]

    def index_of(self, offset: int, w: int) -> int | None:
        """Which instruction of the stretch stands at an offset in a frame of depth w."""
        stretch, skipped = self.stretch, 0
        if w != self.w:
            if stretch.entry is None:
                return None
            skipped = len(stretch.offsets)
            stretch = stretch.entry
        return skipped + stretch.offsets.index(offset) if offset in stretch.offsets else None


@dataclass(frozen=True, slots=True)
class GasEnd:
    """Gas ended inside the stretch charged last, at the instruction of that index."""

    index: int
    frames: list[MoveFrame]

    def error(self) -> ExecutionError:
        """The end of gas as a failure."""
        return located(VMError(StatusCode.OUT_OF_GAS), self.frames)


class GasWindow:
    """The counter of translated code over a meter."""

    def __init__(self, call_stack: Callable[[], list[MoveFrame]]) -> None:
        self.gas = GasMeter(0)
        self.counter = CellType(0)
        """The variable g of all translated functions."""
        self.gas_end: GasEnd | None = None
        self._call_stack = call_stack
        self._opened = 0
        """The counter as the window began."""
        self._drift = 0
        """How far the official height counter is above the true height of the stack."""
        self._last: LastCharge | None = None

    def begin(self, gas: GasMeter) -> None:
        """Charge another meter from now on."""
        self.gas = gas
        self.gas_end = self._last = None

    def settle(self, height: int) -> None:
        """Bring the meter up to date; height is the true height of the stack.

        Raises: ExecutionError OUT_OF_GAS where gas has ended inside the last stretch.
        """
        used = self._opened - self.counter.cell_contents
        if used:
            self._add_up(used)
            self._opened -= used
        self.gas.stack_height = self._drift + height
        if self.gas_end is not None:
            raise self.gas_end.error()

    def resume(self, height: int) -> None:
        """Open a window after the meter was charged directly; height is the true height of the stack."""
        self._drift = self.gas.stack_height - height
        self._last = None
        self._open(height)

    def _add_up(self, used: int) -> None:
        """Put what a window used on the meter; its multipliers held for the whole window."""
        gas = self.gas
        self._drift += used & _DRIFT_MASK
        pushes = used >> PUSH_SHIFT & _PUSH_MASK
        instructions = used >> INSTRUCTION_SHIFT & _INSTRUCTION_MASK
        size = used >> SIZE_SHIFT & _SIZE_MASK
        gas.instructions += instructions
        gas.stack_size += size
        gas.deduct(_cost(gas, instructions, size, pushes))

    def _open(self, height: int) -> None:
        """Begin a window in which nothing can happen to the multipliers or to the gas."""
        gas = self.gas
        window = 0
        if self._drift < 0 and gas.is_height_a_bound:
            self._drift = 0
        if self.gas_end is None and self._drift >= 0:
            window = min(
                MAX_WEIGHT,
                (gas.next_instruction_tier - gas.instructions) * INSTRUCTION_WEIGHT,
                gas.next_size_tier - gas.stack_size,
                (gas.next_height_tier - self._drift - height - FREE_HEIGHT) * HEIGHT_WEIGHT,
            )
            if gas.is_metered:
                window = min(window, gas.gas_left // _dearest(gas))
        self._opened = self.counter.cell_contents = window << WEIGHT_SHIFT if window > 0 else 0

    def charger(self, charges: Charges) -> Callable[..., None]:
        """What translated code calls as `o` when the counter has fallen below zero."""

        def charge(w: int, index: int, size: int = 0) -> None:
            stretch = charges.stretches[index]
            if not stretch.is_heavy:
                self.counter.cell_contents += stretch.units + size * DYNAMIC_UNIT
            self.charge_exactly(stretch, w, size, is_foreign=False)

        return charge

    def entry_charger(self, charges: Charges) -> Callable[..., None]:
        """A charger for the entry of a callee, which its source calls as `e`."""

        def charge(w: int, index: int) -> None:
            stretch = charges.stretches[index]
            self.counter.cell_contents += stretch.units
            self.charge_exactly(stretch, w, 0, is_foreign=True)

        return charge

    def charge_entry(self, entry: Stretch, w: int) -> None:
        """Charge the entry of a function that is about to be called from outside of translated code.

        Raises: ExecutionError OUT_OF_GAS where gas has ended before it.
        """
        left = self.counter.cell_contents - entry.units
        if left < 0 or entry.is_heavy:
            self.charge_exactly(entry, w, 0, is_foreign=True)
        else:
            self.counter.cell_contents = left

    def charge_exactly(self, stretch: Stretch, w: int, size: int, *, is_foreign: bool) -> None:
        """Charge a stretch that the window has no room for, and open the next window.

        Raises: ExecutionError OUT_OF_GAS where gas has ended before it.
        """
        pending = w & PENDING_MASK
        self.settle(pending + stretch.start_height)
        gas = self.gas
        self._last = last = LastCharge(stretch, size, w, is_foreign, _meter_state(gas))
        end_height = pending + stretch.end_height
        if self._drift >= 0 and _fits(gas, stretch, size):
            gas.instructions += stretch.instructions
            gas.stack_size += stretch.size + size
            gas.deduct(_cost(gas, stretch.instructions, stretch.size + size, stretch.pushes))
            self._drift += stretch.drift
        else:
            try:
                _charge_each(gas, stretch, size, stretch.instructions)
            except VMError:
                paid = gas.instructions - last.before[0] - 1
                self.gas_end = GasEnd(paid, last.frames_at(paid, self._call_stack()))
            self._drift = gas.stack_height - end_height
        self._open(end_height)

    # Taking back

    def _live_charge(self) -> LastCharge | None:
        """The stretch that was charged last, if that was done exactly."""
        return self._last if self.counter.cell_contents == self._opened else None

    def take_back_entry(self, entry: Stretch, w: int) -> None:
        """Undo the charge for a function's entry: the interpreter is going to run it and charges itself.

        Raises: ExecutionError OUT_OF_GAS where gas has ended before it.
        """
        last = self._live_charge()
        if last is None:
            self.counter.cell_contents += entry.units
            return
        before_entry = 0 if last.is_foreign else len(last.stretch.offsets)
        if self.gas_end is not None and self.gas_end.index < before_entry:
            raise self.gas_end.error()
        self.gas_end = None
        _restore(self.gas, last.before)
        _charge_each(self.gas, last.stretch, last.size, before_entry)
        self.resume(w & PENDING_MASK)

    def ended_before(self, offset: int, w: int) -> GasEnd | None:
        """The end of gas, if it came before the instruction at an offset, in a frame of depth w."""
        last = self._live_charge()
        index = last.index_of(offset, w) if last is not None else None
        if self.gas_end is not None and (index is None or index >= self.gas_end.index):
            return self.gas_end
        return None

    def take_back_rest(self, charges: Charges, offset: int, w: int, *, is_charged: bool) -> None:
        """Undo the charges for what comes after an instruction that failed, in a frame of depth w.

        is_charged tells whether that instruction itself is charged when it fails.
        """
        last = self._live_charge()
        index = last.index_of(offset, w) if last is not None else None
        if last is not None and index is not None:
            _restore(self.gas, last.before)
            _charge_each(self.gas, last.stretch, last.size, index + is_charged)
            return
        self._add_up(self._opened - self.counter.cell_contents)
        rest = charges.remainder(offset)
        own = InstructionCost(0, 0, 0) if is_charged else charges.costs[offset]
        instructions = (rest.instructions if rest else 0) + (not is_charged)
        size = (rest.size if rest else 0) + own.size
        pushes = (rest.pushes if rest else 0) + own.pushes
        self.gas.instructions -= instructions
        self.gas.stack_size -= size
        if self.gas.is_metered:
            self.gas.gas_left += _cost(self.gas, instructions, size, pushes)


def frame_of(instance: FunctionInstance, offset: int) -> MoveFrame:
    """A frame of the function that stands at an offset."""
    function = instance.function
    return MoveFrame(function.module.runtime_id, function.name, function.index, offset)


def located(error: VMError, frames: list[MoveFrame]) -> ExecutionError:
    """The error, located in the innermost frame."""
    location = frames[-1].module_id if frames else None
    offsets = [(frames[-1].definition_index, frames[-1].code_offset)] if frames else []
    return ExecutionError(error.status, error.sub_status, error.message, location, [], offsets, frames)


def _cost(gas: GasMeter, instructions: int, size: int, pushes: int) -> int:
    return (
        instructions * gas.instruction_multiplier
        + size * gas.size_multiplier
        + pushes * gas.height_multiplier
    )


def _dearest(gas: GasMeter) -> int:
    """Most that a unit of weight can cost; at least one."""
    per_instruction = -(-gas.instruction_multiplier // INSTRUCTION_WEIGHT)
    return max(per_instruction, gas.size_multiplier, gas.height_multiplier, 1)


def _fits(gas: GasMeter, stretch: Stretch, size: int) -> bool:
    """True where no tier changes inside the stretch and the gas suffices."""
    return (
        gas.instructions + stretch.instructions <= gas.next_instruction_tier
        and gas.stack_size + stretch.size + size <= gas.next_size_tier
        and gas.stack_height + stretch.peak <= gas.next_height_tier
        and (
            not gas.is_metered
            or _cost(gas, stretch.instructions, stretch.size + size, stretch.pushes) <= gas.gas_left
        )
    )


def _charge_each(gas: GasMeter, stretch: Stretch, size: int, count: int) -> None:
    """Charge the first instructions of a stretch one by one.

    Raises: VMError OUT_OF_GAS.
    """
    for index, cost in enumerate(stretch.costs[:count]):
        gas.charge(1, cost.pushes, cost.pops, cost.size + (size if index == 0 else 0))


_METER_FIELDS = (
    "instructions",
    "stack_size",
    "stack_height",
    "gas_left",
    "instruction_multiplier",
    "size_multiplier",
    "height_multiplier",
    "next_instruction_tier",
    "next_size_tier",
    "next_height_tier",
)


def _meter_state(gas: GasMeter) -> MeterState:
    return (
        gas.instructions,
        gas.stack_size,
        gas.stack_height,
        gas.gas_left,
        gas.instruction_multiplier,
        gas.size_multiplier,
        gas.height_multiplier,
        gas.next_instruction_tier,
        gas.next_size_tier,
        gas.next_height_tier,
    )


def _restore(gas: GasMeter, state: MeterState) -> None:
    for name, value in zip(_METER_FIELDS, state, strict=True):
        setattr(gas, name, value)
