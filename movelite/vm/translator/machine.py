"""Runs translated functions: their gas window, their links to each other and the way back from a failure.

Gas. Translated code subtracts each stretch's cost from one counter, `g`, a variable that all translated
functions share. The counter starts a window at a weight for which no limit can be reached inside the window:
no tier of the gas model, no end of the gas. When it falls below zero, `_charge` adds up what the window
used, charges the stretch exactly (instruction by instruction if a limit lies inside it), and opens the next
window. So totals, multipliers and the point where gas ends are those of charging each instruction.

If gas ends inside a stretch, the stretch still runs to its end, for an instruction before that point may
fail first; nothing it does can be seen. The next charge then reports the end of gas.

Failures. Whatever fails in translated code raises a plain exception. Its traceback has the lines that stood
in every frame, and every line has its instruction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import CellType, FrameType, FunctionType, TracebackType
from typing import Any

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.gas import GasMeter
from movelite.vm.interpreter import (
    INDEX_OUT_OF_BOUNDS,
    POP_EMPTY_VECTOR,
    VECTOR_TOO_LONG,
    VECTOR_UNPACK_PARITY,
    Interpreter,
    Outer,
)
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_call import call_native
from movelite.vm.native_context import Extensions, RuntimeLimits
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
    Stretch,
    charges_of,
)
from movelite.vm.translator.containers import variant_tag
from movelite.vm.translator.expressions import CALL_STEP
from movelite.vm.translator.operands import FunctionNames, Untranslatable
from movelite.vm.translator.source import compile_source, write_source
from movelite.vm.types import Type
from movelite.vm.values import Value

PENDING_MASK = CALL_STEP - 1
PYTHON_FRAMES = 20_000
"""Recursion limit that leaves room for as many Move frames as there can be."""


class Trap(Exception):
    """Raised by translated code where an instruction fails; the argument is an abort code or a tag."""


@dataclass(slots=True)
class Translated:
    """What a line of translated code means; found in the globals of its frames."""

    instance: FunctionInstance
    offsets: list[int]
    charges: Charges

    def frame(self, line: int) -> MoveFrame:
        """The Move frame of a Python frame that stands at a line."""
        return _frame_of(self.instance, self.offsets[line])


_META = "translated"
"""Global name under which a translated function has its `Translated`."""


class _Link:
    """Stands for a callee until it is called for the first time."""

    def __init__(self, machine: Machine, instance: FunctionInstance) -> None:
        self.machine = machine
        self.instance = instance
        self.namespace: dict[str, object] = {}
        self.name = ""

    def __call__(self, *arguments: Value) -> Any:
        function = self.machine.translated(self.instance)
        self.namespace[self.name] = function
        return function(*arguments)


MeterState = tuple[int, ...]


@dataclass(slots=True)
class _LastCharge:
    """A stretch that was charged exactly, by code at depth w, and the meter before it.

    foreign tells that it is the entry of a function about to be called.
    """

    stretch: Stretch
    size: int
    w: int
    foreign: bool
    before: MeterState

    def frames_at(self, index: int, frames: list[MoveFrame]) -> list[MoveFrame]:
        """The call stack at an instruction of the stretch, given the frames in progress at the charge."""
        stretch, own = self.stretch, len(self.stretch.offsets)
        if self.foreign:
            return [*frames, _frame_of(stretch.instance, stretch.offsets[index])]
        if index < own or stretch.entry is None:
            return [*frames[:-1], _frame_of(stretch.instance, stretch.offsets[index])]
        caller = _frame_of(stretch.instance, stretch.offsets[-1])
        callee = _frame_of(stretch.entry.instance, stretch.entry.offsets[index - own])
        return [*frames[:-1], caller, callee]


@dataclass(frozen=True, slots=True)
class _GasEnd:
    """Gas ended inside the stretch charged last, at the instruction of that index."""

    index: int
    frames: list[MoveFrame]


class Machine:
    """Translated functions and the execution in progress. One execution runs at a time."""

    def __init__(self, limits: RuntimeLimits) -> None:
        self.limits = limits
        self.gas: GasMeter = GasMeter(0)
        self.extensions = Extensions()
        self._counter = CellType(0)
        """The variable g of all translated functions."""
        self._opened = 0
        """The counter as the window began."""
        self._drift = 0
        """How far the official height counter is above the true height of the stack."""
        self._last_charge: _LastCharge | None = None
        self._gas_end: _GasEnd | None = None
        sys.setrecursionlimit(max(sys.getrecursionlimit(), PYTHON_FRAMES))

    # Translation and linking

    def translated(self, instance: FunctionInstance) -> Callable[..., Any]:
        """The Python function for an instance: translated, or a bridge to the interpreter."""
        if instance.translation is None:
            instance.translation = self._translate(instance)
        return instance.translation

    def _translate(self, instance: FunctionInstance) -> Callable[..., Any]:
        linking = FunctionNames(lambda callee: _Link(self, callee), self._native)
        try:
            source = write_source(instance, linking, self.limits)
            code = compile_source(source, f"<{instance.function}>")
        except Untranslatable:
            return self._bridge(instance, entered=False)
        namespace = source.values | {
            "T": Trap,
            "x": self._bridge(instance, entered=True),
            "o": self._charger(source.charges),
            "e": self._entry_charger(source.charges),
            _META: Translated(instance, source.offsets, source.charges),
            "__builtins__": {"len": len, "AssertionError": AssertionError},
        }
        for name, value in source.values.items():
            if isinstance(value, _Link):
                value.namespace, value.name = namespace, name
        return FunctionType(code, namespace, "f", None, (self._counter,))

    def _native(self, instance: FunctionInstance) -> Callable[..., Any]:
        returns = len(instance.function.returns)

        def native(w: int, *arguments: Value) -> Any:
            pending = w & PENDING_MASK
            self._settle(pending)
            results = call_native(self, instance, arguments)
            self._resume(pending + returns)
            return _returned(results)

        return native

    def _bridge(self, instance: FunctionInstance, *, entered: bool) -> Callable[..., Any]:
        """A function that translated code can call and the interpreter runs.

        entered tells that the instance's own translation calls it, having found too little room.
        """
        pairs = [_is_pair(type_) for type_ in instance.parameters]

        def interpreted(*arguments: Value) -> Any:
            *flat, w = arguments
            pending = w & PENDING_MASK
            self._take_back_entry(instance, pending)
            self._settle(pending)
            frames = self.call_stack()
            outer = Outer(frames[:-1] if entered else frames, w // CALL_STEP - pending, pending)
            values = iter(flat)
            passed = [(next(values), next(values)) if pair else next(values) for pair in pairs]
            results = Interpreter(self.gas, self.extensions, self.limits, outer).execute(instance, passed)
            self._resume(pending + len(results))
            return _returned(results)

        return interpreted

    # Execution

    def run(
        self, instance: FunctionInstance, arguments: Sequence[Value], gas: GasMeter, extensions: Extensions
    ) -> list[Value]:
        """Call a function that is not native; arguments and results are as in the interpreter.

        Raises: ExecutionError.
        """
        self.gas, self.extensions = gas, extensions
        self._gas_end = None
        flat: list[Value] = []
        for type_, value in zip(instance.parameters, arguments, strict=True):
            if _is_pair(type_):
                flat += value
            else:
                flat.append(value)
        self._resume(0)
        returns = len(instance.function.returns)
        function = self.translated(instance)
        try:
            entry = _entry(instance)
            if entry is not None:
                self._charge_exactly(entry, 0, 0, foreign=True)
            result = function(*flat, 0)
            self._settle(returns)
        except ExecutionError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        return [] if returns == 0 else [result] if returns == 1 else list(result)

    def call_stack(self) -> list[MoveFrame]:
        """The Move frames in progress, outermost first."""
        frames: list[MoveFrame] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            translated = frame.f_globals.get(_META)
            if isinstance(translated, Translated):
                frames.append(translated.frame(frame.f_lineno))
            frame = frame.f_back
        frames.reverse()
        return frames

    # Gas

    def _settle(self, height: int) -> None:
        """Bring the meter up to date; height is the true height of the stack.

        Raises: ExecutionError OUT_OF_GAS where gas has ended inside the last stretch.
        """
        self._add_up(self._opened - self._counter.cell_contents)
        self._opened = self._counter.cell_contents
        self.gas.stack_height = self._drift + height
        if self._gas_end is not None:
            raise self._out_of_gas(self._gas_end)

    def _resume(self, height: int) -> None:
        """Open a window after the meter was charged directly."""
        self._drift = self.gas.stack_height - height
        self._last_charge = None
        self._open(height)

    def _add_up(self, used: int) -> None:
        """Put what a window used on the meter; its multipliers held for the whole window."""
        gas = self.gas
        self._drift += used & (1 << PUSH_SHIFT) - 1
        pushes = used >> PUSH_SHIFT & (1 << INSTRUCTION_SHIFT - PUSH_SHIFT) - 1
        instructions = used >> INSTRUCTION_SHIFT & (1 << SIZE_SHIFT - INSTRUCTION_SHIFT) - 1
        size = used >> SIZE_SHIFT & (1 << WEIGHT_SHIFT - SIZE_SHIFT) - 1
        gas.instructions += instructions
        gas.stack_size += size
        gas.deduct(_cost(gas, instructions, size, pushes))

    def _open(self, height: int) -> None:
        """Begin a window in which nothing can happen to the multipliers or to the gas."""
        gas = self.gas
        window = 0
        if self._gas_end is None and self._drift >= 0:
            window = min(
                MAX_WEIGHT,
                (gas.next_instruction_tier - gas.instructions) * INSTRUCTION_WEIGHT,
                gas.next_size_tier - gas.stack_size,
                (gas.next_height_tier - self._drift - height - FREE_HEIGHT) * HEIGHT_WEIGHT,
            )
            if gas.is_metered:
                window = min(window, gas.gas_left // _dearest(gas))
        self._opened = self._counter.cell_contents = window << WEIGHT_SHIFT if window > 0 else 0

    def _charger(self, charges: Charges) -> Callable[..., None]:
        def charge(w: int, index: int, size: int = 0) -> None:
            stretch = charges.stretches[index]
            if not stretch.is_heavy:
                self._counter.cell_contents += stretch.units + size * DYNAMIC_UNIT
            self._charge_exactly(stretch, w, size, foreign=False)

        return charge

    def _entry_charger(self, charges: Charges) -> Callable[..., None]:
        def charge(w: int, index: int) -> None:
            stretch = charges.stretches[index]
            self._counter.cell_contents += stretch.units
            self._charge_exactly(stretch, w, 0, foreign=True)

        return charge

    def _charge_exactly(self, stretch: Stretch, w: int, size: int, *, foreign: bool) -> None:
        """Charge a stretch that the window has no room for, and open the next window.

        foreign tells that it is the entry of a function about to be called.
        """
        pending = w & PENDING_MASK
        self._settle(pending + stretch.start_height)
        gas = self.gas
        self._last_charge = last = _LastCharge(stretch, size, w, foreign, _meter_state(gas))
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
                self._gas_end = _GasEnd(paid, last.frames_at(paid, self.call_stack()))
            self._drift = gas.stack_height - end_height
        self._open(end_height)

    def _take_back_entry(self, instance: FunctionInstance, pending: int) -> None:
        """Undo the charge for a function's entry: the interpreter is going to run it and charges itself."""
        entry = _entry(instance)
        if entry is None:
            return
        last = self._last_charge
        if last is None or self._counter.cell_contents != self._opened:
            self._counter.cell_contents += entry.units
            return
        before_entry = 0 if last.foreign else len(last.stretch.offsets)
        if self._gas_end is not None and self._gas_end.index < before_entry:
            raise self._out_of_gas(self._gas_end)
        self._gas_end = None
        _restore(self.gas, last.before)
        _charge_each(self.gas, last.stretch, last.size, before_entry)
        self._resume(pending)

    # Failures

    def _out_of_gas(self, end: _GasEnd) -> ExecutionError:
        return _located(VMError(StatusCode.OUT_OF_GAS), end.frames)

    def _failure(self, error: Exception) -> ExecutionError:
        """What an exception of translated code means."""
        frames: list[MoveFrame] = []
        innermost: Translated | None = None
        w = 0
        entry: TracebackType | None = error.__traceback__
        while entry is not None:
            translated = entry.tb_frame.f_globals.get(_META)
            innermost = translated if isinstance(translated, Translated) else None
            if innermost is not None:
                frames.append(innermost.frame(entry.tb_lineno))
                w = entry.tb_frame.f_locals["w"]
            entry = entry.tb_next
        if innermost is None or not isinstance(error, Trap | IndexError | ZeroDivisionError):
            message = f"{type(error).__name__}: {error}"
            return _located(VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message=message), frames)
        offset = frames[-1].code_offset
        index = self._index_in_last_charge(offset, w)
        if self._gas_end is not None and (index is None or index >= self._gas_end.index):
            return self._out_of_gas(self._gas_end)
        self._take_back(innermost, offset, index)
        return _located(self._meaning(innermost, offset, error), frames)

    def _index_in_last_charge(self, offset: int, w: int) -> int | None:
        """Which instruction of the stretch charged last failed, in a frame of depth w; None if it was not
        the last or was not charged exactly."""
        last = self._last_charge
        if last is None or self._counter.cell_contents != self._opened:
            return None
        stretch, skipped = last.stretch, 0
        if w != last.w:
            skipped = len(stretch.offsets)
            if stretch.entry is None:
                return None
            stretch = stretch.entry
        return skipped + stretch.offsets.index(offset) if offset in stretch.offsets else None

    def _take_back(self, translated: Translated, offset: int, index: int | None) -> None:
        """Undo the charges for what comes after a failed instruction."""
        opcode = translated.instance.function.code[offset].opcode
        is_charged = opcode not in _FAILS_UNCHARGED
        last = self._last_charge
        if last is not None and index is not None:
            _restore(self.gas, last.before)
            _charge_each(self.gas, last.stretch, last.size, index + is_charged)
            return
        self._add_up(self._opened - self._counter.cell_contents)
        rest = translated.charges.remainder(offset)
        own = translated.charges.costs[offset]
        instructions = (rest.instructions if rest else 0) + (not is_charged)
        size = (rest.size if rest else 0) + (0 if is_charged else own.size)
        pushes = (rest.pushes if rest else 0) + (0 if is_charged else own.pushes)
        self.gas.instructions -= instructions
        self.gas.stack_size -= size
        if self.gas.is_metered:
            self.gas.gas_left += _cost(self.gas, instructions, size, pushes)

    def _meaning(self, translated: Translated, offset: int, error: Exception) -> VMError:
        function = translated.instance.function
        opcode, operand, _ = function.code[offset]
        match opcode:
            case Opcode.ABORT:
                message = f"{function} at offset {offset}"
                return VMError(StatusCode.ABORTED, sub_status=error.args[0], message=message)
            case Opcode.VEC_IMM_BORROW | Opcode.VEC_MUT_BORROW | Opcode.VEC_SWAP:
                return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=INDEX_OUT_OF_BOUNDS)
            case Opcode.VEC_POP_BACK:
                return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=POP_EMPTY_VECTOR)
            case Opcode.VEC_UNPACK:
                return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=VECTOR_UNPACK_PARITY)
            case Opcode.VEC_PUSH_BACK:
                message = f"vector size limit is {self.limits.max_vector_length}"
                return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=VECTOR_TOO_LONG, message=message)
            case _ if opcode in _TAG_CHECKS:
                expected = variant_tag(function.module.compiled, opcode, operand)
                message = f"Variant tag mismatch: expected {expected}, got {error.args[0]}"
                return VMError(StatusCode.VARIANT_TAG_MISMATCH, message=message)
            case _:
                return VMError(StatusCode.ARITHMETIC_ERROR)


def _frame_of(instance: FunctionInstance, offset: int) -> MoveFrame:
    function = instance.function
    return MoveFrame(function.module.runtime_id, function.name, function.index, offset)


def _entry(instance: FunctionInstance) -> Stretch | None:
    """What the callers of an instance pay for."""
    try:
        return charges_of(instance).entry
    except VMError:
        return None


def _is_pair(type_: Type) -> bool:
    """References to scalars take two arguments in translated code."""
    return type_.is_reference and not type_.element.is_container


def _returned(results: Sequence[Value]) -> Any:
    """Results as translated code returns them."""
    if not results:
        return None
    return results[0] if len(results) == 1 else tuple(results)


def _located(error: VMError, frames: list[MoveFrame]) -> ExecutionError:
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


_FAILS_UNCHARGED = {
    Opcode.UNPACK_VARIANT_IMM_REF,
    Opcode.UNPACK_VARIANT_MUT_REF,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}
"""Instructions that fail before they are charged."""

_TAG_CHECKS = _FAILS_UNCHARGED | {Opcode.UNPACK_VARIANT, Opcode.UNPACK_VARIANT_GENERIC}
