"""A function instance as Python source, compiled."""

from __future__ import annotations

from dataclasses import dataclass
from types import CodeType

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import VMError
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.translator.charges import Charges, charges_of
from movelite.vm.translator.emission import Emitter
from movelite.vm.translator.expressions import CALL_STEP, BlockCompiler
from movelite.vm.translator.flow import Structure
from movelite.vm.translator.operands import FunctionNames, Names, Untranslatable

MAX_INSTRUCTIONS = 20_000
MAX_BLOCKS = 1024
"""Larger functions are left to the interpreter."""

MAX_DEPTH = 960
"""Frames, and values waiting on the stack, up to which translated code counts on enough room below the
official limits of 1024 each."""

LEAF_HEIGHT = 48
"""Values on the stack for which a function that calls nothing need not check the room."""


@dataclass(frozen=True, slots=True)
class Source:
    """The source of a function, with the instruction that each line comes from (by line number)."""

    text: str
    offsets: list[int]
    values: dict[str, object]
    """What its names stand for."""
    charges: Charges


def write_source(instance: FunctionInstance, linking: FunctionNames, limits: RuntimeLimits) -> Source:
    """Translate a function that is not native.

    Raises: Untranslatable.
    """
    function = instance.function
    code_unit = function.module.compiled.function_defs[function.index].code
    if code_unit is None or len(code_unit.code) > MAX_INSTRUCTIONS:
        raise Untranslatable("native or too long")
    try:
        charges = charges_of(instance)
        graph = charges.graph
        if len(graph.order) > MAX_BLOCKS:
            raise Untranslatable("too many blocks")
        names = Names()
        compiler = BlockCompiler(instance, charges, names, linking, limits)
        structure = Structure(function.code, function.jump_tables, graph)
        rows = Emitter(structure, compiler, charges).rows_of_function()
    except VMError as error:
        raise Untranslatable(str(error)) from error
    lines = ["def make():", " g = 0", f" def f({', '.join([*_parameters(instance), 'w'])}):", "  nonlocal g"]
    offsets = [0] * (len(lines) + 1)
    for text in [*_room_check(instance, charges), *_boxes(instance, compiler)]:
        lines.append(f"  {text}")
        offsets.append(0)
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


def _parameters(instance: FunctionInstance) -> list[str]:
    names = []
    for index, type_ in enumerate(instance.parameters):
        names.append(f"l{index}")
        if type_.is_reference and not type_.element.is_container:
            names.append(f"i{index}")
    return names


def _room_check(instance: FunctionInstance, charges: Charges) -> list[str]:
    """Leave the call to the interpreter where one of the stacks may overflow."""
    calls = any(opcode in (Opcode.CALL, Opcode.CALL_GENERIC) for opcode, _, _ in instance.function.code)
    highest = max(charges.heights)
    if not calls and highest <= LEAF_HEIGHT:
        return []
    room = min(MAX_DEPTH, 1024 - highest)
    if room <= 0:
        raise Untranslatable("stack too high")
    return [f"if w > {room * CALL_STEP}: return x({', '.join([*_parameters(instance), 'w'])})"]


def _boxes(instance: FunctionInstance, compiler: BlockCompiler) -> list[str]:
    count = len(instance.parameters)
    return [f"l{index} = [l{index}]" for index in sorted(compiler.boxed) if index < count]
