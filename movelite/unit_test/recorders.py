"""Observers of a test's run: what it covers, what its functions cost, its call tree, and where it failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from movelite.bytecode.file_format import COPY, Opcode
from movelite.compiler.source import Loc
from movelite.unit_test.program import TestProgram
from movelite.unit_test.value_text import one_line, type_name
from movelite.vm.frame import Frame
from movelite.vm.loaded import Function, FunctionInstance
from movelite.vm.observed import Observer
from movelite.vm.types import ModuleId, Type
from movelite.vm.values import Value

FunctionKey = tuple[ModuleId, int]
"""A function by its module and the index of its definition."""

MAX_CALLS = 20_000
"""Calls that a call tree keeps; further ones are counted."""


def function_key(function: Function) -> FunctionKey:
    """The key of a loaded function."""
    return function.module.runtime_id, function.index


# Coverage


@dataclass(slots=True)
class FunctionCounts:
    """How often a function was called, each of its instructions ran, and each branch was taken.

    branches: by (offset of the conditional instruction, offset where it went on).
    """

    instructions: list[int]
    calls: int = 0
    branches: Counter[tuple[int, int]] = field(default_factory=Counter)

    def add(self, other: FunctionCounts) -> None:
        """Add the counts of other runs of the same function."""
        self.calls += other.calls
        self.instructions = [a + b for a, b in zip(self.instructions, other.instructions, strict=True)]
        self.branches.update(other.branches)


Counts = dict[FunctionKey, FunctionCounts]
"""Coverage of functions that ran."""


class CoverageRecorder(Observer):
    """Counts what runs. It may see any number of runs."""

    def __init__(self) -> None:
        self._counts: dict[Function, FunctionCounts] = {}

    @property
    def counts(self) -> Counts:
        """What ran so far."""
        return {function_key(function): counts for function, counts in self._counts.items()}

    def _of(self, function: Function) -> FunctionCounts:
        found = self._counts.get(function)
        if found is None:
            found = self._counts[function] = FunctionCounts([0] * len(function.code))
        return found

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins."""
        if not instance.function.is_native:
            self._of(instance.function).calls += 1

    def counter(self, function: Function) -> list[int]:
        """Where instructions are counted."""
        return self._of(function).instructions

    def branched(self, frame: Frame, target: int) -> None:
        """A branch is taken."""
        self._of(frame.instance.function).branches[frame.offset, target] += 1


def merge_counts(parts: Iterable[Counts]) -> Counts:
    """The sum of coverages."""
    merged: Counts = {}
    for part in parts:
        for key, counts in part.items():
            if key in merged:
                merged[key].add(counts)
            else:
                merged[key] = FunctionCounts(
                    list(counts.instructions), counts.calls, Counter(counts.branches)
                )
    return merged


# Gas

GasUse = dict[FunctionKey, Counter[int]]
"""For each function how often a call of it, with all that it called, used how many internal units."""


class GasRecorder(Observer):
    """Measures every call. It may see any number of runs."""

    def __init__(self) -> None:
        self.use: GasUse = {}
        self._open: list[tuple[FunctionKey, int]] = []

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins."""
        self._open.append((function_key(instance.function), gas_left))

    def left(self, results: Sequence[Value], gas_left: int) -> None:
        """A call ends."""
        key, before = self._open.pop()
        self.use.setdefault(key, Counter())[before - gas_left] += 1

    def stopped(self, frames: Sequence[Frame], gas_left: int) -> None:
        """All calls end."""
        while self._open:
            self.left((), gas_left)


def merge_gas(parts: Iterable[GasUse]) -> GasUse:
    """The sum of gas use."""
    merged: GasUse = {}
    for part in parts:
        for key, use in part.items():
            merged.setdefault(key, Counter()).update(use)
    return merged


# The call tree


@dataclass(slots=True)
class Call:
    """A call in a tree; depth is 0 for the test itself. gas is in internal units, with all that it called.

    result: None if it returned nothing, or never returned (`failed`).
    """

    depth: int
    module: ModuleId
    name: str
    arguments: str
    gas: int
    result: str | None = None
    failed: bool = False
    is_native: bool = False


@dataclass(frozen=True, slots=True)
class CallTree:
    """The calls of a run in their order; `left_out` more were not kept."""

    calls: tuple[Call, ...]
    left_out: int = 0


class CallRecorder(Observer):
    """Records the calls of one run."""

    def __init__(self, program: TestProgram) -> None:
        self.program = program
        self.calls: list[Call] = []
        self.left_out = 0
        self._open: list[tuple[Call | None, FunctionInstance]] = []

    @property
    def tree(self) -> CallTree:
        """What was recorded."""
        return CallTree(tuple(self.calls), self.left_out)

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins."""
        call: Call | None = None
        if len(self.calls) >= MAX_CALLS:
            self.left_out += 1
        else:
            call = self._call(instance, arguments, gas_left)
            self.calls.append(call)
        self._open.append((call, instance))

    def _call(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> Call:
        function = instance.function
        generics = ", ".join(map(type_name, instance.type_arguments))
        shown = [
            f"{self.program.local_name(*function_key(function), index) or index}: {one_line(type_, value)}"
            for index, (type_, value) in enumerate(zip(instance.parameters, arguments, strict=True))
        ]
        return Call(
            len(self._open),
            function.module.runtime_id,
            f"{function.name}<{generics}>" if generics else function.name,
            ", ".join(shown),
            gas_left,
            is_native=function.is_native,
        )

    def left(self, results: Sequence[Value], gas_left: int) -> None:
        """A call ends."""
        call, instance = self._open.pop()
        if call is None:
            return
        call.gas -= gas_left
        texts = [one_line(t, v) for t, v in zip(instance.returns, results, strict=True)]
        if texts:
            call.result = texts[0] if len(texts) == 1 else f"({', '.join(texts)})"

    def stopped(self, frames: Sequence[Frame], gas_left: int) -> None:
        """All calls end."""
        for call, _ in self._open:
            if call is not None:
                call.gas -= gas_left
                call.failed = True
        self._open.clear()


# Where a run failed


@dataclass(frozen=True, slots=True)
class Variable:
    """An argument or local of a frame; `was_moved`: its value lives elsewhere by now."""

    name: str
    type: str
    value: str
    was_moved: bool = False


@dataclass(frozen=True, slots=True)
class FrameDetails:
    """A frame of a run that failed. offset is None in a native function.

    compared: both sides of the comparison that the frame made last, where it stands in the abort's source.
    """

    module: ModuleId
    function: str
    definition: int
    offset: int | None
    arguments: tuple[Variable, ...]
    locals: tuple[Variable, ...]
    compared: tuple[Variable, ...] = ()


class _OpenCall:
    __slots__ = ("arguments", "compared", "instance", "moved")

    def __init__(self, instance: FunctionInstance, arguments: Sequence[Value]) -> None:
        self.instance = instance
        self.arguments = list(arguments)
        self.moved: dict[int, Value] = {}
        self.compared: tuple[int, Value, Value] | None = None


class FrameRecorder(Observer):
    """Keeps what locals were when a run failed: frames are innermost first, empty if it did not."""

    def __init__(self, program: TestProgram) -> None:
        self.program = program
        self.frames: tuple[FrameDetails, ...] = ()
        self._open: list[_OpenCall] = []

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins."""
        self._open.append(_OpenCall(instance, arguments))

    def left(self, results: Sequence[Value], gas_left: int) -> None:
        """A call ends."""
        self._open.pop()

    def moved(self, frame: Frame, index: int, value: Value) -> None:
        """A local was moved out."""
        moved = self._open[-1].moved
        moved.pop(index, None)  # what was moved last comes last
        moved[index] = value

    def compared(self, frame: Frame, left: Value, right: Value) -> None:
        """Two values are compared."""
        self._open[-1].compared = frame.offset, left, right

    def stopped(self, frames: Sequence[Frame], gas_left: int) -> None:
        """All calls end here."""
        details = [self._details(frame, call) for frame, call in zip(frames, self._open, strict=False)]
        details.extend(self._native(call) for call in self._open[len(frames) :])
        self.frames = tuple(reversed(details))
        self._open.clear()

    def _details(self, frame: Frame, call: _OpenCall) -> FrameDetails:
        function = frame.instance.function
        types = frame.instance.locals
        found: dict[str, Variable] = {}  # of locals of one name the last: it hides the others
        for index, value in call.moved.items():
            if index >= len(call.arguments):
                found.update(self._variable(function, index, types[index], value, True))
        for index in range(len(call.arguments), len(types)):
            if frame.locals[index] is not None:
                found.update(self._variable(function, index, types[index], frame.local(index), False))
        return FrameDetails(
            function.module.runtime_id,
            function.name,
            function.index,
            frame.offset,
            self._arguments(call),
            tuple(found.values()),
            self._comparison(frame, call),
        )

    def _comparison(self, frame: Frame, call: _OpenCall) -> tuple[Variable, ...]:
        """Both sides of the condition of the assertion that fails, under their source texts."""
        function = frame.instance.function
        if call.compared is None or function.code[frame.offset].opcode is not Opcode.ABORT:
            return ()
        offset, left, right = call.compared
        key = function_key(function)
        places = [self.program.place(*key, at) for at in (frame.offset, offset, offset + 1)]
        abort, operator, condition = places
        if abort is None or operator is None or condition is None:
            return ()
        if not (abort.contains(condition) and condition.contains(operator)):
            return ()
        left_text, right_text = (
            self.program.sources.text(Loc(condition.file, start, end)).strip()
            for start, end in ((condition.start, operator.start), (operator.end, condition.end))
        )
        type_ = frame.instance.operand_types(offset)[0]
        sides = ((left_text, left), (right_text, right))
        return tuple(
            Variable(text, type_name(type_), one_line(type_, value))
            for text, value in sides
            if text not in (value_text := one_line(type_, value), f"{value_text}{type_name(type_)}")
        )

    def _native(self, call: _OpenCall) -> FrameDetails:
        function = call.instance.function
        return FrameDetails(
            function.module.runtime_id, function.name, function.index, None, self._arguments(call), ()
        )

    def _arguments(self, call: _OpenCall) -> tuple[Variable, ...]:
        function = call.instance.function
        found: dict[str, Variable] = {}
        for index, (type_, value) in enumerate(zip(call.instance.parameters, call.arguments, strict=True)):
            found.update(self._variable(function, index, type_, value, False))
        return tuple(found.values())

    def _variable(
        self, function: Function, index: int, type_: Type, value: Value, was_moved: bool
    ) -> dict[str, Variable]:
        """The variable under its name; nothing if the user did not name it."""
        name = self.program.local_name(*function_key(function), index) or str(index)
        if value is None or any(sign in name for sign in _TEMPORARIES):
            return {}
        try:
            text = one_line(type_, value)
        except (IndexError, TypeError):
            return {}  # a reference whose target is gone
        gone = was_moved and not type_.is_reference and not type_.abilities & COPY
        return {name: Variable(name, type_name(type_), text, gone)}


_TEMPORARIES = ("%", "$")
"""How the names of the compiler's own locals begin, and those of the parameters of macros."""
