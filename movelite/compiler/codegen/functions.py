"""Emits the code of one function: expressions become pushes, targets become pops, blocks become offsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from movelite.bytecode import file_format as ff
from movelite.bytecode.file_format import Instruction, Opcode

from .. import typed_tree as tt
from ..lowering import ir
from ..lowering.constants import ConstantValue, VectorConstant, serialize_constant
from ..source import Loc
from ..types import BuiltinType, DatatypeType, ReferenceType, Type, elements_of
from ..typing.walk import parts_of
from .peephole import JUMP_OPCODES, LOCAL_OPCODES, EmittedBlock, Placed, tidy
from .pools import Pools, Tokens

ConstantOf = Callable[[tt.ConstantUse], ConstantValue]

_BINARY = {
    tt.BinaryOperator.ADD: Opcode.ADD,
    tt.BinaryOperator.SUBTRACT: Opcode.SUB,
    tt.BinaryOperator.MULTIPLY: Opcode.MUL,
    tt.BinaryOperator.DIVIDE: Opcode.DIV,
    tt.BinaryOperator.MODULO: Opcode.MOD,
    tt.BinaryOperator.BIT_AND: Opcode.BIT_AND,
    tt.BinaryOperator.BIT_OR: Opcode.BIT_OR,
    tt.BinaryOperator.XOR: Opcode.XOR,
    tt.BinaryOperator.SHIFT_LEFT: Opcode.SHL,
    tt.BinaryOperator.SHIFT_RIGHT: Opcode.SHR,
    tt.BinaryOperator.AND: Opcode.AND,
    tt.BinaryOperator.OR: Opcode.OR,
    tt.BinaryOperator.EQUAL: Opcode.EQ,
    tt.BinaryOperator.NOT_EQUAL: Opcode.NEQ,
    tt.BinaryOperator.LESS: Opcode.LT,
    tt.BinaryOperator.LESS_EQUAL: Opcode.LE,
    tt.BinaryOperator.GREATER: Opcode.GT,
    tt.BinaryOperator.GREATER_EQUAL: Opcode.GE,
}
_LOADS = {
    "u8": Opcode.LD_U8,
    "u16": Opcode.LD_U16,
    "u32": Opcode.LD_U32,
    "u64": Opcode.LD_U64,
    "u128": Opcode.LD_U128,
    "u256": Opcode.LD_U256,
}
_CASTS = {
    "u8": Opcode.CAST_U8,
    "u16": Opcode.CAST_U16,
    "u32": Opcode.CAST_U32,
    "u64": Opcode.CAST_U64,
    "u128": Opcode.CAST_U128,
    "u256": Opcode.CAST_U256,
}
_VECTOR_CALLS = {
    "length": Opcode.VEC_LEN,
    "borrow": Opcode.VEC_IMM_BORROW,
    "borrow_mut": Opcode.VEC_MUT_BORROW,
    "push_back": Opcode.VEC_PUSH_BACK,
    "pop_back": Opcode.VEC_POP_BACK,
    "swap": Opcode.VEC_SWAP,
}
"""Functions of std::vector that are instructions; `empty` and `destroy_empty` are as well."""

_FIELD_BORROW = {
    (False, False): Opcode.IMM_BORROW_FIELD,
    (False, True): Opcode.IMM_BORROW_FIELD_GENERIC,
    (True, False): Opcode.MUT_BORROW_FIELD,
    (True, True): Opcode.MUT_BORROW_FIELD_GENERIC,
}
"""By whether the borrow is mutable and the struct generic."""

_VARIANT_UNPACK = {
    tt.BorrowKind.VALUE: (Opcode.UNPACK_VARIANT, Opcode.UNPACK_VARIANT_GENERIC),
    tt.BorrowKind.IMMUTABLE: (Opcode.UNPACK_VARIANT_IMM_REF, Opcode.UNPACK_VARIANT_GENERIC_IMM_REF),
    tt.BorrowKind.MUTABLE: (Opcode.UNPACK_VARIANT_MUT_REF, Opcode.UNPACK_VARIANT_GENERIC_MUT_REF),
}


@dataclass(frozen=True, slots=True)
class EmittedCode:
    """The code of a function, where each instruction comes from, and the locals behind the parameters."""

    code: ff.CodeUnit
    locations: list[Loc]
    locals: list[tt.Local]


class FunctionEmitter:
    """Emits one body into the tables of its module."""

    def __init__(
        self, body: ir.Body, pools: Pools, constant_of: ConstantOf, error_code: Callable[[tt.ErrorCode], int]
    ) -> None:
        self._body = body
        self._pools = pools
        self._tokens = Tokens(pools, body.function.type_parameters)
        self._constant_of = constant_of
        self._error_code = error_code
        self._code: list[Placed] = []
        self._slots = {local: slot for slot, local in enumerate(body.function.parameters)}
        self._locals: list[tt.Local] = []
        self._switches: list[ir.Switch] = []

    def emit(self) -> EmittedCode:
        """The whole function."""
        blocks = []
        for block in self._body.blocks:
            self._code = []
            for command in block.commands:
                self._command(command)
            blocks.append(EmittedBlock(block.id, self._code))
        offsets = tidy(blocks, self._body.loop_heads)
        placed = [item for block in blocks for item in block.code]
        slots = self._final_slots(placed)
        # The official compiler finds the locals' place in the tables first, then what the code needs.
        locals_ = self._pools.signature(tuple(self._tokens.of(local.type) for local in self._locals))
        code = tuple(_resolve(item, slots, offsets) for item in placed)
        tables = tuple(self._jump_table(switch, offsets) for switch in self._switches)
        unit = ff.CodeUnit(locals_, code, tables)
        return EmittedCode(unit, [item.loc for item in placed], self._locals)

    def _final_slots(self, placed: list[Placed]) -> dict[int, int]:
        """Slots while emitting to final ones: parameters, then the locals that are used, by name."""
        parameters = len(self._body.function.parameters)
        instructions = [item.instruction for item in placed if item.instruction.opcode in LOCAL_OPCODES]
        used = {instruction.operand for instruction in instructions if instruction.operand >= parameters}
        found = sorted(used, key=lambda slot: (self._locals[slot - parameters].official_name, slot))
        self._locals = [self._locals[slot - parameters] for slot in found]
        return dict(enumerate(range(parameters))) | {
            slot: number for number, slot in enumerate(found, start=parameters)
        }

    def _jump_table(self, switch: ir.Switch, offsets: Mapping[int, int]) -> ff.VariantJumpTable:
        targets = tuple(offsets[target.id] for target in switch.targets)
        return ff.VariantJumpTable(self._pools.enum_indices[switch.name], targets)

    def _push(self, opcode: Opcode, loc: Loc, operand: int = 0, count: int = 0) -> None:
        self._code.append(Placed(Instruction(opcode, operand, count), loc))

    def _push_row(self, opcode: Opcode, loc: Loc, row: Callable[[], int], count: int = 0) -> None:
        """An instruction whose operand is found when all code of the function is known."""
        self._code.append(Placed(Instruction(opcode, 0, count), loc, row))

    def _slot(self, local: tt.Local) -> int:
        slot = self._slots.get(local)
        if slot is None:
            slot = self._slots[local] = len(self._slots)
            self._locals.append(local)
        return slot

    def _jump(self, opcode: Opcode, target: ir.Block, loc: Loc) -> None:
        """A jump; its operand is the number of the block until all blocks have their places."""
        self._push(opcode, loc, target.id)

    # Commands

    def _command(self, command: ir.Command) -> None:
        match command:
            case ir.Assign():
                self._expression(command.value)
                for target in reversed(command.targets):
                    self._target(target)
            case ir.Mutate():
                self._expression(command.value)
                self._expression(command.reference)
                self._push(Opcode.WRITE_REF, command.loc)
            case ir.Discard():
                self._expression(command.value)
                for _ in elements_of(command.value.type):
                    self._push(Opcode.POP, command.loc)
            case ir.Jump(target):
                self._jump(Opcode.BRANCH, target, command.loc)
            case ir.Branch():
                self._expression(command.condition)
                self._jump(Opcode.BR_FALSE, command.alternative, command.loc)
                self._jump(Opcode.BRANCH, command.consequent, command.loc)
            case ir.Switch():
                self._expression(command.subject)
                self._push(Opcode.VARIANT_SWITCH, command.loc, len(self._switches))
                self._switches.append(command)
            case ir.AbortCommand():
                self._expression(command.code)
                self._push(Opcode.ABORT, command.loc)
            case ir.ReturnCommand():
                self._expression(command.value)
                self._push(Opcode.RET, command.loc)
            case _:
                assert_never(command)

    def _target(self, target: tt.Target) -> None:
        """Take the top of the stack into a target."""
        match target:
            case tt.IgnoreTarget():
                self._push(Opcode.POP, target.loc)
            case tt.LocalTarget():
                self._push(Opcode.ST_LOC, target.loc, self._slot(target.local))
            case tt.UnpackTarget():
                self._unpack(target)
                for part in sorted(target.fields, key=lambda part: part.index, reverse=True):
                    self._target(part.target)

    def _unpack(self, target: tt.UnpackTarget) -> None:
        if target.variant is None:
            opcodes = (Opcode.UNPACK, Opcode.UNPACK_GENERIC)
            self._on_struct(*opcodes, target.name, target.type_arguments, target.loc)
            if not target.fields:
                self._push(Opcode.POP, target.loc)
        else:
            plain, generic = _VARIANT_UNPACK[target.borrow]
            self._on_variant(plain, generic, target.name, target.variant, target.type_arguments, target.loc)

    # Expressions

    def _expression(self, expression: tt.Expression) -> None:
        """Push the value of an expression; a tuple pushes its parts, unit nothing."""
        loc = expression.loc
        match expression:
            case tt.UnitExpression():
                pass
            case tt.Literal():
                self._literal(expression)
            case tt.LocalUse():
                opcode = Opcode.COPY_LOC if expression.mode is tt.UseMode.COPY else Opcode.MOVE_LOC
                self._push(opcode, loc, self._slot(expression.local))
            case tt.ConstantUse():
                self._load(self._constant_of(expression), expression.type, loc)
            case VectorConstant():
                self._load(expression.value, expression.type, loc)
            case tt.ErrorCode():
                self._push_row(Opcode.LD_U64, loc, lambda: self._error_code(expression))
            case tt.BorrowLocal():
                opcode = Opcode.MUT_BORROW_LOC if expression.is_mutable else Opcode.IMM_BORROW_LOC
                self._push(opcode, loc, self._slot(expression.local))
            case tt.Call():
                self._call(expression)
            case _:
                for child in parts_of(expression):
                    self._expression(child)
                self._operate(expression)

    def _operate(self, expression: tt.Expression) -> None:
        """Push the instruction that works on operands already on the stack."""
        loc = expression.loc
        match expression:
            case tt.TupleExpression():
                pass
            case tt.VectorPack():
                self._on_types(Opcode.VEC_PACK, loc, (expression.element_type,), len(expression.elements))
            case tt.Freeze():
                self._push(Opcode.FREEZE_REF, loc)
            case tt.Dereference():
                self._push(Opcode.READ_REF, loc)
            case tt.Unary():
                self._push(Opcode.NOT, loc)
            case tt.Binary():
                self._push(_BINARY[expression.operator], expression.operator_loc or loc)
            case tt.Cast():
                self._push(_CASTS[_name(expression.type)], loc)
            case tt.Pack():
                self._pack(expression)
            case tt.BorrowField():
                self._borrow_field(expression)
            case _:
                raise ValueError(f"{type(expression).__name__} does not reach code generation")

    def _literal(self, literal: tt.Literal) -> None:
        value, name = literal.value, _name(literal.type)
        if isinstance(value, bool):
            self._push(Opcode.LD_TRUE if value else Opcode.LD_FALSE, literal.loc)
        elif isinstance(value, int):
            self._push(_LOADS[name], literal.loc, value)
        else:
            self._load(value, literal.type, literal.loc)

    def _load(self, value: ConstantValue, type_: Type, loc: Loc) -> None:
        """Load from the constant pool."""
        data = serialize_constant(value, type_)
        self._push_row(Opcode.LD_CONST, loc, lambda: self._pools.constant(self._tokens.of(type_), data))

    def _call(self, call: tt.Call) -> None:
        for argument in call.arguments:
            self._expression(argument)
        if call.module.name == "vector" and call.module.address == STD and self._vector_call(call):
            return
        pools = self._pools

        def row() -> int:
            arguments = self._signature(call.type_arguments)
            handle = pools.function_handle(call.module, call.name)
            if not call.type_arguments:
                return handle
            instantiation = ff.FunctionInstantiation(handle, arguments)
            return pools.function_instantiations.intern(instantiation, lambda: instantiation)

        self._push_row(Opcode.CALL_GENERIC if call.type_arguments else Opcode.CALL, call.loc, row)

    def _vector_call(self, call: tt.Call) -> bool:
        """Functions of std::vector that are instructions of the machine."""
        opcode = _VECTOR_CALLS.get(call.name)
        if opcode is not None:
            self._on_types(opcode, call.loc, call.type_arguments)
        elif call.name == "empty":
            self._on_types(Opcode.VEC_PACK, call.loc, call.type_arguments)
        elif call.name == "destroy_empty":
            self._on_types(Opcode.VEC_UNPACK, call.loc, call.type_arguments)
        else:
            return False
        return True

    def _pack(self, pack: tt.Pack) -> None:
        if pack.variant is None:
            if not pack.fields:
                # The one field that the format gives to a struct without fields.
                self._push(Opcode.LD_FALSE, pack.loc)
            self._on_struct(Opcode.PACK, Opcode.PACK_GENERIC, pack.name, pack.type_arguments, pack.loc)
        else:
            opcodes = (Opcode.PACK_VARIANT, Opcode.PACK_VARIANT_GENERIC)
            self._on_variant(*opcodes, pack.name, pack.variant, pack.type_arguments, pack.loc)

    def _borrow_field(self, borrow: tt.BorrowField) -> None:
        base = borrow.base.type
        inner = base.inner if isinstance(base, ReferenceType) else base
        arguments = inner.arguments if isinstance(inner, DatatypeType) else ()
        pools = self._pools

        def row() -> int:
            handle = ff.FieldHandle(pools.struct_indices[borrow.name], borrow.field_index)
            index = pools.fields.intern(handle, lambda: handle)
            if not arguments:
                return index
            instantiation = ff.FieldInstantiation(index, self._signature(arguments))
            return pools.field_instantiations.intern(instantiation, lambda: instantiation)

        self._push_row(_FIELD_BORROW[borrow.is_mutable, bool(arguments)], borrow.loc, row)

    def _on_struct(
        self, plain: Opcode, generic: Opcode, name: str, arguments: tuple[Type, ...], loc: Loc
    ) -> None:
        pools = self._pools

        def row() -> int:
            definition, signature = pools.struct_indices[name], self._signature(arguments)
            if not arguments:
                return definition
            instantiation = ff.StructDefInstantiation(definition, signature)
            return pools.struct_instantiations.intern(instantiation, lambda: instantiation)

        self._push_row(generic if arguments else plain, loc, row)

    def _on_variant(
        self, plain: Opcode, generic: Opcode, name: str, variant: str, arguments: tuple[Type, ...], loc: Loc
    ) -> None:
        pools = self._pools
        tag = [v.name for v in pools.module.enums[name].variants].index(variant)

        def row() -> int:
            definition, signature = pools.enum_indices[name], self._signature(arguments)
            if not arguments:
                handle = ff.VariantHandle(definition, tag)
                return pools.variants.intern(handle, lambda: handle)
            instantiation = ff.EnumDefInstantiation(definition, signature)
            enum = pools.enum_instantiations.intern(instantiation, lambda: instantiation)
            generic_handle = ff.VariantInstantiationHandle(enum, tag)
            return pools.variant_instantiations.intern(generic_handle, lambda: generic_handle)

        self._push_row(generic if arguments else plain, loc, row)

    def _on_types(self, opcode: Opcode, loc: Loc, types: tuple[Type, ...], count: int = 0) -> None:
        """An instruction on vectors of a type."""
        self._push_row(opcode, loc, lambda: self._signature(types), count)

    def _signature(self, types: tuple[Type, ...]) -> int:
        """Index of type arguments; the official compiler has a row for none of them as well."""
        return self._pools.signature(tuple(self._tokens.of(type_) for type_ in types))


def _resolve(item: Placed, slots: Mapping[int, int], offsets: Mapping[int, int]) -> Instruction:
    """The instruction with its final slot, offset or index."""
    instruction = item.instruction
    if item.row is not None:
        return instruction._replace(operand=item.row())
    if instruction.opcode in LOCAL_OPCODES:
        return instruction._replace(operand=slots[instruction.operand])
    if instruction.opcode in JUMP_OPCODES:
        return instruction._replace(operand=offsets[instruction.operand])
    return instruction


STD = (1).to_bytes(32, "big")
"""Address of the standard library."""


def _name(type_: Type) -> str:
    return type_.name if isinstance(type_, BuiltinType) else ""
