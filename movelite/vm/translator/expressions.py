"""A basic block's instructions as Python statements: the operand stack becomes expressions.

What an instruction pushes is kept as text and written where it is used. It is put into a variable first
where that would change its meaning: a local or a list it reads is about to change, or it is used twice.
Whatever can fail is written as a statement of its own, on a line of its own, in the order of the bytecode,
so that the line of an exception tells the instruction.

Only generated names and integer literals enter the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from movelite.bytecode.file_format import CompiledModule, Instruction, Opcode
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.translator.charges import DYNAMIC_UNIT, Charges
from movelite.vm.types import INTEGER_BITS, Type, TypeKind, check_value_depth
from movelite.vm.values import copier, element_bytes, fixed_size, is_flat, sizer

MAX_TEXT = 200
"""Longest expression kept as text."""

CALL_STEP = 1 << 11
"""A call adds this, and what its caller keeps on the stack times one more than this, to the depth it passes
on: the low bits count the values waiting on the stack, the high bits those and the frames."""


class Untranslatable(Exception):
    """The function is left to the interpreter."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A value on the stack as an expression.

    locals are the locals its text mentions, reads_memory tells whether it looks into a list that later
    instructions may change. A reference to a scalar has the list as text and its place as index;
    snapshot is the scalar itself, where the list was made for the reference alone.
    """

    text: str
    locals: frozenset[int] = frozenset()
    reads_memory: bool = False
    is_atomic: bool = True
    index: str | None = None
    snapshot: str | None = None
    uncopied: str | None = None

    @property
    def inner(self) -> str:
        """The text as part of a larger expression."""
        return self.text if self.is_atomic else f"({self.text})"

    @property
    def argument(self) -> str:
        """The text as one argument; a reference to a scalar is a pair."""
        return self.text if self.index is None else f"({self.text}, {self.index})"

    @property
    def arguments(self) -> list[str]:
        """The text as arguments of translated code, where a reference to a scalar takes two."""
        return [self.text] if self.index is None else [self.text, self.index]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source without its indentation, and the instruction it comes from."""

    text: str
    offset: int


class Names:
    """What generated source refers to by name: constants, functions and helpers."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self._known: dict[tuple[str, object], str] = {}

    def add(self, prefix: str, key: object, make: Callable[[], object]) -> str:
        """The name of a value; the same for the same prefix and key."""
        name = self._known.get((prefix, key))
        if name is None:
            name = self._known[prefix, key] = f"{prefix}{len(self._known)}"
            self.values[name] = make()
        return name


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """How a function's source calls others; made by the machine."""

    callee: Callable[[FunctionInstance], object]
    native: Callable[[FunctionInstance], object]


class BlockCompiler:
    """Compiles the blocks of one function instance."""

    def __init__(
        self,
        instance: FunctionInstance,
        charges: Charges,
        names: Names,
        linking: FunctionNames,
        limits: RuntimeLimits,
    ) -> None:
        self.instance = instance
        self.code = instance.function.code
        self.module = instance.function.module
        self.charges = charges
        self.names = names
        self.linking = linking
        self.limits = limits
        self.boxed = self._boxed_locals()
        self.stack: list[Operand] = []
        self.lines: list[Line] = []
        self.offset = 0
        self._temporaries = 0

    def _boxed_locals(self) -> frozenset[int]:
        """Locals that need a list of their own: scalars that are borrowed mutably."""
        return frozenset(
            operand
            for opcode, operand, _ in self.code
            if opcode is Opcode.MUT_BORROW_LOC and not self.instance.locals[operand].is_container
        )

    # Entry points

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
                self._instruction(self.code[offset])
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
                size = self._size(self.instance.locals[operand], f"l{operand}")
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

    # The symbolic stack

    def _operand_types(self) -> tuple[Type, ...]:
        return self.instance.operand_types(self.offset)

    def _emit(self, text: str) -> None:
        self.lines.append(Line(text, self.offset))

    def _temporary(self) -> str:
        self._temporaries += 1
        return f"t{self._temporaries}"

    def _push(self, operand: Operand) -> None:
        if len(operand.text) > MAX_TEXT:
            operand = self._in_variable(operand)
        self.stack.append(operand)

    def _pop(self) -> Operand:
        return self.stack.pop()

    def _push_text(
        self, text: str, *parts: Operand, reads_memory: bool = False, atomic: bool = False
    ) -> None:
        """Push an expression made of other operands."""
        locals_ = frozenset[int]().union(*(part.locals for part in parts))
        reads = reads_memory or any(part.reads_memory for part in parts)
        self._push(Operand(text, locals_, reads, atomic))

    def _in_variable(self, operand: Operand) -> Operand:
        """The same operand with its text in a variable of its own."""
        if operand.index is None:
            name = self._temporary()
            self._emit(f"{name} = {operand.text}")
            return Operand(name)
        container, index = operand.text, operand.index
        if not _is_name(container):
            container = self._temporary()
            self._emit(f"{container} = {operand.text}")
        elif operand.locals:
            name = self._temporary()
            self._emit(f"{name} = {container}")
            container = name
        if not index.isdecimal():
            name = self._temporary()
            self._emit(f"{name} = {index}")
            index = name
        return Operand(container, index=index, snapshot=None)

    def _atomic(self, depth: int) -> Operand:
        """The operand that deep in the stack (1 is the top), cheap and safe to mention twice."""
        operand = self.stack[-depth]
        if operand.uncopied is None and not _is_path(operand.text):
            operand = self.stack[-depth] = self._in_variable(operand)
        return operand

    def _pop_atomic(self) -> Operand:
        operand = self._atomic(1)
        if operand.uncopied is not None:
            operand = self._in_variable(operand)
        self.stack.pop()
        return operand

    def _settle(self, *, local: int | None = None) -> None:
        """Evaluate what is still text and would change: what mentions the local, or else reads memory."""
        for position, operand in enumerate(self.stack):
            if operand.reads_memory if local is None else local in operand.locals:
                self.stack[position] = self._in_variable(operand)

    def _fail_if(self, condition: str, argument: str = "") -> None:
        self._emit(f"if {condition}: raise T({argument})" if argument else f"if {condition}: raise T")

    # Instructions

    def _instruction(self, instruction: Instruction) -> None:
        opcode, operand, count = instruction
        match opcode:
            case Opcode.NOP:
                pass
            case Opcode.POP:
                self._pop()
            case Opcode.RET:
                self._return()
            case Opcode.ABORT:
                self._emit(f"raise T({self._pop().text})")
            case (
                Opcode.LD_U8 | Opcode.LD_U16 | Opcode.LD_U32 | Opcode.LD_U64 | Opcode.LD_U128 | Opcode.LD_U256
            ):
                self._push(Operand(str(operand)))
            case Opcode.LD_TRUE | Opcode.LD_FALSE:
                self._push(Operand("True" if opcode is Opcode.LD_TRUE else "False"))
            case Opcode.LD_CONST:
                self._constant(operand)
            case Opcode.COPY_LOC:
                self._copy_local(operand)
            case Opcode.MOVE_LOC:
                self._push(self._local(operand))
            case Opcode.ST_LOC:
                self._store_local(operand)
            case Opcode.MUT_BORROW_LOC | Opcode.IMM_BORROW_LOC:
                self._borrow_local(operand)
            case (
                Opcode.MUT_BORROW_FIELD
                | Opcode.IMM_BORROW_FIELD
                | Opcode.MUT_BORROW_FIELD_GENERIC
                | Opcode.IMM_BORROW_FIELD_GENERIC
            ):
                self._borrow_field(opcode, operand)
            case Opcode.FREEZE_REF:
                pass
            case Opcode.READ_REF:
                self._read_reference()
            case Opcode.WRITE_REF:
                self._write_reference()
            case Opcode.CALL | Opcode.CALL_GENERIC:
                self._call()
            case _ if opcode in _BINARY:
                self._binary(opcode)
            case Opcode.NOT:
                part = self._pop()
                self._push_text(f"not {part.inner}", part)
            case Opcode.EQ | Opcode.NEQ:
                self._equal(opcode)
            case Opcode.SHL | Opcode.SHR:
                self._shift(opcode)
            case _ if opcode in _CAST_BITS:
                self._cast(_CAST_BITS[opcode])
            case _:
                self._container_instruction(opcode, operand, count)

    def _container_instruction(self, opcode: Opcode, operand: int, count: int) -> None:
        match opcode:
            case Opcode.PACK | Opcode.PACK_GENERIC:
                self._pack(opcode, operand)
            case Opcode.UNPACK | Opcode.UNPACK_GENERIC:
                fields = self._operand_types()[0].fields
                self._unpack(self._pop().text, ["" for _ in fields])
            case Opcode.PACK_VARIANT | Opcode.PACK_VARIANT_GENERIC:
                self._pack(opcode, operand)
            case Opcode.UNPACK_VARIANT | Opcode.UNPACK_VARIANT_GENERIC:
                variant = self._pop_atomic()
                tag = self._check_tag(opcode, operand, variant)
                fields = self._operand_types()[0].variants[tag].fields
                self._unpack(variant.text, ["_", *("" for _ in fields)])
            case (
                Opcode.UNPACK_VARIANT_IMM_REF
                | Opcode.UNPACK_VARIANT_MUT_REF
                | Opcode.UNPACK_VARIANT_GENERIC_IMM_REF
                | Opcode.UNPACK_VARIANT_GENERIC_MUT_REF
            ):
                variant = self._pop_atomic()
                tag = self._check_tag(opcode, operand, variant)
                fields = self._operand_types()[0].element.variants[tag].fields
                for position, field in enumerate(fields, 1):
                    self._push(self._part(variant, position, field.type))
            case Opcode.VEC_PACK:
                check_value_depth(self.instance.vector_element(operand), self.limits.max_value_depth)
                self._pack_list([], count)
            case Opcode.VEC_LEN:
                vector = self._pop()
                self._push_text(f"len({vector.text})", vector, reads_memory=True, atomic=True)
            case Opcode.VEC_IMM_BORROW | Opcode.VEC_MUT_BORROW:
                self._borrow_element(operand)
            case Opcode.VEC_PUSH_BACK:
                self._push_back()
            case Opcode.VEC_POP_BACK:
                vector = self._pop()
                self._settle()
                name = self._temporary()
                self._emit(f"{name} = {vector.inner}.pop()")
                self._push(Operand(name))
            case Opcode.VEC_UNPACK:
                vector = self._pop_atomic()
                self._fail_if(f"len({vector.text}) != {count}")
                self._unpack(vector.text, ["" for _ in range(count)])
            case Opcode.VEC_SWAP:
                self._swap()
            case _:
                raise Untranslatable(f"{opcode.name} is not supported")

    # Locals and constants

    def _local(self, index: int) -> Operand:
        """A local itself, as it is moved out or copied if it is a scalar or a reference."""
        type_ = self.instance.locals[index]
        here = frozenset((index,))
        if _is_scalar_reference(type_):
            return Operand(f"l{index}", here, index=f"i{index}")
        if index in self.boxed:
            return Operand(f"l{index}[0]", here, reads_memory=True)
        return Operand(f"l{index}", here)

    def _copy_local(self, index: int) -> None:
        type_ = self.instance.locals[index]
        if not type_.is_container:
            self._push(self._local(index))
            return
        name = f"l{index}"
        text = self._copy(type_, name)
        self._push(Operand(text, frozenset((index,)), reads_memory=True, uncopied=name))

    def _copy(self, type_: Type, text: str) -> str:
        """Source of a copy of a list."""
        if is_flat(type_):
            return f"{text}[:]"
        return f"{self.names.add('c', type_, lambda: copier(type_))}({text})"

    def _constant(self, index: int) -> None:
        type_ = self.module.type_of(self.module.compiled.constant_pool[index].type_)
        value = self.module.constant(index)
        if type_.is_container:
            name = self.names.add("k", ("constant", index), lambda: value)
            self._push(Operand(self._copy(type_, name)))
        elif isinstance(value, bytes):
            self._push(Operand(self.names.add("k", ("constant", index), lambda: value)))
        else:
            self._push(Operand(str(value)))

    def _store_local(self, index: int) -> None:
        value = self._pop()
        self._settle(local=index)
        if value.index is not None:
            if value.text != f"l{index}":
                self._emit(f"l{index} = {value.text}")
            if value.index != f"i{index}":
                self._emit(f"i{index} = {value.index}")
        elif index in self.boxed:
            self._emit(f"l{index} = [{value.text}]")
        elif not self._rename_last(value.text, f"l{index}") and value.text != f"l{index}":
            self._emit(f"l{index} = {value.text}")

    def _rename_last(self, temporary: str, name: str) -> bool:
        """Let the line that has just made a temporary make a local instead."""
        if not self.lines or not _is_temporary(temporary):
            return False
        last = self.lines[-1]
        for prefix in (f"if ({temporary} := ", f"{temporary} = "):
            if last.text.startswith(prefix):
                text = prefix.replace(temporary, name, 1) + last.text[len(prefix) :]
                self.lines[-1] = replace(last, text=text)
                return True
        return False

    def _borrow_local(self, index: int) -> None:
        here = frozenset((index,))
        if self.instance.locals[index].is_container:
            self._push(Operand(f"l{index}", here))
        elif index in self.boxed:
            self._push(Operand(f"l{index}", here, index="0"))
        else:
            self._push(Operand(f"[l{index}]", here, index="0", snapshot=f"l{index}"))

    # References

    def _part(self, container: Operand, position: int | str, type_: Type) -> Operand:
        """A reference to a part of what a reference points to."""
        if type_.is_container:
            return Operand(f"{container.inner}[{position}]", container.locals)
        return Operand(container.text, container.locals, index=str(position))

    def _borrow_field(self, opcode: Opcode, operand: int) -> None:
        handle = operand
        if opcode in (Opcode.MUT_BORROW_FIELD_GENERIC, Opcode.IMM_BORROW_FIELD_GENERIC):
            handle = self.module.compiled.field_instantiations[operand].handle
        field = self.module.compiled.field_handles[handle].field
        type_ = self._operand_types()[0].element.fields[field].type
        self._push(self._part(self._pop(), field, type_))

    def _read_reference(self) -> None:
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

    def _write_reference(self) -> None:
        type_ = self._operand_types()[0]
        reference, value = self._pop(), self._pop()
        self._settle()
        place = ":" if type_.is_container else reference.index
        self._emit(f"{reference.inner}[{place}] = {value.text}")

    # Arithmetic

    def _binary(self, opcode: Opcode) -> None:
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

    def _equal(self, opcode: Opcode) -> None:
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

    def _shift(self, opcode: Opcode) -> None:
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

    def _cast(self, bits: int) -> None:
        if INTEGER_BITS[self._operand_types()[0].kind] > bits:
            value = self._atomic(1)
            self._fail_if(f"{value.inner} > {(1 << bits) - 1}")

    # Structs, enums and vectors

    def _pack(self, opcode: Opcode, operand: int) -> None:
        prefix: list[str] = []
        match opcode:
            case Opcode.PACK:
                type_ = self.instance.struct_type(operand)
            case Opcode.PACK_GENERIC:
                type_ = self.instance.generic_struct_type(operand)
            case Opcode.PACK_VARIANT:
                type_ = self.instance.enum_type(operand)
            case _:
                type_ = self.instance.generic_enum_type(operand)
        check_value_depth(type_, self.limits.max_value_depth)
        if type_.info.is_enum:
            prefix = [str(variant_tag(self.module.compiled, opcode, operand))]
        self._pack_list(prefix, len(self._operand_types()))

    def _pack_list(self, prefix: list[str], count: int) -> None:
        split = len(self.stack) - count
        parts = self.stack[split:]
        del self.stack[split:]
        text = f"[{', '.join([*prefix, *(part.text for part in parts)])}]"
        self._push_text(text, *parts, atomic=True)

    def _unpack(self, text: str, targets: Sequence[str]) -> None:
        """Push the parts of a list; a target given is only assigned."""
        names = [target or self._temporary() for target in targets]
        if names and names != ["_"]:
            self._emit(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {text}")
        for name, target in zip(names, targets, strict=True):
            if not target:
                self._push(Operand(name))

    def _check_tag(self, opcode: Opcode, operand: int, variant: Operand) -> int:
        tag = variant_tag(self.module.compiled, opcode, operand)
        self._fail_if(f"{variant.inner}[0] != {tag}", f"{variant.inner}[0]")
        return tag

    def _borrow_element(self, signature: int) -> None:
        element = self.instance.vector_element(signature)
        following = self.code[self.offset + 1].opcode if self.offset + 1 < len(self.code) else None
        if element.is_container:
            index, vector = self._pop(), self._pop()
            name = self._temporary()
            self._emit(f"{name} = {vector.inner}[{index.text}]")
            self._push(Operand(name))
            return
        if following is not Opcode.READ_REF:
            vector, index = self._atomic(2), self._atomic(1)
            del self.stack[-2:]
            self._fail_if(f"{index.inner} >= len({vector.text})")
            locals_ = vector.locals | index.locals
            self._push(Operand(vector.text, locals_, index.reads_memory, index=index.text))
            return
        index, vector = self._pop(), self._pop()
        name = self._temporary()
        self._emit(f"{name} = {vector.inner}[{index.text}]")
        self._push(Operand(f"[{name}]", index="0", snapshot=name))

    def _push_back(self) -> None:
        value = self._pop()
        vector = self._atomic(1)
        self.stack.pop()
        self._settle()
        self._fail_if(f"len({vector.text}) >= {self.limits.max_vector_length}")
        self._emit(f"{vector.inner}.append({value.text})")

    def _swap(self) -> None:
        self._settle()
        vector, first, second = self._atomic(3), self._atomic(2), self._atomic(1)
        del self.stack[-3:]
        left, right = f"{vector.inner}[{first.text}]", f"{vector.inner}[{second.text}]"
        self._emit(f"{left}, {right} = {right}, {left}")

    # Calls

    def _call(self) -> None:
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
            if _is_scalar_reference(type_):
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

    def _return(self) -> None:
        texts = [operand.argument for operand in self.stack]
        self.stack.clear()
        self._emit(f"return {', '.join(texts)}" if texts else "return")


def variant_tag(module: CompiledModule, opcode: Opcode, operand: int) -> int:
    """The tag that a variant instruction names."""
    if opcode in _GENERIC_VARIANTS:
        return module.variant_instantiation_handles[operand].variant
    return module.variant_handles[operand].variant


def _is_scalar_reference(type_: Type) -> bool:
    return type_.is_reference and not type_.element.is_container


def _is_temporary(text: str) -> bool:
    return text[0] == "t" and text[1:].isdecimal()


def _is_name(text: str) -> bool:
    return text.isalnum()


def _is_path(text: str) -> bool:
    """True for a name, a number, or a name with constant subscripts: cheap to evaluate again."""
    return text.replace("[", "").replace("]", "").isalnum() and not text.startswith("[")


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
_GENERIC_VARIANTS = {
    Opcode.PACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}
