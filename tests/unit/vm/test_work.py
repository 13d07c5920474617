"""Work that no gas pays for is counted, the same however often code has run before, and there is a limit."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    DatatypeInstantiation,
    Opcode,
    Primitive,
    SignatureToken,
    TypeParameter,
    Vector,
    Visibility,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from movelite.vm import types
from movelite.vm.gas import (
    COMPARED_SIZE,
    INSTANCE_WORK,
    INTERNAL_UNITS,
    QUICK_UNITS,
    QUICK_WORK,
    BoundedHeightGas,
    GasMeter,
)
from movelite.vm.loaded import FunctionInstance
from movelite.vm.native_context import Extensions
from movelite.vm.runtime import MoveRuntime
from movelite.vm.translator import machine
from movelite.vm.translator.charges import MAX_ENTRY, Charges, charges_of
from movelite.vm.translator.machine import TRANSLATION_SIZE
from tests.support.module_builder import Code, ModuleBuilder, Step
from tests.support.vm_pair import Outcome, Pair

O = Opcode  # noqa: E741
U8, U64 = Primitive.U8, Primitive.U64
T = TypeParameter(0)
DEPTH = 4
INSTANCES = 2 ** (DEPTH + 1) - 1
AMPLE_GAS = 10**12


def tree() -> Pair:
    """f4<T> does nothing, f3<T> calls f4<vector<T>> and f4<Box<T>>, and so on; `go` calls f0<u64>."""
    builder = ModuleBuilder()
    builder.struct("Box", {"value": T}, type_parameters=(0,))
    wider = Vector(T), DatatypeInstantiation(0, (T,))
    callee = builder.function([O.RET], type_parameters=(0,), name=f"f{DEPTH}")
    for level in reversed(range(DEPTH)):
        calls: list[Step] = [(O.CALL_GENERIC, builder.function_instance(callee, token)) for token in wider]
        callee = builder.function([*calls, O.RET], type_parameters=(0,), name=f"f{level}")
    first = builder.function_instance(callee, U64)
    builder.function([(O.CALL_GENERIC, first), O.RET], name="go", visibility=Visibility.PUBLIC)
    return pair_of(builder)


def pair_of(builder: ModuleBuilder) -> Pair:
    return Pair({builder.module.self_id: serialize_module(builder.module)})


def with_function(code: Code, name: str = "go") -> Pair:
    builder = ModuleBuilder()
    builder.function(code, name=name, visibility=Visibility.PUBLIC)
    return pair_of(builder)


def run(pair: Pair, runtime: MoveRuntime, gas: GasMeter) -> GasMeter:
    session = runtime.new_session(pair.linkage, gas)
    (module_id,) = pair.linkage.modules
    session.execute(session.load_function(module_id, "go"), [])
    return gas


def runtimes(pair: Pair) -> tuple[MoveRuntime, ...]:
    return pair.interpreting, pair.translating, pair.mixing


def test_every_instance_that_is_called_counts_once_for_each_transaction() -> None:
    pair = tree()
    found = [run(pair, runtime, GasMeter(AMPLE_GAS)) for runtime in runtimes(pair) for _ in range(3)]
    assert {len(gas.instances) for gas in found} == {INSTANCES}
    assert len({gas.work for gas in found}) == 1
    assert INSTANCES * INSTANCE_WORK < found[0].work < 2 * INSTANCES * INSTANCE_WORK


def test_a_transaction_that_calls_more_instances_runs_out_of_gas(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = tree()
    work = run(pair, pair.interpreting, GasMeter(AMPLE_GAS)).work
    for times_run in range(3):
        for runtime in runtimes(pair):
            monkeypatch.setattr(GasMeter, "max_work", work)
            run(pair, runtime, GasMeter(AMPLE_GAS))
            monkeypatch.setattr(GasMeter, "max_work", work - 1)
            gas = GasMeter(AMPLE_GAS)
            with pytest.raises(VMError) as raised:
                run(pair, runtime, gas)
            assert raised.value.status is StatusCode.OUT_OF_GAS, times_run
            assert gas.gas_left == 0


def test_the_short_way_counts_what_is_new_to_the_process() -> None:
    pair = tree()
    for _ in range(2):
        run(pair, pair.translating, GasMeter(AMPLE_GAS))
    assert run(pair, pair.translating, BoundedHeightGas(AMPLE_GAS)).work == 0
    assert len(run(pair, pair.translating, GasMeter(AMPLE_GAS)).instances) == INSTANCES


def test_the_short_way_counts_all_once_much_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = tree()
    run(pair, pair.translating, GasMeter(AMPLE_GAS))
    monkeypatch.setattr(BoundedHeightGas, "max_work", GasMeter.max_work)  # so nothing may go uncounted
    assert len(run(pair, pair.translating, BoundedHeightGas(AMPLE_GAS)).instances) == INSTANCES


def test_a_meter_that_stops_soon_says_whether_another_one_may_get_further() -> None:
    builder = ModuleBuilder()
    builder.function([(O.BRANCH, 0)], name="go", visibility=Visibility.PUBLIC)
    pair = pair_of(builder)
    for runtime in runtimes(pair):
        for budget, may_go_on in ((QUICK_UNITS, False), (QUICK_UNITS + 1, True)):
            gas = GasMeter(budget * INTERNAL_UNITS)
            gas.stop_soon()
            with pytest.raises(VMError):
                run(pair, runtime, gas)
            assert gas.has_stopped_soon == may_go_on


def test_a_meter_that_stops_soon_counts_as_another_one() -> None:
    pair = tree()
    patient, hasty = GasMeter(AMPLE_GAS), GasMeter(AMPLE_GAS)
    hasty.stop_soon()
    for gas in (patient, hasty):
        run(pair, pair.interpreting, gas)
    assert (hasty.units_used, hasty.work) == (patient.units_used, patient.work)
    assert not hasty.has_stopped_soon
    hasty.add_work(QUICK_WORK - hasty.work)
    with pytest.raises(VMError):
        hasty.add_work(1)
    assert hasty.has_stopped_soon


def test_more_types_in_a_function_are_more_work() -> None:
    def work(count: int) -> int:
        builder = ModuleBuilder()
        tokens: list[SignatureToken] = [T]
        for _ in range(count):
            tokens.append(Vector(tokens[-1]))
        handle = builder.function([O.RET], locals_=tokens, type_parameters=(0,))
        call = builder.function_instance(handle, U64)
        builder.function([(O.CALL_GENERIC, call), O.RET], name="go", visibility=Visibility.PUBLIC)
        pair = pair_of(builder)
        return run(pair, pair.interpreting, GasMeter(AMPLE_GAS)).work

    assert work(20) - work(5) == 15


def test_a_type_is_gone_through_once_however_often_it_occurs() -> None:
    two = types.type_parameter(0), types.type_parameter(0)
    pair = types.DatatypeInfo((bytes(32), "m"), (bytes(32), "m"), "Pair", 0, (), (), None)
    open_type = types.datatype_type(pair, two)
    for _ in range(40):
        open_type = types.datatype_type(pair, (open_type, open_type))
    known: dict[types.Type, types.Type] = {}
    assert types.substitute(open_type, (types.U8,), known).is_concrete
    assert len(known) == 41


@pytest.mark.parametrize(
    ("length", "units"), [(3 * COMPARED_SIZE - 3, 2), (3 * COMPARED_SIZE - 2, 3), (1000, 15)]
)
def test_comparing_large_values_with_neq_is_work(length: int, units: int) -> None:
    # The network charges == by size and != by nothing.
    builder = ModuleBuilder()
    data = builder.constant(Vector(U8), bytes([length & 0x7F | 0x80, length >> 7]) + bytes(length))
    code: list[Step] = [(O.LD_CONST, data), (O.LD_CONST, data), O.NEQ, O.POP, O.RET]
    builder.function(code, name="go", visibility=Visibility.PUBLIC)
    pair = pair_of(builder)
    assert [run(pair, runtime, GasMeter(AMPLE_GAS)).work for runtime in runtimes(pair)] == [units] * 3


@pytest.mark.parametrize("waiting", [900, 1003, 1004, 1005, 1010, 1022])
def test_a_callee_that_calls_nothing_finds_as_much_room_translated(waiting: int) -> None:
    # The stack has room for 1024 values, of which the leaf takes 20.
    builder = ModuleBuilder()
    leaf = builder.function([*[(O.LD_U64, 1)] * 20, *[O.XOR] * 19, O.RET], results=[U64])
    code: list[Step] = [*[(O.LD_U64, 1)] * waiting, (O.CALL, leaf), *[O.XOR] * waiting, O.POP, O.RET]
    builder.function(code, name="go", visibility=Visibility.PUBLIC)
    pair = pair_of(builder)
    outcome: Outcome = pair.call(builder.module.self_id, "go", [], budget=10**9)
    assert (outcome.error is None) == (waiting + 20 <= 1024)


def instance(pair: Pair, name: str) -> FunctionInstance:
    session = pair.translating.new_session(pair.linkage, GasMeter(AMPLE_GAS))
    (module_id,) = pair.linkage.modules
    return session.load_function(module_id, name).instance


def test_callers_look_only_at_the_head_of_what_they_call() -> None:
    builder = ModuleBuilder()
    empty = builder.function([O.RET])
    builder.function([(O.CALL, empty), *[O.NOP] * 1000, O.RET], name="callee")
    charges = charges_of(instance(pair_of(builder), "callee"))
    assert charges.entry is not None
    assert len(charges.costs) == 1


@pytest.mark.parametrize(("length", "has_entry"), [(MAX_ENTRY, True), (MAX_ENTRY + 1, False), (5000, False)])
def test_a_long_head_is_charged_by_the_function_itself(length: int, has_entry: bool) -> None:
    pair = with_function([*[O.NOP] * (length - 1), O.RET])
    charges = Charges(instance(pair, "go"))
    assert (charges.entry is not None) == has_entry
    assert len(charges.costs) <= MAX_ENTRY + 2
    (module_id,) = pair.linkage.modules
    pair.call(module_id, "go", [], budget=AMPLE_GAS)
    pair.call(module_id, "go", [], budget=length * 500)


def test_after_much_translation_functions_have_to_be_hotter(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_translated(much: int) -> bool:
        monkeypatch.setattr(machine, "MUCH_TRANSLATED", much)
        pair = with_function([Opcode.RET])
        found = instance(pair, "go")
        for _ in range(2 * (1 + TRANSLATION_SIZE)):
            gas = GasMeter(AMPLE_GAS)
            pair.mixing.machine.run(found, [], gas, Extensions())
        return found.translation is not None

    assert is_translated(much=0)
    assert not is_translated(much=-1)
