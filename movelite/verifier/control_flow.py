"""Control never runs past the end of a function, and loops are reducible and not too deep.

Source: move-bytecode-verifier, control_flow (file format 6 and later) and code_unit_verifier.
"""

from __future__ import annotations

from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.config import VerifierConfig
from movelite.verifier.control_flow_graph import NEVER_FALLS_THROUGH
from movelite.verifier.loops import IrreducibleLoop, LoopTooDeep, check_loops
from movelite.verifier.module_view import FunctionView


def check(function: FunctionView, config: VerifierConfig) -> None:
    """Check the end of the code, its loops, and the number of blocks and back edges.

    Raises: VMError EMPTY_CODE_UNIT, INVALID_FALL_THROUGH, INVALID_LOOP_SPLIT, LOOP_MAX_DEPTH_REACHED,
        TOO_MANY_BASIC_BLOCKS or TOO_MANY_BACK_EDGES.
    """
    code = function.code
    if not code:
        raise VMError(StatusCode.EMPTY_CODE_UNIT)
    if not NEVER_FALLS_THROUGH[code[-1].opcode]:
        raise function.error(StatusCode.INVALID_FALL_THROUGH, len(code) - 1)
    graph = function.graph
    try:
        check_loops(graph, config.max_loop_depth)
    except IrreducibleLoop as error:
        raise function.error(StatusCode.INVALID_LOOP_SPLIT, error.block) from None
    except LoopTooDeep as error:
        raise function.error(StatusCode.LOOP_MAX_DEPTH_REACHED, error.block) from None
    if config.max_basic_blocks is not None and len(graph.blocks) > config.max_basic_blocks:
        raise function.error(StatusCode.TOO_MANY_BASIC_BLOCKS, 0)
    limit = config.max_back_edges_per_function
    if limit is not None and graph.back_edge_count > limit:
        raise function.error(StatusCode.TOO_MANY_BACK_EDGES, 0)
