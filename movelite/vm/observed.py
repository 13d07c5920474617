"""The reference interpreter under observation: what unit tests' coverage, traces and gas reports are made of.

Observers see every call with its arguments and results, every choice of a branch and how often each
instruction ran. They change nothing: gas, results and failures are those of the plain interpreter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from movelite.bytecode.file_format import Instruction, Opcode
from movelite.bytecode.status import VMError
from movelite.vm.frame import Frame
from movelite.vm.gas import GasMeter
from movelite.vm.instructions import HANDLERS, Handler
from movelite.vm.interpreter import Interpreter
from movelite.vm.loaded import Function, FunctionInstance
from movelite.vm.native_call import call_native
from movelite.vm.native_context import Extensions, RuntimeLimits
from movelite.vm.values import Value

COMPARISONS = (Opcode.EQ, Opcode.NEQ, Opcode.LT, Opcode.GT, Opcode.LE, Opcode.GE)
"""Instructions that compare two values."""


class Observer:
    """Sees nothing: subclasses override what they want to see. Values are live, and not to be changed."""

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins; natives count, too. gas_left is in internal units."""

    def left(self, results: Sequence[Value], gas_left: int) -> None:
        """The innermost call ends."""

    def stopped(self, frames: Sequence[Frame], gas_left: int) -> None:
        """Execution failed in the last of these frames, or in a native that it called."""

    def counter(self, function: Function) -> list[int] | None:
        """Where to count how often each instruction of a function runs; one observer may do so."""
        return None

    def branched(self, frame: Frame, target: int) -> None:
        """A conditional instruction goes on at `target`; the frame still stands at the instruction."""

    def compared(self, frame: Frame, left: Value, right: Value) -> None:
        """Two values are about to be compared; the frame stands at the comparison."""

    def moved(self, frame: Frame, index: int, value: Value) -> None:
        """A local was moved out, so that the frame no longer holds it."""


class ObservedInterpreter(Interpreter):
    """An interpreter that tells observers what it does."""

    def __init__(
        self, gas: GasMeter, extensions: Extensions, limits: RuntimeLimits, observers: Sequence[Observer]
    ) -> None:
        super().__init__(gas, extensions, limits)
        self.observers = observers
        self.counting = [o for o in observers if type(o).counter is not Observer.counter]
        self.handlers = {**HANDLERS, **_handlers(observers)}

    def execute(self, instance: FunctionInstance, arguments: Sequence[Value]) -> list[Value]:
        """Run a function to its end and return its results.

        Raises: ExecutionError.
        """
        if instance.function.is_native:
            return list(call_native(self, instance, arguments))
        handlers = self.handlers
        self.frame = self._new_frame(instance, arguments)
        while self.frame is not None:
            frame = self.frame
            code = frame.instance.function.code
            counter = self._counter(frame.instance.function)
            try:
                while frame is self.frame:
                    offset = frame.offset
                    counter[offset] += 1
                    instruction = code[offset]
                    handlers[instruction.opcode](self, frame, instruction)
            except VMError as error:
                for observer in self.observers:
                    observer.stopped([*self.callers, frame], self.gas.remaining())
                raise self._located(error, frame) from error
        return self.stack

    def _counter(self, function: Function) -> list[int]:
        """Where to count instructions; a list that is thrown away if nobody wants it."""
        for observer in self.counting:
            counter = observer.counter(function)
            if counter is not None:
                return counter
        return [0] * len(function.code)

    def _new_frame(self, instance: FunctionInstance, arguments: Sequence[Value]) -> Frame:
        self._tell_entered(instance, arguments)
        return super()._new_frame(instance, arguments)

    def call(self, frame: Frame, callee: FunctionInstance) -> None:
        """Enter a function, or run it at once if it is native."""
        if not callee.function.is_native:
            super().call(frame, callee)
            return
        self._tell_entered(callee, _top(self.stack, len(callee.function.parameters)))
        super().call(frame, callee)
        self._tell_left(callee)

    def leave(self) -> None:
        """Go back to the caller; the results are on the stack."""
        if self.frame is not None:
            self._tell_left(self.frame.instance)
        super().leave()

    def _tell_entered(self, instance: FunctionInstance, arguments: Sequence[Value]) -> None:
        for observer in self.observers:
            observer.entered(instance, arguments, self.gas.remaining())

    def _tell_left(self, instance: FunctionInstance) -> None:
        results = _top(self.stack, len(instance.function.returns))
        for observer in self.observers:
            observer.left(results, self.gas.remaining())


def _top(stack: list[Value], count: int) -> list[Value]:
    return stack[len(stack) - count :]


def _handlers(observers: Sequence[Observer]) -> Mapping[Opcode, Handler]:
    """Handlers that tell those who listen."""
    handlers: dict[Opcode, Handler] = {}
    branch_listeners = [o.branched for o in observers if type(o).branched is not Observer.branched]
    comparison_listeners = [o.compared for o in observers if type(o).compared is not Observer.compared]
    move_listeners = [o.moved for o in observers if type(o).moved is not Observer.moved]
    if branch_listeners:
        for opcode in (Opcode.BR_TRUE, Opcode.BR_FALSE, Opcode.VARIANT_SWITCH):
            handlers[opcode] = _branch(branch_listeners)
    if comparison_listeners:
        handlers |= dict.fromkeys(COMPARISONS, _compare(comparison_listeners))
    if move_listeners:
        handlers[Opcode.MOVE_LOC] = _move(move_listeners)
    return handlers


def _branch(listeners: Sequence[Callable[[Frame, int], None]]) -> Handler:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        target = _target(frame, instruction, vm.stack[-1])
        for listener in listeners:
            listener(frame, target)
        HANDLERS[instruction.opcode](vm, frame, instruction)

    return handler


def _target(frame: Frame, instruction: Instruction, top: Value) -> int:
    target: int = instruction.operand
    if instruction.opcode is Opcode.VARIANT_SWITCH:
        tag: int = top[0]
        return frame.instance.function.jump_tables[target].jump_table[tag]
    wanted = instruction.opcode is Opcode.BR_TRUE
    return target if top is wanted else frame.offset + 1


def _compare(listeners: Sequence[Callable[[Frame, Value, Value], None]]) -> Handler:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        left, right = vm.stack[-2:]
        for listener in listeners:
            listener(frame, left, right)
        HANDLERS[instruction.opcode](vm, frame, instruction)

    return handler


def _move(listeners: Sequence[Callable[[Frame, int, Value], None]]) -> Handler:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        value = frame.local(instruction.operand)
        for listener in listeners:
            listener(frame, instruction.operand, value)
        HANDLERS[instruction.opcode](vm, frame, instruction)

    return handler
