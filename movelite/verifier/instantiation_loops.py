"""Generic recursion instantiates finitely many types.

A node stands for a type parameter of a function, or for a bigger type that a function instantiates others
with. A parameter leads to the bigger types that have it inside, and what a callee's parameter is instantiated
with leads to that parameter. A bigger type on a circle would make ever bigger types. Calls across modules
cannot come back, so one module suffices.
Source: move-bytecode-verifier, instantiation_loops (where a node stands for a parameter alone: then a few
kilobytes of calls make millions of edges).
"""

from __future__ import annotations

from collections.abc import Iterator

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.module_view import ModuleView
from movelite.verifier.type_pool import Kind, Type

_Node = tuple[int, int | Type]
"""A function, and its type parameter or a bigger type."""
_Graph = dict[_Node, dict[_Node, None]]

_CALL_GENERIC = int(Opcode.CALL_GENERIC)


def check(view: ModuleView) -> None:
    """Check the calls between generic functions of the module.

    Raises: VMError LOOP_IN_INSTANTIATION_GRAPH, or PROGRAM_TOO_COMPLEX where the meter bounds steps.
    """
    graph = _instantiation_graph(view)
    for component in _circles(graph):
        for function, type_ in component:
            if not isinstance(type_, int):
                raise VMError(
                    StatusCode.LOOP_IN_INSTANTIATION_GRAPH,
                    message=f"a type argument of a call in function {function} grows on each round",
                )


def _instantiation_graph(view: ModuleView) -> _Graph:
    module, meter = view.module, view.meter
    graph: _Graph = {}
    for caller, definition in enumerate(module.function_defs):
        if definition.code is None:
            continue
        calls = {operand for opcode, operand, _ in definition.code.code if opcode == _CALL_GENERIC}
        for call in sorted(calls):
            instantiation = module.function_instantiations[call]
            callee = view.definition_of_handle.get(instantiation.handle)
            if callee is None:
                continue
            row = view.signatures[instantiation.type_parameters]
            meter.add_steps(len(row))
            for formal, actual in enumerate(row):
                if actual.max_parameter >= 0:
                    _actual_node(graph, caller, actual)[callee, formal] = None
    return graph


def _actual_node(graph: _Graph, caller: int, actual: Type) -> dict[_Node, None]:
    """Where the node of a type with parameters leads to; a new one is led to by the parameters inside."""
    if actual.kind is Kind.PARAMETER:
        return graph.setdefault((caller, actual.parameter), {})
    node: _Node = caller, actual
    found = graph.get(node)
    if found is None:
        found = graph[node] = {}
        for parameter in _parameters(actual):
            graph.setdefault((caller, parameter), {})[node] = None
    return found


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


def _circles(graph: _Graph) -> Iterator[list[_Node]]:
    """Groups of two nodes or more that reach each other (Tarjan's algorithm, iterative)."""
    order: dict[_Node, int] = {}
    lowest: dict[_Node, int] = {}
    closed: set[_Node] = set()
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
                    path.append((child, iter(graph.get(child, ()))))
                    break
                if child not in closed:
                    lowest[node] = min(lowest[node], order[child])
            else:
                path.pop()
                if path:
                    parent = path[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == order[node]:
                    component = _take_until(node, pending)
                    closed.update(component)
                    if len(component) > 1:
                        yield component


def _take_until(head: _Node, pending: list[_Node]) -> list[_Node]:
    component = [pending.pop()]
    while component[-1] != head:
        component.append(pending.pop())
    return component
