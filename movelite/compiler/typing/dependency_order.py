"""Which modules the checked code really uses, the order this gives, and cycles, which are not allowed."""

from __future__ import annotations

from itertools import pairwise

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Declarations
from ..diagnostics import diag
from ..source import Loc
from ..types import DatatypeType, ModuleIdent, Type, children
from .context import ProgramContext
from .graphs import components, node_in_cycle, shortest_path
from .walk import targets_of, walk

Uses = dict[ModuleIdent, dict[ModuleIdent, tuple[str, Loc]]]


def order_modules(program: ProgramContext) -> None:
    """Set each module's dependencies and its place in the order; report a cycle of uses or friends.

    Interfaces were checked when they were compiled: what they use is of no interest.
    """
    modules = program.typed.modules
    uses: Uses = {ident: {} for ident in _in_order_of_files(program)}
    for ident in uses:
        module = modules[ident]
        settled = program.settled.get(ident)
        for used, loc in (_uses_of(module) if settled is None else settled.uses).items():
            if used in modules and used != ident:
                module.dependencies[used] = loc
                uses[ident].setdefault(used, ("use", loc))
    for ident in uses:
        module = modules[ident]
        places = program.friends.get(ident, {})
        for friend in module.friends:
            if friend not in modules or friend == ident:
                continue
            declared = module.named.friends.get(friend)
            loc = declared.loc if declared is not None else places.get(friend, module.loc)
            uses[friend].setdefault(ident, ("friend", loc))
    order = components(uses)
    node = node_in_cycle(_sorted(uses))
    if node is not None:
        _report_cycle(program, _sorted(uses), node)
    position = 0
    ordered: dict[ModuleIdent, T.Module] = {}
    for component in order:
        for ident in component:
            modules[ident].dependency_order = position
            ordered[ident] = modules[ident]
            position += 1
    program.typed.modules = ordered


def _in_order_of_files(program: ProgramContext) -> list[ModuleIdent]:
    """All modules; those that were checked before stand where they would if they were checked now."""
    modules = program.typed.modules
    if not program.settled:
        return list(modules)

    def key(ident: ModuleIdent) -> tuple[bool, int, int]:
        module = modules[ident]
        is_other = module.target is N.TargetKind.INTERFACE and ident not in program.settled
        return is_other, module.loc.file, module.loc.start

    return sorted(modules, key=key)


def _sorted(uses: Uses) -> Uses:
    """The modules that use any, in the order of their addresses and names."""

    def key(ident: ModuleIdent) -> tuple[bytes, str]:
        return ident.address or b"", ident.name

    return {
        user: {used: uses[user][used] for used in sorted(uses[user], key=key)}
        for user in sorted(uses, key=key)
        if uses[user]
    }


def _report_cycle(program: ProgramContext, uses: Uses, node: ModuleIdent) -> None:
    cycle = shortest_path(uses, node, node)
    labels: list[tuple[Loc, str]] = []
    for user, used in pairwise(cycle):
        kind, loc = uses[user][used]
        text = f"'{used}' uses '{user}'" if kind == "use" else f"'{user}' is a friend of '{used}'"
        labels.append((loc, text))
    kind = uses[cycle[-2]][cycle[-1]][0]
    loc, text = labels.pop()
    message = f"{text}. This '{kind}' relationship creates a dependency cycle."
    program.diagnostics.add(diag(Declarations.InvalidModule, (loc, message), *labels))


def _uses_of(module: T.Module) -> dict[ModuleIdent, Loc]:
    if module.target is N.TargetKind.INTERFACE:
        return {}
    found: dict[ModuleIdent, Loc] = {}
    for struct in module.named.structs.values():
        for field in struct.fields or []:
            _add_named(found, field.type)
    for enum in module.named.enums.values():
        for variant in enum.variants.values():
            for field in variant.fields:
                _add_named(found, field.type)
    for function in module.functions.values():
        if function.is_macro:
            continue
        for parameter in function.named.parameters:
            _add_named(found, parameter.type)
        _add_named(found, function.named.result)
        _add_body(found, function.body)
    return found


def _add_named(found: dict[ModuleIdent, Loc], named: N.NamedType) -> None:
    if isinstance(named.type, DatatypeType):
        found.setdefault(named.type.module, named.loc)
    for part in named.parts:
        _add_named(found, part)


def _add_type(found: dict[ModuleIdent, Loc], type_: Type, loc: Loc, seen: set[Type]) -> None:
    if type_ in seen:
        return
    seen.add(type_)
    if isinstance(type_, DatatypeType):
        found.setdefault(type_.module, loc)
    for part in children(type_):
        _add_type(found, part, loc, seen)


def _add_body(found: dict[ModuleIdent, Loc], body: T.Block | None) -> None:
    seen: set[Type] = set()
    for expression in walk(body):
        loc = expression.loc
        match expression:
            case T.Call():
                found.setdefault(expression.module, loc)
                for type_ in expression.type_arguments:
                    _add_type(found, type_, loc, seen)
            case T.Pack() | T.VariantSwitch() | T.BorrowField():
                found.setdefault(expression.module, loc)
                if isinstance(expression, T.Pack):
                    for type_ in expression.type_arguments:
                        _add_type(found, type_, loc, seen)
            case T.VectorPack():
                _add_type(found, expression.element_type, loc, seen)
            case T.Block() | T.Assign():
                for target in targets_of(expression):
                    if isinstance(target, T.LocalTarget):
                        _add_type(found, target.type, target.loc, seen)
                    elif isinstance(target, T.UnpackTarget):
                        found.setdefault(target.module, target.loc)
                        for type_ in target.type_arguments:
                            _add_type(found, type_, target.loc, seen)
            case _:
                pass
