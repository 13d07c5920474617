"""No struct or enum contains itself, so that every value has a finite layout.

Modules do not depend on each other in circles, so looking at one module suffices.
Source: move-bytecode-verifier, data_defs.
"""

from __future__ import annotations

from movelite.bytecode.status import IndexKind, StatusCode
from movelite.verifier.errors import index_error
from movelite.verifier.module_view import ModuleView, Types
from movelite.verifier.type_pool import Type

_Graph = dict[int, list[int]]


def check(view: ModuleView) -> None:
    """Check for a definition that contains itself through its fields.

    Raises: VMError RECURSIVE_DATATYPE_DEFINITION.
    """
    cycle = _find_cycle(_containment(view))
    if cycle is None:
        return
    structs = len(view.module.struct_defs)
    if cycle < structs:
        raise index_error(StatusCode.RECURSIVE_DATATYPE_DEFINITION, IndexKind.STRUCT_DEFINITION, cycle)
    raise index_error(StatusCode.RECURSIVE_DATATYPE_DEFINITION, IndexKind.ENUM_DEFINITION, cycle - structs)


def _containment(view: ModuleView) -> _Graph:
    """Which definitions occur in the fields of which. Structs are numbered first, then enums."""
    module = view.module
    handles = [row.handle for row in module.struct_defs] + [row.handle for row in module.enum_defs]
    number_of_handle = {handle: number for number, handle in enumerate(handles)}
    fields: list[Types] = [types or () for types in view.struct_fields]
    fields += [tuple([type_ for types in variants for type_ in types]) for variants in view.variant_fields]
    graph: _Graph = {}
    for number, types in enumerate(fields):
        children = {number_of_handle[handle] for handle in _handles(types) if handle in number_of_handle}
        if children:
            graph.setdefault(number, []).extend(sorted(children))
            for child in graph[number]:
                graph.setdefault(child, [])
    return graph


def _handles(types: Types) -> set[int]:
    handles: set[int] = set()
    seen: set[Type] = set()
    stack = list(types)
    while stack:
        type_ = stack.pop()
        if type_ in seen:
            continue
        seen.add(type_)
        if type_.handle >= 0:
            handles.add(type_.handle)
        stack.extend(type_.arguments if type_.inner is None else (type_.inner,))
    return handles


def _find_cycle(graph: _Graph) -> int | None:
    """A node on a cycle, or None.

    Kosaraju's two searches: in reverse finishing order, a search along reversed edges stays inside one
    strongly connected component. A self-loop is met first; otherwise the second node of the first component
    that has two is the one reported.
    """
    finished: list[int] = []
    visited: set[int] = set()
    done: set[int] = set()
    for root in graph:
        stack = [] if root in visited else [root]
        while stack:
            node = stack[-1]
            if node in visited:
                stack.pop()
                if node not in done:
                    done.add(node)
                    finished.append(node)
                continue
            visited.add(node)
            if node in graph[node]:
                return node
            stack.extend(child for child in graph[node] if child not in visited)
    parents: _Graph = {node: [] for node in graph}
    for node, children in graph.items():
        for child in children:
            parents[child].append(node)
    component: set[int] = set()
    for root in reversed(finished):
        stack = [root]
        size = 0
        while stack:
            node = stack.pop()
            if node in component:
                continue
            component.add(node)
            size += 1
            if size == 2:
                return node
            stack.extend(parent for parent in parents[node] if parent not in component)
    return None
