"""The types on the operand stack before every instruction of a verified function.

The stack is empty where a basic block begins (the verifier sees to that), so one walk through the code in
order finds every type without a fixpoint.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from movelite.bytecode.file_format import Instruction, Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.vm import types
from movelite.vm.types import Type

if TYPE_CHECKING:
    from movelite.vm.loaded import Function

_LOADS = {
    Opcode.LD_U8: types.U8,
    Opcode.LD_U16: types.U16,
    Opcode.LD_U32: types.U32,
    Opcode.LD_U64: types.U64,
    Opcode.LD_U128: types.U128,
    Opcode.LD_U256: types.U256,
    Opcode.LD_TRUE: types.BOOL,
    Opcode.LD_FALSE: types.BOOL,
}
_CASTS = {
    Opcode.CAST_U8: types.U8,
    Opcode.CAST_U16: types.U16,
    Opcode.CAST_U32: types.U32,
    Opcode.CAST_U64: types.U64,
    Opcode.CAST_U128: types.U128,
    Opcode.CAST_U256: types.U256,
}
_ARITHMETIC = {
    Opcode.ADD,
    Opcode.SUB,
    Opcode.MUL,
    Opcode.MOD,
    Opcode.DIV,
    Opcode.BIT_OR,
    Opcode.BIT_AND,
    Opcode.XOR,
    Opcode.SHL,
    Opcode.SHR,
}
_COMPARISONS = {
    Opcode.EQ,
    Opcode.NEQ,
    Opcode.LT,
    Opcode.GT,
    Opcode.LE,
    Opcode.GE,
    Opcode.AND,
    Opcode.OR,
}
_MUTABLE_BORROWS = {
    Opcode.MUT_BORROW_FIELD,
    Opcode.MUT_BORROW_FIELD_GENERIC,
    Opcode.VEC_MUT_BORROW,
    Opcode.UNPACK_VARIANT_MUT_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}


@dataclass(frozen=True, slots=True)
class StackShape:
    """For every instruction, the types of what it pops (the top of the stack last) and how many values the
    frame has on the stack before it; one height more for the end of the code."""

    operand_types: tuple[tuple[Type, ...], ...]
    heights: tuple[int, ...]


def infer_stack_shape(function: Function) -> StackShape:
    """What is on the operand stack before every instruction."""
    return _Walk(function).run()


class _Walk:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.module = function.module
        self.compiled = function.module.compiled
        self.stack: list[Type] = []

    def run(self) -> StackShape:
        found = []
        heights = [0]
        for instruction in self.function.code:
            pops = self._pops(instruction)
            split = len(self.stack) - pops
            if split < 0:
                raise VMError(StatusCode.EMPTY_VALUE_STACK)
            operands = tuple(self.stack[split:])
            del self.stack[split:]
            self.stack.extend(self._results(instruction, operands))
            found.append(operands)
            heights.append(len(self.stack))
        return StackShape(tuple(found), tuple(heights))

    def _pops(self, instruction: Instruction) -> int:
        opcode, operand, count = instruction
        match opcode:
            case Opcode.RET:
                return len(self.function.returns)
            case Opcode.CALL | Opcode.CALL_GENERIC:
                return len(self._callee_signature(opcode, operand)[0])
            case Opcode.PACK | Opcode.PACK_GENERIC:
                return len(self._struct(opcode, operand).fields)
            case Opcode.PACK_VARIANT | Opcode.PACK_VARIANT_GENERIC:
                enum, tag = self._variant(opcode, operand)
                return len(enum.variants[tag].fields)
            case Opcode.VEC_PACK:
                return count
            case _ if opcode in _LOADS or opcode in _NO_OPERANDS:
                return 0
            case _ if opcode in _ARITHMETIC or opcode in _COMPARISONS or opcode in _TWO_OPERANDS:
                return 2
            case Opcode.VEC_SWAP:
                return 3
            case _:
                return 1

    def _results(self, instruction: Instruction, operands: tuple[Type, ...]) -> tuple[Type, ...]:
        opcode, operand, count = instruction
        if opcode in _LOADS:
            return (_LOADS[opcode],)
        if opcode in _CASTS:
            return (_CASTS[opcode],)
        if opcode in _ARITHMETIC:
            return (operands[0],)
        if opcode in _COMPARISONS:
            return (types.BOOL,)
        match opcode:
            case Opcode.NOT:
                return (types.BOOL,)
            case Opcode.LD_CONST:
                return (self.module.type_of(self.compiled.constant_pool[operand].type_),)
            case Opcode.COPY_LOC | Opcode.MOVE_LOC:
                return (self.function.locals[operand],)
            case Opcode.MUT_BORROW_LOC:
                return (types.mutable_reference_type(self.function.locals[operand]),)
            case Opcode.IMM_BORROW_LOC:
                return (types.reference_type(self.function.locals[operand]),)
            case Opcode.READ_REF:
                return (operands[0].element,)
            case Opcode.FREEZE_REF:
                return (types.reference_type(operands[0].element),)
            case Opcode.CALL | Opcode.CALL_GENERIC:
                return self._callee_signature(opcode, operand)[1]
            case Opcode.VEC_LEN:
                return (types.U64,)
            case Opcode.VEC_PACK:
                return (types.vector_type(self.module.signature(operand)[0]),)
            case Opcode.VEC_POP_BACK:
                return self.module.signature(operand)[:1]
            case Opcode.VEC_UNPACK:
                return self.module.signature(operand)[:1] * count
            case Opcode.VEC_IMM_BORROW | Opcode.VEC_MUT_BORROW:
                return self._references(opcode, self.module.signature(operand)[:1])
            case _:
                return self._datatype_results(opcode, operand)

    def _datatype_results(self, opcode: Opcode, operand: int) -> tuple[Type, ...]:
        match opcode:
            case Opcode.PACK | Opcode.PACK_GENERIC:
                return (self._struct(opcode, operand),)
            case Opcode.UNPACK | Opcode.UNPACK_GENERIC:
                return tuple(f.type for f in self._struct(opcode, operand).fields)
            case Opcode.PACK_VARIANT | Opcode.PACK_VARIANT_GENERIC:
                return (self._variant(opcode, operand)[0],)
            case Opcode.UNPACK_VARIANT | Opcode.UNPACK_VARIANT_GENERIC:
                enum, tag = self._variant(opcode, operand)
                return tuple(f.type for f in enum.variants[tag].fields)
            case (
                Opcode.UNPACK_VARIANT_IMM_REF
                | Opcode.UNPACK_VARIANT_MUT_REF
                | Opcode.UNPACK_VARIANT_GENERIC_IMM_REF
                | Opcode.UNPACK_VARIANT_GENERIC_MUT_REF
            ):
                enum, tag = self._variant(opcode, operand)
                return self._references(opcode, tuple(f.type for f in enum.variants[tag].fields))
            case Opcode.MUT_BORROW_FIELD | Opcode.IMM_BORROW_FIELD:
                handle = self.compiled.field_handles[operand]
                owner = types.datatype_type(self.module.datatype_of_struct(handle.owner))
                return self._references(opcode, (owner.fields[handle.field].type,))
            case Opcode.MUT_BORROW_FIELD_GENERIC | Opcode.IMM_BORROW_FIELD_GENERIC:
                row = self.compiled.field_instantiations[operand]
                handle = self.compiled.field_handles[row.handle]
                datatype = self.module.datatype_of_struct(handle.owner)
                owner = types.datatype_type(datatype, self.module.signature(row.type_parameters))
                return self._references(opcode, (owner.fields[handle.field].type,))
            case _:
                return ()

    def _references(self, opcode: Opcode, referents: tuple[Type, ...]) -> tuple[Type, ...]:
        make = types.mutable_reference_type if opcode in _MUTABLE_BORROWS else types.reference_type
        return tuple(make(type_) for type_ in referents)

    def _callee_signature(self, opcode: Opcode, operand: int) -> tuple[tuple[Type, ...], tuple[Type, ...]]:
        if opcode is Opcode.CALL:
            handle, arguments = self.compiled.function_handles[operand], None
        else:
            row = self.compiled.function_instantiations[operand]
            handle = self.compiled.function_handles[row.handle]
            arguments = self.module.signature(row.type_parameters)
        parameters = self.module.signature(handle.parameters)
        returns = self.module.signature(handle.return_)
        if arguments is None:
            return parameters, returns
        return (
            tuple(types.substitute(type_, arguments) for type_ in parameters),
            tuple(types.substitute(type_, arguments) for type_ in returns),
        )

    def _struct(self, opcode: Opcode, operand: int) -> Type:
        if opcode in (Opcode.PACK, Opcode.UNPACK):
            return types.datatype_type(self.module.datatype_of_struct(operand))
        row = self.compiled.struct_def_instantiations[operand]
        datatype = self.module.datatype_of_struct(row.definition)
        return types.datatype_type(datatype, self.module.signature(row.type_parameters))

    def _variant(self, opcode: Opcode, operand: int) -> tuple[Type, int]:
        if opcode in _PLAIN_VARIANTS:
            handle = self.compiled.variant_handles[operand]
            return types.datatype_type(self.module.datatype_of_enum(handle.enum_def)), handle.variant
        instantiation = self.compiled.variant_instantiation_handles[operand]
        row = self.compiled.enum_def_instantiations[instantiation.enum_def]
        datatype = self.module.datatype_of_enum(row.definition)
        enum = types.datatype_type(datatype, self.module.signature(row.type_parameters))
        return enum, instantiation.variant


_NO_OPERANDS = {
    Opcode.BRANCH,
    Opcode.LD_CONST,
    Opcode.COPY_LOC,
    Opcode.MOVE_LOC,
    Opcode.MUT_BORROW_LOC,
    Opcode.IMM_BORROW_LOC,
    Opcode.NOP,
}
_TWO_OPERANDS = {
    Opcode.WRITE_REF,
    Opcode.VEC_IMM_BORROW,
    Opcode.VEC_MUT_BORROW,
    Opcode.VEC_PUSH_BACK,
}
_PLAIN_VARIANTS = {
    Opcode.PACK_VARIANT,
    Opcode.UNPACK_VARIANT,
    Opcode.UNPACK_VARIANT_IMM_REF,
    Opcode.UNPACK_VARIANT_MUT_REF,
}
