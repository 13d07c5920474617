"""Locals hold a value when they are used, and no value that may not be dropped is lost.

Source: move-bytecode-verifier, locals_safety.
"""

from __future__ import annotations

from movelite.bytecode.file_format import DROP, Opcode
from movelite.bytecode.status import StatusCode
from movelite.verifier import fixpoint
from movelite.verifier import opcode_groups as group
from movelite.verifier.control_flow_graph import Block
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView

_UNAVAILABLE = 0
_MAYBE_AVAILABLE = 1
_AVAILABLE = 2

_JOIN_COST = 10
_STEP_COST = 1
_RET_COST = 10
_LOCALS_IN_A_STEP = 16

_MOVE = int(Opcode.MOVE_LOC)
_STORE = int(Opcode.ST_LOC)
_COPY = int(Opcode.COPY_LOC)
_RET = int(Opcode.RET)
_TOUCHES_LOCALS = group.by_opcode([(group.LOCAL, True), ((Opcode.RET,), True)], False)

_State = bytes
"""By local: whether it holds a value."""


def check(function: FunctionView) -> None:
    """Check the use of locals on every path.

    Raises: VMError COPYLOC_, MOVELOC_ or BORROWLOC_UNAVAILABLE_ERROR, STLOC_UNSAFE_TO_DESTROY_ERROR or
        UNSAFE_RET_UNUSED_VALUES_WITHOUT_DROP, at the instruction's offset.
    """
    parameters = len(function.parameters)
    others = len(function.locals) - parameters
    initial = bytes([_AVAILABLE]) * parameters + bytes([_UNAVAILABLE]) * others
    fixpoint.analyze(function, initial, _LocalsSafety(function), function.module_view.meter)


class _LocalsSafety:
    def __init__(self, function: FunctionView) -> None:
        self._function = function
        view = function.module_view
        self._meter = view.meter
        abilities = view.ability_cache.in_scope(function.type_parameters, Scope.FUNCTION)
        self._undroppable = {
            local for local, type_ in enumerate(function.locals) if not abilities(type_) & DROP
        }
        self._steps: dict[int, list[tuple[int, int, int]]] = {}

    def run_block(self, state: _State, block: Block) -> _State:
        steps = self._steps.get(block.start)
        if steps is None:
            steps = self._steps[block.start] = self._find_steps(block)
        states = bytearray(state)
        self._meter.add(Scope.FUNCTION, _STEP_COST * (block.end - block.start + 1))
        for offset, opcode, local in steps:
            if opcode == _STORE:
                if states[local] and local in self._undroppable:
                    raise self._function.error(StatusCode.STLOC_UNSAFE_TO_DESTROY_ERROR, offset)
                states[local] = _AVAILABLE
            elif opcode == _RET:
                self._check_return(states, offset)
            elif states[local] != _AVAILABLE:
                raise self._function.error(_unavailable(opcode), offset)
            elif opcode == _MOVE:
                states[local] = _UNAVAILABLE
        return bytes(states)

    def _find_steps(self, block: Block) -> list[tuple[int, int, int]]:
        """(offset, opcode, local) of the block's instructions that matter here."""
        code = self._function.code
        return [
            (offset, code[offset].opcode, code[offset].operand)
            for offset in range(block.start, block.end + 1)
            if _TOUCHES_LOCALS[code[offset].opcode]
        ]

    def _check_return(self, states: bytearray, offset: int) -> None:
        self._meter.add(Scope.FUNCTION, _RET_COST * len(states))
        for local in self._undroppable:
            if states[local]:
                raise self._function.error(StatusCode.UNSAFE_RET_UNUSED_VALUES_WITHOUT_DROP, offset)

    def join(self, known: _State, added: _State) -> tuple[_State, bool]:
        self._meter.add(Scope.FUNCTION, _JOIN_COST)
        if known == added:
            return known, False
        self._meter.add_steps(len(known) // _LOCALS_IN_A_STEP)
        joined = bytes(
            [left if left == right else _MAYBE_AVAILABLE for left, right in zip(known, added, strict=True)]
        )
        return joined, joined != known


def _unavailable(opcode: int) -> StatusCode:
    if opcode == _MOVE:
        return StatusCode.MOVELOC_UNAVAILABLE_ERROR
    return StatusCode.COPYLOC_UNAVAILABLE_ERROR if opcode == _COPY else StatusCode.BORROWLOC_UNAVAILABLE_ERROR
