"""The passes that look at one function at a time, in the official order."""

from __future__ import annotations

from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier import acquires, control_flow, locals_safety
from movelite.verifier.config import VerifierConfig
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import ModuleView
from movelite.verifier.reference_safety import ReferenceSafety
from movelite.verifier.stack_usage import StackUsage
from movelite.verifier.type_safety import TypeSafety


def check(view: ModuleView, config: VerifierConfig) -> None:
    """Check every function body.

    Raises: VMError with the function's index, or TOO_MANY_BACK_EDGES for the module.
    """
    meter = view.meter
    stack_usage = StackUsage(view, config)
    type_safety = TypeSafety(view)
    reference_safety = ReferenceSafety(view)
    back_edges = 0
    for index, function in enumerate(view.functions):
        try:
            meter.enter_scope(view.function_name(index), Scope.FUNCTION)
            if function is None:
                continue
            control_flow.check(function, config)
            stack_usage.check(function)
            type_safety.check(function)
            locals_safety.check(function)
            reference_safety.check(function)
            acquires.check(function)
            meter.transfer(Scope.FUNCTION, Scope.MODULE)
        except VMError as error:
            error.indices.append((IndexKind.FUNCTION_DEFINITION, index))
            raise
        back_edges += function.graph.back_edge_count
    limit = config.max_back_edges_per_module
    if limit is not None and back_edges > limit:
        raise VMError(StatusCode.TOO_MANY_BACK_EDGES)
