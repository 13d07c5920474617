"""Instructions on structs, enums and vectors as Python statements."""

from __future__ import annotations

from collections.abc import Sequence

from movelite.bytecode.file_format import CompiledModule, Opcode
from movelite.vm.translator.operands import Operand, SymbolicStack
from movelite.vm.types import check_value_depth


class ContainerInstructions(SymbolicStack):
    """What the instructions on lists are translated to."""

    def _pack(self, opcode: Opcode, operand: int, count: int) -> None:
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

    def _unpack(self, opcode: Opcode, operand: int, count: int) -> None:
        fields = self._operand_types()[0].fields
        self._take_apart(self._pop().text, ["" for _ in fields])

    def _unpack_variant(self, opcode: Opcode, operand: int, count: int) -> None:
        variant = self._pop_atomic()
        tag = self._check_tag(opcode, operand, variant)
        fields = self._operand_types()[0].variants[tag].fields
        self._take_apart(variant.text, ["_", *("" for _ in fields)])

    def _unpack_variant_reference(self, opcode: Opcode, operand: int, count: int) -> None:
        variant = self._pop_atomic()
        tag = self._check_tag(opcode, operand, variant)
        fields = self._operand_types()[0].element.variants[tag].fields
        for position, field in enumerate(fields, 1):
            self._push(self._part(variant, position, field.type))

    def _check_tag(self, opcode: Opcode, operand: int, variant: Operand) -> int:
        tag = variant_tag(self.module.compiled, opcode, operand)
        self._fail_if(f"{variant.inner}[0] != {tag}", f"{variant.inner}[0]")
        return tag

    def _vector_pack(self, opcode: Opcode, operand: int, count: int) -> None:
        check_value_depth(self.instance.vector_element(operand), self.limits.max_value_depth)
        self._pack_list([], count)

    def _pack_list(self, prefix: list[str], count: int) -> None:
        split = len(self.stack) - count
        parts = self.stack[split:]
        del self.stack[split:]
        text = f"[{', '.join([*prefix, *(part.text for part in parts)])}]"
        self._push_text(text, *parts, atomic=True)

    def _take_apart(self, text: str, targets: Sequence[str]) -> None:
        """Push the parts of a list; a target given is only assigned."""
        names = [target or self._temporary() for target in targets]
        if names and names != ["_"]:
            self._emit(f"{', '.join(names)}{',' if len(names) == 1 else ''} = {text}")
        for name, target in zip(names, targets, strict=True):
            if not target:
                self._push(Operand(name))

    def _vector_length(self, opcode: Opcode, operand: int, count: int) -> None:
        vector = self._pop()
        self._push_text(f"len({vector.text})", vector, reads_memory=True, atomic=True)

    def _borrow_element(self, opcode: Opcode, operand: int, count: int) -> None:
        element = self.instance.vector_element(operand)
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

    def _push_back(self, opcode: Opcode, operand: int, count: int) -> None:
        value = self._pop()
        vector = self._atomic(1)
        self.stack.pop()
        self._settle()
        self._fail_if(f"len({vector.text}) >= {self.limits.max_vector_length}")
        self._emit(f"{vector.inner}.append({value.text})")

    def _pop_back(self, opcode: Opcode, operand: int, count: int) -> None:
        vector = self._pop()
        self._settle()
        name = self._temporary()
        self._emit(f"{name} = {vector.inner}.pop()")
        self._push(Operand(name))

    def _vector_unpack(self, opcode: Opcode, operand: int, count: int) -> None:
        vector = self._pop_atomic()
        self._fail_if(f"len({vector.text}) != {count}")
        self._take_apart(vector.text, ["" for _ in range(count)])

    def _swap(self, opcode: Opcode, operand: int, count: int) -> None:
        self._settle()
        vector, first, second = self._atomic(3), self._atomic(2), self._atomic(1)
        del self.stack[-3:]
        left, right = f"{vector.inner}[{first.text}]", f"{vector.inner}[{second.text}]"
        self._emit(f"{left}, {right} = {right}, {left}")


def variant_tag(module: CompiledModule, opcode: Opcode, operand: int) -> int:
    """The tag that a variant instruction names."""
    if opcode in _GENERIC_VARIANTS:
        return module.variant_instantiation_handles[operand].variant
    return module.variant_handles[operand].variant


_GENERIC_VARIANTS = {
    Opcode.PACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}
