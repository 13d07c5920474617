"""A call that the reference interpreter is in the middle of."""

from __future__ import annotations

from movelite.vm.loaded import FunctionInstance
from movelite.vm.trace import MoveFrame
from movelite.vm.values import Value


class Frame:
    """A call in progress."""

    __slots__ = ("counted", "instance", "locals", "offset")

    def __init__(self, instance: FunctionInstance, locals_: list[Value], counted: int) -> None:
        self.instance = instance
        self.locals = locals_
        self.offset = 0
        self.counted = counted
        """The meter's count of instructions up to which the frame's own are in its function's heat."""

    def local(self, index: int) -> Value:
        """What is in a local; None if nothing is."""
        value = self.locals[index]
        return value[0] if index in self.instance.boxed_locals else value

    def place(self) -> MoveFrame:
        """The function and the instruction it stands at."""
        function = self.instance.function
        return MoveFrame(function.module.runtime_id, function.name, function.index, self.offset)
