"""Parsing expressions and the sequences inside braces."""

from __future__ import annotations

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature
from ..source import Loc
from .lexer import AMP_MUT, ESCAPED_ID, ID, KEYWORDS_2024, LABEL, NUM, NUM_TYPED, SYNTAX_ID
from .patterns import ARM_STARTS, VALUE_STARTS, PatternParser
from .stream import ParseError

_COMMON_STARTS = VALUE_STARTS | {
    *(ID, ESCAPED_ID, "copy", "move", "&", AMP_MUT, "*", "!", "(", "{", LABEL),
    *("abort", "break", "continue", "if", "loop", "return", "while"),
}
EXPRESSION_STARTS = _COMMON_STARTS | {SYNTAX_ID, "|", "||", "match"}
"""What may start an item in a list of expressions."""
OPERAND_STARTS = _COMMON_STARTS | {"match"}
"""What may start the value of return and break."""
CONTROL_STARTS = frozenset({"break", "continue", "if", "while", "loop", "return", "abort", LABEL})
EXPRESSION_ENDS = frozenset({"else", "}", ")", ",", ":", ";"})
FIELD_STARTS = frozenset({ID, ESCAPED_ID})
MAX_CHAIN = 2000
"""Most operators or accesses in one chain: trees as deep as that can still be walked."""

PRECEDENCE = {
    **dict.fromkeys(("==>", "<==>"), 2),
    "||": 3,
    "&&": 4,
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">="), 5),
    "as": 6,
    "..": 7,
    "|": 8,
    "^": 9,
    "&": 10,
    **dict.fromkeys(("<<", ">>"), 11),
    **dict.fromkeys(("+", "-"), 12),
    **dict.fromkeys(("*", "/", "%"), 13),
}


class ExpressionParser(PatternParser):
    """Expressions and sequences."""

    # --- sequences -------------------------------------------------------------------------------------

    def block(self) -> st.Block:
        """`{ ... }`. Raises: ParseError."""
        return self.nested(self._block)

    def _block(self) -> st.Block:
        start = self.start
        self.expect("{")
        sequence = self.sequence(start)
        return st.Block(self.loc_from(start), sequence)

    def uses(self) -> list[st.Use]:
        """The `use` declarations at the start of a sequence. Raises: ParseError."""
        raise NotImplementedError

    def sequence(self, start: int) -> st.Sequence:
        """The inside of braces and the closing one. Raises: ParseError."""
        sequence = st.Sequence(Loc(self.file_id, start, start), self.uses(), [], None, None)
        while self.kind != "}":
            self.add_stops((";",))
            try:
                item = self._sequence_item()
            except ParseError as error:
                sequence.items.append(st.Evaluate(self.loc, st.ErrorExpression(self.loc)))
                self.remove_stops((";",))
                self.skip_item("{", "}", ";", error.item)
                if self.at_stop():
                    break
                continue
            self.remove_stops((";",))
            if self.kind == "}":
                if isinstance(item, st.Evaluate):
                    sequence.result = item.expression
                else:
                    sequence.items.append(item)
                    self.report(self.unexpected("';'"))
                break
            sequence.items.append(item)
            sequence.last_semicolon = self.loc
            if self.kind == ";":
                missing = self.step()
            else:
                missing = self.unexpected("';'")
            if missing is not None:
                self.skip_item("{", "}", ";", missing)
                if self.at_stop():
                    break
        if not self.at_stop() or self.kind == "}":
            self.skip()
        sequence.loc = self.loc_from(start)
        return sequence

    def _sequence_item(self) -> st.SequenceItem:
        start = self.start
        if self.kind != "let":
            expression = self.expression()
            return st.Evaluate(self.loc_from(start), expression)
        self.advance()
        binds = self.bind_list()
        type_ = self.type() if self.accept(":") else None
        value = self.expression() if self.accept("=") else None
        return st.Let(self.loc_from(start), binds, type_, value)

    # --- expressions -----------------------------------------------------------------------------------

    def expression(self) -> st.Expression:
        """An expression. Raises: ParseError."""
        return self.nested(self._expression)

    def _expression(self) -> st.Expression:
        start, kind = self.start, self.kind
        if kind == "|" or kind == "||":
            return self._lambda()
        if kind == ID and self._at_quantifier():
            return self._quantifier()
        left = self.unary()
        if self.kind != "=":
            return self.binary(left, 1)
        self.advance()
        value = self.expression()
        return st.Assign(self.loc_from(start), left, value)

    def _lambda(self) -> st.Expression:
        start = self.start
        if self.kind == "||":
            self.advance()
            parameters: list[st.LambdaParameter] = []
        else:
            parameters = self.lambda_parameters()
        parameters_loc = self.loc_from(start)
        result: st.Type | None = None
        body: st.Expression
        if self.kind == "->":
            self.advance()
            result = self.type()
            label, label_start = None, self.start
            if self.kind == LABEL:
                label = self.label()
                self.expect(":")
            body = self.block()
            if label is not None:
                body = st.Labeled(self.loc_from(label_start), label, body)
        else:
            body = self.expression()
        return st.Lambda(self.loc_from(start), parameters_loc, parameters, result, body)

    def binary(self, left: st.Expression, least: int) -> st.Expression:
        """What follows a first operand, as far as it binds at least that tightly. Raises: ParseError."""
        precedence = PRECEDENCE.get(self.kind, 0)
        length = 0
        while precedence >= least:
            length += 1
            if length > MAX_CHAIN:
                raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, "Expression is too long")))
            operator, operator_loc = self.kind, self.loc
            self.advance()
            if operator == "as":
                type_ = self.type_after_as()
                left = st.Cast(self.loc_from(left.loc.start), left, type_)
                precedence = PRECEDENCE.get(self.kind, 0)
                continue
            right = self.unary()
            own, precedence = precedence, PRECEDENCE.get(self.kind, 0)
            if own < precedence:
                right = self.binary(right, own + 1)
                precedence = PRECEDENCE.get(self.kind, 0)
            left = st.Binary(self.loc_from(left.loc.start), operator, operator_loc, left, right)
        return left

    def unary(self) -> st.Expression:
        """A prefix operator and its operand, or a chain. Raises: ParseError."""
        kind = self.kind
        if kind in ("!", "&", AMP_MUT, "*", "move", "copy"):
            return self.nested(self._prefix)
        return self.chain()

    def _prefix(self) -> st.Expression:
        start, kind, keyword_loc = self.start, self.kind, self.loc
        self.advance()
        if kind == "!":
            operand = self.unary()
            return st.Not(self.loc_from(start), operand)
        if kind == "*":
            operand = self.unary()
            return st.Dereference(self.loc_from(start), operand)
        if kind == "move":
            operand = self.unary()
            return st.MoveExpression(self.loc_from(start), keyword_loc, operand)
        if kind == "copy":
            operand = self.unary()
            return st.CopyExpression(self.loc_from(start), keyword_loc, operand)
        mutable = kind == AMP_MUT or self.accept("mut")
        operand = self.unary()
        return st.Borrow(self.loc_from(start), mutable, operand)

    # --- dots and indices ------------------------------------------------------------------------------

    def chain(self) -> st.Expression:
        """A term with its dots and indices. Raises: ParseError."""
        start = self.start
        value = self.term()
        length = 0
        while self.kind == "." or self.kind == "[":
            length += 1
            if length > MAX_CHAIN:
                raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, "Expression is too long")))
            if self.kind == ".":
                value = self._dot(start, value)
            else:
                indices = self._arguments("[", "]", "an index access expression")
                value = st.Index(self.loc_from(start), value, indices)
        return value

    def _dot(self, start: int, operand: st.Expression) -> st.Expression:
        dot_loc = self.loc
        self.skip()
        if self.kind in (NUM, NUM_TYPED) and self.require(Feature.POSITIONAL_FIELDS, self.loc):
            field = self._positional_field_name()
            return st.Dot(self.loc_from(start), operand, dot_loc, field)
        try:
            name = self.identifier()
        except ParseError:
            self.report(self.unexpected("an identifier or a decimal number"))
            return st.ErrorExpression(self.loc_from(start))
        if self.kind in ("(", "!") or (self.kind == "<" and name.loc.end == self.start):
            macro_loc, type_arguments = self.macro_and_type_arguments(name.loc, spaced=False)
            arguments = self.call_arguments()
            loc = self.loc_from(start)
            return st.MethodCall(loc, operand, dot_loc, name, macro_loc, type_arguments, arguments)
        return st.Dot(self.loc_from(start), operand, dot_loc, name)

    def _positional_field_name(self) -> st.Name:
        loc, text, is_typed = self.loc, self.content, self.kind == NUM_TYPED
        self.skip()
        digits = text.replace("_", "")
        is_small = digits.isdigit() and int(digits[:80]) <= 255
        if not is_typed and is_small:
            return st.Name(str(int(digits)), loc)
        message = "Invalid field access. Expected a number less than or equal to 255"
        if text.startswith("0x") and not is_typed and len(digits) <= 4:
            message = "Invalid field access. Expected a decimal number but was given a hexadecimal"
        note = "Positional fields must be a decimal number in the range [0 .. 255] and not be typed, e.g. `0`"
        self.report(diag(codes.Syntax.UnexpectedToken, (loc, message), notes=[note]))
        return st.Name(text, loc)

    # --- terms -----------------------------------------------------------------------------------------

    def term(self) -> st.Expression:
        """An expression without operators at its edges. Raises: ParseError."""
        kind = self.kind
        if kind in CONTROL_STARTS or (kind == "match" and not self.is_migration):
            value, ends_in_block = self.control()
            if not ends_in_block or self.kind in EXPRESSION_ENDS:
                return value
            return self.binary(value, 1)
        if kind in (ID, ESCAPED_ID, SYNTAX_ID):
            if kind == ID and self.peek() in ("<", "[") and self.content == "vector":
                return self._vector()
            return self.named_expression()
        if kind == "::" and self.supports(Feature.MOVE_2024_PATHS):
            if self.peek() == ID:
                return self.named_expression()
            raise ParseError(self.unexpected("An identifier after '::'"))
        if (kind in KEYWORDS_2024 and self.is_migration) or (kind == NUM and self.peek() == "::"):
            return self.named_expression()
        literal = self.optional_literal()
        if literal is not None:
            return literal
        if kind == "(":
            return self._parenthesized()
        if kind == "{":
            return self.block()
        if kind == "spec":
            return st.SpecExpression(self.skip_spec())
        raise ParseError(self.unexpected("an expression term"))

    def _parenthesized(self) -> st.Expression:
        start = self.start
        self.advance()
        if self.accept(")"):
            return st.Unit(self.loc_from(start))
        first = self.expression()
        if self.accept(":"):
            type_ = self.type()
            self.expect(")")
            return st.Annotate(self.loc_from(start), first, type_)
        if self.kind != ")":
            self.expect(",")
        rest = self.comma_list_rest(start, "(", ")", EXPRESSION_STARTS, self.expression, "an expression")
        if not rest:
            return st.Parenthesized(self.loc_from(start), first)
        return st.Tuple(self.loc_from(start), [first, *rest])

    def _vector(self) -> st.Expression:
        start, name_loc = self.start, self.loc
        self.advance()
        type_arguments = self.optional_type_arguments()
        elements = self._arguments("[", "]", "a vector argument expression")
        return st.VectorExpression(self.loc_from(start), name_loc, type_arguments, elements)

    def named_expression(self) -> st.Expression:
        """A name, a call or a pack. Raises: ParseError."""
        start = self.start
        path = self.path("a name", macros=True, type_arguments=True)
        if self.kind == "(" or path.macro_loc is not None:
            arguments = self.call_arguments()
            return st.Call(self.loc_from(start), path, arguments)
        if self.kind == "{":
            fields = self.comma_list("{", "}", FIELD_STARTS, self._field_init, "a field expression")
            return st.Pack(self.loc_from(start), path, fields)
        return st.NameExpression(self.loc_from(start), path)

    def _field_init(self) -> st.FieldInit:
        name = self.identifier()
        if self.accept(":"):
            return st.FieldInit(name, self.expression())
        path = st.Path(name.loc, [st.PathEntry(name)])
        return st.FieldInit(name, st.NameExpression(name.loc, path))

    def call_arguments(self) -> st.Arguments:
        """`(a, b)`."""
        return self._arguments("(", ")", "a call argument expression")

    def _arguments(self, opening: str, closing: str, what: str) -> st.Arguments:
        start = self.start
        items = self.comma_list(opening, closing, EXPRESSION_STARTS, self.expression, what)
        return st.Arguments(self.loc_from(start), items)

    # --- control ---------------------------------------------------------------------------------------

    def label(self) -> st.Name:
        """`'name`. Raises: ParseError."""
        name = st.Name(self.content[1:], self.loc)
        self.advance()
        return name

    def _optional_label(self) -> st.Name | None:
        return self.label() if self.kind == LABEL else None

    def control(self) -> tuple[st.Expression, bool]:
        """A control expression, and whether it ends in a block, behind which operators apply to the whole:
        `if (c) e else { f } + 1` is `(if ...) + 1`. Raises: ParseError."""
        start, kind = self.start, self.kind
        match kind:
            case "if":
                return self._if(start)
            case "while":
                return self._while(start)
            case "loop":
                self.advance()
                body, in_block = self._body()
                return st.Loop(self.loc_from(start), body), in_block
            case "return" | "break":
                return self._leave(start, kind)
            case "abort":
                self.advance()
                return self._abort(start)
            case "continue":
                self.advance()
                label = self._optional_label()
                return st.Continue(self.loc_from(start), label), False
            case "match":
                return self._match(start), True
            case _:
                return self.nested(lambda: self._labeled(start))

    def _abort(self, start: int) -> tuple[st.Expression, bool]:
        if self.kind in EXPRESSION_ENDS and self.supports(Feature.CLEVER_ASSERTIONS):
            return st.Abort(self.loc_from(start), None), False
        code, in_block = self._body()
        return st.Abort(self.loc_from(start), code), in_block

    def _body(self) -> tuple[st.Expression, bool]:
        if self.kind == "{":
            return self.block(), True
        if self.kind == LABEL:
            start = self.start
            label = self.label()
            self.expect(":")
            body, in_block = self.nested(self._body)
            return st.Labeled(self.loc_from(start), label, body), in_block
        return self.expression(), False

    def _condition(self) -> st.Expression:
        self.expect("(")
        condition = self.expression()
        self.expect(")")
        return condition

    def _if(self, start: int) -> tuple[st.Expression, bool]:
        self.advance()
        condition = self._condition()
        consequent, in_block = self._body()
        alternative = None
        if self.accept("else"):
            alternative, in_block = self._body()
        return st.If(self.loc_from(start), condition, consequent, alternative), in_block

    def _while(self, start: int) -> tuple[st.Expression, bool]:
        self.advance()
        condition = self._condition()
        body, in_block = self._body()
        if self.kind == "spec":
            spec: st.Expression = st.SpecExpression(self.skip_spec())
            items: list[st.SequenceItem] = [st.Evaluate(spec.loc, spec)]
            sequence = st.Sequence(condition.loc, [], items, None, condition)
            condition, in_block = st.Block(condition.loc, sequence), True
        return st.While(self.loc_from(start), condition, body), in_block

    def _leave(self, start: int, kind: str) -> tuple[st.Expression, bool]:
        self.advance()
        label = self._optional_label()
        value, in_block = None, False
        if self.kind in OPERAND_STARTS:
            value, in_block = self._body()
        loc = self.loc_from(start)
        if kind == "return":
            return st.Return(loc, label, value), in_block
        return st.Break(loc, label, value), in_block

    def _labeled(self, start: int) -> tuple[st.Expression, bool]:
        label = self.label()
        self.expect(":")
        if self.kind in CONTROL_STARTS or (self.kind == "match" and not self.is_migration):
            body, in_block = self.control()
        else:
            body, in_block = self._body()
        return st.Labeled(self.loc_from(start), label, body), in_block

    def _match(self, start: int) -> st.Expression:
        self.advance()
        subject = self._condition()
        arms_start = self.start
        arms = self.comma_list("{", "}", ARM_STARTS, self._arm, "a call argument expression")
        arms_loc = self.loc_from(arms_start)
        return st.Match(self.loc_from(start), subject, arms_loc, arms)

    def _arm(self) -> st.MatchArm:
        start = self.start
        pattern = self.pattern()
        guard = None
        if self.accept("if"):
            guard = self._condition()
        self.expect("=>")
        body = self.block() if self.kind == "{" else self.expression()
        return st.MatchArm(self.loc_from(start), pattern, guard, body)

    # --- specifications --------------------------------------------------------------------------------

    def _at_quantifier(self) -> bool:
        return (
            self.peek() == ID and self.content in ("exists", "forall", "choose") and self.peek(2) in (":", ID)
        )

    def _quantifier(self) -> st.Expression:
        """Read a quantifier only to step over it: it is always an error outside specifications."""
        start = self.start
        is_choice = self.content == "choose"
        self.advance()
        if is_choice and self.at_word("min"):
            self.advance()
        while True:
            self.identifier()
            if self.accept(":"):
                self.type()
            else:
                self._word("in")
                self.expression()
            if is_choice or not self.accept(","):
                break
        if is_choice:
            self._word("where")
        else:
            while self.kind == "{":
                self._arguments("{", "}", "a trigger expresssion")
            if self.at_word("where"):
                self.advance()
                self.expression()
            self.expect(":")
        self.expression()
        return st.Quantifier(self.loc_from(start))

    def _word(self, word: str) -> None:
        if not self.at_word(word):
            raise ParseError(self.unexpected(f"'{word}'"))
        self.advance()
