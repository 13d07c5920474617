"""The typing rule of every instruction: what it pops, under which conditions, and what it pushes.

A rule is called with the frame, the instruction's operand and its element count. Literals are missing here,
because the pass pushes their types itself. Source: move-bytecode-verifier, type_safety.
"""

from __future__ import annotations

from collections.abc import Callable

from movelite.bytecode.file_format import COPY, DROP, KEY, Opcode, VariantJumpTable
from movelite.bytecode.status import StatusCode
from movelite.verifier import opcode_groups as group
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView
from movelite.verifier.type_pool import Kind, Type
from movelite.verifier.type_shapes import DataShape, TypeShapes

PUSH_COST = 3
"""Ticks for each type pushed."""


class Mismatch(Exception):
    """An instruction's rule is broken."""

    def __init__(self, status: StatusCode) -> None:
        super().__init__(status)
        self.status = status


class Frame:
    """Types of the locals and of the operand stack of one function, and the ticks used so far."""

    __slots__ = ("abilities", "function", "locals", "pool", "shapes", "stack", "ticks", "view")

    def __init__(self, function: FunctionView, shapes: TypeShapes) -> None:
        view = function.module_view
        self.function = function
        self.view = view
        self.pool = view.pool
        self.shapes = shapes
        self.locals = function.locals
        self.stack: list[Type] = []
        self.ticks = 0
        self.abilities = view.ability_cache.in_scope(function.type_parameters, Scope.FUNCTION)

    def push(self, type_: Type) -> None:
        """Push a type and charge for it."""
        self.ticks += PUSH_COST
        self.stack.append(type_)

    def push_all(self, types: tuple[Type, ...]) -> None:
        """Push types in order and charge for them."""
        self.ticks += PUSH_COST * len(types)
        self.stack.extend(types)

    def pop_exactly(self, types: tuple[Type, ...], status: StatusCode) -> None:
        """Pop one operand for each type; the last type is on top.

        Raises: Mismatch(status) unless they are exactly these types.
        """
        count = len(types)
        if count:
            stack = self.stack
            if tuple(stack[-count:]) != types:
                raise Mismatch(status)
            del stack[-count:]


Rule = Callable[[Frame, int, int], None]
"""Applies an instruction to a frame: (frame, operand, element count)."""


def _nothing(frame: Frame, operand: int, count: int) -> None:
    """Nop and Branch."""


def _pop(frame: Frame, operand: int, count: int) -> None:
    if not frame.abilities(frame.stack.pop()) & DROP:
        raise Mismatch(StatusCode.POP_WITHOUT_DROP_ABILITY)


def _branch_if(frame: Frame, operand: int, count: int) -> None:
    if frame.stack.pop() is not frame.pool.bool:
        raise Mismatch(StatusCode.BR_TYPE_MISMATCH_ERROR)


def _abort(frame: Frame, operand: int, count: int) -> None:
    if frame.stack.pop() is not frame.pool.u64:
        raise Mismatch(StatusCode.ABORT_TYPE_MISMATCH_ERROR)


def _return(frame: Frame, operand: int, count: int) -> None:
    frame.pop_exactly(frame.function.results, StatusCode.RET_TYPE_MISMATCH_ERROR)


def _load_constant(frame: Frame, operand: int, count: int) -> None:
    type_ = frame.view.constant_types[operand]
    frame.ticks += type_.clone_cost
    frame.push(type_)


def _copy_local(frame: Frame, operand: int, count: int) -> None:
    type_ = frame.locals[operand]
    frame.ticks += type_.clone_cost
    if not frame.abilities(type_) & COPY:
        raise Mismatch(StatusCode.COPYLOC_WITHOUT_COPY_ABILITY)
    frame.push(type_)


def _move_local(frame: Frame, operand: int, count: int) -> None:
    type_ = frame.locals[operand]
    frame.ticks += type_.clone_cost
    frame.push(type_)


def _store_local(frame: Frame, operand: int, count: int) -> None:
    if frame.stack.pop() is not frame.locals[operand]:
        raise Mismatch(StatusCode.STLOC_TYPE_MISMATCH_ERROR)


def _borrow_local(is_mutable: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        type_ = frame.locals[operand]
        frame.ticks += type_.clone_cost
        if type_.is_reference:
            raise Mismatch(StatusCode.BORROWLOC_REFERENCE_ERROR)
        frame.push(_reference(frame, type_, is_mutable))

    return rule


def _reference(frame: Frame, type_: Type, is_mutable: bool) -> Type:
    return frame.pool.mutable_reference(type_) if is_mutable else frame.pool.reference(type_)


def _freeze(frame: Frame, operand: int, count: int) -> None:
    type_ = frame.stack.pop()
    if type_.kind is not Kind.MUTABLE_REFERENCE or type_.inner is None:
        raise Mismatch(StatusCode.FREEZEREF_TYPE_MISMATCH_ERROR)
    frame.push(frame.pool.reference(type_.inner))


def _read_reference(frame: Frame, operand: int, count: int) -> None:
    type_ = frame.stack.pop()
    if not type_.is_reference or type_.inner is None:
        raise Mismatch(StatusCode.READREF_TYPE_MISMATCH_ERROR)
    if not frame.abilities(type_.inner) & COPY:
        raise Mismatch(StatusCode.READREF_WITHOUT_COPY_ABILITY)
    frame.push(type_.inner)


def _write_reference(frame: Frame, operand: int, count: int) -> None:
    target = frame.stack.pop()
    value = frame.stack.pop()
    if target.kind is not Kind.MUTABLE_REFERENCE or target.inner is None:
        raise Mismatch(StatusCode.WRITEREF_NO_MUTABLE_REFERENCE_ERROR)
    if not frame.abilities(target.inner) & DROP:
        raise Mismatch(StatusCode.WRITEREF_WITHOUT_DROP_ABILITY)
    if value is not target.inner:
        raise Mismatch(StatusCode.WRITEREF_TYPE_MISMATCH_ERROR)


def _cast(name: str) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        if not frame.stack.pop().is_integer:
            raise Mismatch(StatusCode.INTEGER_OP_TYPE_MISMATCH_ERROR)
        target: Type = getattr(frame.pool, name)
        frame.push(target)

    return rule


def _arithmetic(frame: Frame, operand: int, count: int) -> None:
    right = frame.stack.pop()
    if not right.is_integer or frame.stack.pop() is not right:
        raise Mismatch(StatusCode.INTEGER_OP_TYPE_MISMATCH_ERROR)
    frame.push(right)


def _shift(frame: Frame, operand: int, count: int) -> None:
    distance = frame.stack.pop()
    value = frame.stack.pop()
    if not value.is_integer or distance is not frame.pool.u8:
        raise Mismatch(StatusCode.INTEGER_OP_TYPE_MISMATCH_ERROR)
    frame.push(value)


def _compare(frame: Frame, operand: int, count: int) -> None:
    right = frame.stack.pop()
    if not right.is_integer or frame.stack.pop() is not right:
        raise Mismatch(StatusCode.INTEGER_OP_TYPE_MISMATCH_ERROR)
    frame.push(frame.pool.bool)


def _equal(frame: Frame, operand: int, count: int) -> None:
    right = frame.stack.pop()
    left = frame.stack.pop()
    if not frame.abilities(right) & DROP or left is not right:
        raise Mismatch(StatusCode.EQUALITY_OP_TYPE_MISMATCH_ERROR)
    frame.push(frame.pool.bool)


def _and_or(frame: Frame, operand: int, count: int) -> None:
    boolean = frame.pool.bool
    right = frame.stack.pop()
    if right is not boolean or frame.stack.pop() is not boolean:
        raise Mismatch(StatusCode.BOOLEAN_OP_TYPE_MISMATCH_ERROR)
    frame.push(boolean)


def _not(frame: Frame, operand: int, count: int) -> None:
    if frame.stack.pop() is not frame.pool.bool:
        raise Mismatch(StatusCode.BOOLEAN_OP_TYPE_MISMATCH_ERROR)
    frame.push(frame.pool.bool)


def _call(is_generic: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        parameters, results, ticks = frame.shapes.call(is_generic, operand)
        frame.ticks += ticks
        frame.pop_exactly(parameters, StatusCode.CALL_TYPE_MISMATCH_ERROR)
        frame.push_all(results)

    return rule


def _borrow_field(is_generic: bool, is_mutable: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        owner, field, ticks = frame.shapes.field(is_generic, operand)
        frame.ticks += ticks
        reference = frame.stack.pop()
        is_allowed = reference.kind is Kind.MUTABLE_REFERENCE or (
            reference.kind is Kind.REFERENCE and not is_mutable
        )
        if not is_allowed or reference.inner is not owner:
            raise Mismatch(StatusCode.BORROWFIELD_TYPE_MISMATCH_ERROR)
        frame.push(_reference(frame, field, is_mutable))

    return rule


def _struct(frame: Frame, is_generic: bool, operand: int) -> DataShape:
    shape = frame.shapes.struct(is_generic, operand)
    frame.ticks += shape.ticks
    return shape


def _variant(frame: Frame, is_generic: bool, operand: int) -> DataShape:
    shape = frame.shapes.variant(is_generic, operand)
    frame.ticks += shape.ticks
    return shape


_FindShape = Callable[[Frame, bool, int], DataShape]


def _pack(find: _FindShape, is_generic: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        whole, fields, _ = find(frame, is_generic, operand)
        if fields is None:
            raise Mismatch(StatusCode.PACK_TYPE_MISMATCH_ERROR)
        frame.pop_exactly(fields, StatusCode.PACK_TYPE_MISMATCH_ERROR)
        frame.push(whole)

    return rule


def _unpack(find: _FindShape, is_generic: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        whole, fields, _ = find(frame, is_generic, operand)
        if frame.stack.pop() is not whole:
            raise Mismatch(StatusCode.UNPACK_TYPE_MISMATCH_ERROR)
        if fields is None:
            raise Mismatch(StatusCode.PACK_TYPE_MISMATCH_ERROR)
        frame.push_all(fields)

    return rule


def _unpack_reference(is_generic: bool, is_mutable: bool) -> Rule:
    expected = Kind.MUTABLE_REFERENCE if is_mutable else Kind.REFERENCE

    def rule(frame: Frame, operand: int, count: int) -> None:
        whole, fields, _ = _variant(frame, is_generic, operand)
        reference = frame.stack.pop()
        if reference.kind is not expected or reference.inner is not whole:
            raise Mismatch(StatusCode.UNPACK_TYPE_MISMATCH_ERROR)
        frame.push_all(tuple([_reference(frame, field, is_mutable) for field in fields or ()]))

    return rule


def _variant_switch(frame: Frame, operand: int, count: int) -> None:
    """The number of branches alone makes a switch exhaustive."""
    reference = frame.stack.pop()
    if reference.kind is not Kind.REFERENCE or reference.inner is None:
        raise Mismatch(StatusCode.ENUM_SWITCH_BAD_OPERAND)
    table: VariantJumpTable = frame.function.unit.jump_tables[operand]
    enum = frame.view.module.enum_defs[table.head_enum]
    if reference.inner.handle != enum.handle:
        raise Mismatch(StatusCode.ENUM_TYPE_MISMATCH)
    if len(table.jump_table) != len(enum.variants):
        raise Mismatch(StatusCode.INVALID_ENUM_SWITCH)


def _vector_reference(frame: Frame, reference: Type, needs_mutable: bool, element: Type) -> None:
    """An operand must be a reference to a vector of these elements."""
    is_allowed = reference.kind is Kind.MUTABLE_REFERENCE or (
        reference.kind is Kind.REFERENCE and not needs_mutable
    )
    if not is_allowed or reference.inner is not frame.pool.vector(element):
        raise Mismatch(StatusCode.TYPE_MISMATCH)


def _vector_pack(frame: Frame, operand: int, count: int) -> None:
    element = frame.view.signatures[operand][0]
    frame.pop_exactly((element,) * count, StatusCode.TYPE_MISMATCH)
    frame.ticks += element.clone_cost
    frame.push(frame.pool.vector(element))


def _vector_unpack(frame: Frame, operand: int, count: int) -> None:
    element = frame.view.signatures[operand][0]
    if frame.stack.pop() is not frame.pool.vector(element):
        raise Mismatch(StatusCode.TYPE_MISMATCH)
    frame.ticks += element.clone_cost
    frame.push_all((element,) * count)


def _vector_length(frame: Frame, operand: int, count: int) -> None:
    _vector_reference(frame, frame.stack.pop(), False, frame.view.signatures[operand][0])
    frame.push(frame.pool.u64)


def _vector_borrow(is_mutable: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        element = frame.view.signatures[operand][0]
        index = frame.stack.pop()
        vector = frame.stack.pop()
        if index is not frame.pool.u64:
            raise Mismatch(StatusCode.TYPE_MISMATCH)
        _vector_reference(frame, vector, is_mutable, element)
        frame.push(_reference(frame, element, is_mutable))

    return rule


def _vector_push(frame: Frame, operand: int, count: int) -> None:
    element = frame.view.signatures[operand][0]
    value = frame.stack.pop()
    vector = frame.stack.pop()
    if value is not element:
        raise Mismatch(StatusCode.TYPE_MISMATCH)
    _vector_reference(frame, vector, True, element)


def _vector_pop(frame: Frame, operand: int, count: int) -> None:
    element = frame.view.signatures[operand][0]
    _vector_reference(frame, frame.stack.pop(), True, element)
    frame.push(element)


def _vector_swap(frame: Frame, operand: int, count: int) -> None:
    indices = frame.pool.u64
    second, first, vector = frame.stack.pop(), frame.stack.pop(), frame.stack.pop()
    if first is not indices or second is not indices:
        raise Mismatch(StatusCode.TYPE_MISMATCH)
    _vector_reference(frame, vector, True, frame.view.signatures[operand][0])


def _keyed_struct(frame: Frame, is_generic: bool, operand: int, status: StatusCode) -> Type:
    """The struct that an instruction on global storage names; it must have key."""
    whole = frame.shapes.struct(is_generic, operand).whole
    frame.ticks += whole.clone_cost
    if not frame.abilities(whole) & KEY:
        raise Mismatch(status)
    return whole


def _exists(is_generic: bool) -> Rule:
    status = StatusCode.EXISTS_WITHOUT_KEY_ABILITY_OR_BAD_ARGUMENT

    def rule(frame: Frame, operand: int, count: int) -> None:
        _keyed_struct(frame, is_generic, operand, status)
        if frame.stack.pop() is not frame.pool.address:
            raise Mismatch(status)
        frame.push(frame.pool.bool)

    return rule


def _borrow_global(is_generic: bool, is_mutable: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        if frame.stack.pop() is not frame.pool.address:
            raise Mismatch(StatusCode.BORROWGLOBAL_TYPE_MISMATCH_ERROR)
        struct = _keyed_struct(frame, is_generic, operand, StatusCode.BORROWGLOBAL_WITHOUT_KEY_ABILITY)
        frame.push(_reference(frame, struct, is_mutable))

    return rule


def _move_from(is_generic: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        struct = _keyed_struct(frame, is_generic, operand, StatusCode.MOVEFROM_WITHOUT_KEY_ABILITY)
        if frame.stack.pop() is not frame.pool.address:
            raise Mismatch(StatusCode.MOVEFROM_TYPE_MISMATCH_ERROR)
        frame.push(struct)

    return rule


def _move_to(is_generic: bool) -> Rule:
    def rule(frame: Frame, operand: int, count: int) -> None:
        struct = _keyed_struct(frame, is_generic, operand, StatusCode.MOVETO_WITHOUT_KEY_ABILITY)
        value = frame.stack.pop()
        signer = frame.stack.pop()
        if value is not struct or signer is not frame.pool.reference(frame.pool.signer):
            raise Mismatch(StatusCode.MOVETO_TYPE_MISMATCH_ERROR)

    return rule


_O = Opcode

RULES: list[Rule] = group.by_opcode(
    [
        ((_O.POP,), _pop),
        ((_O.RET,), _return),
        ((_O.BR_TRUE, _O.BR_FALSE), _branch_if),
        ((_O.BRANCH, _O.NOP), _nothing),
        ((_O.ABORT,), _abort),
        ((_O.LD_CONST,), _load_constant),
        ((_O.COPY_LOC,), _copy_local),
        ((_O.MOVE_LOC,), _move_local),
        ((_O.ST_LOC,), _store_local),
        ((_O.MUT_BORROW_LOC,), _borrow_local(True)),
        ((_O.IMM_BORROW_LOC,), _borrow_local(False)),
        ((_O.FREEZE_REF,), _freeze),
        ((_O.READ_REF,), _read_reference),
        ((_O.WRITE_REF,), _write_reference),
        ((_O.CAST_U8,), _cast("u8")),
        ((_O.CAST_U16,), _cast("u16")),
        ((_O.CAST_U32,), _cast("u32")),
        ((_O.CAST_U64,), _cast("u64")),
        ((_O.CAST_U128,), _cast("u128")),
        ((_O.CAST_U256,), _cast("u256")),
        ((_O.ADD, _O.SUB, _O.MUL, _O.MOD, _O.DIV, _O.BIT_OR, _O.BIT_AND, _O.XOR), _arithmetic),
        ((_O.SHL, _O.SHR), _shift),
        ((_O.LT, _O.GT, _O.LE, _O.GE), _compare),
        ((_O.EQ, _O.NEQ), _equal),
        ((_O.AND, _O.OR), _and_or),
        ((_O.NOT,), _not),
        ((_O.CALL,), _call(False)),
        ((_O.CALL_GENERIC,), _call(True)),
        ((_O.MUT_BORROW_FIELD,), _borrow_field(False, True)),
        ((_O.IMM_BORROW_FIELD,), _borrow_field(False, False)),
        ((_O.MUT_BORROW_FIELD_GENERIC,), _borrow_field(True, True)),
        ((_O.IMM_BORROW_FIELD_GENERIC,), _borrow_field(True, False)),
        ((_O.PACK,), _pack(_struct, False)),
        ((_O.PACK_GENERIC,), _pack(_struct, True)),
        ((_O.UNPACK,), _unpack(_struct, False)),
        ((_O.UNPACK_GENERIC,), _unpack(_struct, True)),
        ((_O.PACK_VARIANT,), _pack(_variant, False)),
        ((_O.PACK_VARIANT_GENERIC,), _pack(_variant, True)),
        ((_O.UNPACK_VARIANT,), _unpack(_variant, False)),
        ((_O.UNPACK_VARIANT_GENERIC,), _unpack(_variant, True)),
        ((_O.UNPACK_VARIANT_IMM_REF,), _unpack_reference(False, False)),
        ((_O.UNPACK_VARIANT_MUT_REF,), _unpack_reference(False, True)),
        ((_O.UNPACK_VARIANT_GENERIC_IMM_REF,), _unpack_reference(True, False)),
        ((_O.UNPACK_VARIANT_GENERIC_MUT_REF,), _unpack_reference(True, True)),
        ((_O.VARIANT_SWITCH,), _variant_switch),
        ((_O.VEC_PACK,), _vector_pack),
        ((_O.VEC_UNPACK,), _vector_unpack),
        ((_O.VEC_LEN,), _vector_length),
        ((_O.VEC_IMM_BORROW,), _vector_borrow(False)),
        ((_O.VEC_MUT_BORROW,), _vector_borrow(True)),
        ((_O.VEC_PUSH_BACK,), _vector_push),
        ((_O.VEC_POP_BACK,), _vector_pop),
        ((_O.VEC_SWAP,), _vector_swap),
        ((_O.EXISTS_DEPRECATED,), _exists(False)),
        ((_O.EXISTS_GENERIC_DEPRECATED,), _exists(True)),
        ((_O.MUT_BORROW_GLOBAL_DEPRECATED,), _borrow_global(False, True)),
        ((_O.IMM_BORROW_GLOBAL_DEPRECATED,), _borrow_global(False, False)),
        ((_O.MUT_BORROW_GLOBAL_GENERIC_DEPRECATED,), _borrow_global(True, True)),
        ((_O.IMM_BORROW_GLOBAL_GENERIC_DEPRECATED,), _borrow_global(True, False)),
        ((_O.MOVE_FROM_DEPRECATED,), _move_from(False)),
        ((_O.MOVE_FROM_GENERIC_DEPRECATED,), _move_from(True)),
        ((_O.MOVE_TO_DEPRECATED,), _move_to(False)),
        ((_O.MOVE_TO_GENERIC_DEPRECATED,), _move_to(True)),
    ],
    _nothing,
)
"""By opcode: its rule."""
