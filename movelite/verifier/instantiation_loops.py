"""Generic recursion instantiates finitely many types.

A node stands for a type parameter of a function. An edge says that the caller's parameter is used to
instantiate the callee's: as it is, or inside a bigger type. A circle with a growing edge would make ever
bigger types. Calls across modules cannot come back, so one module suffices.
Source: move-bytecode-verifier, instantiation_loops.
"""

from __future__ import annotations

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.module_view import ModuleView
from movelite.verifier.type_pool import Kind, Type

_Node = tuple[int, int]
_Graph = dict[_Node, set[_Node]]

_CALL_GENERIC = int(Opcode.CALL_GENERIC)


def check(view: ModuleView) -> None:
    """Check the calls between generic functions of the module.

    Raises: VMError LOOP_IN_INSTANTIATION_GRAPH.
    """
    graph, growing = _instantiation_graph(view)
    if not growing:
        return
    component = _strong_components(graph)
    for caller, callee in growing:
        if component[caller] == component[callee]:
            raise VMError(
                StatusCode.LOOP_IN_INSTANTIATION_GRAPH,
                message=f"type parameter {caller[1]} of function {caller[0]} grows on each round",
            )


def _instantiation_graph(view: ModuleView) -> tuple[_Graph, list[tuple[_Node, _Node]]]:
    """All edges, and those along which the type grows."""
    module = view.module
    graph: _Graph = {}
    growing: list[tuple[_Node, _Node]] = []
    for caller, definition in enumerate(module.function_defs):
        if definition.code is None:
            continue
        calls = {operand for opcode, operand, _ in definition.code.code if opcode == _CALL_GENERIC}
        for call in sorted(calls):
            instantiation = module.function_instantiations[call]
            callee = view.definition_of_handle.get(instantiation.handle)
            if callee is None:
                continue
            for formal, actual in enumerate(view.signatures[instantiation.type_parameters]):
                target = (callee, formal)
                for parameter in _parameters(actual):
                    source = (caller, parameter)
                    graph.setdefault(source, set()).add(target)
                    graph.setdefault(target, set())
                    if actual.kind is not Kind.PARAMETER:
                        growing.append((source, target))
    return graph, growing


def _parameters(type_: Type) -> set[int]:
    """Type parameters that occur in a type."""
    found: set[int] = set()
    stack = [type_]
    while stack:
        node = stack.pop()
        if node.max_parameter < 0:
            continue
        if node.kind is Kind.PARAMETER:
            found.add(node.parameter)
        stack.extend(node.arguments if node.inner is None else (node.inner,))
    return found


def _strong_components(graph: _Graph) -> dict[_Node, int]:
    """A number for each node, equal for nodes that reach each other (Tarjan's algorithm, iterative)."""
    order: dict[_Node, int] = {}
    lowest: dict[_Node, int] = {}
    component: dict[_Node, int] = {}
    pending: list[_Node] = []
    for root in graph:
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        pending.append(root)
        path = [(root, iter(graph[root]))]
        while path:
            node, children = path[-1]
            for child in children:
                if child not in order:
                    order[child] = lowest[child] = len(order)
                    pending.append(child)
                    path.append((child, iter(graph[child])))
                    break
                if child not in component:
                    lowest[node] = min(lowest[node], order[child])
            else:
                path.pop()
                if path:
                    parent = path[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == order[node]:
                    _close_component(node, order[node], pending, component)
    return component


def _close_component(head: _Node, number: int, pending: list[_Node], component: dict[_Node, int]) -> None:
    while True:
        member = pending.pop()
        component[member] = number
        if member == head:
            return
