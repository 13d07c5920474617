"""What an exception of translated code means in Move."""

from __future__ import annotations

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.instructions import (
    INDEX_OUT_OF_BOUNDS,
    POP_EMPTY_VECTOR,
    VECTOR_TOO_LONG,
    VECTOR_UNPACK_PARITY,
)
from movelite.vm.loaded import Function
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.translator.containers import variant_tag


class Trap(Exception):
    """Raised by translated code where an instruction fails; the argument is an abort code or a tag."""


def bug(error: Exception) -> VMError:
    """An exception that no instruction explains."""
    message = f"{type(error).__name__}: {error}"
    return VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message=message)


def meaning(function: Function, offset: int, error: Exception, limits: RuntimeLimits) -> VMError:
    """The failure of the instruction at an offset."""
    opcode, operand, _ = function.code[offset]
    match opcode:
        case Opcode.ABORT:
            message = f"{function} at offset {offset}"
            return VMError(StatusCode.ABORTED, sub_status=error.args[0], message=message)
        case Opcode.VEC_IMM_BORROW | Opcode.VEC_MUT_BORROW | Opcode.VEC_SWAP:
            return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=INDEX_OUT_OF_BOUNDS)
        case Opcode.VEC_POP_BACK:
            return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=POP_EMPTY_VECTOR)
        case Opcode.VEC_UNPACK:
            return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=VECTOR_UNPACK_PARITY)
        case Opcode.VEC_PUSH_BACK:
            message = f"vector size limit is {limits.max_vector_length}"
            return VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=VECTOR_TOO_LONG, message=message)
        case _ if opcode in _TAG_CHECKS:
            expected = variant_tag(function.module.compiled, opcode, operand)
            message = f"Variant tag mismatch: expected {expected}, got {error.args[0]}"
            return VMError(StatusCode.VARIANT_TAG_MISMATCH, message=message)
        case _:
            return VMError(StatusCode.ARITHMETIC_ERROR)


FAILS_UNCHARGED = {
    Opcode.UNPACK_VARIANT_IMM_REF,
    Opcode.UNPACK_VARIANT_MUT_REF,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}
"""Instructions that fail before they are charged."""

_TAG_CHECKS = FAILS_UNCHARGED | {Opcode.UNPACK_VARIANT, Opcode.UNPACK_VARIANT_GENERIC}
