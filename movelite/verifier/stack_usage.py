"""Every block leaves the operand stack as it found it and never reaches below it.

So types and values on the stack can be checked block by block, and the VM's stack is bounded.
Source: move-bytecode-verifier, stack_usage_verifier.
"""

from __future__ import annotations

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode
from movelite.verifier import opcode_groups as group
from movelite.verifier.config import VerifierConfig
from movelite.verifier.control_flow_graph import Block
from movelite.verifier.module_view import FunctionView, ModuleView

Effect = tuple[int, int]
"""(values popped, values pushed)."""

_O = Opcode
_RET = int(Opcode.RET)
_VEC_PACK = int(Opcode.VEC_PACK)

_FIXED_EFFECTS: list[Effect | None] = group.by_opcode(
    [
        ((_O.POP, _O.BR_TRUE, _O.BR_FALSE, _O.ST_LOC, _O.ABORT, _O.VARIANT_SWITCH), (1, 0)),
        ((_O.LD_U8, _O.LD_U16, _O.LD_U32, _O.LD_U64, _O.LD_U128, _O.LD_U256), (0, 1)),
        ((_O.LD_TRUE, _O.LD_FALSE, _O.LD_CONST), (0, 1)),
        ((_O.COPY_LOC, _O.MOVE_LOC, _O.MUT_BORROW_LOC, _O.IMM_BORROW_LOC), (0, 1)),
        ((_O.NOT, _O.FREEZE_REF, _O.READ_REF, _O.VEC_LEN, _O.VEC_POP_BACK), (1, 1)),
        (group.FIELD + group.FIELD_GENERIC + group.STORAGE, (1, 1)),
        ((_O.CAST_U8, _O.CAST_U16, _O.CAST_U32, _O.CAST_U64, _O.CAST_U128, _O.CAST_U256), (1, 1)),
        ((_O.ADD, _O.SUB, _O.MUL, _O.MOD, _O.DIV, _O.BIT_OR, _O.BIT_AND, _O.XOR, _O.SHL, _O.SHR), (2, 1)),
        ((_O.OR, _O.AND, _O.EQ, _O.NEQ, _O.LT, _O.GT, _O.LE, _O.GE), (2, 1)),
        ((_O.VEC_IMM_BORROW, _O.VEC_MUT_BORROW), (2, 1)),
        ((_O.MOVE_TO_DEPRECATED, _O.MOVE_TO_GENERIC_DEPRECATED, _O.WRITE_REF, _O.VEC_PUSH_BACK), (2, 0)),
        ((_O.VEC_SWAP,), (3, 0)),
        ((_O.BRANCH, _O.NOP), (0, 0)),
    ],
    None,
)
"""By opcode: the effect where it does not depend on operands."""


class StackEffects:
    """What each instruction of a module pops and pushes; calls, packs and unpacks are laid out once."""

    def __init__(self, view: ModuleView) -> None:
        self._by_operand = _effects_by_operand(view)

    def effect(self, function: FunctionView, opcode: int, operand: int, count: int) -> Effect:
        """The effect of an instruction of a function."""
        fixed = _FIXED_EFFECTS[opcode]
        if fixed is not None:
            return fixed
        table = self._by_operand[opcode]
        if table is not None:
            return table[operand]
        if opcode == _RET:
            return len(function.results), 0
        return (count, 1) if opcode == _VEC_PACK else (1, count)


class StackUsage:
    """The pass over one module."""

    def __init__(self, view: ModuleView, config: VerifierConfig) -> None:
        self._effects = StackEffects(view)
        self._max_height = config.max_value_stack_size
        self._max_pushed = config.max_push_size

    def check(self, function: FunctionView) -> None:
        """Check every block, reachable or not.

        Raises: VMError NEGATIVE_STACK_SIZE_WITHIN_BLOCK, POSITIVE_STACK_SIZE_AT_BLOCK_END,
            VALUE_STACK_OVERFLOW or VALUE_STACK_PUSH_OVERFLOW, at the offset of the block's start.
        """
        for block in function.graph.blocks.values():
            self._check_block(function, block)

    def _check_block(self, function: FunctionView, block: Block) -> None:
        height = pushed = 0
        max_height, max_pushed = self._max_height, self._max_pushed
        for opcode, operand, count in function.code[block.start : block.end + 1]:
            effect = _FIXED_EFFECTS[opcode]
            if effect is None:
                effect = self._effects.effect(function, opcode, operand, count)
            pops, pushes = effect
            pushed += pushes
            if max_pushed is not None and pushed > max_pushed:
                raise function.error(StatusCode.VALUE_STACK_PUSH_OVERFLOW, block.start)
            height -= pops
            if height < 0:
                raise function.error(StatusCode.NEGATIVE_STACK_SIZE_WITHIN_BLOCK, block.start)
            height += pushes
            if height > max_height:
                raise function.error(StatusCode.VALUE_STACK_OVERFLOW, block.start)
        if height:
            raise function.error(StatusCode.POSITIVE_STACK_SIZE_AT_BLOCK_END, block.start)


def _effects_by_operand(view: ModuleView) -> list[list[Effect] | None]:
    """By opcode: the effect for each operand of calls, packs and unpacks."""
    module, signatures = view.module, view.signatures
    calls = [
        (len(signatures[row.parameters]), len(signatures[row.return_])) for row in module.function_handles
    ]
    fields = [len(types or ()) for types in view.struct_fields]
    instances = [fields[row.definition] for row in module.struct_def_instantiations]
    variants = [len(types) for types in map(view.variant_fields_of, module.variant_handles)]
    generic_variants = [
        len(types) for types in map(view.variant_fields_of, module.variant_instantiation_handles)
    ]
    return group.by_opcode(
        [
            ((_O.CALL,), calls),
            ((_O.CALL_GENERIC,), [calls[row.handle] for row in module.function_instantiations]),
            ((_O.PACK,), [(count, 1) for count in fields]),
            ((_O.UNPACK,), [(1, count) for count in fields]),
            ((_O.PACK_GENERIC,), [(count, 1) for count in instances]),
            ((_O.UNPACK_GENERIC,), [(1, count) for count in instances]),
            (group.VARIANT, [(1, count) for count in variants]),
            (group.VARIANT_GENERIC, [(1, count) for count in generic_variants]),
            ((_O.PACK_VARIANT,), [(count, 1) for count in variants]),
            ((_O.PACK_VARIANT_GENERIC,), [(count, 1) for count in generic_variants]),
        ],
        None,
    )
