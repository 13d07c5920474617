"""Runs functions: interpreted while they are cold, translated once they have run long enough.

Translating a function costs about as much as interpreting it a few dozen times, so a function is translated
only after that; whoever makes many functions run once each pays for their interpretation alone. A loop that
turns hot is finished by a translation that begins at the loop (its operand stack is empty there).

Translated functions call each other directly. A callee that is still cold is called through a bridge to the
interpreter, and the interpreter enters translated functions through `Machine.call`.

Whatever fails in translated code raises a plain exception. Its traceback has the lines that stood in every
frame, and every line has its instruction.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock
from types import FrameType, FunctionType, TracebackType
from typing import Any

from movelite.bytecode.status import VMError
from movelite.vm.frame import Frame
from movelite.vm.gas import COMPARED_SIZE, MAX_WORK, GasMeter
from movelite.vm.interpreter import Interpreter
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_call import call_native
from movelite.vm.native_context import Extensions, RuntimeLimits
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.translator.charges import Charges, Stretch, charges_of
from movelite.vm.translator.failures import FAILS_UNCHARGED, Trap, bug, meaning
from movelite.vm.translator.gas_window import GasWindow, frame_of, located
from movelite.vm.translator.operands import (
    CALL_STEP,
    PENDING_MASK,
    FunctionNames,
    Untranslatable,
    is_scalar_reference,
)
from movelite.vm.translator.source import MAX_DEPTH, NO_INSTRUCTION, compile_source, room, write_source
from movelite.vm.types import Type
from movelite.vm.values import Value

PYTHON_FRAMES = 20_000
"""Recursion limit that leaves room for as many Move frames as there can be."""

HOT_AFTER = 16
"""Instructions to interpret, per instruction of code, before translation pays."""

TRANSLATION_SIZE = 16
"""Instructions that are as much work to translate as what comes with every translation."""

MUCH_TRANSLATED, RELUCTANCE = 20_000, 16
"""Instructions translated in a transaction after which functions have to be so many times as hot."""

MAX_CONTINUATIONS = 8
"""Loops of a function that are finished by a translation of their own."""

MAX_TRANSLATIONS = 20_000
"""Translations kept; when there are more, all are forgotten."""

_META = "translated"
"""Global name under which a translated function has its `Translated`."""


@dataclass(slots=True)
class Translated:
    """What a line of translated code means; found in the globals of its frames."""

    instance: FunctionInstance
    offsets: list[int]
    charges: Charges

    def frames(self, line: int) -> list[MoveFrame]:
        """The Move frame of a Python frame that stands at a line; none before the first instruction."""
        offset = self.offsets[line]
        return [] if offset == NO_INSTRUCTION else [frame_of(self.instance, offset)]


class _Link:
    """Stands for a callee until it is translated; for an instance of a generic function, until a transaction
    has called it, too, so that its first call is counted."""

    def __init__(self, machine: Machine, instance: FunctionInstance) -> None:
        self.machine = machine
        self.instance = instance
        self.bridge = machine.bridge(instance)
        self.namespace: dict[str, object] = {}
        self.name = ""

    def __call__(self, *arguments: Value) -> Any:
        machine, instance = self.machine, self.instance
        if instance.type_arguments:
            machine.count(instance)
        function = machine.ready(instance)
        if function is None:
            return self.bridge(*arguments)
        self.namespace[self.name] = function
        if instance.type_arguments:
            machine.keep_link(self)
        return function(*arguments)

    def restore(self) -> None:
        """Stand for the callee again."""
        self.namespace[self.name] = self


class Machine:
    """Translated functions and the execution in progress. One execution runs at a time.

    hot_after: instructions that the interpreter runs for a function, per instruction of its code, before the
    function is translated; with 0 that is done at once.
    """

    def __init__(self, limits: RuntimeLimits, hot_after: int) -> None:
        self.limits = limits
        self.hot_after = hot_after
        self.extensions = Extensions()
        self.window = GasWindow(self.call_stack)
        self._translated: list[FunctionInstance] = []
        self._translated_size = 0
        self._generic_links: list[_Link] = []
        self._linked_work = 0
        self._lock = RLock()
        sys.setrecursionlimit(max(sys.getrecursionlimit(), PYTHON_FRAMES))

    @property
    def gas(self) -> GasMeter:
        """The meter of the execution in progress."""
        return self.window.gas

    # Translation and linking

    def _is_hot(self, instance: FunctionInstance) -> bool:
        if not instance.is_translatable:
            return False
        factor = self.hot_after
        if self._translated_size > MUCH_TRANSLATED:
            factor *= RELUCTANCE
        return instance.heat >= factor * (len(instance.function.code) + TRANSLATION_SIZE)

    def count(self, instance: FunctionInstance) -> None:
        """Translated code calls an instance of a generic function, for the first time it may be.

        Raises: ExecutionError OUT_OF_GAS where it is too much work.
        """
        try:
            instance.count(self.gas)
        except VMError as error:
            raise located(error, self.call_stack()) from error

    def _count_compared(self, size: int) -> None:
        """Translated code compares a value of that abstract size without paying for it."""
        try:
            self.gas.add_work(size // COMPARED_SIZE)
        except VMError as error:
            raise located(error, self.call_stack()) from error

    def keep_link(self, link: _Link) -> None:
        """A call that is no longer counted until its link is restored."""
        self._generic_links.append(link)
        self._linked_work += link.instance.function.instance_work

    def _begin(self, gas: GasMeter, extensions: Extensions) -> None:
        if gas is not self.window.gas:
            self._translated_size = 0
            if gas.counts_all_work or self._linked_work > MAX_WORK - gas.max_work:
                for link in self._generic_links:
                    link.restore()
                self._generic_links.clear()
                self._linked_work = 0
        self.window.begin(gas)
        self.extensions = extensions

    def ready(self, instance: FunctionInstance) -> Callable[..., Any] | None:
        """The translation of a function, made now if the function is hot; None to interpret it."""
        if instance.translation is None and self._is_hot(instance):
            instance.translation = self._translate(instance)
            instance.is_translatable = instance.translation is not None
        return instance.translation

    def _continuation(self, instance: FunctionInstance, block: int) -> Callable[..., Any] | None:
        """What runs a hot function from the start of a block on."""
        known = instance.continuations
        if block not in known:
            if len(known) >= MAX_CONTINUATIONS:
                return None
            known[block] = self._translate(instance, block)
        return known[block]

    def _translate(self, instance: FunctionInstance, root: int | None = None) -> Callable[..., Any] | None:
        if len(self._translated) >= MAX_TRANSLATIONS:
            for known in self._translated:
                known.translation = None
                known.continuations.clear()
            self._translated.clear()
        self._translated_size += len(instance.function.code) + TRANSLATION_SIZE
        linking = FunctionNames(lambda callee: _Link(self, callee), self._native)
        try:
            source = write_source(instance, linking, self.limits, root)
            code = compile_source(source, f"<{instance.function}>")
        except Untranslatable:
            return None
        namespace = source.values | {
            "T": Trap,
            "x": self.bridge(instance),
            "m": self._count_compared,
            "o": self.window.charger(source.charges),
            "e": self.window.entry_charger(source.charges),
            _META: Translated(instance, source.offsets, source.charges),
            "__builtins__": {"len": len, "AssertionError": AssertionError},
        }
        for name, value in source.values.items():
            if isinstance(value, _Link):
                value.namespace, value.name = namespace, name
        self._translated.append(instance)
        return FunctionType(code, namespace, "f", None, (self.window.counter,))

    def _native(self, instance: FunctionInstance) -> Callable[..., Any]:
        """A native function as translated code calls it."""
        returns = len(instance.function.returns)
        is_generic = bool(instance.type_arguments)

        def native(w: int, *arguments: Value) -> Any:
            pending = w & PENDING_MASK
            self.window.settle(pending)
            if is_generic:
                self.count(instance)
            results = call_native(self, instance, arguments)
            self.window.resume(pending + returns)
            return _returned(results)

        return native

    def bridge(self, instance: FunctionInstance) -> Callable[..., Any]:
        """A function that translated code calls and the interpreter runs."""
        pairs = [is_scalar_reference(type_) for type_ in instance.parameters]

        def interpreted(*arguments: Value) -> Any:
            *flat, w = arguments
            pending = w & PENDING_MASK
            entry = _entry(instance)
            if entry is not None:
                self.window.take_back_entry(entry, w)
            self.window.settle(pending)
            values = iter(flat)
            passed = [(next(values), next(values)) if pair else next(values) for pair in pairs]
            results = self._interpreter(w // CALL_STEP - pending, pending).execute(instance, passed)
            self.window.resume(pending + len(results))
            return _returned(results)

        return interpreted

    def _interpreter(self, depth: int, pending: int) -> Interpreter:
        return Interpreter(self.gas, self.extensions, self.limits, self, depth=depth, pending=pending)

    # Execution

    def run(
        self, instance: FunctionInstance, arguments: Sequence[Value], gas: GasMeter, extensions: Extensions
    ) -> list[Value]:
        """Call a function that is not native; arguments and results are as in the interpreter.

        Raises: ExecutionError.
        """
        with self._lock:
            self._begin(gas, extensions)
            function = self.ready(instance)
            if function is None:
                return self._interpreter(0, 0).execute(instance, arguments)
            flat = arguments
            if instance.takes_scalar_references:
                flat = _flat(instance.parameters, arguments)
            return self._enter(function, instance, flat, 0, _entry(instance))

    def call(self, vm: Interpreter, callee: FunctionInstance, arguments: list[Value]) -> list[Value] | None:
        """The results of a call that the interpreter makes; None if it has to interpret it."""
        pending = vm.pending + len(vm.stack)
        depth = vm.depth + len(vm.callers) + 1
        if depth + pending > MAX_DEPTH:
            return None
        function = self.ready(callee)
        if function is None:
            return None
        flat = _flat(callee.parameters, arguments)
        return self._enter(function, callee, flat, (depth + pending) * CALL_STEP + pending, _entry(callee))

    def resume(self, vm: Interpreter, frame: Frame) -> list[Value] | None:
        """The results of an interpreted call that has jumped backwards to where its frame stands; None if it
        has to be interpreted further."""
        instance = frame.instance
        pending, depth = vm.pending + len(vm.stack), vm.depth + len(vm.callers)
        if not self._is_hot(instance) or depth + pending > room(instance):
            return None
        function = self._continuation(instance, frame.offset)
        if function is None:
            return None
        vm.frame = None  # the translation stands for it now
        flat = _flat(instance.locals, frame.locals)
        return self._enter(function, instance, flat, (depth + pending) * CALL_STEP + pending, None)

    def _enter(
        self,
        function: Callable[..., Any],
        instance: FunctionInstance,
        flat: Sequence[Value],
        w: int,
        entry: Stretch | None,
    ) -> list[Value]:
        """Run translated code from here, at depth w."""
        pending = w & PENDING_MASK
        returns = len(instance.function.returns)
        self.window.resume(pending)
        try:
            if entry is not None:
                self.window.charge_entry(entry, w)
            result = function(*flat, w)
            self.window.settle(pending + returns)
        except ExecutionError:
            raise
        except Exception as error:
            raise self._failure(error) from error
        return [] if returns == 0 else [result] if returns == 1 else list(result)

    def call_stack(self) -> list[MoveFrame]:
        """All Move frames in progress, outermost first, as the Python frames that run them tell."""
        frames: list[MoveFrame] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code is not _RUN:
            if frame.f_code is _EXECUTE:
                interpreter: Interpreter = frame.f_locals["self"]
                frames += reversed(interpreter.own_frames())
            else:
                translated = frame.f_globals.get(_META)
                if isinstance(translated, Translated):
                    frames += translated.frames(frame.f_lineno)
            frame = frame.f_back
        frames.reverse()
        return frames

    def _failure(self, error: Exception) -> ExecutionError:
        """What an exception of translated code means; its charges are put right."""
        frames = self.call_stack()
        innermost: Translated | None = None
        w = 0
        entry: TracebackType | None = error.__traceback__
        while entry is not None:
            found = entry.tb_frame.f_globals.get(_META)
            innermost = found if isinstance(found, Translated) else None
            if innermost is not None:
                frames += innermost.frames(entry.tb_lineno)
                w = entry.tb_frame.f_locals["w"]
            entry = entry.tb_next
        if innermost is None or not isinstance(error, Trap | IndexError | ZeroDivisionError):
            return located(bug(error), frames)
        offset = frames[-1].code_offset
        gas_end = self.window.ended_before(offset, w)
        if gas_end is not None:
            return gas_end.error()
        function = innermost.instance.function
        is_charged = function.code[offset].opcode not in FAILS_UNCHARGED
        self.window.take_back_rest(innermost.charges, offset, w, is_charged=is_charged)
        return located(meaning(function, offset, error, self.limits), frames)


_RUN = Machine.run.__code__
_EXECUTE = Interpreter.execute.__code__


def _entry(instance: FunctionInstance) -> Stretch | None:
    """What the callers of an instance pay for."""
    try:
        return charges_of(instance).entry
    except VMError:
        return None


def _flat(types: Sequence[Type], values: Sequence[Value]) -> list[Value]:
    """Values as translated code takes them: a reference to a scalar as two."""
    flat: list[Value] = []
    for type_, value in zip(types, values, strict=True):
        if is_scalar_reference(type_):
            flat += value if value is not None else (None, None)
        else:
            flat.append(value)
    return flat


def _returned(results: Sequence[Value]) -> Any:
    """Results as translated code returns them."""
    if not results:
        return None
    return results[0] if len(results) == 1 else tuple(results)
