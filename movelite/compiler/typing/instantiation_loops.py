"""Generic functions that call themselves with ever larger type arguments: not allowed.

The graph has the type parameters of the module's functions as nodes; a call that puts parameter P into
argument Q gives an edge from P to Q, a growing one if P is only a part of the argument. A cycle with a
growing edge never ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import typed_tree as T
from ..codes import TypeSafety
from ..diagnostics import diag
from ..source import Loc
from ..types import ParameterType, Type, TypeParameter, children, format_type
from .context import ProgramContext
from .graphs import components
from .walk import walk


@dataclass(frozen=True, slots=True)
class _Edge:
    is_growing: bool
    function: str
    argument: Type
    loc: Loc


def check_instantiations(program: ProgramContext, module: T.Module) -> None:
    """Report each cycle of growing type arguments among the functions of a module."""
    edges: dict[TypeParameter, dict[TypeParameter, _Edge]] = {}
    owners: dict[TypeParameter, str] = {}
    for name, function in module.functions.items():
        for parameter in function.type_parameters:
            owners[parameter] = name
    if not owners:
        return
    for function in module.functions.values():
        for expression in walk(function.body):
            if isinstance(expression, T.Call) and expression.module == module.ident:
                callee = module.functions.get(expression.name)
                if callee is None:
                    continue
                for parameter, argument in zip(
                    callee.type_parameters, expression.type_arguments, strict=False
                ):
                    _add_edges(edges, parameter, argument, argument, False, callee.name, expression.loc)
    for component in components(edges):
        _report(program, module, edges, owners, component)


def _add_edges(
    edges: dict[TypeParameter, dict[TypeParameter, _Edge]],
    target: TypeParameter,
    part: Type,
    argument: Type,
    is_growing: bool,
    function: str,
    loc: Loc,
) -> None:
    if isinstance(part, ParameterType):
        out = edges.setdefault(part.parameter, {})
        known = out.get(target)
        if known is None or not known.is_growing:
            out[target] = _Edge(is_growing, function, argument, loc)
    for inner in children(part):
        _add_edges(edges, target, inner, argument, True, function, loc)


def _report(
    program: ProgramContext,
    module: T.Module,
    edges: dict[TypeParameter, dict[TypeParameter, _Edge]],
    owners: dict[TypeParameter, str],
    component: list[TypeParameter],
) -> None:
    inside = set(component)
    for source in component:
        for target, edge in edges.get(source, {}).items():
            if not edge.is_growing or target not in inside:
                continue
            case = {1: "This recursive call", 2: "These mutually recursive calls"}.get(
                len(component), "A cycle of recursive calls"
            )
            message = f"Invalid call to '{module.ident}::{edge.function}'"
            text = (
                f"The type parameter '{edge.function}::{target.name}' was instantiated with the type "
                f"'{format_type(edge.argument)}', which contains the type parameter "
                f"'{owners.get(source, '_')}::{source.name}'. {case} causes the instantiation to "
                "recurse infinitely"
            )
            primary, label = (edge.loc, message), (edge.loc, text)
            program.diagnostics.add(diag(TypeSafety.CyclicInstantiation, primary, label))
            return
