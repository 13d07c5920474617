"""The end of a body: inferred types are written in, literals get their final type, coercions are spelled
out, and `match` is checked for coverage and lowered."""

from __future__ import annotations

from collections.abc import Sequence

from .. import typed_tree as T
from ..codes import TypeSafety
from ..editions import Feature
from ..source import Loc
from ..types import (
    ANYTHING,
    ERROR,
    INTEGER_BITS,
    AnythingType,
    BuiltinType,
    ErrorType,
    FunctionType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    TypeVariable,
    UnitType,
    elements_of,
    map_parts,
)
from .context import Body
from .exhaustiveness import check_match
from .match_lowering import lower_match
from .transient import Annotated

UNINFERRED = "Could not infer this type. Try adding an annotation"


class Finisher:
    """Finishes the expressions of one body."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._inference = body.inference
        self._locals: set[T.Local] = set()

    # --- types ---

    def type(self, type_: Type, loc: Loc) -> Type:
        """The final form of a type; reports what could not be inferred."""
        resolved = self._inference.resolve(type_)
        match resolved:
            case BuiltinType(_, ()) | ParameterType() | UnitType() | AnythingType() | ErrorType():
                return resolved
            case TypeVariable():
                return self._final(resolved, loc)
            case _:
                return self._final(self._inference.expand(resolved), loc)

    def _final(self, type_: Type, loc: Loc) -> Type:
        match type_:
            case TypeVariable():
                where = type_.loc or loc
                self._body.report(TypeSafety.UninferredType, where, UNINFERRED)
                return ErrorType(where)
            case FunctionType():
                self.report_function_type(type_.loc or loc)
                return ErrorType(loc)
            case _:
                return map_parts(type_, lambda part: self._final(part, loc))

    def _all(self, types: Sequence[Type], loc: Loc) -> tuple[Type, ...]:
        return tuple(self.type(type_, loc) for type_ in types)

    def report_function_type(self, loc: Loc) -> None:
        """Report a lambda type where none can be."""
        if self._body.require_feature(Feature.MACRO_FUNS, loc):
            message = (
                "Unexpected lambda type. "
                "Lambdas can only be used with 'macro' functions, as parameters or direct arguments"
            )
            self._body.report(TypeSafety.UnexpectedFunctionType, loc, message)

    def _diverging(self, type_: Type, loc: Loc) -> Type:
        if not isinstance(self._inference.unfold(type_), AnythingType):
            self.type(type_, loc)
        return ANYTHING

    # --- coercion ---

    def _coerced(self, expression: T.Expression, expected: Type) -> T.Expression:
        """A finished expression where a type is expected: `&mut T` is frozen for `&T`."""
        given = expression.type
        if isinstance(given, ReferenceType) and isinstance(expected, ReferenceType):
            if given.mutable and not expected.mutable:
                return T.Freeze(ReferenceType(False, given.inner), expression.loc, expression)
            return expression
        if isinstance(given, TupleType) and isinstance(expected, TupleType):
            return self._coerced_tuple(expression, given, expected)
        return expression

    def _coerced_tuple(self, expression: T.Expression, given: TupleType, expected: TupleType) -> T.Expression:
        if len(given.elements) != len(expected.elements):
            return expression
        pairs = list(zip(given.elements, expected.elements, strict=True))
        if not any(_needs_freeze(ours, theirs) for ours, theirs in pairs):
            return expression
        if isinstance(expression, T.TupleExpression) and not self._freezes_late(expression.elements):
            expression.elements = [
                self._coerced(e, theirs) for e, (_, theirs) in zip(expression.elements, pairs, strict=True)
            ]
            expression.type = expected
            return expression
        loc = expression.loc
        bind, parts = self._bound_parts(expression, pairs)
        tuple_ = T.TupleExpression(expected, loc, parts)
        return T.Block(expected, loc, [bind, T.Evaluate(tuple_, loc)])

    def _bound_parts(
        self, expression: T.Expression, pairs: Sequence[tuple[Type, Type]]
    ) -> tuple[T.Bind, list[T.Expression]]:
        """A list of values bound to locals, and the locals as values of the expected types."""
        loc = expression.loc
        locals_ = [self._body.new_local("part", ours, loc) for ours, _ in pairs]
        targets: list[T.Target] = [T.LocalTarget(local, local.type, loc) for local in locals_]
        bind = T.Bind(targets, [local.type for local in locals_], expression, loc)
        parts = [
            self._coerced(T.LocalUse(local.type, loc, local, T.UseMode.MOVE), theirs)
            for local, (_, theirs) in zip(locals_, pairs, strict=True)
        ]
        return bind, parts

    def _freezes_late(self, values: Sequence[T.Expression]) -> bool:
        """Whether references in a list are frozen only after the whole list was evaluated, as before Move
        2024."""
        if self._body.config.supports(Feature.MOVE_2024_OPTIMIZATIONS):
            return False
        return not any(isinstance(value.type, AnythingType) for value in values)

    def value(self, expression: T.Expression, expected: Type) -> T.Expression:
        """Finish an expression whose value is used at a final type."""
        return self._coerced(self.expression(expression), expected)

    # --- expressions ---

    def expression(self, e: T.Expression) -> T.Expression:
        """Finish an expression and all inside it; returns what takes its place."""
        if isinstance(e, T.Binary):
            return self._binary_chain(e)
        match e:
            case T.Give() | T.Continue() | T.Return() | T.Abort():
                e.type = self._diverging(e.type, e.loc)
            case T.Loop(has_break=False):
                e.type = self._diverging(e.type, e.loc)
            case _:
                e.type = self.type(e.type, e.loc)
        return self._inside(e)

    def _inside(self, e: T.Expression) -> T.Expression:
        match e:
            case T.LocalUse():
                self.local(e.local)
            case T.BorrowLocal():
                self.local(e.local)
            case T.Literal():
                return self._literal(e)
            case T.UnitExpression() | T.ConstantUse() | T.ErrorCode() | T.Continue() | T.ErrorExpression():
                pass
            case Annotated():
                value = self.value(e.operand, e.type)
                self._body.annotated.add(value)
                return value
            case T.Call():
                e.type_arguments = self._all(e.type_arguments, e.loc)
                e.parameter_types = self._all(e.parameter_types, e.loc)
                return self._call(e)
            case T.Pack():
                self._pack(e)
            case T.VectorPack():
                e.element_type = self.type(e.element_type, e.loc)
                e.elements = [self.expression(element) for element in e.elements]
            case T.TupleExpression():
                e.elements = [self.expression(element) for element in e.elements]
                self._all(elements_of(e.type), e.loc)  # tells where unknown values stand
                e.type = TupleType(tuple(element.type for element in e.elements))
            case T.Assert():
                e.condition, e.code = self.expression(e.condition), self.expression(e.code)
            case T.Abort():
                e.code = self.expression(e.code)
            case T.Freeze() | T.Unary() | T.BorrowTemporary() | T.Cast():
                e.operand = self.expression(e.operand)
            case T.BorrowField():
                base = self.expression(e.base)
                expected = e.type
                if not e.is_mutable and isinstance(base.type, ReferenceType):
                    expected = ReferenceType(False, base.type.inner)
                e.base = self._coerced(base, expected)
            case T.Dereference():
                e.reference = self.expression(e.reference)
            case T.Mutate():
                e.reference, e.value = self.expression(e.reference), self.expression(e.value)
            case _:
                return self._control(e)
        return e

    def _control(self, e: T.Expression) -> T.Expression:
        match e:
            case T.IfElse():
                e.condition = self.expression(e.condition)
                e.consequent = self.value(e.consequent, e.type)
                e.alternative = self.value(e.alternative, e.type)
            case T.While():
                e.condition, e.body = self.expression(e.condition), self.expression(e.body)
            case T.Loop():
                e.body = self.expression(e.body)
            case T.NamedBlock():
                self.block(e.body, e.type)
            case T.Block():
                self.block(e, e.type)
            case T.Give():
                expected = self.type(self._body.label_type(e.label, e.loc), e.loc)
                e.value = self.value(e.value, expected)
            case T.Return():
                e.value = self.value(e.value, self.type(self._body.return_type, e.loc))
            case T.Assign():
                e.targets = [self._target(target) for target in e.targets]
                e.target_types = self._target_types(e.targets, e.target_types)
                e.value = self._bound_value(e.value, e.target_types)
            case T.Match():
                return self._match(e)
            case _:
                raise AssertionError(type(e))
        return e

    def _call(self, e: T.Call) -> T.Expression:
        given = [self.expression(argument) for argument in e.arguments]
        if len(given) != len(e.parameter_types):
            e.arguments = given
            return e
        pairs = [(g.type, expected) for g, expected in zip(given, e.parameter_types, strict=True)]
        is_mixed = len(given) > 1 and any(_needs_freeze(ours, theirs) for ours, theirs in pairs)
        if not is_mixed or not self._freezes_late(given):
            e.arguments = [self._coerced(g, theirs) for g, (_, theirs) in zip(given, pairs, strict=True)]
            return e
        values = T.TupleExpression(TupleType(tuple(ours for ours, _ in pairs)), e.loc, given)
        bind, e.arguments = self._bound_parts(values, pairs)
        return T.Block(e.type, e.loc, [bind, T.Evaluate(e, e.loc)])

    def _binary_chain(self, e: T.Binary) -> T.Expression:
        """Chains lean to the left; they are walked in a loop, as they can be long."""
        chain = [e]
        while isinstance(chain[-1].left, T.Binary):
            chain.append(chain[-1].left)
        left = self.expression(chain[-1].left)
        for link in reversed(chain):
            link.operand_type = _compared(link, self.type(link.operand_type, link.loc))
            link.type = self.type(link.type, link.loc)
            link.left = self._coerced(left, link.operand_type)
            link.right = self.value(link.right, link.operand_type)
            left = link
        return e

    def _pack(self, e: T.Pack) -> None:
        e.type_arguments = self._all(e.type_arguments, e.loc)
        for field in e.fields:
            field.type = self.type(field.type, e.loc)
            field.value = self.expression(field.value)

    def _literal(self, e: T.Literal) -> T.Expression:
        if isinstance(e.value, bool) or not isinstance(e.value, int):
            return e
        if not self._fits(e.value, e.type, e.loc):
            return T.ErrorExpression(ERROR, e.loc)
        return e

    def _fits(self, value: int, type_: Type, loc: Loc) -> bool:
        if not isinstance(type_, BuiltinType) or type_.name not in INTEGER_BITS:
            return False
        if value >> INTEGER_BITS[type_.name] == 0:
            return True
        needed = next(name for name, bits in INTEGER_BITS.items() if value >> bits == 0)
        message = f"Expected a literal of type '{type_.name}', but the value is too large."
        hint = f"Annotating the literal might help inference: '{value}{needed}'"
        self._body.report(
            TypeSafety.InvalidNum, loc, "Invalid numerical literal", (type_.loc or loc, message), (loc, hint)
        )
        return False

    # --- blocks, locals and targets ---

    def block(self, block: T.Block, expected: Type) -> None:
        """Finish a block whose value is used at a final type."""
        last = len(block.items) - 1
        for position, item in enumerate(block.items):
            match item:
                case T.Evaluate():
                    if position == last:
                        item.expression = self.value(item.expression, expected)
                    else:
                        item.expression = self.expression(item.expression)
                case T.Declare():
                    item.targets = [self._target(target) for target in item.targets]
                case T.Bind():
                    item.targets = [self._target(target) for target in item.targets]
                    item.target_types = self._target_types(item.targets, item.target_types)
                    item.value = self._bound_value(item.value, item.target_types)
        block.type = expected

    def _target_types(self, targets: list[T.Target], types: list[Type]) -> list[Type]:
        return [
            target.local.type if isinstance(target, T.LocalTarget) else self._bound_type(type_, target.loc)
            for type_, target in zip(types, targets, strict=True)
        ]

    def _bound_type(self, type_: Type, loc: Loc) -> Type:
        if isinstance(self._inference.unfold(type_), AnythingType):
            return ANYTHING
        return self.type(type_, loc)

    def _bound_value(self, value: T.Expression, types: list[Type]) -> T.Expression:
        if not types:
            return self.expression(value)
        return self.value(value, types[0] if len(types) == 1 else TupleType(tuple(types)))

    def local(self, local: T.Local) -> None:
        """Give a local its final type."""
        if local not in self._locals:
            self._locals.add(local)
            local.type = self.type(local.type, local.loc)

    def _target(self, target: T.Target) -> T.Target:
        match target:
            case T.IgnoreTarget():
                return target
            case T.LocalTarget():
                if target.is_unused and isinstance(self._inference.unfold(target.type), AnythingType):
                    target.local.type = ANYTHING
                    return T.IgnoreTarget(target.loc)
                self.local(target.local)
                target.type = self.type(target.type, target.loc)
                return target
            case T.UnpackTarget():
                target.type_arguments = self._all(target.type_arguments, target.loc)
                for field in target.fields:
                    field.type = self.type(field.type, target.loc)
                    field.target = self._target(field.target)
                return target

    # --- match ---

    def _match(self, e: T.Match) -> T.Expression:
        e.subject = self.expression(e.subject)
        for arm in e.arms:
            arm.pattern = self._pattern(arm.pattern)
            for local, guard_local in arm.guard_locals.items():
                self.local(local)
                self.local(guard_local)
            for local in arm.body_locals:
                self.local(local)
            if arm.guard is not None:
                arm.guard = self.expression(arm.guard)
            arm.body = self.value(arm.body, e.type)
        is_complete, diagnostic = check_match(self._body.program.typed, e)
        if diagnostic is not None:
            self._body.add(diagnostic)
        if not is_complete or self._body.program.diagnostics.has_blocking_errors:
            return T.ErrorExpression(e.type, e.loc)
        lowered = lower_match(self._body, e)
        self._body.matches[lowered] = e
        return lowered

    def _pattern(self, pattern: T.Pattern) -> T.Pattern:
        pattern.type = self.type(pattern.type, pattern.loc)
        match pattern:
            case T.BindPattern():
                self.local(pattern.local)
                if pattern.inner is not None:
                    pattern.inner = self._pattern(pattern.inner)
            case T.LiteralPattern() if isinstance(pattern.value, int) and not isinstance(pattern.value, bool):
                inner = pattern.type.inner if isinstance(pattern.type, ReferenceType) else pattern.type
                if not self._fits(pattern.value, inner, pattern.loc):
                    return T.ErrorPattern(ERROR, pattern.loc)
            case T.DatatypePattern():
                pattern.type_arguments = self._all(pattern.type_arguments, pattern.loc)
                for field in pattern.fields:
                    field.type = self.type(field.type, pattern.loc)
                    field.pattern = self._pattern(field.pattern)
            case T.OrPattern():
                pattern.left, pattern.right = self._pattern(pattern.left), self._pattern(pattern.right)
            case _:
                pass
        return pattern


def _compared(e: T.Binary, operand_type: Type) -> Type:
    """The operand type; what is compared through mutable references is read only."""
    is_comparison = e.operator in (T.BinaryOperator.EQUAL, T.BinaryOperator.NOT_EQUAL)
    if is_comparison and isinstance(operand_type, ReferenceType) and operand_type.mutable:
        return ReferenceType(False, operand_type.inner, operand_type.loc)
    return operand_type


def _needs_freeze(given: Type, expected: Type) -> bool:
    return (
        isinstance(given, ReferenceType)
        and isinstance(expected, ReferenceType)
        and given.mutable
        and not expected.mutable
    )
