"""Generic functions that call themselves with ever larger type arguments: not allowed.

The graph has the type parameters of the module's functions as nodes; a call that puts parameter P into
argument Q gives an edge from P to Q, a growing one if P is only a part of the argument. A cycle with a
growing edge never ends.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .. import typed_tree as T
from ..codes import TypeSafety
from ..diagnostics import diag
from ..source import Loc
from ..types import ANYTHING, ParameterType, Type, TypeParameter, children, format_type, substitute
from .context import ProgramContext
from .graphs import components, shortest_path
from .walk import walk


@dataclass(frozen=True, slots=True)
class _Edge:
    is_growing: bool
    function: str
    argument: Type
    loc: Loc


_Edges = dict[TypeParameter, dict[TypeParameter, _Edge]]


def check_instantiations(program: ProgramContext, module: T.Module) -> None:
    """Report each cycle of growing type arguments among the functions of a module."""
    edges: _Edges = {}
    if not any(function.type_parameters for function in module.functions.values()):
        return
    for function in module.functions.values():
        for expression in walk(function.body):
            if isinstance(expression, T.Call) and expression.module == module.ident:
                callee = module.functions[expression.name]
                for parameter, argument in zip(
                    callee.type_parameters, expression.type_arguments, strict=False
                ):
                    edge = _Edge(False, callee.name, argument, expression.loc)
                    _add_edges(edges, parameter, argument, edge)
    graph = {source: edges[source] for source in sorted(edges, key=lambda parameter: parameter.id)}
    for component in components(graph):
        for tail in component:
            out = edges.get(tail, {})
            growing = next((head for head in component if head in out and out[head].is_growing), None)
            if growing is not None:
                _Report(program, module, edges).cycle(growing, tail)
                break


def _add_edges(edges: _Edges, target: TypeParameter, part: Type, edge: _Edge) -> None:
    if isinstance(part, ParameterType):
        out = edges.setdefault(part.parameter, {})
        known = out.get(target)
        if known is None or not known.is_growing:
            out[target] = edge
    for inner in children(part):
        _add_edges(edges, target, inner, replace(edge, is_growing=True))


class _Report:
    """One cycle as a message: the call that grows, and what calls what with which type arguments."""

    def __init__(self, program: ProgramContext, module: T.Module, edges: _Edges) -> None:
        self._program = program
        self._module = module
        self._edges = edges

    def cycle(self, head: TypeParameter, tail: TypeParameter) -> None:
        """Report the shortest cycle through the growing edge from tail to head."""
        nodes = [head] if head == tail else shortest_path(self._edges, head, tail)
        first = self._edges[nodes[0]][nodes[1 % len(nodes)]]
        last = self._edges[nodes[-1]][nodes[0]]
        case = {1: "This recursive call", 2: "These mutually recursive calls"}.get(
            len(nodes), "A cycle of recursive calls"
        )
        text = (
            f"The type parameter '{first.function}::{head.name}' was instantiated with the type "
            f"'{format_type(last.argument)}', which contains the type parameter "
            f"'{last.function}::{tail.name}'. {case} causes the instantiation to recurse infinitely"
        )
        message = f"Invalid call to '{self._module.ident}::{last.function}'"
        labels = [(last.argument.loc or last.loc, text)]
        if len(nodes) > 1:
            labels += self._calls(nodes)
        self._program.diagnostics.add(diag(TypeSafety.CyclicInstantiation, (last.loc, message), *labels))

    def _calls(self, nodes: list[TypeParameter]) -> list[tuple[Loc, str]]:
        """One label for each call of the cycle, with the types that go around."""
        last = self._edges[nodes[-1]][nodes[0]]
        start = nodes[0]
        argument: Type = ParameterType(replace(start, name=f"{last.function}::{start.name}"))
        previous = self._call_text(last, start, argument)
        known = self._arguments(last, start, argument)
        labels = []
        for position, source in enumerate(nodes):
            target = nodes[(position + 1) % len(nodes)]
            edge = self._edges[source][target]
            argument = substitute(edge.argument, known)
            following = self._call_text(edge, target, argument)
            labels.append((edge.loc, f"'{previous}' calls '{following}'"))
            known = self._arguments(edge, target, argument)
            previous = following
        return labels

    def _arguments(self, edge: _Edge, parameter: TypeParameter, argument: Type) -> dict[int, Type]:
        parameters = self._module.functions[edge.function].type_parameters
        return {p.id: argument if p == parameter else ANYTHING for p in parameters}

    def _call_text(self, edge: _Edge, parameter: TypeParameter, argument: Type) -> str:
        parameters = self._module.functions[edge.function].type_parameters
        texts = [format_type(argument) if p == parameter else "_" for p in parameters]
        return f"{edge.function}<{', '.join(texts)}>"
