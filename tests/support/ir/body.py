"""Function bodies: statements and expressions to instructions."""

from __future__ import annotations

from movelite.bytecode.file_format import (
    CodeUnit,
    Constant,
    EnumDefInstantiation,
    FieldHandle,
    FieldInstantiation,
    FunctionInstantiation,
    Instruction,
    Opcode,
    Primitive,
    StructDefInstantiation,
    VariantHandle,
    VariantInstantiationHandle,
    VariantJumpTable,
    Vector,
)
from proto.bcs import write_uleb128
from tests.support.ir.definitions import Definitions
from tests.support.ir.errors import IrError
from tests.support.ir.syntax import (
    Abort,
    Assert,
    Assign,
    Block,
    BorrowField,
    BuiltinCall,
    Call,
    Discard,
    Evaluate,
    Expression,
    Function,
    Jump,
    Literal_,
    Local,
    Mutate,
    Operation,
    Pack,
    Return,
    Sequence_,
    Statement,
    Store,
    Target,
    Type,
    Unpack,
    VariantSwitch,
)
from tests.support.ir.tables import Tables
from tests.support.ir.types import type_parameter_indices, type_token, type_tokens

_LOADS = {p: Opcode[f"LD_{p.name}"] for p in Primitive if p.name.startswith("U")}
_BRANCHES = (Opcode.BRANCH, Opcode.BR_TRUE, Opcode.BR_FALSE)
_VECTOR_FIRST, _VECTOR_LAST = Opcode.VEC_PACK, Opcode.VEC_SWAP

_UNPACK_VARIANT = {
    ("value", False): Opcode.UNPACK_VARIANT,
    ("imm", False): Opcode.UNPACK_VARIANT_IMM_REF,
    ("mut", False): Opcode.UNPACK_VARIANT_MUT_REF,
    ("value", True): Opcode.UNPACK_VARIANT_GENERIC,
    ("imm", True): Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    ("mut", True): Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}


class BodyAssembler:
    """Assembles one function. Branches hold label numbers until all labels are known."""

    def __init__(self, tables: Tables, definitions: Definitions, function: Function) -> None:
        self.tables = tables
        self.definitions = definitions
        self.scope = type_parameter_indices(function.type_parameters)
        self.locals: dict[str, int] = {}
        for name, type_ in function.parameters:
            type_token(tables, self.scope, type_)
            self._define_local(name)
        tokens = []
        for name, type_ in function.locals_:
            tokens.append(type_token(tables, self.scope, type_))
            self._define_local(name)
        self.locals_signature = tuple(tokens)
        self.code: list[Instruction] = []
        self.jump_tables: list[VariantJumpTable] = []
        self.labels: dict[str, int] = {}
        self.offsets: dict[int, int] = {}
        """By number of a label: where it is."""

    def assemble(self, blocks: tuple[Block, ...]) -> CodeUnit:
        """The whole body."""
        for block in blocks:
            self._place(block.label)
            for statement in block.statements:
                self._statement(statement)
        code = tuple(
            Instruction(i.opcode, self._target(i.operand)) if i.opcode in _BRANCHES else i for i in self.code
        )
        tables = tuple(
            VariantJumpTable(t.head_enum, tuple(self._target(label) for label in t.jump_table))
            for t in self.jump_tables
        )
        return CodeUnit(self.tables.signatures.index(self.locals_signature), code, tables)

    # labels and locals

    def _label(self, name: str) -> int:
        return self.labels.setdefault(name, len(self.labels))

    def _place(self, name: str) -> None:
        self.offsets[self._label(name)] = len(self.code)

    def _target(self, label: int) -> int:
        if label not in self.offsets:
            raise IrError(f"Invalid block labels, labels were used without being declared ({label})")
        return self.offsets[label]

    def _define_local(self, name: str) -> None:
        if name in self.locals:
            raise IrError(f"variable redefinition {name}")
        # the official assembler counts locals in one byte, and leaves it to the reader to object
        self.locals[name] = len(self.locals) & 0xFF

    def _local(self, name: str) -> int:
        if name not in self.locals:
            raise IrError(f"variable {name} undefined")
        return self.locals[name]

    def _emit(self, opcode: Opcode, operand: int = 0, count: int = 0) -> None:
        self.code.append(Instruction(opcode, operand, count))

    def _types(self, types: tuple[Type, ...]) -> int:
        """Index of the signature with these types."""
        return self.tables.signatures.index(type_tokens(self.tables, self.scope, types))

    # statements

    def _statement(self, statement: Statement) -> None:
        match statement:
            case Abort(code):
                if code is not None:
                    self._expression(code)
                self._emit(Opcode.ABORT)
            case Assert():
                self._assert(statement)
            case Assign(targets, value):
                self._expression(value)
                for target in reversed(targets):
                    self._assign(target)
            case Evaluate(expression):
                self._expression(expression)
            case Jump(opcode, condition, label):
                if condition is not None:
                    self._expression(condition)
                self._emit(opcode, self._label(label))
            case Return(values):
                self._expression(values)
                self._emit(Opcode.RET)
            case Unpack():
                self._unpack(statement)
            case VariantSwitch():
                self._variant_switch(statement)

    def _assert(self, statement: Assert) -> None:
        self._expression(statement.condition)
        self._emit(Opcode.NOT)
        label = f"assert_cont_{len(self.code)}"
        self._emit(Opcode.BR_FALSE, self._label(label))
        self._expression(statement.code)
        self._emit(Opcode.ABORT)
        self._place(label)

    def _assign(self, target: Target) -> None:
        match target:
            case Store(name):
                self._emit(Opcode.ST_LOC, self._local(name))
            case Mutate(reference):
                self._expression(reference)
                self._emit(Opcode.WRITE_REF)
            case Discard():
                self._emit(Opcode.POP)

    def _unpack(self, statement: Unpack) -> None:
        tokens = type_tokens(self.tables, self.scope, statement.arguments)
        self._expression(statement.value)
        if statement.variant is None:
            definition = self.definitions.struct(statement.datatype)
            if not tokens:
                self._emit(Opcode.UNPACK, definition)
            else:
                row = StructDefInstantiation(definition, self.tables.signatures.index(tokens))
                self._emit(Opcode.UNPACK_GENERIC, self.tables.struct_instantiations.index(row))
        else:
            self.definitions.enum(statement.datatype)
            definition, tag = self.definitions.variant(statement.datatype, statement.variant)
            opcode = _UNPACK_VARIANT[statement.mode, bool(tokens)]
            signature = self.tables.signatures.index(tokens) if tokens else None
            self._emit(opcode, self._variant(definition, tag, signature))
        for name in reversed(statement.locals_):
            self._emit(Opcode.ST_LOC, self._local(name))

    def _variant(self, definition: int, tag: int, signature: int | None) -> int:
        """Index of a variant handle, or with type arguments of a variant instantiation handle."""
        if signature is None:
            return self.tables.variant_handles.index(VariantHandle(definition, tag))
        enum = self.tables.enum_instantiations.index(EnumDefInstantiation(definition, signature))
        return self.tables.variant_instantiations.index(VariantInstantiationHandle(enum, tag))

    def _variant_switch(self, statement: VariantSwitch) -> None:
        self._expression(statement.value)
        definition = self.definitions.enum(statement.enum)
        targets = []
        for position, (variant, label) in enumerate(statement.arms):
            if self.definitions.variant(statement.enum, variant)[1] != position:
                raise IrError(f"Variant switch defined out of order for variant {variant}")
            targets.append(self._label(label))
        self.jump_tables.append(VariantJumpTable(definition, tuple(targets)))
        self._emit(Opcode.VARIANT_SWITCH, len(self.jump_tables) - 1)

    # expressions

    def _expression(self, expression: Expression) -> None:
        match expression:
            case Local(opcode, name):
                self._emit(opcode, self._local(name))
            case Literal_():
                self._literal(expression)
            case Operation(opcode, operands):
                for operand in operands:
                    self._expression(operand)
                self._emit(opcode)
            case Sequence_(expressions):
                for element in expressions:
                    self._expression(element)
            case Pack():
                self._pack(expression)
            case BorrowField():
                self._borrow_field(expression)
            case BuiltinCall(opcode, type_arguments, count, operand):
                self._expression(operand)
                if _VECTOR_FIRST <= opcode <= _VECTOR_LAST:
                    self._emit(opcode, self._types(type_arguments), count)
                else:
                    self._emit(opcode)
            case Call():
                self._call(expression)

    def _literal(self, literal: Literal_) -> None:
        match literal:
            case Literal_("bytes", bytes(value)):
                self._constant(Constant(Vector(Primitive.U8), write_uleb128(len(value)) + value))
            case Literal_(Primitive.ADDRESS, bytes(value)):
                self._constant(Constant(Primitive.ADDRESS, value))
            case Literal_(Primitive.BOOL, value):
                self._emit(Opcode.LD_TRUE if value else Opcode.LD_FALSE)
            case Literal_(Primitive() as type_, int(number)):
                self._emit(_LOADS[type_], number)

    def _constant(self, constant: Constant) -> None:
        self._emit(Opcode.LD_CONST, self.tables.constants.index(constant))

    def _pack(self, pack: Pack) -> None:
        signature = self._types(pack.arguments)
        if pack.variant is not None:
            self.definitions.enum(pack.datatype)
            definition, tag = self.definitions.variant(pack.datatype, pack.variant)
            for _, value in pack.fields:
                self._expression(value)
            opcode = Opcode.PACK_VARIANT_GENERIC if pack.arguments else Opcode.PACK_VARIANT
            self._emit(opcode, self._variant(definition, tag, signature if pack.arguments else None))
            return
        definition = self.definitions.struct(pack.datatype)
        for position, (name, value) in enumerate(pack.fields):
            if self.definitions.field(pack.datatype, name)[1] != position:
                raise IrError(f"Field {name} defined out of order for struct {pack.datatype}")
            self._expression(value)
        if not pack.arguments:
            self._emit(Opcode.PACK, definition)
        else:
            row = StructDefInstantiation(definition, signature)
            self._emit(Opcode.PACK_GENERIC, self.tables.struct_instantiations.index(row))

    def _borrow_field(self, borrow: BorrowField) -> None:
        self._expression(borrow.base)
        handle = self.tables.field_handles.index(
            FieldHandle(*self.definitions.field(borrow.struct, borrow.field))
        )
        if not borrow.arguments:
            opcode = Opcode.MUT_BORROW_FIELD if borrow.is_mutable else Opcode.IMM_BORROW_FIELD
            self._emit(opcode, handle)
            return
        row = FieldInstantiation(handle, self._types(borrow.arguments))
        generic = Opcode.MUT_BORROW_FIELD_GENERIC if borrow.is_mutable else Opcode.IMM_BORROW_FIELD_GENERIC
        self._emit(generic, self.tables.field_instantiations.index(row))

    def _call(self, call: Call) -> None:
        self._expression(call.operand)
        signature = self._types(call.type_arguments)
        handle = self.tables.function(call.module, call.function)
        if not call.type_arguments:
            self._emit(Opcode.CALL, handle)
        else:
            row = FunctionInstantiation(handle, signature)
            self._emit(Opcode.CALL_GENERIC, self.tables.function_instantiations.index(row))
