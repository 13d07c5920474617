"""A basic block's instructions as Python statements: the operand stack becomes expressions.

Whatever can fail is written as a statement of its own, on a line of its own, in the order of the bytecode,
so that the line of an exception tells the instruction. Only generated names and integer literals enter the
text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from movelite.bytecode.file_format import Opcode
from movelite.vm.gas import COMPARED_SIZE
from movelite.vm.translator.charges import DYNAMIC_UNIT
from movelite.vm.translator.containers import ContainerInstructions
from movelite.vm.translator.operands import (
    CALL_STEP,
    Line,
    Operand,
    Untranslatable,
    is_scalar_reference,
    is_temporary,
)
from movelite.vm.types import INTEGER_BITS, Type, TypeKind
from movelite.vm.values import element_bytes, fixed_size, sizer


class BlockCompiler(ContainerInstructions):
    """Compiles the blocks of one function instance."""

    def block(self, start: int, end: int) -> tuple[list[Line], str | None]:
        """The statements of a block, and the condition or tag that its last instruction branches on."""
        self.stack, self.lines, self._temporaries = [], [], 0
        condition: str | None = None
        starts_stretch = False
        for offset in range(start, end + 1):
            self.offset = offset
            if self.charges.costs[offset].dynamic:
                self._charge_dynamic(offset)
            elif starts_stretch:
                self.lines.extend(self.charge(self.charges.stretch_from(offset), offset))
            opcode = self.code[offset].opcode
            starts_stretch = opcode in (Opcode.CALL, Opcode.CALL_GENERIC)
            if opcode in (Opcode.BR_TRUE, Opcode.BR_FALSE):
                condition = self._pop().text
            elif opcode is Opcode.VARIANT_SWITCH:
                condition = f"{self._pop().inner}[0]"
            elif opcode is not Opcode.BRANCH:
                self._instruction(*self.code[offset])
        return self.lines, condition

    def charge(self, stretch: int | None, offset: int, size: str = "") -> list[Line]:
        """Statements that charge for a stretch; size is the source of the size that depends on a value."""
        if stretch is None:
            return []
        row = self.charges.stretches[stretch]
        arguments = f"w, {stretch}, {size}" if size else f"w, {stretch}"
        if row.is_heavy:
            return [Line(f"o({arguments})", offset)]
        dynamic = f" - ({size}) * {DYNAMIC_UNIT}" if size else ""
        return [Line(f"if (g := g - {row.units}{dynamic}) < 0: o({arguments})", offset)]

    def _charge_dynamic(self, offset: int) -> None:
        opcode, operand, _ = self.code[offset]
        match opcode:
            case Opcode.COPY_LOC | Opcode.MOVE_LOC:
                size = self._size(self.instance.local_type(operand), f"l{operand}")
            case Opcode.READ_REF:
                reference = self._atomic(1)
                size = self._size(self._operand_types()[0].element, reference.text)
            case Opcode.WRITE_REF:
                value = self._atomic(2)
                size = self._size(self._operand_types()[0], value.uncopied or value.text)
            case _:
                left, right = self._atomic(2), self._atomic(1)
                type_ = self._operand_types()[0]
                left_text, right_text = left.uncopied or left.text, right.uncopied or right.text
                size = f"{self._size(type_, left_text)} + {self._size(type_, right_text)}"
        self.lines.extend(self.charge(self.charges.stretch_from(offset), offset, size))

    def _size(self, type_: Type, text: str) -> str:
        """Source of a value's abstract size."""
        if type_.kind is TypeKind.VECTOR:
            width = element_bytes(type_.element) or fixed_size(type_.element)
            if width is not None:
                return f"len({text}) * {width} + 2" if width > 1 else f"len({text}) + 2"
        return f"{self.names.add('z', type_, lambda: sizer(type_))}({text})"

    def _instruction(self, opcode: Opcode, operand: int, count: int) -> None:
        handler = _HANDLERS.get(opcode)
        if handler is None:
            raise Untranslatable(f"{opcode.name} is not supported")
        handler(self, opcode, operand, count)

    def _nothing(self, opcode: Opcode, operand: int, count: int) -> None:
        """NOP and FREEZE_REF."""

    def _drop(self, opcode: Opcode, operand: int, count: int) -> None:
        self._pop()

    def _abort(self, opcode: Opcode, operand: int, count: int) -> None:
        self._emit(f"raise T({self._pop().text})")

    # Locals and constants

    def _load(self, opcode: Opcode, operand: int, count: int) -> None:
        self._push(Operand(str(operand)))

    def _load_bool(self, opcode: Opcode, operand: int, count: int) -> None:
        self._push(Operand("True" if opcode is Opcode.LD_TRUE else "False"))

    def _local(self, index: int) -> Operand:
        """A local itself, as it is moved out or copied if it is a scalar or a reference."""
        type_ = self.instance.local_type(index)
        here = frozenset((index,))
        if is_scalar_reference(type_):
            return Operand(f"l{index}", here, index=f"i{index}")
        if index in self.boxed:
            return Operand(f"l{index}[0]", here, reads_memory=True)
        return Operand(f"l{index}", here)

    def _constant(self, opcode: Opcode, operand: int, count: int) -> None:
        type_ = self.module.type_of(self.module.compiled.constant_pool[operand].type_)
        value = self.module.constant(operand)
        if type_.is_container:
            name = self.names.add("k", ("constant", operand), lambda: value)
            self._push(Operand(self._copy(type_, name)))
        elif isinstance(value, bytes):
            self._push(Operand(self.names.add("k", ("constant", operand), lambda: value)))
        else:
            self._push(Operand(str(value)))

    def _move_local(self, opcode: Opcode, operand: int, count: int) -> None:
        self._push(self._local(operand))

    def _copy_local(self, opcode: Opcode, operand: int, count: int) -> None:
        type_ = self.instance.local_type(operand)
        if not type_.is_container:
            self._push(self._local(operand))
            return
        name = f"l{operand}"
        text = self._copy(type_, name)
        self._push(Operand(text, frozenset((operand,)), reads_memory=True, uncopied=name))

    def _store_local(self, opcode: Opcode, operand: int, count: int) -> None:
        value = self._pop()
        self._settle(local=operand)
        if value.index is not None:
            if value.text != f"l{operand}":
                self._emit(f"l{operand} = {value.text}")
            if value.index != f"i{operand}":
                self._emit(f"i{operand} = {value.index}")
        elif operand in self.boxed:
            self._emit(f"l{operand} = [{value.text}]")
        elif not self._rename_last(value.text, f"l{operand}") and value.text != f"l{operand}":
            self._emit(f"l{operand} = {value.text}")

    def _rename_last(self, temporary: str, name: str) -> bool:
        """Let the line that has just made a temporary make a local instead."""
        if not self.lines or not is_temporary(temporary):
            return False
        last = self.lines[-1]
        for prefix in (f"if ({temporary} := ", f"{temporary} = "):
            if last.text.startswith(prefix):
                text = prefix.replace(temporary, name, 1) + last.text[len(prefix) :]
                self.lines[-1] = replace(last, text=text)
                return True
        return False

    def _borrow_local(self, opcode: Opcode, operand: int, count: int) -> None:
        here = frozenset((operand,))
        if self.instance.local_type(operand).is_container:
            self._push(Operand(f"l{operand}", here))
        elif operand in self.boxed:
            self._push(Operand(f"l{operand}", here, index="0"))
        else:
            self._push(Operand(f"[l{operand}]", here, index="0", snapshot=f"l{operand}"))

    # References

    def _borrow_field(self, opcode: Opcode, operand: int, count: int) -> None:
        handle = operand
        if opcode in (Opcode.MUT_BORROW_FIELD_GENERIC, Opcode.IMM_BORROW_FIELD_GENERIC):
            handle = self.module.compiled.field_instantiations[operand].handle
        field = self.module.compiled.field_handles[handle].field
        type_ = self._operand_types()[0].element.fields[field].type
        self._push(self._part(self._pop(), field, type_))

    def _read_reference(self, opcode: Opcode, operand: int, count: int) -> None:
        type_ = self._operand_types()[0].element
        reference = self._pop()
        if type_.is_container:
            text = self._copy(type_, reference.text)
            self._push(Operand(text, reference.locals, reads_memory=True, uncopied=reference.text))
        elif reference.snapshot is not None:
            self._push(Operand(reference.snapshot, reference.locals))
        else:
            text = f"{reference.inner}[{reference.index}]"
            self._push(Operand(text, reference.locals, reads_memory=True))

    def _write_reference(self, opcode: Opcode, operand: int, count: int) -> None:
        type_ = self._operand_types()[0]
        reference, value = self._pop(), self._pop()
        self._settle()
        place = ":" if type_.is_container else reference.index
        self._emit(f"{reference.inner}[{place}] = {value.text}")

    # Arithmetic

    def _binary(self, opcode: Opcode, operand: int, count: int) -> None:
        sign = _BINARY[opcode]
        bits = INTEGER_BITS.get(self._operand_types()[0].kind, 0)
        right, left = self._pop(), self._pop()
        text = f"{left.inner} {sign} {right.inner}"
        match opcode:
            case Opcode.ADD | Opcode.MUL:
                self._checked(text, f"> {(1 << bits) - 1}")
            case Opcode.SUB:
                self._checked(text, "< 0")
            case Opcode.DIV | Opcode.MOD:
                name = self._temporary()
                self._emit(f"{name} = {text}")
                self._push(Operand(name))
            case _:
                self._push_text(text, left, right)

    def _checked(self, text: str, failure: str) -> None:
        name = self._temporary()
        self._fail_if(f"({name} := {text}) {failure}")
        self._push(Operand(name))

    def _not(self, opcode: Opcode, operand: int, count: int) -> None:
        part = self._pop()
        self._push_text(f"not {part.inner}", part)

    def _equal(self, opcode: Opcode, operand: int, count: int) -> None:
        if opcode is Opcode.NEQ:
            self._count_compared()
        right, left = self._pop(), self._pop()
        sign = "==" if opcode is Opcode.EQ else "!="
        texts = []
        is_reference = self._operand_types()[0].is_reference
        for side in (left, right):
            if side.index is not None:
                texts.append(side.snapshot or f"{side.inner}[{side.index}]")
            else:
                texts.append(side.uncopied or side.inner)
        self._push_text(f"{texts[0]} {sign} {texts[1]}", left, right, reads_memory=is_reference)

    def _count_compared(self) -> None:
        """NEQ is not charged by size, so large values are counted as work."""
        type_ = self._operand_types()[0].referent
        if fixed_size(type_) is None:
            left = self._atomic(2)
            size, name = self._size(type_, left.uncopied or left.text), self._temporary()
            self._emit(f"if ({name} := {size}) >= {COMPARED_SIZE}: m({name})")

    def _shift(self, opcode: Opcode, operand: int, count: int) -> None:
        bits = INTEGER_BITS[self._operand_types()[0].kind]
        if bits < 256:
            distance = self._atomic(1)
            if not distance.text.isdecimal() or int(distance.text) >= bits:
                self._fail_if(f"{distance.inner} > {bits - 1}")
        distance, value = self._pop(), self._pop()
        if opcode is Opcode.SHL:
            text = f"{value.inner} << {distance.inner} & {(1 << bits) - 1}"
        else:
            text = f"{value.inner} >> {distance.inner}"
        self._push_text(text, value, distance)

    def _cast(self, opcode: Opcode, operand: int, count: int) -> None:
        bits = _CAST_BITS[opcode]
        if INTEGER_BITS[self._operand_types()[0].kind] > bits:
            value = self._atomic(1)
            self._fail_if(f"{value.inner} > {(1 << bits) - 1}")

    # Calls

    def _call(self, opcode: Opcode, operand: int, count: int) -> None:
        callee = self.charges.callee(self.offset)
        count = len(callee.function.parameters)
        split = len(self.stack) - count
        parts = self.stack[split:]
        del self.stack[split:]
        self._settle()
        pending = self.charges.heights[self.offset] - count
        step = CALL_STEP * (1 + pending) + pending
        if callee.function.is_native:
            name = self.names.add("n", callee, lambda: self.linking.native(callee))
            arguments = [f"w + {step}", *(part.argument for part in parts)]
        else:
            name = self.names.add("f", callee, lambda: self.linking.callee(callee))
            if self.charges.entry_paid(self.offset) is None:
                self._charge_entry(step)
            arguments = [*(text for part in parts for text in part.arguments), f"w + {step}"]
        self._results(f"{name}({', '.join(arguments)})", callee.returns)

    def _charge_entry(self, step: int) -> None:
        """Charge for the callee's entry where the call's own stretch does not."""
        entry = self.charges.entry_of_callee(self.offset)
        if entry is not None:
            index = self.charges.foreign(entry)
            self._emit(f"if (g := g - {entry.units}) < 0: e(w + {step}, {index})")

    def _results(self, call: str, returns: tuple[Type, ...]) -> None:
        operands: list[Operand] = []
        targets: list[str] = []
        for type_ in returns:
            name = self._temporary()
            if is_scalar_reference(type_):
                index = self._temporary()
                targets.append(f"({name}, {index})")
                operands.append(Operand(name, index=index))
            else:
                targets.append(name)
                operands.append(Operand(name))
        if not targets:
            self._emit(call)
        elif len(targets) == 1 and operands[0].index is not None:
            self._emit(f"{targets[0][1:-1]} = {call}")
        else:
            self._emit(f"{', '.join(targets)} = {call}")
        for operand in operands:
            self._push(operand)

    def _return(self, opcode: Opcode, operand: int, count: int) -> None:
        texts = [operand.argument for operand in self.stack]
        self.stack.clear()
        self._emit(f"return {', '.join(texts)}" if texts else "return")


_BINARY = {
    Opcode.ADD: "+",
    Opcode.SUB: "-",
    Opcode.MUL: "*",
    Opcode.DIV: "//",
    Opcode.MOD: "%",
    Opcode.BIT_OR: "|",
    Opcode.BIT_AND: "&",
    Opcode.XOR: "^",
    Opcode.OR: "or",
    Opcode.AND: "and",
    Opcode.LT: "<",
    Opcode.GT: ">",
    Opcode.LE: "<=",
    Opcode.GE: ">=",
}
_CAST_BITS = {
    Opcode.CAST_U8: 8,
    Opcode.CAST_U16: 16,
    Opcode.CAST_U32: 32,
    Opcode.CAST_U64: 64,
    Opcode.CAST_U128: 128,
    Opcode.CAST_U256: 256,
}

_Handler = Callable[[BlockCompiler, Opcode, int, int], None]

_HANDLERS: dict[Opcode, _Handler] = {
    Opcode.NOP: BlockCompiler._nothing,
    Opcode.FREEZE_REF: BlockCompiler._nothing,
    Opcode.POP: BlockCompiler._drop,
    Opcode.RET: BlockCompiler._return,
    Opcode.ABORT: BlockCompiler._abort,
    Opcode.LD_TRUE: BlockCompiler._load_bool,
    Opcode.LD_FALSE: BlockCompiler._load_bool,
    Opcode.LD_CONST: BlockCompiler._constant,
    Opcode.COPY_LOC: BlockCompiler._copy_local,
    Opcode.MOVE_LOC: BlockCompiler._move_local,
    Opcode.ST_LOC: BlockCompiler._store_local,
    Opcode.MUT_BORROW_LOC: BlockCompiler._borrow_local,
    Opcode.IMM_BORROW_LOC: BlockCompiler._borrow_local,
    Opcode.MUT_BORROW_FIELD: BlockCompiler._borrow_field,
    Opcode.IMM_BORROW_FIELD: BlockCompiler._borrow_field,
    Opcode.MUT_BORROW_FIELD_GENERIC: BlockCompiler._borrow_field,
    Opcode.IMM_BORROW_FIELD_GENERIC: BlockCompiler._borrow_field,
    Opcode.READ_REF: BlockCompiler._read_reference,
    Opcode.WRITE_REF: BlockCompiler._write_reference,
    Opcode.CALL: BlockCompiler._call,
    Opcode.CALL_GENERIC: BlockCompiler._call,
    Opcode.NOT: BlockCompiler._not,
    Opcode.EQ: BlockCompiler._equal,
    Opcode.NEQ: BlockCompiler._equal,
    Opcode.SHL: BlockCompiler._shift,
    Opcode.SHR: BlockCompiler._shift,
    Opcode.PACK: BlockCompiler._pack,
    Opcode.PACK_GENERIC: BlockCompiler._pack,
    Opcode.PACK_VARIANT: BlockCompiler._pack,
    Opcode.PACK_VARIANT_GENERIC: BlockCompiler._pack,
    Opcode.UNPACK: BlockCompiler._unpack,
    Opcode.UNPACK_GENERIC: BlockCompiler._unpack,
    Opcode.UNPACK_VARIANT: BlockCompiler._unpack_variant,
    Opcode.UNPACK_VARIANT_GENERIC: BlockCompiler._unpack_variant,
    Opcode.UNPACK_VARIANT_IMM_REF: BlockCompiler._unpack_variant_reference,
    Opcode.UNPACK_VARIANT_MUT_REF: BlockCompiler._unpack_variant_reference,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF: BlockCompiler._unpack_variant_reference,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF: BlockCompiler._unpack_variant_reference,
    Opcode.VEC_PACK: BlockCompiler._vector_pack,
    Opcode.VEC_LEN: BlockCompiler._vector_length,
    Opcode.VEC_IMM_BORROW: BlockCompiler._borrow_element,
    Opcode.VEC_MUT_BORROW: BlockCompiler._borrow_element,
    Opcode.VEC_PUSH_BACK: BlockCompiler._push_back,
    Opcode.VEC_POP_BACK: BlockCompiler._pop_back,
    Opcode.VEC_UNPACK: BlockCompiler._vector_unpack,
    Opcode.VEC_SWAP: BlockCompiler._swap,
}
_LOADS = (Opcode.LD_U8, Opcode.LD_U16, Opcode.LD_U32, Opcode.LD_U64, Opcode.LD_U128, Opcode.LD_U256)
_HANDLERS |= dict.fromkeys(_LOADS, BlockCompiler._load)
_HANDLERS |= dict.fromkeys(_BINARY, BlockCompiler._binary)
_HANDLERS |= dict.fromkeys(_CAST_BITS, BlockCompiler._cast)
