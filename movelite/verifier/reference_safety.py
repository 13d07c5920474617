"""References never dangle, and what a mutable reference points to is not reachable otherwise.

Source: move-bytecode-verifier, reference_safety.
"""

from __future__ import annotations

from collections.abc import Callable

from movelite.bytecode.borrow_graph import Label
from movelite.bytecode.file_format import Opcode, VariantHandle, VariantInstantiationHandle
from movelite.verifier import fixpoint
from movelite.verifier import opcode_groups as group
from movelite.verifier.control_flow_graph import Block
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView, ModuleView, Types
from movelite.verifier.reference_state import VALUE, ReferenceState, Refused, variant_field_label
from movelite.verifier.type_pool import Kind

_STEP_COST = 1
_UNCHARGED_TICKS = 10_000
"""How much may be done in a block before it is charged."""
_LOCALS_IN_A_STEP = 8

_References = tuple[bool | None, ...]
"""For each type: whether it is a mutable or an immutable reference, or None."""


class ReferenceSafety:
    """The pass over one module. What instructions on table rows do is worked out once per row."""

    def __init__(self, view: ModuleView) -> None:
        self.view = view
        self._calls: dict[int, tuple[int, tuple[int, ...], _References]] = {}

    def check(self, function: FunctionView) -> None:
        """Check the borrows on every path.

        Raises: VMError with the code of the instruction's rule at its offset, or PROGRAM_TOO_COMPLEX.
        """
        meter = self.view.meter
        references = list(_references(function.parameters))
        references += [None] * (len(function.locals) - len(references))
        initial = ReferenceState(references)
        fixpoint.analyze(function, initial, _Analysis(function, self), meter)

    def call(self, handle: int) -> tuple[int, tuple[int, ...], _References]:
        """(number of parameters, acquired resources, results) of a function handle."""
        found = self._calls.get(handle)
        if found is None:
            view = self.view
            row = view.module.function_handles[handle]
            callee = view.definition_of_handle.get(handle)
            acquired = () if callee is None else view.module.function_defs[callee].acquires_global_resources
            results = _references(view.signatures[row.return_])
            found = self._calls[handle] = (len(view.signatures[row.parameters]), acquired, results)
        return found

    def field_labels(self, handle: VariantHandle | VariantInstantiationHandle) -> list[Label]:
        """The labels of the fields of a variant."""
        enum = self.view.enum_of_variant(handle)
        count = len(self.view.variant_fields[enum][handle.variant])
        return [variant_field_label(enum, handle.variant, field) for field in range(count)]


def _references(types: Types) -> _References:
    return tuple([type_.kind is Kind.MUTABLE_REFERENCE if type_.is_reference else None for type_ in types])


class _Analysis:
    """Runs one function's blocks on an operand stack of references and VALUEs."""

    def __init__(self, function: FunctionView, tables: ReferenceSafety) -> None:
        self.function = function
        self.tables = tables
        self.view = function.module_view
        self.stack: list[int] = []
        self.state: ReferenceState

    def run_block(self, state: ReferenceState, block: Block) -> ReferenceState:
        self.state = current = state.copy()
        self.view.meter.add_steps(current.graph.size + len(current.locals) // _LOCALS_IN_A_STEP)
        stack: list[int] = []
        self.stack = stack
        code = self.function.code
        push, pop = stack.append, stack.pop
        offset = block.start
        try:
            for offset in range(block.start, block.end + 1):
                opcode, operand, count = code[offset]
                rule = _RULES[opcode]
                if rule is not None:
                    rule(self, operand, count)
                    if current.ticks > _UNCHARGED_TICKS:
                        self.charge(current)
                    continue
                change = _CHANGES[opcode]
                if change > 0:
                    push(VALUE)
                elif change < 0:
                    pop()
        except Refused as refused:
            raise self.function.error(refused.status, offset) from None
        finally:
            current.ticks += _STEP_COST * (offset - block.start + 1)
            self.charge(current)
        return current.canonical() if block.successors else current

    def join(self, known: ReferenceState, added: ReferenceState) -> tuple[ReferenceState, bool]:
        joined, is_changed = known.join(added)
        self.charge(joined)
        return joined, is_changed

    def charge(self, state: ReferenceState) -> None:
        """Charge what changing a state has cost so far."""
        self.view.meter.add(Scope.FUNCTION, state.ticks)
        state.ticks = 0

    def pop_many(self, count: int) -> list[int]:
        """Pop count operands; the last was on top."""
        if not count:
            return []
        operands = self.stack[-count:]
        del self.stack[-count:]
        return operands

    def replace_values(self, pops: int, pushes: int) -> None:
        """Pop and push operands that are no references."""
        self.pop_many(pops)
        self.stack.extend([VALUE] * pushes)


_Rule = Callable[[_Analysis, int, int], None]


def _pop(run: _Analysis, operand: int, count: int) -> None:
    run.state.release(run.stack.pop())


def _copy_local(run: _Analysis, operand: int, count: int) -> None:
    run.stack.append(run.state.copy_local(operand))


def _move_local(run: _Analysis, operand: int, count: int) -> None:
    run.stack.append(run.state.move_local(operand))


def _store_local(run: _Analysis, operand: int, count: int) -> None:
    run.state.store_local(operand, run.stack.pop())


def _freeze(run: _Analysis, operand: int, count: int) -> None:
    run.stack[-1] = run.state.freeze(run.stack[-1])


def _compare(run: _Analysis, operand: int, count: int) -> None:
    run.state.compare(run.stack.pop(), run.stack.pop())
    run.stack.append(VALUE)


def _read(run: _Analysis, operand: int, count: int) -> None:
    run.state.read(run.stack[-1])
    run.stack[-1] = VALUE


def _write(run: _Analysis, operand: int, count: int) -> None:
    target = run.stack.pop()
    run.stack.pop()
    run.state.write(target)


def _borrow_local(is_mutable: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.stack.append(run.state.borrow_local(operand, is_mutable))

    return rule


def _borrow_field(is_generic: bool, is_mutable: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        handle = run.view.module.field_instantiations[operand].handle if is_generic else operand
        run.stack[-1] = run.state.borrow_field(run.stack[-1], handle, is_mutable)

    return rule


def _call(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        handle = run.view.module.function_instantiations[operand].handle if is_generic else operand
        parameters, acquired, results = run.tables.call(handle)
        run.stack += run.state.call(run.pop_many(parameters), acquired, results)

    return rule


def _return(run: _Analysis, operand: int, count: int) -> None:
    run.state.return_(run.pop_many(len(run.function.results)))


def _pack(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.replace_values(_field_count(run, is_generic, operand), 1)

    return rule


def _unpack(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.replace_values(1, _field_count(run, is_generic, operand))

    return rule


def _field_count(run: _Analysis, is_generic: bool, operand: int) -> int:
    view = run.view
    struct = view.module.struct_def_instantiations[operand].definition if is_generic else operand
    return len(view.struct_fields[struct] or ())


def _variant(run: _Analysis, is_generic: bool, operand: int) -> VariantHandle | VariantInstantiationHandle:
    module = run.view.module
    return module.variant_instantiation_handles[operand] if is_generic else module.variant_handles[operand]


def _pack_variant(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        fields = run.view.variant_fields_of(_variant(run, is_generic, operand))
        run.replace_values(len(fields), 1)

    return rule


def _unpack_variant(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        fields = run.view.variant_fields_of(_variant(run, is_generic, operand))
        run.replace_values(1, len(fields))

    return rule


def _unpack_variant_reference(is_generic: bool, is_mutable: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        labels = run.tables.field_labels(_variant(run, is_generic, operand))
        run.stack += run.state.unpack_variant(run.stack.pop(), labels, is_mutable)

    return rule


def _vector_pack(run: _Analysis, operand: int, count: int) -> None:
    run.replace_values(count, 1)


def _vector_unpack(run: _Analysis, operand: int, count: int) -> None:
    run.replace_values(1, count)


def _vector_length(run: _Analysis, operand: int, count: int) -> None:
    run.state.use_vector(run.stack[-1], False)
    run.stack[-1] = VALUE


def _vector_borrow(is_mutable: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.stack.pop()
        run.stack[-1] = run.state.borrow_element(run.stack[-1], is_mutable)

    return rule


def _vector_push(run: _Analysis, operand: int, count: int) -> None:
    run.stack.pop()
    run.state.use_vector(run.stack.pop(), True)


def _vector_pop(run: _Analysis, operand: int, count: int) -> None:
    run.state.use_vector(run.stack[-1], True)
    run.stack[-1] = VALUE


def _vector_swap(run: _Analysis, operand: int, count: int) -> None:
    run.pop_many(2)
    run.state.use_vector(run.stack.pop(), True)


def _struct(run: _Analysis, is_generic: bool, operand: int) -> int:
    return run.view.module.struct_def_instantiations[operand].definition if is_generic else operand


def _borrow_global(is_generic: bool, is_mutable: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.stack[-1] = run.state.borrow_global(_struct(run, is_generic, operand), is_mutable)

    return rule


def _move_from(is_generic: bool) -> _Rule:
    def rule(run: _Analysis, operand: int, count: int) -> None:
        run.state.move_from(_struct(run, is_generic, operand))

    return rule


def _move_to(run: _Analysis, operand: int, count: int) -> None:
    run.stack.pop()
    run.state.release(run.stack.pop())


_O = Opcode

_RULES: list[_Rule | None] = group.by_opcode(
    [
        ((_O.POP, _O.VARIANT_SWITCH), _pop),
        ((_O.RET,), _return),
        ((_O.COPY_LOC,), _copy_local),
        ((_O.MOVE_LOC,), _move_local),
        ((_O.ST_LOC,), _store_local),
        ((_O.MUT_BORROW_LOC,), _borrow_local(True)),
        ((_O.IMM_BORROW_LOC,), _borrow_local(False)),
        ((_O.FREEZE_REF,), _freeze),
        ((_O.READ_REF,), _read),
        ((_O.WRITE_REF,), _write),
        ((_O.EQ, _O.NEQ), _compare),
        ((_O.CALL,), _call(False)),
        ((_O.CALL_GENERIC,), _call(True)),
        ((_O.MUT_BORROW_FIELD,), _borrow_field(False, True)),
        ((_O.IMM_BORROW_FIELD,), _borrow_field(False, False)),
        ((_O.MUT_BORROW_FIELD_GENERIC,), _borrow_field(True, True)),
        ((_O.IMM_BORROW_FIELD_GENERIC,), _borrow_field(True, False)),
        ((_O.PACK,), _pack(False)),
        ((_O.PACK_GENERIC,), _pack(True)),
        ((_O.UNPACK,), _unpack(False)),
        ((_O.UNPACK_GENERIC,), _unpack(True)),
        ((_O.PACK_VARIANT,), _pack_variant(False)),
        ((_O.PACK_VARIANT_GENERIC,), _pack_variant(True)),
        ((_O.UNPACK_VARIANT,), _unpack_variant(False)),
        ((_O.UNPACK_VARIANT_GENERIC,), _unpack_variant(True)),
        ((_O.UNPACK_VARIANT_IMM_REF,), _unpack_variant_reference(False, False)),
        ((_O.UNPACK_VARIANT_MUT_REF,), _unpack_variant_reference(False, True)),
        ((_O.UNPACK_VARIANT_GENERIC_IMM_REF,), _unpack_variant_reference(True, False)),
        ((_O.UNPACK_VARIANT_GENERIC_MUT_REF,), _unpack_variant_reference(True, True)),
        ((_O.VEC_PACK,), _vector_pack),
        ((_O.VEC_UNPACK,), _vector_unpack),
        ((_O.VEC_LEN,), _vector_length),
        ((_O.VEC_IMM_BORROW,), _vector_borrow(False)),
        ((_O.VEC_MUT_BORROW,), _vector_borrow(True)),
        ((_O.VEC_PUSH_BACK,), _vector_push),
        ((_O.VEC_POP_BACK,), _vector_pop),
        ((_O.VEC_SWAP,), _vector_swap),
        ((_O.MUT_BORROW_GLOBAL_DEPRECATED,), _borrow_global(False, True)),
        ((_O.IMM_BORROW_GLOBAL_DEPRECATED,), _borrow_global(False, False)),
        ((_O.MUT_BORROW_GLOBAL_GENERIC_DEPRECATED,), _borrow_global(True, True)),
        ((_O.IMM_BORROW_GLOBAL_GENERIC_DEPRECATED,), _borrow_global(True, False)),
        ((_O.MOVE_FROM_DEPRECATED,), _move_from(False)),
        ((_O.MOVE_FROM_GENERIC_DEPRECATED,), _move_from(True)),
        ((_O.MOVE_TO_DEPRECATED, _O.MOVE_TO_GENERIC_DEPRECATED), _move_to),
    ],
    None,
)
"""By opcode: what it does to references, or None if it can touch none."""

_CHANGES: list[int] = group.by_opcode(
    [
        ((_O.LD_U8, _O.LD_U16, _O.LD_U32, _O.LD_U64, _O.LD_U128, _O.LD_U256), 1),
        ((_O.LD_TRUE, _O.LD_FALSE, _O.LD_CONST), 1),
        ((_O.BR_TRUE, _O.BR_FALSE, _O.ABORT), -1),
        ((_O.ADD, _O.SUB, _O.MUL, _O.MOD, _O.DIV, _O.BIT_OR, _O.BIT_AND, _O.XOR, _O.SHL, _O.SHR), -1),
        ((_O.OR, _O.AND, _O.LT, _O.GT, _O.LE, _O.GE), -1),
    ],
    0,
)
"""By opcode: how the height of the stack changes, where no rule says it."""
