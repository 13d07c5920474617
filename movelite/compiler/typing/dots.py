"""Chains of field and index accesses: `base.f[i].g`, read, copied, moved or borrowed."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import NameResolution, ReferenceSafety, TypeSafety
from ..editions import Feature
from ..source import Loc
from ..types import (
    AbilitySet,
    AnythingType,
    DatatypeType,
    ErrorType,
    ReferenceType,
    Type,
    TypeVariable,
    UnitType,
    at,
    substitute,
)
from .borrowing import borrow
from .constraints import require_ability, require_base, require_single
from .context import Body, Frame
from .control import check_mutation
from .index_calls import IndexUse, call_index_function, resolve_index
from .instantiate import argument_map
from .rules import check_expression, rule
from .visibility import report_restricted

UNINFERRED = "Could not infer the type before field access. Try annotating here"


@dataclass(slots=True)
class FieldStep:
    """A field that was found, and the type it has."""

    module_type: DatatypeType
    name: str
    index: int
    type: Type
    loc: Loc


@dataclass(slots=True)
class Chain:
    """A checked chain. `type` is that of its end, without reference; None steps were refused."""

    loc: Loc
    base: T.Expression
    base_is_reference: bool
    type: Type
    steps: list[FieldStep | IndexUse | None] = field(default_factory=list)


def check_chain(body: Body, frame: Frame, dotted: N.Dotted, verb: str | None) -> Chain:
    """Check the base and find every field and index function. `verb` names the use for messages."""
    base = check_expression(body, frame, dotted.base)
    type_ = body.inference.resolve(base.type)
    is_reference = isinstance(type_, ReferenceType)
    inner = type_.inner if isinstance(type_, ReferenceType) else base.type
    verb = "dot access" if dotted.accesses else verb
    if not is_reference and verb is not None:
        require_single(body, base.loc, f"Invalid {verb}", inner)
    chain = Chain(dotted.loc, base, is_reference, inner)
    for access in dotted.accesses:
        match access:
            case N.FieldAccess():
                step: FieldStep | IndexUse | None = _find_field(body, access, chain.type)
            case N.IndexAccess():
                step = resolve_index(body, frame, access, chain.type)
        chain.steps.append(step)
        chain.type = step.type if step is not None else ErrorType(access.loc)
    return chain


def _find_field(body: Body, access: N.FieldAccess, of: Type) -> FieldStep | None:
    name = access.name.text
    type_ = body.inference.resolve(of)
    unbound = f"Unbound field '{name}'"
    match type_:
        case ErrorType():
            return None
        case DatatypeType(module, struct_name, arguments):
            member = N.MemberId(module, struct_name)
            if not body.is_own(module):
                message = (
                    f"Invalid access of field '{name}' on the struct '{member}'. The field '{name}' can only "
                    f"be accessed within the module '{module}' since it defines '{struct_name}'"
                )
                report_restricted(body, access.loc, message)
                body.program.fields_named_elsewhere.add((member, name))
            definition = body.program.named.datatype(member)
            if isinstance(definition, N.EnumDef):
                message = (
                    f"Invalid access of field '{name}' on '{member}'. Fields can only be accessed on "
                    "structs, not enums"
                )
                body.report(TypeSafety.ExpectedSpecificType, access.loc, message)
                return None
            return _field_of_struct(body, access, type_, definition, arguments)
        case AnythingType() | TypeVariable() if not (
            isinstance(type_, TypeVariable) and body.inference.is_numeric(type_)
        ):
            body.report(TypeSafety.UninferredType, access.loc, unbound, (type_.loc or access.loc, UNINFERRED))
            return None
        case _:
            found = f"Expected a struct type in the current module but got: {body.inference.format(type_)}"
            body.report(
                TypeSafety.ExpectedSpecificType, access.loc, unbound, (type_.loc or access.loc, found)
            )
            return None


def _field_of_struct(
    body: Body,
    access: N.FieldAccess,
    type_: DatatypeType,
    definition: N.StructDef,
    arguments: tuple[Type, ...],
) -> FieldStep | None:
    name = access.name.text
    if definition.fields is None:
        message = f"Unbound field '{name}' for native struct '{definition.id}'"
        label = (definition.native_loc or definition.loc, "Struct declared 'native' here")
        body.report(NameResolution.UnboundField, access.loc, message, label)
        return None
    for index, declared in enumerate(definition.fields):
        if declared.name.text == name:
            mapping = argument_map(definition.type_parameters, arguments)
            field_type = substitute(body.program.located(declared.type), mapping)
            return FieldStep(type_, name, index, field_type, access.loc)
    message = f"Unbound field '{name}' in '{definition.id}'"
    body.report(NameResolution.UnboundField, access.loc, message)
    return None


# --- using a chain --------------------------------------------------------------------------------------


@rule(N.DottedExpression)
def _dotted(body: Body, frame: Frame, node: N.DottedExpression) -> T.Expression:
    is_borrow = node.usage in (N.Usage.BORROW, N.Usage.BORROW_MUT)
    verb = None
    if node.dotted.accesses:
        last = node.dotted.accesses[-1]
        verb = "borrow" if is_borrow else "index" if isinstance(last, N.IndexAccess) else "dot access"
    chain = check_chain(body, frame, node.dotted, verb)
    if is_borrow and not chain.steps:
        require_base(body, node.loc, "Invalid borrow", chain.base.type)
    result = use_chain(body, chain, node.usage, node.loc, node.usage_loc or node.loc)
    if result is not chain.base:
        result.loc = node.loc
    origin = result.type.loc
    if origin is not None and node.loc.contains(origin):
        result.type = at(result.type, node.loc)
    return result


@rule(N.FieldMutate)
def _field_mutate(body: Body, frame: Frame, node: N.FieldMutate) -> T.Expression:
    value = check_expression(body, frame, node.value)
    chain = check_chain(body, frame, node.target, "mutation")
    reference = borrow_chain(body, chain, True, node.target.loc)
    check_mutation(body, reference, value.type)
    return T.Mutate(UnitType(node.loc), node.loc, reference, value)


def use_chain(body: Body, chain: Chain, usage: N.Usage, loc: Loc, usage_loc: Loc) -> T.Expression:
    """The expression that a use of a chain comes to."""
    match usage:
        case N.Usage.USE:
            return _copy_out(body, chain, loc, "implicit copy") if chain.steps else chain.base
        case N.Usage.BORROW | N.Usage.BORROW_MUT:
            return borrow_chain(body, chain, usage is N.Usage.BORROW_MUT, loc)
        case N.Usage.MOVE:
            return _move(body, chain, loc, usage_loc)
        case N.Usage.COPY:
            return _copy(body, chain, loc, usage_loc)


def _move(body: Body, chain: Chain, loc: Loc, usage_loc: Loc) -> T.Expression:
    base = chain.base
    if not chain.steps:
        match base:
            case T.LocalUse(mode=T.UseMode.INFER):
                return T.LocalUse(base.type, chain.loc, base.local, T.UseMode.MOVE, False)
            case T.ErrorExpression():
                return base
            case T.ConstantUse():
                message = "Invalid 'move'. Cannot 'move' constants"
            case _:
                message = "Invalid 'move'. Expected a variable or path."
        body.report(TypeSafety.InvalidMoveOp, usage_loc, message)
    elif body.require_feature(Feature.MOVE_2024_PATHS, usage_loc):
        borrow_chain(body, chain, False, loc)
        message = (
            "Invalid 'move'. 'move' works only with variables, e.g. 'move x'. "
            "'move' on a path access is not supported"
        )
        body.report(TypeSafety.InvalidMoveOp, usage_loc, message)
    return T.ErrorExpression(ErrorType(loc), loc)


def _copy(body: Body, chain: Chain, loc: Loc, usage_loc: Loc) -> T.Expression:
    base = chain.base
    result: T.Expression
    if chain.steps:
        body.require_feature(Feature.MOVE_2024_PATHS, usage_loc)
        result = _copy_out(body, chain, loc, "'copy'")
    else:
        match base:
            case T.LocalUse(mode=T.UseMode.INFER):
                result = T.LocalUse(base.type, chain.loc, base.local, T.UseMode.COPY, False)
            case T.ConstantUse():
                body.require_feature(Feature.MOVE_2024_PATHS, base.loc)
                result = base
            case T.ErrorExpression():
                return base
            case _:
                message = "Invalid 'copy'. Expected a variable or path."
                body.report(TypeSafety.InvalidCopyOp, usage_loc, message)
                return T.ErrorExpression(ErrorType(loc), loc)
    if not isinstance(result, T.ErrorExpression):
        message = "Invalid 'copy' of owned value without the 'copy' ability"
        require_ability(body, loc, message, result.type, AbilitySet.COPY)
    return result


def _copy_out(body: Body, chain: Chain, loc: Loc, verb: str) -> T.Expression:
    last = chain.steps[-1]
    what = f"field '{last.name}'" if isinstance(last, FieldStep) else "index result"
    reference = borrow_chain(body, chain, False, loc)
    message = f"Invalid {verb} of {what} without the 'copy' ability"
    require_ability(body, loc, message, chain.type, AbilitySet.COPY)
    return T.Dereference(chain.type, reference.loc, reference)


def borrow_chain(body: Body, chain: Chain, is_mutable: bool, error_loc: Loc) -> T.Expression:
    """A reference to the end of a chain."""
    if chain.base_is_reference:
        current = chain.base
    else:
        inner = chain.base.type
        current = borrow(body, chain.loc, is_mutable, chain.base, inner)
    for step in chain.steps:
        _check_mutability(body, error_loc, current, is_mutable)
        match step:
            case FieldStep():
                type_ = ReferenceType(is_mutable, step.type, chain.loc)
                module, name = step.module_type.module, step.module_type.name
                current = T.BorrowField(
                    type_, chain.loc, is_mutable, current, module, name, step.name, step.index
                )
            case IndexUse():
                called = call_index_function(body, step, current, is_mutable, error_loc)
                if called is None:
                    return T.ErrorExpression(ErrorType(error_loc), error_loc)
                current = called
            case None:
                return T.ErrorExpression(ErrorType(error_loc), error_loc)
    return current


def _check_mutability(body: Body, loc: Loc, current: T.Expression, is_mutable: bool) -> None:
    type_ = body.inference.resolve(current.type)
    if is_mutable and isinstance(type_, ReferenceType) and not type_.mutable:
        message = "Invalid mutable borrow from an immutable reference"
        label = (type_.loc or current.loc, "Immutable because of this position")
        body.report(ReferenceSafety.RefTrans, loc, message, label)
