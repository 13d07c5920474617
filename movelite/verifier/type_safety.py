"""Every instruction finds operands of the right types, and copies and drops only what may be.

Blocks start and end with an empty stack (stack usage), so that one walk over the code suffices and control
flow does not matter. The rules are in `type_rules`. Source: move-bytecode-verifier, type_safety.
"""

from __future__ import annotations

from movelite.bytecode.file_format import Opcode
from movelite.verifier import opcode_groups as group
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView, ModuleView
from movelite.verifier.type_pool import Type
from movelite.verifier.type_rules import PUSH_COST, RULES, Frame, Mismatch
from movelite.verifier.type_shapes import TypeShapes


class TypeSafety:
    """The pass over one module."""

    def __init__(self, view: ModuleView) -> None:
        self._meter = view.meter
        self._shapes = TypeShapes(view)
        pool = view.pool
        self._literals: list[Type | None] = group.by_opcode(
            [
                ((Opcode.LD_TRUE, Opcode.LD_FALSE), pool.bool),
                ((Opcode.LD_U8,), pool.u8),
                ((Opcode.LD_U16,), pool.u16),
                ((Opcode.LD_U32,), pool.u32),
                ((Opcode.LD_U64,), pool.u64),
                ((Opcode.LD_U128,), pool.u128),
                ((Opcode.LD_U256,), pool.u256),
            ],
            None,
        )

    def check(self, function: FunctionView) -> None:
        """Check all code of a function, reachable or not.

        Raises: VMError with the code of the broken rule at its offset, or PROGRAM_TOO_COMPLEX.
        """
        frame = Frame(function, self._shapes)
        push = frame.stack.append
        literals, rules = self._literals, RULES
        code = function.code
        offset = 0
        try:
            for offset in range(len(code)):
                opcode, operand, count = code[offset]
                literal = literals[opcode]
                if literal is None:
                    rules[opcode](frame, operand, count)
                else:
                    frame.ticks += PUSH_COST
                    push(literal)
        except Mismatch as mismatch:
            raise function.error(mismatch.status, offset) from None
        finally:
            # The work is linear in the code, so that charging for it at the end is soon enough.
            self._meter.add(Scope.FUNCTION, frame.ticks)
