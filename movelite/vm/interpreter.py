"""The reference interpreter: one execution, an instruction at a time.

It charges instruction by instruction, and what the translator emits is tested against it. It also runs where
translation does not pay. What each instruction means is in movelite.vm.instructions.
Source: move-vm-runtime, interpreter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.frame import Frame
from movelite.vm.gas import GasMeter
from movelite.vm.instructions import HANDLERS
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_call import call_native
from movelite.vm.native_context import Extensions, RuntimeLimits
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.values import Value

MAX_OPERAND_STACK = 1024
"""Most values on the operand stack, over all frames."""

MAX_CALL_STACK = 1024
"""Most frames waiting for a callee."""


class Engine(Protocol):
    """What runs functions faster, once they have run here for long enough."""

    def call(self, vm: Interpreter, callee: FunctionInstance, arguments: list[Value]) -> list[Value] | None:
        """The results of a call, or None to have it interpreted."""
        ...

    def resume(self, vm: Interpreter, frame: Frame) -> list[Value] | None:
        """The results of a call that has just jumped backwards, or None to go on interpreting it."""
        ...

    def call_stack(self) -> list[MoveFrame]:
        """All frames in progress, interpreted or not, outermost first."""
        ...


class Interpreter:
    """One execution: its operand stack, its call stack and its gas.

    depth and pending tell where it stands in a larger one: how many frames wait for its first, and how many
    values they keep on the stack.
    """

    def __init__(
        self,
        gas: GasMeter,
        extensions: Extensions,
        limits: RuntimeLimits,
        engine: Engine | None = None,
        *,
        depth: int = 0,
        pending: int = 0,
    ) -> None:
        self.gas = gas
        self.extensions = extensions
        self.limits = limits
        self.engine = engine
        self.depth = depth
        self.pending = pending
        self.max_stack = MAX_OPERAND_STACK - pending
        self.max_callers = MAX_CALL_STACK - depth
        self.stack: list[Value] = []
        self.callers: list[Frame] = []
        self.frame: Frame | None = None

    def execute(self, instance: FunctionInstance, arguments: Sequence[Value]) -> list[Value]:
        """Run a function to its end and return its results.

        Raises: ExecutionError.
        """
        if instance.function.is_native:
            return list(call_native(self, instance, arguments))
        handlers = HANDLERS
        self.frame = self._new_frame(instance, arguments)
        while self.frame is not None:
            frame = self.frame
            code = frame.instance.function.code
            try:
                while frame is self.frame:
                    instruction = code[frame.offset]
                    handlers[instruction[0]](self, frame, instruction)
            except VMError as error:
                raise self._located(error, frame) from error
        return self.stack

    def _new_frame(self, instance: FunctionInstance, arguments: Sequence[Value]) -> Frame:
        missing = len(instance.function.locals) - len(arguments)
        locals_ = [*arguments, *[None] * missing]
        for index in instance.boxed_locals:
            locals_[index] = [locals_[index]]
        return Frame(instance, locals_, self.gas.instructions)

    def own_frames(self) -> list[MoveFrame]:
        """The frames in progress here, outermost first."""
        frames = self.callers if self.frame is None else [*self.callers, self.frame]
        return [frame.place() for frame in frames]

    def call_stack(self) -> list[MoveFrame]:
        """All frames in progress, outermost first."""
        return self.own_frames() if self.engine is None else self.engine.call_stack()

    def count(self, frame: Frame) -> None:
        """Add what a frame has run since it was last counted to its function's heat."""
        frame.instance.heat += self.gas.instructions - frame.counted
        frame.counted = self.gas.instructions

    def _located(self, error: VMError, frame: Frame) -> ExecutionError:
        if isinstance(error, ExecutionError):
            return error
        here = frame.place()
        return ExecutionError(
            error.status,
            error.sub_status,
            error.message,
            here.module_id,
            error.indices,
            [(here.definition_index, here.code_offset)],
            self.call_stack(),
        )

    # The operand stack

    def push(self, value: Value) -> None:
        """Put a value on the operand stack.

        Raises: VMError EXECUTION_STACK_OVERFLOW.
        """
        if len(self.stack) >= self.max_stack:
            raise VMError(StatusCode.EXECUTION_STACK_OVERFLOW)
        self.stack.append(value)

    def pop_many(self, count: int) -> list[Value]:
        """Take values off the operand stack; the top comes last."""
        split = len(self.stack) - count
        values = self.stack[split:]
        del self.stack[split:]
        return values

    def call(self, frame: Frame, callee: FunctionInstance) -> None:
        """Enter a function, or run it at once if it is native."""
        count = len(callee.function.parameters)
        self.gas.charge(1, 0, count, 0)
        arguments = self.pop_many(count)
        if callee.function.is_native:
            for value in call_native(self, callee, arguments):
                self.push(value)
            frame.offset += 1
            return
        if len(self.callers) >= self.max_callers:
            raise VMError(StatusCode.CALL_STACK_OVERFLOW)
        if self.engine is not None:
            self.count(frame)
            results = self.engine.call(self, callee, arguments)
            if results is not None:
                self.stack.extend(results)
                frame.offset += 1
                frame.counted = self.gas.instructions
                return
        self.callers.append(frame)
        self.frame = self._new_frame(callee, arguments)

    def jump(self, frame: Frame, target: int) -> None:
        """Go on at another instruction; a loop that has run for long may be finished by the engine."""
        is_backwards = target <= frame.offset
        frame.offset = target
        if is_backwards and self.engine is not None:
            self.count(frame)
            results = self.engine.resume(self, frame)
            if results is not None:
                self.stack.extend(results)
                self.leave()

    def leave(self) -> None:
        """Go back to the caller; the results are on the stack."""
        if not self.callers:
            self.frame = None
            return
        self.frame = self.callers.pop()
        self.frame.offset += 1
        self.frame.counted = self.gas.instructions
