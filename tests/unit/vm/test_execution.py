"""Running code: limits, failures and where they are, the change from interpreter to translation."""

from __future__ import annotations

import random

import pytest

from movelite.bytecode.status import StatusCode
from movelite.bytecode.writer import serialize_module
from movelite.vm.gas import GasMeter, UnmeteredGas
from movelite.vm.native_context import RuntimeLimits
from movelite.vm.trace import ExecutionError
from movelite.vm.translator.operands import FunctionNames
from movelite.vm.translator.source import write_source
from tests.support.ir import assemble
from tests.support.vm_pair import Pair

MODULE = (bytes(31) + b"\x42", "m")


def pair_of(body: str) -> Pair:
    """The runtimes over one module."""
    return Pair({MODULE: serialize_module(assemble(f"module 0x42.m {{ {body} }}"))})


def u64(value: int) -> bytes:
    """BCS of a number."""
    return value.to_bytes(8, "little")


FOREVER = "public forever() { label b0: jump b0; }"
DEEP = """
    public deep(n: u64): u64 {
    label b0:
        jump_if (copy(n) == 0) b2;
    label b1:
        return 1 + Self.deep(move(n) - 1);
    label b2:
        return 0;
    }
    public chain(n: u64): u64 {
    label b0:
        jump_if (copy(n) == 0) b2;
    label b1:
        return Self.chain(move(n) - 1);
    label b2:
        return 0;
    }
"""
FAILING = """
    fail(n: u64): u64 {
    label b0:
        return 10 / move(n);
    }
    public outer(n: u64): u64 {
        let i: u64;
    label b0:
        i = Self.fail(copy(n) + 1);
        return move(i) + Self.fail(move(n));
    }
"""
BORROWS = """
    struct S has copy, drop { a: u64, b: vector<u64> }
    add(r: &mut u64, n: u64) {
    label b0:
        *copy(r) = *copy(r) + move(n);
        _ = move(r);
        return;
    }
    public total(n: u64): u64 {
        let sum: u64;
        let i: u64;
        let s: Self.S;
        let r: &mut u64;
    label b0:
        sum = 0;
        i = 0;
        s = S { a: 0, b: vec_pack_0<u64>() };
    label b1:
        jump_if_false (copy(i) < copy(n)) b3;
    label b2:
        Self.add(&mut sum, copy(i));
        Self.add(&mut (&mut s).S::a, 2);
        vec_push_back<u64>(&mut (&mut s).S::b, copy(i));
        r = vec_mut_borrow<u64>(&mut (&mut s).S::b, copy(i));
        Self.add(move(r), 1);
        i = move(i) + 1;
        jump b1;
    label b3:
        return copy(sum) + *&(&s).S::a + vec_len<u64>(&(&s).S::b);
    }
"""


def test_an_endless_loop_ends_with_the_gas() -> None:
    outcome = pair_of(FOREVER).call(MODULE, "forever", [], budget=5_000_000)
    assert outcome.error is not None
    assert outcome.error[0] is StatusCode.OUT_OF_GAS
    assert outcome.gas[0] == 0


@pytest.mark.parametrize(
    ("function", "fits", "status"),
    [("deep", 1022, StatusCode.EXECUTION_STACK_OVERFLOW), ("chain", 1024, StatusCode.CALL_STACK_OVERFLOW)],
)
def test_both_stacks_hold_1024(function: str, fits: int, status: StatusCode) -> None:
    pair = pair_of(DEEP)
    assert pair.call(MODULE, function, [u64(fits)]).error is None
    outcome = pair.call(MODULE, function, [u64(fits + 1)])
    assert outcome.error is not None
    assert outcome.error[0] is status
    assert len(outcome.frames) in (fits + 1, fits + 2)


def test_a_failure_names_every_frame_and_charges_up_to_itself() -> None:
    pair = pair_of(FAILING)
    outcome = pair.call(MODULE, "outer", [u64(0)], budget=1_000_000)
    assert outcome.error is not None
    assert outcome.error[0] is StatusCode.ARITHMETIC_ERROR
    assert outcome.frames == ("0x42::m::outer at offset 7", "0x42::m::fail at offset 2")
    for budget in range(1_000_000 - outcome.gas[0] + 2):
        pair.call(MODULE, "outer", [u64(0)], budget=budget)


def test_references_to_locals_fields_and_elements_agree_wherever_execution_changes_over() -> None:
    pair = pair_of(BORROWS)
    chance = random.Random(5)
    for count in (0, 1, 2, 3, 5, 8, 30):
        outcome = pair.call_with_budgets(MODULE, "total", [u64(count)], chance=chance, budgets=20)
        assert outcome.results == ([], [u64(count * (count - 1) // 2 + 2 * count + count)])


def test_cold_functions_are_interpreted_and_hot_ones_translated() -> None:
    pair = pair_of(FAILING)
    session = pair.mixing.new_session(pair.linkage, UnmeteredGas())
    function = session.load_function(MODULE, "outer")
    session.execute(function, [1])
    assert function.instance.translation is None
    for _ in range(3):
        session.execute(function, [1])
    assert function.instance.translation is not None


def test_source_holds_generated_names_and_numbers_only() -> None:
    pair = pair_of(BORROWS)
    module = pair.session().load_module(MODULE)
    linking = FunctionNames(callee=str, native=str)
    for function in module.functions:
        source = write_source(function.instance(), linking, RuntimeLimits())
        words = set("".join(c if c.isalnum() or c == "_" else " " for c in source.text).split())
        fixed = "def make g f nonlocal w if return raise T x o e while True not len append break j pass"
        allowed = {*fixed.split(), "AssertionError", "False", "else", "and", "or", "continue", "pop"}
        strange = {w for w in words if not w.isdecimal() and w not in allowed and not w[1:].isdecimal()}
        assert not strange


def test_an_error_carries_its_frames_for_a_stack_trace() -> None:
    pair = pair_of(FAILING)
    session = pair.session(GasMeter(10**6))
    with pytest.raises(ExecutionError) as failure:
        session.execute(session.load_function(MODULE, "outer"), [0])
    innermost = failure.value.frames[-1]
    assert (innermost.module_id, innermost.function, innermost.code_offset) == (MODULE, "fail", 2)
    assert failure.value.location == MODULE
    assert failure.value.offsets == [(innermost.definition_index, 2)]
