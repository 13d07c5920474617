"""Operands as expressions, and the stack of them that stands for the operand stack while code is translated.

What an instruction pushes is kept as text and written where it is used. It is put into a variable first
where that would change its meaning: a local or a list it reads is about to change, or it is used twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.translator.charges import Charges
from movelite.vm.types import Type
from movelite.vm.values import copier, is_flat

MAX_TEXT = 200
"""Longest expression kept as text."""

CALL_STEP = 1 << 11
"""A call adds this, and what its caller keeps on the stack times one more than this, to the depth it passes
on: the low bits count the values waiting on the stack, the high bits those and the frames."""

PENDING_MASK = CALL_STEP - 1
"""The bits of a depth that count the waiting values."""


class Untranslatable(Exception):
    """The function is left to the interpreter."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value on the stack as an expression.

    locals are the locals its text mentions, reads_memory tells whether it looks into a list that later
    instructions may change. A reference to a scalar has the list as text and its place as index;
    snapshot is the scalar itself, where the list was made for the reference alone.
    """

    text: str
    locals: frozenset[int] = frozenset()
    reads_memory: bool = False
    is_atomic: bool = True
    index: str | None = None
    snapshot: str | None = None
    uncopied: str | None = None

    @property
    def inner(self) -> str:
        """The text as part of a larger expression."""
        return self.text if self.is_atomic else f"({self.text})"

    @property
    def argument(self) -> str:
        """The text as one argument; a reference to a scalar is a pair."""
        return self.text if self.index is None else f"({self.text}, {self.index})"

    @property
    def arguments(self) -> list[str]:
        """The text as arguments of translated code, where a reference to a scalar takes two."""
        return [self.text] if self.index is None else [self.text, self.index]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source without its indentation, and the instruction it comes from."""

    text: str
    offset: int


class Names:
    """What generated source refers to by name: constants, functions and helpers."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._known: dict[tuple[str, object], str] = {}

    def add(self, prefix: str, key: object, make: Callable[[], object]) -> str:
        """The name of a value; the same for the same prefix and key."""
        name = self._known.get((prefix, key))
        if name is None:
            name = self._known[prefix, key] = f"{prefix}{len(self._known)}"
            self.values[name] = make()
        return name


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """How a function's source calls others; made by the machine."""

    callee: Callable[[FunctionInstance], object]
    native: Callable[[FunctionInstance], object]


class SymbolicStack:
    """The operand stack of a block as expressions, and the statements written so far."""

    def __init__(
        self,
        instance: FunctionInstance,
        charges: Charges,
        names: Names,
        linking: FunctionNames,
        limits: RuntimeLimits,
    ) -> None:
        self.instance = instance
        self.code = instance.function.code
        self.module = instance.function.module
        self.charges = charges
        self.names = names
        self.linking = linking
        self.limits = limits
        self.boxed = instance.boxed_locals
        self.stack: list[Operand] = []
        self.lines: list[Line] = []
        self.offset = 0
        self._temporaries = 0

    def _operand_types(self) -> tuple[Type, ...]:
        return self.instance.operand_types(self.offset)

    def _emit(self, text: str) -> None:
        self.lines.append(Line(text, self.offset))

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def _push(self, operand: Operand) -> None:
        if len(operand.text) > MAX_TEXT:
            operand = self._in_variable(operand)
        self.stack.append(operand)

    def _pop(self) -> Operand:
        return self.stack.pop()

    def _push_text(
        self, text: str, *parts: Operand, reads_memory: bool = False, atomic: bool = False
    ) -> None:
        """Push an expression made of other operands."""
        locals_ = frozenset[int]().union(*(part.locals for part in parts))
        reads = reads_memory or any(part.reads_memory for part in parts)
        self._push(Operand(text, locals_, reads, atomic))

    def _in_variable(self, operand: Operand) -> Operand:
        """The same operand with its text in a variable of its own."""
        if operand.index is None:
            name = self._temporary()
            self._emit(f"{name} = {operand.text}")
            return Operand(name)
        container, index = operand.text, operand.index
        if not _is_name(container):
            container = self._temporary()
            self._emit(f"{container} = {operand.text}")
        elif operand.locals:
            name = self._temporary()
            self._emit(f"{name} = {container}")
            container = name
        if not index.isdecimal():
            name = self._temporary()
            self._emit(f"{name} = {index}")
            index = name
        return Operand(container, index=index, snapshot=None)

    def _atomic(self, depth: int) -> Operand:
        """The operand that deep in the stack (1 is the top), cheap and safe to mention twice."""
        operand = self.stack[-depth]
        if operand.uncopied is None and not _is_path(operand.text):
            operand = self.stack[-depth] = self._in_variable(operand)
        return operand

    def _pop_atomic(self) -> Operand:
        operand = self._atomic(1)
        if operand.uncopied is not None:
            operand = self._in_variable(operand)
        self.stack.pop()
        return operand

    def _settle(self, *, local: int | None = None) -> None:
        """Evaluate what is still text and would change: what mentions the local, or else reads memory."""
        for position, operand in enumerate(self.stack):
            if operand.reads_memory if local is None else local in operand.locals:
                self.stack[position] = self._in_variable(operand)

    def _fail_if(self, condition: str, argument: str = "") -> None:
        self._emit(f"if {condition}: raise T({argument})" if argument else f"if {condition}: raise T")

    def _copy(self, type_: Type, text: str) -> str:
        """Source of a copy of a list."""
        if is_flat(type_):
            return f"{text}[:]"
        return f"{self.names.add('c', type_, lambda: copier(type_))}({text})"

    def _part(self, container: Operand, position: int | str, type_: Type) -> Operand:
        """A reference to a part of what a reference points to."""
        if type_.is_container:
            return Operand(f"{container.inner}[{position}]", container.locals)
        return Operand(container.text, container.locals, index=str(position))


def is_scalar_reference(type_: Type) -> bool:
    return type_.is_reference and not type_.element.is_container


def is_temporary(text: str) -> bool:
    return text[0] == "t" and text[1:].isdecimal()


def _is_name(text: str) -> bool:
    return text.isalnum()


def _is_path(text: str) -> bool:
    """True for a name, a number, or a name with constant subscripts: cheap to evaluate again."""
    return text.replace("[", "").replace("]", "").isalnum() and not text.startswith("[")
