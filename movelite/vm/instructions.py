"""What every instruction means: the readable definition of the VM, with what each one charges.

A handler changes the machine (operand stack, frames, gas) by one instruction.
Source: move-vm-runtime, interpreter.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING

from movelite.bytecode.file_format import Instruction, Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.frame import Frame
from movelite.vm.gas import COMPARED_SIZE
from movelite.vm.types import INTEGER_BITS, Type, check_value_depth
from movelite.vm.values import (
    CONTAINER_SIZE,
    REFERENCE_SIZE,
    Value,
    abstract_size,
    copy_value,
    fixed_size,
    read_reference,
    write_reference,
)

if TYPE_CHECKING:
    from movelite.vm.interpreter import Interpreter

VECTOR_PACK_SIZE = 8
"""What packing a vector adds to the stack size."""

INDEX_OUT_OF_BOUNDS = 1
POP_EMPTY_VECTOR = 2
VECTOR_UNPACK_PARITY = 3
VECTOR_TOO_LONG = 4
"""Sub-statuses of VECTOR_OPERATION_ERROR."""

Handler = Callable[["Interpreter", Frame, Instruction], None]
# Control flow


def _nop(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 0, 0)
    frame.offset += 1


def _return(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 0, 0)
    if vm.engine is not None:
        vm.count(frame)
    vm.leave()


def _branch(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 0, 0)
    vm.jump(frame, instruction.operand)


def _branch_if(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 1, 0)
    wanted = instruction.opcode is Opcode.BR_TRUE
    if vm.stack.pop() is wanted:
        vm.jump(frame, instruction.operand)
    else:
        frame.offset += 1


def _variant_switch(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 1, 0)
    tag = vm.stack.pop()[0]
    vm.jump(frame, frame.instance.function.jump_tables[instruction.operand].jump_table[tag])


def _abort(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 1, 0)
    code = vm.stack.pop()
    message = f"{frame.instance.function} at offset {frame.offset}"
    raise VMError(StatusCode.ABORTED, sub_status=code, message=message)


def _call(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.call(frame, frame.instance.callee(instruction.operand))


def _call_generic(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    callee = frame.instance.generic_callee(instruction.operand)
    callee.count(vm.gas)
    vm.call(frame, callee)


# Loads, locals and references


def _pop(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 1, 0)
    vm.stack.pop()
    frame.offset += 1


def _load(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 0, 1)
    vm.push(instruction.operand)
    frame.offset += 1


def _load_bool(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 0, 1)
    vm.push(instruction.opcode is Opcode.LD_TRUE)
    frame.offset += 1


def _load_constant(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    module = frame.instance.function.module
    vm.gas.charge(1, 1, 0, len(module.compiled.constant_pool[instruction.operand].data))
    vm.push(module.constant(instruction.operand))
    frame.offset += 1


def _copy_local(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    type_ = frame.instance.local_type(instruction.operand)
    value = frame.local(instruction.operand)
    vm.gas.charge(1, 1, 0, abstract_size(type_, value))
    vm.push(copy_value(type_, value))
    frame.offset += 1


def _move_local(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    type_ = frame.instance.local_type(instruction.operand)
    value = frame.local(instruction.operand)
    frame.locals[instruction.operand] = None
    vm.gas.charge(1, 1, 0, abstract_size(type_, value))
    vm.push(value)
    frame.offset += 1


def _store_local(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 0, 1, 0)
    value = vm.stack.pop()
    boxed = instruction.operand in frame.instance.boxed_locals
    frame.locals[instruction.operand] = [value] if boxed else value
    frame.offset += 1


def _reference_to(type_: Type, container: list[Value], index: int) -> Value:
    return container[index] if type_.is_container else (container, index)


def _borrow_local(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 0, REFERENCE_SIZE)
    index = instruction.operand
    if index in frame.instance.boxed_locals:
        vm.push((frame.locals[index], 0))
    else:
        vm.push(_reference_to(frame.instance.local_type(index), frame.locals, index))
    frame.offset += 1


def _borrow_field(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 1, REFERENCE_SIZE)
    module = frame.instance.function.module.compiled
    handle = instruction.operand
    if instruction.opcode in (Opcode.MUT_BORROW_FIELD_GENERIC, Opcode.IMM_BORROW_FIELD_GENERIC):
        handle = module.field_instantiations[handle].handle
    field = module.field_handles[handle].field
    (reference_type,) = frame.instance.operand_types(frame.offset)
    vm.push(_reference_to(reference_type.element.fields[field].type, vm.stack.pop(), field))
    frame.offset += 1


def _freeze(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 1, REFERENCE_SIZE)
    frame.offset += 1


def _read_reference(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    (reference_type,) = frame.instance.operand_types(frame.offset)
    type_ = reference_type.element
    reference = vm.stack.pop()
    vm.gas.charge(1, 1, 1, _size_behind(type_, reference))
    vm.push(read_reference(type_, reference))
    frame.offset += 1


def _size_behind(type_: Type, reference: Value) -> int:
    value = reference if type_.is_container else reference[0][reference[1]]
    return abstract_size(type_, value)


def _write_reference(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    reference = vm.stack.pop()
    value = vm.stack.pop()
    type_ = frame.instance.operand_types(frame.offset)[0]
    vm.gas.charge(1, 1, 2, abstract_size(type_, value))
    write_reference(type_, reference, value)
    frame.offset += 1


# Arithmetic and logic


def _integer_operation(
    name: str, operation: Callable[[int, int], int]
) -> Callable[[Interpreter, Frame, Instruction], None]:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        vm.gas.charge(1, 1, 2, 1)
        bits = INTEGER_BITS[frame.instance.operand_types(frame.offset)[0].kind]
        right = vm.stack.pop()
        left = vm.stack.pop()
        if right == 0 and name in ("div", "mod"):
            raise VMError(StatusCode.ARITHMETIC_ERROR)
        result = operation(left, right)
        if not 0 <= result < 1 << bits:
            raise VMError(StatusCode.ARITHMETIC_ERROR)
        vm.push(result)
        frame.offset += 1

    return handler


def _shift(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 2, 1)
    bits = INTEGER_BITS[frame.instance.operand_types(frame.offset)[0].kind]
    distance = vm.stack.pop()
    value = vm.stack.pop()
    if distance >= bits:
        raise VMError(StatusCode.ARITHMETIC_ERROR)
    left = instruction.opcode is Opcode.SHL
    vm.push(value << distance & (1 << bits) - 1 if left else value >> distance)
    frame.offset += 1


def _cast(bits: int) -> Callable[[Interpreter, Frame, Instruction], None]:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        vm.gas.charge(1, 1, 1, 1)
        value = vm.stack.pop()
        if value >> bits:
            raise VMError(StatusCode.ARITHMETIC_ERROR)
        vm.push(value)
        frame.offset += 1

    return handler


def _binary(operation: Callable[[Value, Value], bool]) -> Callable[[Interpreter, Frame, Instruction], None]:
    def handler(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
        vm.gas.charge(1, 1, 2, 1)
        right = vm.stack.pop()
        left = vm.stack.pop()
        vm.push(operation(left, right))
        frame.offset += 1

    return handler


def _not(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    vm.gas.charge(1, 1, 1, 1)
    vm.push(not vm.stack.pop())
    frame.offset += 1


def _equal(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    type_ = frame.instance.operand_types(frame.offset)[0]
    left = vm.stack.pop()
    right = vm.stack.pop()
    is_eq = instruction.opcode is Opcode.EQ
    size = abstract_size(type_, left) + abstract_size(type_, right) if is_eq else 0
    vm.gas.charge(1, 1, 2, 1 + size)
    if not is_eq and fixed_size(type_.referent) is None:
        vm.gas.add_work(abstract_size(type_.referent, left) // COMPARED_SIZE)
    if type_.is_reference and not type_.element.is_container:
        left, right = left[0][left[1]], right[0][right[1]]
    vm.push((left == right) is is_eq)
    frame.offset += 1


# Structs and enums


def _check_depth(vm: Interpreter, type_: Type) -> None:
    check_value_depth(type_, vm.limits.max_value_depth)


def _pack(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    if instruction.opcode is Opcode.PACK:
        type_ = frame.instance.struct_type(instruction.operand)
    else:
        type_ = frame.instance.generic_struct_type(instruction.operand)
    _check_depth(vm, type_)
    count = len(type_.info.fields or ())
    vm.gas.charge(1, 1, count, CONTAINER_SIZE)
    vm.push(vm.pop_many(count))
    frame.offset += 1


def _unpack(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    fields = vm.stack.pop()
    vm.gas.charge(1, len(fields), 1, 0)
    for value in fields:
        vm.push(value)
    frame.offset += 1


def _variant_tag(frame: Frame, instruction: Instruction) -> int:
    module = frame.instance.function.module.compiled
    if instruction.opcode in _GENERIC_VARIANTS:
        return module.variant_instantiation_handles[instruction.operand].variant
    return module.variant_handles[instruction.operand].variant


def _pack_variant(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    if instruction.opcode is Opcode.PACK_VARIANT:
        type_ = frame.instance.enum_type(instruction.operand)
    else:
        type_ = frame.instance.generic_enum_type(instruction.operand)
    tag = _variant_tag(frame, instruction)
    _check_depth(vm, type_)
    count = len((type_.info.variants or ())[tag].fields)
    vm.gas.charge(1, 1, count, CONTAINER_SIZE)
    vm.push([tag, *vm.pop_many(count)])
    frame.offset += 1


def _check_tag(frame: Frame, instruction: Instruction, variant: Value) -> None:
    expected = _variant_tag(frame, instruction)
    if variant[0] != expected:
        message = f"Variant tag mismatch: expected {expected}, got {variant[0]}"
        raise VMError(StatusCode.VARIANT_TAG_MISMATCH, message=message)


def _unpack_variant(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    variant = vm.stack.pop()
    vm.gas.charge(1, len(variant) - 1, 1, 0)
    _check_tag(frame, instruction, variant)
    for value in variant[1:]:
        vm.push(value)
    frame.offset += 1


def _unpack_variant_reference(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    (reference_type,) = frame.instance.operand_types(frame.offset)
    variant = vm.stack.pop()
    _check_tag(frame, instruction, variant)
    vm.gas.charge(1, len(variant) - 1, 1, 0)
    for index, field in enumerate(reference_type.element.variants[variant[0]].fields, 1):
        vm.push(_reference_to(field.type, variant, index))
    frame.offset += 1


# Vectors


def _vector_error(sub_status: int, message: str | None = None) -> VMError:
    return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=sub_status, message=message)


def _vector_pack(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    element = frame.instance.vector_element(instruction.operand)
    _check_depth(vm, element)
    vm.gas.charge(1, 1, instruction.count, VECTOR_PACK_SIZE)
    vm.push(vm.pop_many(instruction.count))
    frame.offset += 1


def _vector_length(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    frame.instance.vector_element(instruction.operand)
    vm.gas.charge(1, 1, 1, 1)
    vm.push(len(vm.stack.pop()))
    frame.offset += 1


def _vector_borrow(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    element = frame.instance.vector_element(instruction.operand)
    index = vm.stack.pop()
    vector = vm.stack.pop()
    vm.gas.charge(1, 1, 2, REFERENCE_SIZE)
    if index >= len(vector):
        raise _vector_error(INDEX_OUT_OF_BOUNDS)
    vm.push(_reference_to(element, vector, index))
    frame.offset += 1


def _vector_push_back(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    frame.instance.vector_element(instruction.operand)
    value = vm.stack.pop()
    vector = vm.stack.pop()
    vm.gas.charge(1, 0, 2, 0)
    if len(vector) >= vm.limits.max_vector_length:
        raise _vector_error(VECTOR_TOO_LONG, f"vector size limit is {vm.limits.max_vector_length}")
    vector.append(value)
    frame.offset += 1


def _vector_pop_back(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    frame.instance.vector_element(instruction.operand)
    vector = vm.stack.pop()
    vm.gas.charge(1, 1, 1, 0)
    if not vector:
        raise _vector_error(POP_EMPTY_VECTOR)
    vm.push(vector.pop())
    frame.offset += 1


def _vector_unpack(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    frame.instance.vector_element(instruction.operand)
    vector = vm.stack.pop()
    vm.gas.charge(1, instruction.count, 1, 0)
    if len(vector) != instruction.count:
        raise _vector_error(VECTOR_UNPACK_PARITY)
    for value in vector:
        vm.push(value)
    frame.offset += 1


def _vector_swap(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    frame.instance.vector_element(instruction.operand)
    second = vm.stack.pop()
    first = vm.stack.pop()
    vector = vm.stack.pop()
    vm.gas.charge(1, 1, 1, 0)
    if first >= len(vector) or second >= len(vector):
        raise _vector_error(INDEX_OUT_OF_BOUNDS)
    vector[first], vector[second] = vector[second], vector[first]
    frame.offset += 1


def _unreachable(vm: Interpreter, frame: Frame, instruction: Instruction) -> None:
    raise VMError(StatusCode.UNREACHABLE, message=f"{instruction.opcode.name} is not supported")


_GENERIC_VARIANTS = {
    Opcode.PACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}

HANDLERS: dict[Opcode, Handler] = {
    Opcode.POP: _pop,
    Opcode.RET: _return,
    Opcode.BR_TRUE: _branch_if,
    Opcode.BR_FALSE: _branch_if,
    Opcode.BRANCH: _branch,
    Opcode.LD_CONST: _load_constant,
    Opcode.LD_TRUE: _load_bool,
    Opcode.LD_FALSE: _load_bool,
    Opcode.COPY_LOC: _copy_local,
    Opcode.MOVE_LOC: _move_local,
    Opcode.ST_LOC: _store_local,
    Opcode.MUT_BORROW_LOC: _borrow_local,
    Opcode.IMM_BORROW_LOC: _borrow_local,
    Opcode.CALL: _call,
    Opcode.CALL_GENERIC: _call_generic,
    Opcode.PACK: _pack,
    Opcode.PACK_GENERIC: _pack,
    Opcode.UNPACK: _unpack,
    Opcode.UNPACK_GENERIC: _unpack,
    Opcode.PACK_VARIANT: _pack_variant,
    Opcode.PACK_VARIANT_GENERIC: _pack_variant,
    Opcode.UNPACK_VARIANT: _unpack_variant,
    Opcode.UNPACK_VARIANT_GENERIC: _unpack_variant,
    Opcode.VARIANT_SWITCH: _variant_switch,
    Opcode.READ_REF: _read_reference,
    Opcode.WRITE_REF: _write_reference,
    Opcode.FREEZE_REF: _freeze,
    Opcode.ADD: _integer_operation("add", operator.add),
    Opcode.SUB: _integer_operation("sub", operator.sub),
    Opcode.MUL: _integer_operation("mul", operator.mul),
    Opcode.MOD: _integer_operation("mod", operator.mod),
    Opcode.DIV: _integer_operation("div", operator.floordiv),
    Opcode.BIT_OR: _integer_operation("or", operator.or_),
    Opcode.BIT_AND: _integer_operation("and", operator.and_),
    Opcode.XOR: _integer_operation("xor", operator.xor),
    Opcode.SHL: _shift,
    Opcode.SHR: _shift,
    Opcode.OR: _binary(operator.or_),
    Opcode.AND: _binary(operator.and_),
    Opcode.NOT: _not,
    Opcode.EQ: _equal,
    Opcode.NEQ: _equal,
    Opcode.LT: _binary(operator.lt),
    Opcode.GT: _binary(operator.gt),
    Opcode.LE: _binary(operator.le),
    Opcode.GE: _binary(operator.ge),
    Opcode.ABORT: _abort,
    Opcode.NOP: _nop,
    Opcode.VEC_PACK: _vector_pack,
    Opcode.VEC_LEN: _vector_length,
    Opcode.VEC_IMM_BORROW: _vector_borrow,
    Opcode.VEC_MUT_BORROW: _vector_borrow,
    Opcode.VEC_PUSH_BACK: _vector_push_back,
    Opcode.VEC_POP_BACK: _vector_pop_back,
    Opcode.VEC_UNPACK: _vector_unpack,
    Opcode.VEC_SWAP: _vector_swap,
}

HANDLERS |= {
    opcode: handler
    for handler, opcodes in (
        (_load, "LD_U8 LD_U16 LD_U32 LD_U64 LD_U128 LD_U256"),
        (
            _borrow_field,
            "MUT_BORROW_FIELD IMM_BORROW_FIELD MUT_BORROW_FIELD_GENERIC IMM_BORROW_FIELD_GENERIC",
        ),
        (_unpack_variant_reference, "UNPACK_VARIANT_IMM_REF UNPACK_VARIANT_MUT_REF"),
        (_unpack_variant_reference, "UNPACK_VARIANT_GENERIC_IMM_REF UNPACK_VARIANT_GENERIC_MUT_REF"),
    )
    for opcode in map(Opcode.__getitem__, opcodes.split())
}
HANDLERS |= {Opcode[f"CAST_U{bits}"]: _cast(bits) for bits in (8, 16, 32, 64, 128, 256)}
HANDLERS |= {opcode: _unreachable for opcode in Opcode if opcode.name.endswith("_DEPRECATED")}
