"""Gas of straight stretches of code, summed once so that running code charges with one subtraction.

A stretch is what always runs together: up to and including a call, up to an instruction whose size depends
on a value, or to a branch. It runs on through a jump into the head of the next block. A block's head (its
first stretch) is charged on the way in, so a block that is only ever jumped to costs its predecessors
nothing extra. In the same way a call charges for the head of the function it enters: a function expects its
entry, if that is a stretch, to be paid for by whoever calls it.

The running counter is one integer of five fields: weight, stack size, instructions, pushes and drift. Drift
is what the official height counter gains on the true height of the stack: a few instructions are charged a
push they do not make. Weight bounds all the others, so that one comparison with zero tells when any limit may
be near; see machine.py. The fields are as wide as three 30-bit digits of a Python integer allow.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from movelite.bytecode.file_format import Opcode
from movelite.verifier.control_flow_graph import ControlFlowGraph
from movelite.vm.loaded import FunctionInstance
from movelite.vm.translator.flow import rooted
from movelite.vm.types import Type
from movelite.vm.values import CONTAINER_SIZE, REFERENCE_SIZE, fixed_size

INSTRUCTION_WEIGHT = 8
"""Weight of an instruction; a unit of stack size and a push weigh one. Code adds about seven units of size
per instruction, so that this brings windows about equally close to the tiers of both."""

HEIGHT_WEIGHT = 256
"""Weight of one step that the height counter may rise for longer than a stretch."""

MAX_WEIGHT = (1 << 20) - 1
"""Most weight in one window."""

PUSH_SHIFT = 12
INSTRUCTION_SHIFT = PUSH_SHIFT + 20
SIZE_SHIFT = INSTRUCTION_SHIFT + 17
WEIGHT_SHIFT = SIZE_SHIFT + 20

FREE_HEIGHT = 8
"""Values above the frame that a stretch may push without weight; windows leave room for these."""

MAX_STRETCH_HEIGHT = 64
"""Stretches that push the stack higher than this above the frame are always charged the slow way."""

MAX_ENTRY = 256
"""Most instructions of a function's head for which its callers pay."""

MAX_CHAIN = 8
"""Most blocks that one stretch runs through between two jumps backwards."""

VECTOR_PACK_SIZE = 8

DYNAMIC_UNIT = (1 << WEIGHT_SHIFT) + (1 << SIZE_SHIFT)
"""What one unit of stack size adds to the counter."""


@dataclass(frozen=True, slots=True)
class InstructionCost:
    """What one instruction is charged, without the part of its size that depends on a value."""

    pushes: int
    pops: int
    size: int
    dynamic: bool = False


_NONE = InstructionCost(0, 0, 0)
_FIXED: dict[Opcode, InstructionCost] = {
    Opcode.NOP: _NONE,
    Opcode.RET: _NONE,
    Opcode.BRANCH: _NONE,
    Opcode.FREEZE_REF: InstructionCost(1, 1, REFERENCE_SIZE),
    Opcode.NOT: InstructionCost(1, 1, 1),
    Opcode.NEQ: InstructionCost(1, 2, 1),
    Opcode.VEC_LEN: InstructionCost(1, 1, 1),
    Opcode.VEC_IMM_BORROW: InstructionCost(1, 2, REFERENCE_SIZE),
    Opcode.VEC_MUT_BORROW: InstructionCost(1, 2, REFERENCE_SIZE),
    Opcode.VEC_PUSH_BACK: InstructionCost(0, 2, 0),
    Opcode.VEC_POP_BACK: InstructionCost(1, 1, 0),
    Opcode.VEC_SWAP: InstructionCost(1, 1, 0),
}
_TAKE_ONE = (Opcode.BR_TRUE, Opcode.BR_FALSE, Opcode.ABORT, Opcode.POP, Opcode.ST_LOC, Opcode.VARIANT_SWITCH)
for _opcode in _TAKE_ONE:
    _FIXED[_opcode] = InstructionCost(0, 1, 0)
for _opcode in (
    Opcode.LD_U8,
    Opcode.LD_U16,
    Opcode.LD_U32,
    Opcode.LD_U64,
    Opcode.LD_U128,
    Opcode.LD_U256,
    Opcode.LD_TRUE,
    Opcode.LD_FALSE,
):
    _FIXED[_opcode] = InstructionCost(1, 0, 1)
for _opcode in (Opcode.MUT_BORROW_LOC, Opcode.IMM_BORROW_LOC):
    _FIXED[_opcode] = InstructionCost(1, 0, REFERENCE_SIZE)
for _opcode in (
    Opcode.MUT_BORROW_FIELD,
    Opcode.IMM_BORROW_FIELD,
    Opcode.MUT_BORROW_FIELD_GENERIC,
    Opcode.IMM_BORROW_FIELD_GENERIC,
):
    _FIXED[_opcode] = InstructionCost(1, 1, REFERENCE_SIZE)
for _opcode in (
    Opcode.CAST_U8,
    Opcode.CAST_U16,
    Opcode.CAST_U32,
    Opcode.CAST_U64,
    Opcode.CAST_U128,
    Opcode.CAST_U256,
):
    _FIXED[_opcode] = InstructionCost(1, 1, 1)
for _opcode in (
    Opcode.ADD,
    Opcode.SUB,
    Opcode.MUL,
    Opcode.MOD,
    Opcode.DIV,
    Opcode.BIT_OR,
    Opcode.BIT_AND,
    Opcode.XOR,
    Opcode.OR,
    Opcode.AND,
    Opcode.LT,
    Opcode.GT,
    Opcode.LE,
    Opcode.GE,
    Opcode.SHL,
    Opcode.SHR,
):
    _FIXED[_opcode] = InstructionCost(1, 2, 1)


def _sized(pops: int, type_: Type, base: int = 0, times: int = 1) -> InstructionCost:
    size = fixed_size(type_)
    if size is None:
        return InstructionCost(1, pops, base, dynamic=True)
    return InstructionCost(1, pops, base + times * size)


def instruction_cost(instance: FunctionInstance, offset: int) -> InstructionCost:
    """What the instruction at an offset is charged, as the interpreter charges it."""
    opcode, operand, count = instance.function.code[offset]
    fixed = _FIXED.get(opcode)
    if fixed is not None:
        return fixed
    operands = instance.operand_types(offset)
    shape = instance.function.stack_shape.heights
    results = shape[offset + 1] - shape[offset] + len(operands)
    match opcode:
        case Opcode.LD_CONST:
            data = instance.function.module.compiled.constant_pool[operand].data
            return InstructionCost(1, 0, len(data))
        case Opcode.COPY_LOC | Opcode.MOVE_LOC:
            return _sized(0, instance.local_type(operand))
        case Opcode.READ_REF:
            return _sized(1, operands[0].element)
        case Opcode.WRITE_REF:
            return _sized(2, operands[0])
        case Opcode.EQ:
            return _sized(2, operands[0], base=1, times=2)
        case Opcode.PACK | Opcode.PACK_GENERIC | Opcode.PACK_VARIANT | Opcode.PACK_VARIANT_GENERIC:
            return InstructionCost(1, len(operands), CONTAINER_SIZE)
        case Opcode.VEC_PACK:
            return InstructionCost(1, count, VECTOR_PACK_SIZE)
        case Opcode.CALL | Opcode.CALL_GENERIC:
            return InstructionCost(0, len(operands), 0)
        case _:  # the unpacking instructions
            return InstructionCost(results, 1, 0)


class _Costs(dict[int, InstructionCost]):
    """Costs of the instructions of a function by offset, each found when it is first asked for."""

    def __init__(self, instance: FunctionInstance) -> None:
        super().__init__()
        self._instance = instance

    def __missing__(self, offset: int) -> InstructionCost:
        found = self[offset] = instruction_cost(self._instance, offset)
        return found


@dataclass(slots=True)
class Stretch:
    """Instructions charged together. offsets are theirs, in the order in which they run."""

    instance: FunctionInstance
    offsets: list[int]
    costs: list[InstructionCost]
    """Costs of these instructions, and of the entry's."""
    start_height: int
    """Values of the frame on the stack before the first instruction."""
    end_height: int
    """And after the last, before a call's results."""
    pending: int
    """Values that stay on the stack below the arguments of the call at the end."""
    entry: Stretch | None = None
    """The entry of the function that the call at the end enters, if it is charged here."""
    instructions: int = field(init=False)
    size: int = field(init=False)
    pushes: int = field(init=False)
    drift: int = field(init=False)
    peak: int = field(init=False)
    """Highest that the height counter rises above its start."""
    weight: int = field(init=False)
    """Bound on everything that the stretch adds."""
    units: int = field(init=False)
    """What the stretch takes off the running counter."""
    is_heavy: bool = field(init=False)
    """True where the fields of the running counter are too narrow for it."""

    def __post_init__(self) -> None:
        self.instructions = len(self.costs)
        self.size = sum(cost.size for cost in self.costs)
        self.pushes = sum(cost.pushes for cost in self.costs)
        counter = peak = 0
        for cost in self.costs:
            counter += cost.pushes
            peak = max(peak, counter)
            counter -= cost.pops
        self.peak = peak
        self.drift = counter - (self.end_height - self.start_height)
        height = self.start_height + self.peak
        self.weight = (
            INSTRUCTION_WEIGHT * self.instructions
            + self.size
            + self.pushes
            + HEIGHT_WEIGHT * (self.drift + self.pending + max(0, height - FREE_HEIGHT))
        )
        self.is_heavy = height > MAX_STRETCH_HEIGHT or self.weight > MAX_WEIGHT // 4
        self.units = (
            (self.weight << WEIGHT_SHIFT)
            + (self.size << SIZE_SHIFT)
            + (self.instructions << INSTRUCTION_SHIFT)
            + (self.pushes << PUSH_SHIFT)
            + self.drift
        )


def charges_of(instance: FunctionInstance) -> Charges:
    """The stretches of a function that is not native.

    Raises: VMError where its types are too large.
    """
    if not isinstance(instance.charges, Charges):
        instance.charges = Charges(instance)
    return instance.charges


class Charges:
    """The stretches of one function instance, or of what can run from a block of it on."""

    def __init__(self, instance: FunctionInstance, root: int | None = None) -> None:
        function = instance.function
        self.instance = instance
        graph = function.flow_graph
        self.root = root
        self.graph: ControlFlowGraph = graph if root is None else rooted(graph, root)
        self.code = instance.function.code
        self.heights = instance.function.stack_shape.heights
        self.costs = _Costs(instance)
        self._heads_only: dict[int, bool] = {}
        self._chains: dict[int, int] = {}
        self._merged: set[int] = set()
        self.stretches: list[Stretch] = []
        self._by_start: dict[int, int] = {}

    def _ends_in_head(self, block: int) -> bool:
        """True where the block has no stretch but its head."""
        known = self._heads_only.get(block)
        if known is None:
            start, end, _ = self.graph.blocks[block]
            inside = range(start, end + 1)
            known = not any(self._splits_before(o) or self._is_call(o) for o in inside)
            self._heads_only[block] = known
        return known

    def _is_call(self, offset: int) -> bool:
        return self.code[offset].opcode in (Opcode.CALL, Opcode.CALL_GENERIC)

    def _splits_before(self, offset: int) -> bool:
        return self.costs[offset].dynamic

    def unconditional_successor(self, block: int) -> int | None:
        """The block that always follows, if there is just one."""
        successors = set(self.graph.blocks[block].successors)
        return successors.pop() if len(successors) == 1 else None

    def is_merged(self, block: int) -> bool:
        """Whether the block's last stretch runs on into the head of its one successor."""
        if block not in self._chains:
            path = [block]
            while (following := self._forward_successor(path[-1])) is not None:
                if following in self._chains:
                    break
                path.append(following)
            for earlier in reversed(path):
                self._chains[earlier] = self._chain_from(earlier)
        return block in self._merged

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {block: index for index, block in enumerate(self.graph.order)}

    def _forward_successor(self, block: int) -> int | None:
        """The block that always follows, if it lies ahead."""
        successor = self.unconditional_successor(block)
        if successor is None or self._positions[successor] <= self._positions[block]:
            return None
        return successor

    def _chain_from(self, block: int) -> int:
        """Blocks that a stretch runs through from the head of this one on; what lies ahead is known."""
        successor = self.unconditional_successor(block)
        length = 1
        if successor is not None and not self._is_call(self.graph.blocks[block].end):
            if self._forward_successor(block) is not None:
                length = self._chains[successor] + 1
                if length <= MAX_CHAIN:
                    self._merged.add(block)
                else:
                    length = 1
            elif not self._loops_unconditionally(block, successor):
                self._merged.add(block)
                length = 2
        return length if self._ends_in_head(block) else 1

    def _loops_unconditionally(self, block: int, successor: int) -> bool:
        """True where nothing stops a stretch on its way from a loop's head back to its end."""
        current: int | None = successor
        for _ in range(4 * MAX_CHAIN):
            if current is None or not self._ends_in_head(current):
                return False
            if current == block:
                return True
            current = self.unconditional_successor(current)
        return True

    @cached_property
    def _head(self) -> list[int]:
        """Offsets of the head of the function's first block; callers never enter at another.

        A long head is no entry: the function charges for it itself, so that whoever translates a caller does
        not look at more than the beginning of what it calls.
        """
        if self.root is not None or self._splits_before(0):
            return []
        offsets = self._run(0, MAX_ENTRY)
        return [] if len(offsets) > MAX_ENTRY else offsets

    @cached_property
    def entry(self) -> Stretch | None:
        """What callers pay for; None where the function itself charges from its first instruction on."""
        if not self._head:
            return None
        stretch = self._stretch(self._head)
        return None if stretch.is_heavy else stretch

    def callee(self, offset: int) -> FunctionInstance:
        """What the call at an offset calls."""
        opcode, operand, _ = self.code[offset]
        if opcode is Opcode.CALL_GENERIC:
            return self.instance.generic_callee(operand)
        return self.instance.callee(operand)

    def entry_paid(self, offset: int) -> Stretch | None:
        """The callee's entry, if the stretch that ends with the call at the offset pays for it.

        A call at the end of the function's own entry does not: there would be no end to it.
        """
        if offset in self._head[-1:]:
            return None
        return self.entry_of_callee(offset)

    def entry_of_callee(self, offset: int) -> Stretch | None:
        """The entry of what the call at the offset calls."""
        callee = self.callee(offset)
        return None if callee.function.is_native else charges_of(callee).entry

    def foreign(self, entry: Stretch) -> int:
        """Index for a stretch of another function that is charged here by itself."""
        self.stretches.append(entry)
        return len(self.stretches) - 1

    def stretch_from(self, offset: int) -> int | None:
        """Index of the stretch that begins at an offset, or None where it would be empty.

        An instruction whose size depends on a value may only be the first of a stretch.
        """
        known = self._by_start.get(offset)
        if known is None:
            offsets = self._run(offset)
            known = self._by_start[offset] = len(self.stretches)
            self.stretches.append(self._stretch(offsets))
        return known

    def head_of(self, block: int) -> int | None:
        """Index of the stretch at the start of a block; None if an instruction of unknown size is first."""
        return None if self._splits_before(block) else self.stretch_from(block)

    def _stretch(self, offsets: list[int]) -> Stretch:
        last = offsets[-1]
        costs = [self.costs[offset] for offset in offsets]
        entry: Stretch | None = None
        if self._is_call(last):
            end_height = pending = self.heights[last] - len(self.instance.operand_types(last))
            entry = self.entry_paid(last)
            if entry is not None:
                costs += entry.costs
                end_height += entry.end_height
                pending += entry.pending
        elif self.code[last].opcode is Opcode.RET:
            end_height, pending = self.heights[last], 0  # the results stay where the caller finds them
        else:
            end_height, pending = self.heights[last + 1], 0
        start_height = self.heights[offsets[0]]
        return Stretch(self.instance, offsets, costs, start_height, end_height, pending, entry)

    def _run(self, offset: int, most: int | None = None) -> list[int]:
        """Offsets of the stretch that begins at an offset, or one more than `most` of it."""
        offsets: list[int] = []
        block = self._block_at(offset)
        while True:
            end = self.graph.blocks[block].end
            while offset <= end:
                if offsets and self._splits_before(offset):
                    return offsets
                offsets.append(offset)
                if self._is_call(offset) or len(offsets) - 1 == most:
                    return offsets
                offset += 1
            successor = self.unconditional_successor(block)
            if successor is None or not self.is_merged(block) or self._splits_before(successor):
                return offsets
            block = offset = successor

    def _block_at(self, offset: int) -> int:
        starts = self.instance.function.block_starts
        return starts[bisect_right(starts, offset) - 1]

    def remainder(self, offset: int) -> Stretch | None:
        """What was charged together with an instruction but comes after it."""
        if self._is_call(offset):
            return None
        block = self._block_at(offset)
        if offset < self.graph.blocks[block].end:
            following = offset + 1
        else:
            successor = self.unconditional_successor(block)
            if successor is None or not self.is_merged(block):
                return None
            following = successor
        if self._splits_before(following):
            return None
        return self._stretch(self._run(following))
