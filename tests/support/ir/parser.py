"""Move IR text to its syntax tree, by recursive descent. Grammar: move-ir-to-bytecode-syntax."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    KEY,
    STORE,
    AbilitySet,
    Opcode,
    Primitive,
    Visibility,
)
from proto.ids import InvalidAddress, parse_address
from tests.support.ir.errors import IrError, parse_error
from tests.support.ir.lexer import Token, tokenize
from tests.support.ir.syntax import (
    Abort,
    Assert,
    Assign,
    Block,
    BorrowField,
    BuiltinCall,
    Call,
    DatatypeType,
    Discard,
    Enum,
    Evaluate,
    Expression,
    Function,
    Import,
    Jump,
    Literal_,
    Local,
    Module,
    ModuleIdent,
    Mutate,
    Operation,
    Pack,
    ReferenceType,
    Return,
    Sequence_,
    Statement,
    Store,
    Struct,
    Target,
    Type,
    TypeParameterDeclaration,
    TypeVariable,
    Unpack,
    Variant,
    VariantSwitch,
    VectorType,
)

_PRIMITIVES = {p.name.lower(): p for p in Primitive}
_ABILITIES = {"copy": COPY, "drop": DROP, "store": STORE, "key": KEY}

_BINARY = {
    "PipePipe": (5, Opcode.OR),
    "AmpAmp": (10, Opcode.AND),
    "EqualEqual": (15, Opcode.EQ),
    "ExclaimEqual": (15, Opcode.NEQ),
    "Less": (15, Opcode.LT),
    "Greater": (15, Opcode.GT),
    "LessEqual": (15, Opcode.LE),
    "GreaterEqual": (15, Opcode.GE),
    "Pipe": (25, Opcode.BIT_OR),
    "Caret": (30, Opcode.XOR),
    "Amp": (35, Opcode.BIT_AND),
    "LessLess": (40, Opcode.SHL),
    "GreaterGreater": (40, Opcode.SHR),
    "Plus": (45, Opcode.ADD),
    "Minus": (45, Opcode.SUB),
    "Star": (50, Opcode.MUL),
    "Slash": (50, Opcode.DIV),
    "Percent": (50, Opcode.MOD),
}
_LOOSEST = 1

_UNARY_BUILTINS = {
    "Freeze": Opcode.FREEZE_REF,
    "ToU8": Opcode.CAST_U8,
    "ToU16": Opcode.CAST_U16,
    "ToU32": Opcode.CAST_U32,
    "ToU64": Opcode.CAST_U64,
    "ToU128": Opcode.CAST_U128,
    "ToU256": Opcode.CAST_U256,
}
_CALLS = frozenset({"Vector", "DotNameValue", *_UNARY_BUILTINS})
_NUMBERS = {f"{p.name}Value": p for p in Primitive if p.name.startswith("U")}

T = TypeVar("T")


def parse_module(text: str, named_addresses: Mapping[str, bytes]) -> Module:
    """Read one module.

    Raises: IrError.
    """
    parser = _Parser(tokenize(text), named_addresses)
    module = parser.module()
    parser.expect("EOF")
    return module


class _Parser:
    def __init__(self, tokens: list[Token], named_addresses: Mapping[str, bytes]) -> None:
        self.tokens = tokens
        self.position = 0
        self.named_addresses = named_addresses

    # tokens

    @property
    def kind(self) -> str:
        return self.tokens[self.position].kind

    @property
    def text(self) -> str:
        return self.tokens[self.position].text

    def at(self, kind: str) -> bool:
        return self.kind == kind

    def next_kind(self) -> str:
        return self.tokens[min(self.position + 1, len(self.tokens) - 1)].kind

    def advance(self) -> str:
        text = self.text
        if self.kind != "EOF":
            self.position += 1
        return text

    def accept(self, kind: str) -> bool:
        if self.kind != kind:
            return False
        self.advance()
        return True

    def expect(self, kind: str) -> str:
        if self.kind != kind:
            raise parse_error(f"expected {kind}, not {self.kind}")
        return self.advance()

    def accept_word(self, word: str) -> bool:
        if self.kind != "NameValue" or self.text != word:
            return False
        self.advance()
        return True

    def name(self) -> str:
        if self.kind != "NameValue":
            raise parse_error("expected Tok::NameValue")
        return self.advance()

    def dot_name(self) -> tuple[str, str]:
        if self.kind != "DotNameValue":
            raise parse_error("expected Tok::DotNameValue")
        first, second = self.advance().split(".")
        return first, second

    def split_greater(self) -> None:
        """Make `>>` two tokens, where a list of types ends."""
        if self.kind == "GreaterGreater":
            self.tokens[self.position : self.position + 1] = [Token("Greater", ">"), Token("Greater", ">")]

    def comma_list(self, end: str, item: Callable[[], T], trailing_comma: bool = True) -> tuple[T, ...]:
        items: list[T] = []

        def at_end() -> bool:
            if end == "Greater":
                self.split_greater()
            return self.kind == end

        while not at_end():
            items.append(item())
            if at_end():
                break
            self.expect("Comma")
            if at_end() and not trailing_comma:
                items.append(item())
        return tuple(items)

    # modules

    def module(self) -> Module:
        self.expect("Module")
        ident = self.module_ident()
        self.expect("LBrace")
        friends, imports, structs, enums, functions = [], [], [], [], []
        while self.accept("Friend"):
            friends.append(self.module_ident())
            self.expect("Semicolon")
        while self.accept("Import"):
            imports.append(self.import_())
        while self.kind == "Struct" or (self.kind == "Native" and self.next_kind() == "Struct"):
            structs.append(self.struct())
        while self.accept("Enum"):
            enums.append(self.enum())
        while self.kind != "RBrace":
            functions.append(self.function())
        self.advance()
        return Module(ident, tuple(friends), tuple(imports), tuple(structs), tuple(enums), tuple(functions))

    def module_ident(self) -> ModuleIdent:
        if self.kind == "DotNameValue":
            address, name = self.dot_name()
            return self.resolve_address(address), name
        result = self.address()
        self.expect("Period")
        return result, self.name()

    def address(self) -> bytes:
        if self.kind not in ("AccountAddressValue", "NameValue"):
            raise parse_error("expected Tok::AccountAddressValue")
        return self.resolve_address(self.advance())

    def resolve_address(self, text: str) -> bytes:
        try:
            return parse_address(text)
        except InvalidAddress:
            if text in self.named_addresses:
                return self.named_addresses[text]
        raise parse_error(f"Invalid address '{text}'")

    def import_(self) -> Import:
        ident = self.module_ident()
        alias = self.name() if self.accept("As") else ident[1]
        self.expect("Semicolon")
        return Import(ident, alias)

    def struct(self) -> Struct:
        is_native = self.accept("Native")
        self.expect("Struct")
        name, type_parameters = self.named_with(self.datatype_type_parameter)
        abilities = self.has_abilities()
        if is_native:
            self.expect("Semicolon")
            return Struct(name, abilities, type_parameters, None)
        return Struct(name, abilities, type_parameters, self.fields())

    def enum(self) -> Enum:
        name, type_parameters = self.named_with(self.datatype_type_parameter)
        abilities = self.has_abilities()
        self.expect("LBrace")
        variants = self.comma_list("RBrace", lambda: Variant(self.name(), self.fields()))
        self.expect("RBrace")
        return Enum(name, abilities, type_parameters, variants)

    def fields(self) -> tuple[tuple[str, Type], ...]:
        self.expect("LBrace")
        fields = self.comma_list("RBrace", self.typed_name)
        self.expect("RBrace")
        return fields

    def typed_name(self) -> tuple[str, Type]:
        name = self.name()
        self.expect("Colon")
        return name, self.type_()

    def named_with(self, item: Callable[[], T]) -> tuple[str, tuple[T, ...]]:
        """A name, and what may follow between `<` and `>`."""
        if self.kind != "NameBeginTyValue":
            return self.name(), ()
        name = self.advance()[:-1]
        items = self.comma_list("Greater", item)
        self.expect("Greater")
        return name, items

    def has_abilities(self) -> AbilitySet:
        if not self.accept_word("has") or self.kind in ("LBrace", "Semicolon"):
            return 0
        abilities = self.ability()
        while self.accept("Comma"):
            abilities = self.add_ability(abilities)
        return abilities

    def ability(self) -> AbilitySet:
        if self.kind not in ("NameValue", "Copy") or self.text not in _ABILITIES:
            raise parse_error("could not parse ability")
        return _ABILITIES[self.advance()]

    def add_ability(self, abilities: AbilitySet) -> AbilitySet:
        name = self.text
        ability = self.ability()
        if abilities & ability:
            raise IrError(f"ParserError: Duplicate ability '{name}'")
        return abilities | ability

    def datatype_type_parameter(self) -> TypeParameterDeclaration:
        is_phantom = self.accept_word("phantom")
        parameter = self.type_parameter()
        return TypeParameterDeclaration(parameter.name, parameter.constraints, is_phantom)

    def type_parameter(self) -> TypeParameterDeclaration:
        name = self.name()
        if not self.accept("Colon"):
            return TypeParameterDeclaration(name, 0)
        abilities = self.ability()
        while self.accept("Plus"):
            abilities = self.add_ability(abilities)
        return TypeParameterDeclaration(name, abilities)

    # types

    def type_(self) -> Type:
        match self.kind:
            case "NameValue":
                name = self.advance()
                return _PRIMITIVES.get(name) or TypeVariable(name)
            case "NameBeginTyValue" if self.text == "vector<":
                self.advance()
                inner = self.type_()
                self.split_greater()
                self.expect("Greater")
                return VectorType(inner)
            case "DotNameValue":
                module, name = self.dot_name()
                return DatatypeType(module, name, self.type_arguments())
            case "Amp" | "AmpMut" as kind:
                self.advance()
                return ReferenceType(kind == "AmpMut", self.type_())
            case kind:
                raise parse_error(f"invalid token kind for type {kind}")

    def type_arguments(self) -> tuple[Type, ...]:
        if not self.accept("Less"):
            return ()
        arguments = self.comma_list("Greater", self.type_)
        self.expect("Greater")
        return arguments

    # functions

    def function(self) -> Function:
        is_native = self.accept("Native")
        visibility = self.visibility()
        is_entry = self.accept_word("entry")
        name, type_parameters = self.named_with(self.type_parameter)
        self.expect("LParen")
        parameters = self.comma_list("RParen", self.typed_name)
        self.expect("RParen")
        returns = []
        if self.accept("Colon"):
            returns.append(self.type_())
            while self.accept("Star"):
                returns.append(self.type_())
        head = (name, visibility, is_entry, type_parameters, parameters, tuple(returns))
        if is_native:
            self.expect("Semicolon")
            return Function(*head, (), None)
        return Function(*head, *self.body())

    def visibility(self) -> Visibility:
        if not self.accept("Public"):
            return Visibility.PRIVATE
        if not self.accept("LParen"):
            return Visibility.PUBLIC
        if not self.accept("Friend"):
            raise parse_error(f"expected Tok::Script or Tok::Friend, not {self.kind}")
        self.expect("RParen")
        return Visibility.FRIEND

    def body(self) -> tuple[tuple[tuple[str, Type], ...], tuple[Block, ...]]:
        self.expect("LBrace")
        locals_ = []
        while self.accept("Let"):
            locals_.append(self.typed_name())
            self.expect("Semicolon")
        blocks = []
        while self.kind != "RBrace":
            blocks.append(self.block())
        self.advance()
        return tuple(locals_), tuple(blocks)

    def block(self) -> Block:
        self.expect("Label")
        label = self.name()
        self.expect("Colon")
        statements = []
        while self.kind not in ("Label", "RBrace"):
            statements.append(self.statement())
            self.expect("Semicolon")
        return Block(label, tuple(statements))

    # statements

    def statement(self) -> Statement:
        match self.kind:
            case "Abort":
                self.advance()
                return Abort(None if self.at("Semicolon") else self.expression())
            case "Assert":
                return self.assertion()
            case "Jump" | "JumpIf" | "JumpIfFalse":
                return self.jump()
            case "Return":
                self.advance()
                return Return(Sequence_(self.comma_list("Semicolon", self.expression)))
            case "VariantSwitch":
                return self.variant_switch()
            case "NameValue" if self.next_kind() != "LBrace":
                return self.assign()
            case "Star" | "Underscore":
                return self.assign()
            case "NameValue" | "NameBeginTyValue":
                name, arguments = self.named_with(self.type_)
                return self.unpack(name, None, arguments, "value")
            case "Amp":
                self.advance()
                return self.unpack_variant("imm")
            case "AmpMut":
                self.advance()
                return self.unpack_variant("mut")
            case "LParen":
                return Evaluate(self.parenthesized())
            case kind if kind in _CALLS:
                return self.call_statement()
            case kind:
                raise parse_error(f"invalid token kind for statement {kind}")

    def assertion(self) -> Assert:
        self.advance()
        condition = self.expression()
        self.expect("Comma")
        code = self.expression()
        self.expect("RParen")
        return Assert(condition, code)

    def jump(self) -> Jump:
        kind = self.kind
        self.advance()
        if kind == "Jump":
            return Jump(Opcode.BRANCH, None, self.name())
        self.expect("LParen")
        condition = self.expression()
        self.expect("RParen")
        return Jump(Opcode.BR_TRUE if kind == "JumpIf" else Opcode.BR_FALSE, condition, self.name())

    def variant_switch(self) -> VariantSwitch:
        self.advance()
        enum = self.name()
        value = self.expression()
        self.expect("LBrace")
        arms = self.comma_list("RBrace", self.arm)
        self.expect("RBrace")
        return VariantSwitch(enum, arms, value)

    def arm(self) -> tuple[str, str]:
        variant = self.name()
        self.expect("Colon")
        return variant, self.name()

    def assign(self) -> Assign:
        targets = self.comma_list("Equal", self.target, trailing_comma=False)
        if not targets:
            raise parse_error("could not parse lvalues in assignment")
        self.expect("Equal")
        return Assign(targets, self.expression())

    def target(self) -> Target:
        match self.kind:
            case "NameValue":
                return Store(self.advance())
            case "Star":
                self.advance()
                return Mutate(self.expression())
            case "Underscore":
                self.advance()
                return Discard()
            case kind:
                raise parse_error(f"unrecognized token kind for lvalue {kind}")

    def unpack_variant(self, mode: Literal["imm", "mut"]) -> Unpack:
        if self.kind != "DotNameValue":
            raise parse_error(f"unrecognized token kind for qualified function name {self.kind}")
        enum, variant = self.dot_name()
        return self.unpack(enum, variant, self.type_arguments(), mode)

    def unpack(
        self,
        datatype: str,
        variant: str | None,
        arguments: tuple[Type, ...],
        mode: Literal["value", "imm", "mut"],
    ) -> Unpack:
        self.expect("LBrace")
        locals_ = self.comma_list("RBrace", self.binding)
        self.expect("RBrace")
        self.expect("Equal")
        return Unpack(datatype, variant, arguments, locals_, self.expression(), mode)

    def binding(self) -> str:
        """The local that a field goes to, which has the field's name if it is not given."""
        field = self.name()
        return self.name() if self.accept("Colon") else field

    def call_statement(self) -> Statement:
        if self.kind == "DotNameValue":
            first, second = self.dot_name()
            arguments = self.type_arguments()
            if self.kind == "LBrace":
                return self.unpack(first, second, arguments, "value")
            return Evaluate(Call(first, second, arguments, self.call_or_term()))
        return Evaluate(self.call_or_term())

    # expressions

    def expression(self) -> Expression:
        return self.binary(self.unary(), _LOOSEST)

    def binary(self, left: Expression, loosest: int) -> Expression:
        while self.kind in _BINARY and _BINARY[self.kind][0] >= loosest:
            precedence, opcode = _BINARY[self.kind]
            self.advance()
            right = self.unary()
            if self.kind in _BINARY and _BINARY[self.kind][0] > precedence:
                right = self.binary(right, precedence + 1)
            left = Operation(opcode, (left, right))
        return left

    def unary(self) -> Expression:
        match self.kind:
            case "Exclaim":
                self.advance()
                return Operation(Opcode.NOT, (self.unary(),))
            case "Star":
                self.advance()
                return Operation(Opcode.READ_REF, (self.unary(),))
            case "Amp" | "AmpMut" as kind:
                self.advance()
                return self.borrow(kind == "AmpMut")
            case _:
                return self.call_or_term()

    def borrow(self, is_mutable: bool) -> Expression:
        if self.kind == "NameValue" and self.next_kind() != "LBrace":
            return Local(Opcode.MUT_BORROW_LOC if is_mutable else Opcode.IMM_BORROW_LOC, self.name())
        base = self.unary()
        self.expect("Period")
        struct, arguments = self.named_with(self.type_)
        self.expect("Colon")
        self.expect("Colon")
        return BorrowField(is_mutable, base, struct, arguments, self.name())

    def call_or_term(self) -> Expression:
        match self.kind:
            case "Vector":
                opcode, count = _vector_opcode(self.advance())
                arguments = self.type_arguments()
                return BuiltinCall(opcode, arguments, count, self.call_or_term())
            case "DotNameValue":
                first, second = self.dot_name()
                arguments = self.type_arguments()
                if self.at("LBrace"):
                    return Pack(first, second, arguments, self.field_values())
                return Call(first, second, arguments, self.call_or_term())
            case kind if kind in _UNARY_BUILTINS:
                self.advance()
                return BuiltinCall(_UNARY_BUILTINS[kind], (), 0, self.call_or_term())
            case _:
                return self.term()

    def term(self) -> Expression:
        match self.kind:
            case "Move" | "Copy" as kind:
                self.advance()
                name = self.name()
                self.expect("RParen")
                return Local(Opcode.MOVE_LOC if kind == "Move" else Opcode.COPY_LOC, name)
            case "NameValue" | "NameBeginTyValue":
                name, arguments = self.named_with(self.type_)
                return Pack(name, None, arguments, self.field_values())
            case "LParen":
                return self.parenthesized()
            case "AccountAddressValue":
                return Literal_(Primitive.ADDRESS, self.address())
            case "At":
                self.advance()
                return Literal_(Primitive.ADDRESS, self.address())
            case "True" | "False" as kind:
                self.advance()
                return Literal_(Primitive.BOOL, int(kind == "True"))
            case "ByteArrayValue":
                return Literal_("bytes", bytes.fromhex(self.advance()[2:-1]))
            case kind if kind in _NUMBERS:
                return self.number(_NUMBERS[kind])
            case kind:
                raise parse_error(f"unrecognized token kind for term {kind}")

    def number(self, type_: Primitive) -> Literal_:
        value = int(self.advance().split("u")[0].replace("_", ""))
        if value >> int(type_.name[1:]):
            raise parse_error(f"{value} is no {type_.name.lower()}")
        return Literal_(type_, value)

    def field_values(self) -> tuple[tuple[str, Expression], ...]:
        self.expect("LBrace")
        fields = self.comma_list("RBrace", self.field_value)
        self.expect("RBrace")
        return fields

    def field_value(self) -> tuple[str, Expression]:
        name = self.name()
        self.expect("Colon")
        return name, self.expression()

    def parenthesized(self) -> Expression:
        self.expect("LParen")
        expressions = self.comma_list("RParen", self.expression)
        self.expect("RParen")
        return Sequence_(expressions)


def _vector_opcode(text: str) -> tuple[Opcode, int]:
    """Opcode and element count of `vec_pack_3` and its like."""
    stem, _, count = text.rpartition("_")
    if count.isdigit():
        return Opcode[stem.upper()], int(count)
    return Opcode[text.upper()], 0
