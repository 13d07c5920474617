"""Expressions: names to variables, members and constructors; labels to blocks."""

from __future__ import annotations

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import UPGRADE_NOTE, Feature
from ..source import Loc
from .calls import CallNamer
from .locals import BlockKind, Form
from .members import Kind
from .name_rules import is_upper_name
from .paths import Access, LocalName, MemberPath, TypeParameterName, VariantPath
from .types import Place

_SPEC_OPERATORS = frozenset({"..", "==>", "<==>"})


class ExpressionNamer(CallNamer):
    """Expressions and sequences."""

    # --- sequences -------------------------------------------------------------------------------------

    def sequence(self, node: st.Sequence) -> nt.Sequence:
        """The inside of a block, in scopes of its own."""
        outer_scope, outer_use_funs = self.scope, self.use_funs
        if node.uses:
            self.open_uses(node.uses)
        self.locals.append({})
        items: list[nt.SequenceItem] = []
        for item in node.items:
            items.append(self._item(item))
        result = self._result(node, items)
        self.locals.pop()
        sequence = nt.Sequence(node.loc, self.use_funs, items, result)
        if node.uses:
            self.close_uses()
        self.scope, self.use_funs = outer_scope, outer_use_funs
        return sequence

    def _result(self, node: st.Sequence, items: list[nt.SequenceItem]) -> nt.Expression:
        if node.result is not None:
            return self.expression(node.result)
        if len(items) == 1 and isinstance(items[0], nt.Evaluate):
            only = items[0].expression
            if isinstance(only, nt.ErrorExpression):
                items.clear()
                return only
        return nt.Unit(node.last_semicolon or node.loc, is_trailing=True)

    def _item(self, item: st.SequenceItem) -> nt.SequenceItem:
        if isinstance(item, st.Evaluate):
            return nt.Evaluate(item.loc, self.expression(item.expression))
        type_ = self.type(item.type, Place.EXPRESSION) if item.type is not None else None
        if item.value is None:
            targets = self.bind_list(item.binds)
            if targets is None:
                return nt.Evaluate(item.loc, nt.ErrorExpression(item.loc))
            return nt.Declare(item.loc, targets, item.binds.loc, type_)
        value = self.expression(item.value)
        if type_ is not None:
            value = nt.Annotate(value.loc, value, type_)
        targets = self.bind_list(item.binds)
        if targets is None:
            return nt.Evaluate(item.loc, nt.ErrorExpression(item.loc))
        return nt.Bind(item.loc, targets, item.binds.loc, value)

    # --- expressions -----------------------------------------------------------------------------------

    def expression(self, node: st.Expression) -> nt.Expression:
        """An expression."""
        loc = node.loc
        match node:
            case st.NameExpression():
                return self._name_expression(node)
            case st.NumberLiteral() | st.BoolLiteral() | st.AddressValue() | st.ByteString() | st.HexString():
                return self.literal(node) or nt.ErrorExpression(loc)
            case st.Call():
                return self.call(node)
            case st.Binary():
                return self._binary(node)
            case st.MethodCall():
                return self._method_call(node)
            case st.Dot():
                return self._dotted_expression(loc, nt.Usage.USE, node)
            case st.Index():
                return self._index(node)
            case st.Borrow(mutable=mutable, operand=operand):
                usage = nt.Usage.BORROW_MUT if mutable else nt.Usage.BORROW
                return self._dotted_expression(loc, usage, operand)
            case st.MoveExpression(keyword_loc=keyword, operand=operand):
                return self._move_or_copy(loc, nt.Usage.MOVE, keyword, operand)
            case st.CopyExpression(keyword_loc=keyword, operand=operand):
                return self._move_or_copy(loc, nt.Usage.COPY, keyword, operand)
            case st.Dereference(operand=operand):
                return nt.Dereference(loc, self.expression(operand))
            case st.Not(operand=operand):
                return nt.Not(loc, self.expression(operand))
            case st.Pack():
                return self.pack(node)
            case st.VectorExpression():
                return self.vector(node)
            case st.Parenthesized(inner=inner):
                if isinstance(inner, st.Cast):
                    return self._cast(inner, in_parentheses=True)
                return self.expression(inner)
            case st.Cast():
                return self._cast(node, in_parentheses=False)
            case st.Annotate(operand=operand, type=type_):
                value = self.expression(operand)
                return nt.Annotate(loc, value, self.type(type_, Place.EXPRESSION))
            case st.Tuple(items=items):
                return nt.Tuple(loc, [self.expression(item) for item in items])
            case st.Unit():
                return nt.Unit(loc)
            case st.Assign():
                return self._assign(node)
            case st.Lambda():
                return self._lambda(node)
            case st.Match():
                return self._match(node)
            case _:
                return self._control(node)

    def _control(self, node: st.Expression) -> nt.Expression:
        loc = node.loc
        match node:
            case st.If(condition=condition, consequent=consequent, alternative=alternative):
                test, then = self.expression(condition), self.expression(consequent)
                other = nt.Unit(loc) if alternative is None else self.expression(alternative)
                return nt.If(loc, test, then, other)
            case st.While() | st.Loop() | st.Block():
                return self._block(node, None)
            case st.Labeled():
                return self._labeled(node)
            case st.Abort(code=code):
                if code is not None:
                    return nt.Abort(loc, self.expression(code))
                return nt.Abort(loc, nt.ErrorCodeOfLine(loc))
            case st.Return(label=label, value=value):
                return self._return(loc, label, value)
            case st.Break(label=label, value=value):
                out = nt.Unit(loc) if value is None else self.expression(value)
                target = self._loop_label("break", loc, label)
                return (
                    nt.ErrorExpression(loc)
                    if target is None
                    else nt.Give(loc, nt.GiveKind.BREAK, target, out)
                )
            case st.Continue(label=label):
                target = self._loop_label("continue", loc, label)
                return nt.ErrorExpression(loc) if target is None else nt.Continue(loc, target)
            case st.SpecExpression():
                self.spec_deprecated(loc)
                return nt.Unit(loc)
            case st.Quantifier():
                self.spec_deprecated(loc, is_error=True)
                return nt.ErrorExpression(loc)
            case _:
                return nt.ErrorExpression(loc)

    def _binary(self, node: st.Binary) -> nt.Expression:
        chain: list[st.Binary] = []
        left: st.Expression = node
        while isinstance(left, st.Binary) and left.operator not in _SPEC_OPERATORS:
            chain.append(left)
            left = left.left
        if isinstance(left, st.Binary):
            self.spec_deprecated(left.loc, is_error=True)
            result: nt.Expression = nt.ErrorExpression(left.loc)
        else:
            result = self.expression(left)
        for part in reversed(chain):
            right = self.expression(part.right)
            result = nt.Binary(part.loc, part.operator, part.operator_loc, result, right)
        return result

    def _name_expression(self, node: st.NameExpression) -> nt.Expression:
        loc = node.loc
        if node.path.type_arguments is not None:
            message = (
                "Expected name to be followed by a brace-enclosed list of field expressions or a "
                "parenthesized list of arguments for a function call"
            )
            self.report(diag(codes.NameResolution.NamePositionMismatch, (loc, message)))
            return nt.ErrorExpression(loc)
        resolved = self.resolve(Access.TERM, node.path)
        if resolved is None:
            return nt.ErrorExpression(loc)
        match resolved.target:
            case LocalName(name_loc, name) | TypeParameterName(name_loc, name, _):
                return self._local_name(name_loc, name)
            case MemberPath() as path:
                return self._member_name(loc, path)
            case VariantPath() as variant:
                self.require(Feature.ENUMS, variant.loc)
                constructor = self.constructor(variant, "construction")
                if constructor is None or constructor.variant is None:
                    return nt.ErrorExpression(loc)
                self.check_form(loc, Form.NONE, "instantiation", constructor)
                return nt.Pack(loc, constructor.datatype, constructor.variant, None, [])

    def _local_name(self, loc: Loc, name: st.Name) -> nt.Expression:
        if is_upper_name(name.text):
            message = f"Unbound constant '{name}'"
            self.report(diag(codes.NameResolution.UnboundUnscopedName, (loc, message)))
            return nt.ErrorExpression(loc)
        variable = self.find_variable(name.text)
        if variable is None:
            message = f"Unbound variable '{name}'"
            self.report(diag(codes.NameResolution.UnboundVariable, (loc, message)))
            return nt.ErrorExpression(loc)
        return nt.VariableUse(loc, variable)

    def _member_name(self, loc: Loc, path: MemberPath) -> nt.Expression:
        member = self.find_member(path, "module member", codes.NameResolution.UnboundModuleMember)
        if member is None:
            return nt.ErrorExpression(loc)
        if member.kind is Kind.CONSTANT:
            self.used_constants.add(path.id)
            return nt.ConstantUse(loc, path.id)
        item = self.wrong_kind(path, member, "constant")
        arity = {0: "", 1: "<T>"}.get(member.type_arity, "<T0,...>")
        if member.kind is Kind.FUNCTION:
            item.note(f"Functions should be called as '{path.name}{arity}( ... )'")
        elif member.shape is not None:
            form = "( ... )" if member.shape.is_positional else " { ... }"
            word = "Structs with positional" if member.shape.is_positional else "Struct with named"
            item.note(f"{word} arguments must be written as '{path.name}{arity}{form}'")
        elif member.variants:
            name, shape = next(iter(member.variants.items()))
            form = {None: "", True: "( ... )", False: " { ... }"}[shape.is_positional]
            word = {None: "no", True: "positional", False: "named"}[shape.is_positional]
            item.note(
                f"Enum variants with {word} arguments must be written as '{path.name}::{name}{arity}{form}'"
            )
        self.report(item)
        return nt.ErrorExpression(loc)

    # --- control ---------------------------------------------------------------------------------------

    def _block(self, node: st.While | st.Loop | st.Block, name: st.Name | None) -> nt.Expression:
        loc = node.loc
        match node:
            case st.While(condition=condition, body=inner):
                test = self.expression(condition)
                label = self.enter_label(loc, name, BlockKind.WHILE)
                body = self.expression(inner)
                self.leave_label()
                return nt.While(loc, label, test, body)
            case st.Loop(body=inner):
                label = self.enter_label(loc, name, BlockKind.LOOP)
                body = self.expression(inner)
                self.leave_label()
                return nt.Loop(loc, label, body)
            case st.Block(sequence=sequence):
                if name is None:
                    return nt.Block(loc, None, self.sequence(sequence))
                label = self.enter_label(loc, name, BlockKind.BLOCK)
                block = nt.Block(loc, label, self.sequence(sequence))
                self.leave_label()
                return block

    def _labeled(self, node: st.Labeled) -> nt.Expression:
        body = node.body
        while isinstance(body, st.Parenthesized) and not isinstance(body.inner, st.Cast):
            body = body.inner
        if isinstance(body, st.While | st.Loop | st.Block):
            result = self._block(body, node.label)
            result.loc = node.loc
            return result
        inner = self.expression(body)
        if isinstance(body, st.Labeled):
            if isinstance(inner, nt.While | nt.Loop | nt.Block):
                item = diag(codes.Syntax.InvalidLabel, (node.loc, "Multiple labels for a single expression"))
                self.report(item.label(body.label.loc, "Label previously given here"))
                return inner
            if isinstance(inner, nt.ErrorExpression):
                return inner
        message = "Invalid label. Labels can only be used on 'while', 'loop', or block '{}' expressions"
        self.report(diag(codes.Syntax.InvalidLabel, (node.loc, message)))
        return nt.ErrorExpression(node.loc)

    def _loop_label(self, usage: str, loc: Loc, name: st.Name | None) -> nt.Label | None:
        if name is None:
            return self.innermost_loop(usage, loc)
        return self.named_label(usage, name)

    def _return(self, loc: Loc, name: st.Name | None, value: st.Expression | None) -> nt.Expression:
        out = nt.Unit(loc) if value is None else self.expression(value)
        if name is not None:
            label = self.named_label("return", name)
            if label is None:
                return nt.ErrorExpression(loc)
            return nt.Give(loc, nt.GiveKind.RETURN, label, out)
        label = self.lambda_return()
        return nt.Return(loc, out) if label is None else nt.Give(loc, nt.GiveKind.RETURN, label, out)

    def _lambda(self, node: st.Lambda) -> nt.Expression:
        loc = node.loc
        self.locals.append({})
        parameters: list[nt.LambdaParameter] = []
        failed = False
        for parameter in node.parameters:
            targets = self.bind_list(parameter.binds)
            type_ = self.type(parameter.type, Place.EXPRESSION) if parameter.type is not None else None
            if targets is None:
                failed = True
                continue
            parameters.append(nt.LambdaParameter(parameter.binds.loc, targets, type_))
        result = self.type(node.result, Place.EXPRESSION) if node.result is not None else None
        self.enter_label(loc, None, BlockKind.LAMBDA_LOOPS)
        label = self.enter_label(loc, None, BlockKind.LAMBDA_RETURN)
        body = self.expression(node.body)
        self.leave_label()
        self.leave_label()
        self.locals.pop()
        if failed:
            return nt.ErrorExpression(loc)
        return nt.Lambda(loc, node.parameters_loc, parameters, result, label, body)

    def _match(self, node: st.Match) -> nt.Expression:
        subject = self.expression(node.subject)
        return nt.Match(node.loc, subject, [self._arm(arm) for arm in node.arms], node.arms_loc)

    def _arm(self, node: st.MatchArm) -> nt.MatchArm:
        binders: dict[str, nt.Variable] = {}
        pattern = self.pattern(node.pattern, binders)
        self.check_bindings(node.pattern, binders)
        guard: nt.Expression | None = None
        guard_binders: dict[nt.Variable, nt.Variable] = {}
        copies = {name: nt.Variable(name, v.loc, nt.Mutability.IMMUTABLE) for name, v in binders.items()}
        for variable in (*binders.values(), *copies.values()):
            self.number(variable)
        if node.guard is not None:
            self.locals.append(copies)
            guard = self.expression(node.guard)
            self.locals.pop()
            guard_binders = {binders[name]: c for name, c in copies.items() if c.is_used}
        self.locals.append(dict(binders))
        body = self.expression(node.body)
        self.locals.pop()
        in_body = {variable for variable in binders.values() if variable.is_used}
        for variable in guard_binders:
            variable.is_used = True
        self.let_variables += binders.values()
        return nt.MatchArm(node.loc, pattern, list(binders.values()), guard, guard_binders, in_body, body)

    # --- paths with dots -------------------------------------------------------------------------------

    def _dotted_expression(
        self, loc: Loc, usage: nt.Usage, node: st.Expression, keyword: Loc | None = None
    ) -> nt.Expression:
        dotted = self.dotted(node)
        if dotted is None:
            return nt.ErrorExpression(loc)
        return nt.DottedExpression(loc, usage, dotted, keyword)

    def dotted(self, node: st.Expression) -> nt.Dotted | None:
        """A chain of dots and indices; None if an error was reported at its base."""
        chain: list[st.Dot | st.Index] = []
        base = node
        while isinstance(base, st.Dot | st.Index):
            if isinstance(base, st.Index):
                self.require(Feature.MOVE_2024_PATHS, base.loc)
                self.require(Feature.SYNTAX_METHODS, base.loc)
            chain.append(base)
            base = base.operand
        value = self.expression(base)
        accesses: list[nt.Access] = []
        for access in reversed(chain):
            match access:
                case st.Dot(field=field):
                    accesses.append(nt.FieldAccess(access.loc, access.dot_loc, field))
                case st.Index(indices=indices):
                    accesses.append(nt.IndexAccess(access.loc, self.arguments(indices)))
        if isinstance(value, nt.ErrorExpression):
            return None
        if isinstance(value, nt.VariableUse) and value.variable.is_macro_parameter:
            value = self._macro_parameter_in_path(value)
        return nt.Dotted(node.loc, value, accesses)

    def _macro_parameter_in_path(self, use: nt.VariableUse) -> nt.Expression:
        name = use.variable.name[1:]
        message = "Macro parameters are not allowed to appear in paths"
        item = diag(codes.NameResolution.NamePositionMismatch, (use.loc, message))
        item.note(
            "To use a macro parameter as a value in a path expression, first bind it to a local variable, "
            f"e.g. 'let {name} = ${name};'"
        )
        item.note(
            "Macro parameters are always treated as value expressions, and are not modified by path "
            "operations.\nPath operations include 'move', 'copy', '&', '&mut', and field references"
        )
        self.report(item)
        return nt.ErrorExpression(use.loc)

    def _move_or_copy(self, loc: Loc, usage: nt.Usage, keyword: Loc, operand: st.Expression) -> nt.Expression:
        inner = operand
        while isinstance(inner, st.Parenthesized) and not isinstance(inner.inner, st.Cast):
            inner = inner.inner
        if isinstance(operand, st.Dot | st.Index):
            self.require(Feature.MOVE_2024_PATHS, keyword)
        elif not isinstance(inner, st.NameExpression):
            item = diag(codes.Syntax.InvalidMoveOrCopy, (keyword, f"Invalid '{usage.value}' of expression"))
            self.report(item.label(operand.loc, "Expected a name or path access, e.g. 'x' or 'e.f'"))
            return nt.ErrorExpression(loc)
        return self._dotted_expression(loc, usage, operand, keyword)

    def _index(self, node: st.Index) -> nt.Expression:
        if self.supports(Feature.MOVE_2024_PATHS) and self.supports(Feature.SYNTAX_METHODS):
            return self._dotted_expression(node.loc, nt.Usage.USE, node)
        message = "Specification blocks are deprecated and are no longer used"
        item = diag(codes.Uncategorized.DeprecatedSpecItem, (node.loc, message))
        item.note(
            "If this was intended to be a 'syntax' index call, consider updating your Move edition to "
            "'2024.alpha, 2024.beta'"
        )
        self.report(item.note(UPGRADE_NOTE))
        return nt.ErrorExpression(node.loc)

    def _method_call(self, node: st.MethodCall) -> nt.Expression:
        dotted = self.dotted(node.operand)
        if dotted is None:
            for argument in node.arguments.items:
                self.expression(argument)
            return nt.ErrorExpression(node.loc)
        self.require(Feature.DOT_CALL, node.loc)
        type_arguments = None
        if node.type_arguments is not None:
            type_arguments = [self.type(t, Place.EXPRESSION) for t in node.type_arguments.items]
        arguments = self.arguments(node.arguments)
        if node.macro_loc is not None:
            self.require(Feature.MACRO_FUNS, node.loc)
        return nt.MethodCall(
            node.loc,
            dotted,
            node.dot_loc,
            node.method,
            node.macro_loc,
            type_arguments,
            arguments,
            self.use_funs,
        )

    # --- assignments -----------------------------------------------------------------------------------

    def _assign(self, node: st.Assign) -> nt.Expression:
        loc, target = node.loc, node.target
        if isinstance(target, st.Dereference):
            reference = self.expression(target.operand)
            return nt.Mutate(loc, reference, self.expression(node.value))
        if isinstance(target, st.Dot):
            dotted = self.dotted(target)
            value = self.expression(node.value)
            return nt.ErrorExpression(loc) if dotted is None else nt.FieldMutate(loc, dotted, value)
        if isinstance(target, st.Index):
            message = "Index syntax it not yet supported in left-hand positions"
            self.report(diag(codes.Syntax.InvalidLValue, (target.loc, message)))
            self.expression(node.value)
            return nt.ErrorExpression(loc)
        targets = self.assign_list(target)
        value = self.expression(node.value)
        if targets is None:
            return nt.ErrorExpression(loc)
        return nt.Assign(loc, targets, target.loc, value)

    # --- casts -----------------------------------------------------------------------------------------

    def _cast(self, node: st.Cast, in_parentheses: bool) -> nt.Expression:
        if (
            not in_parentheses
            and self.require(Feature.NO_PARENS_CAST, node.operand.loc)
            and _is_ambiguous(node.operand)
        ):
            message = "Potentially ambiguous 'as'. Add parentheses to disambiguate"
            self.report(diag(codes.Syntax.AmbiguousCast, (node.operand.loc, message)))
        value = self.expression(node.operand)
        return nt.Cast(node.loc, value, self.type(node.type, Place.EXPRESSION))


_AMBIGUOUS = (
    *(st.If, st.While, st.Loop, st.Labeled, st.Lambda, st.Quantifier, st.Assign, st.Abort, st.Return),
    *(st.Break, st.Continue, st.Not, st.Binary, st.Cast, st.Match, st.SpecExpression),
)


def _is_ambiguous(node: st.Expression) -> bool:
    """Whether a reader might take `as` for a part of this expression."""
    while isinstance(node, st.MethodCall | st.Dot | st.Index | st.Borrow | st.Dereference):
        node = node.operand
    return isinstance(node, _AMBIGUOUS)
