"""A function instance as Python source, compiled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType

from movelite.bytecode.status import VMError
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.translator.charges import Charges, charges_of
from movelite.vm.translator.emission import Emitter
from movelite.vm.translator.expressions import BlockCompiler
from movelite.vm.translator.flow import Structure
from movelite.vm.translator.operands import (
    CALL_STEP,
    FunctionNames,
    Names,
    Untranslatable,
    is_scalar_reference,
)
from movelite.vm.types import Type

MAX_INSTRUCTIONS = 65_536
MAX_BLOCKS = 1024
"""Larger functions are left to the interpreter."""

MAX_DEPTH = 960
"""Frames, and values waiting on the stack, up to which translated code counts on enough room below the
official limits of 1024 each."""

OPERAND_STACK = 1024

LEAF_HEIGHT = 48
"""Values on the stack for which a function that calls nothing need not check the room: its caller did."""


NO_INSTRUCTION = -1
"""Stands for the instruction of a line that comes from none."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a function, with the instruction that each line comes from (by line number)."""

    text: str
    offsets: list[int]
    values: dict[str, object]
    """What its names stand for."""
    charges: Charges


def write_source(
    instance: FunctionInstance, linking: FunctionNames, limits: RuntimeLimits, root: int | None = None
) -> Source:
    """Translate a function that is not native, or what can run from a block of it on.

    The function takes its parameters, or from the block `root` on all its locals; a reference to a scalar as
    two, and among the locals scalars that are borrowed in lists of their own. Then it takes its depth w.
    Raises: Untranslatable.
    """
    function = instance.function
    if len(function.code) > MAX_INSTRUCTIONS:
        raise Untranslatable("too long")
    try:
        charges = charges_of(instance) if root is None else Charges(instance, root)
        if len(charges.graph.order) > MAX_BLOCKS:
            raise Untranslatable("too many blocks")
        names = Names()
        compiler = BlockCompiler(instance, charges, names, linking, limits)
        structure = Structure(function.code, function.jump_tables, charges.graph)
        rows = Emitter(structure, compiler, charges).rows_of_function()
    except VMError as error:
        raise Untranslatable(str(error)) from error
    parameters = _names_of(instance.parameters if root is None else instance.locals)
    lines = ["def make():", " g = 0", f" def f({', '.join([*parameters, 'w'])}):", "  nonlocal g"]
    offsets = [0] * (len(lines) + 1)
    if root is None:
        for text in [*_room_check(instance, parameters), *_boxes(instance)]:
            lines.append(f"  {text}")
            offsets.append(NO_INSTRUCTION)
    for row in rows:
        lines.append(f"{' ' * (row.depth + 2)}{row.line.text}")
        offsets.append(row.line.offset)
    lines.append(" return f")
    return Source("\n".join(lines) + "\n", offsets, names.values, charges)


def compile_source(source: Source, name: str) -> CodeType:
    """The code object of the function in the source; its one free variable is the gas counter g.

    Raises: Untranslatable where CPython's own limits are passed.
    """
    try:
        module = compile(source.text, name, "exec", dont_inherit=True)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise Untranslatable(str(error)) from error
    (factory,) = (c for c in module.co_consts if isinstance(c, CodeType))
    (code,) = (c for c in factory.co_consts if isinstance(c, CodeType))
    return code


def _names_of(types: Sequence[Type]) -> list[str]:
    names = []
    for index, type_ in enumerate(types):
        names.append(f"l{index}")
        if is_scalar_reference(type_):
            names.append(f"i{index}")
    return names


def room(instance: FunctionInstance) -> int:
    """Frames and waiting values below a call of the function with which it may be run translated; negative
    where it may not at all."""
    function = instance.function
    callees = LEAF_HEIGHT if function.has_calls else 0
    return min(MAX_DEPTH, OPERAND_STACK - function.highest_stack - callees)


def _room_check(instance: FunctionInstance, parameters: Sequence[str]) -> list[str]:
    """Leave the call to the interpreter where one of the stacks may overflow."""
    function = instance.function
    if not function.has_calls and function.highest_stack <= LEAF_HEIGHT:
        return []
    if room(instance) <= 0:
        raise Untranslatable("stack too high")
    return [f"if w > {room(instance) * CALL_STEP}: return x({', '.join([*parameters, 'w'])})"]


def _boxes(instance: FunctionInstance) -> list[str]:
    count = len(instance.parameters)
    return [f"l{index} = [l{index}]" for index in sorted(instance.boxed_locals) if index < count]
