"""Verification stops when it gets too dear, and costs what it officially costs."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    Vector,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier import iota
from movelite.verifier.meter import SIGNING_METER_CONFIG, Meter, MeterConfig, Scope
from movelite.verifier.signing import check_verification_cost
from movelite.verifier.verifier import verify_module
from tests.support.module_builder import Code, ModuleBuilder, Step, join

O = Opcode  # noqa: E741
U64 = Primitive.U64


def test_a_scope_starts_from_zero_and_hands_its_ticks_on() -> None:
    meter = Meter(MeterConfig(100, 100, 100))
    meter.enter_scope("f", Scope.FUNCTION)
    meter.add(Scope.FUNCTION, 60)
    meter.transfer(Scope.FUNCTION, Scope.MODULE)
    meter.enter_scope("g", Scope.FUNCTION)
    assert meter.used[Scope.FUNCTION] == 0
    meter.add(Scope.FUNCTION, 40)
    with pytest.raises(VMError) as raised:
        meter.transfer(Scope.FUNCTION, Scope.MODULE)
    assert raised.value.status is StatusCode.PROGRAM_TOO_COMPLEX
    assert meter.used[Scope.MODULE] == 60


def test_the_limit_itself_is_too_much() -> None:
    meter = Meter(MeterConfig(max_per_function=10))
    meter.add(Scope.FUNCTION, 9)
    with pytest.raises(VMError):
        meter.add(Scope.FUNCTION, 1)


def ticks(code: Code, parameters: list[SignatureToken]) -> int:
    """What verifying a module with one function charges to the module."""
    builder = ModuleBuilder()
    builder.function(code, parameters)
    meter = Meter(SIGNING_METER_CONFIG)
    verify_module(builder.module, meter=meter)
    return meter.used[Scope.MODULE]


def test_what_passes_charge() -> None:
    # Nothing but Ret: two analyses of one block each (2 * 20), a step in each (2), the end of no locals,
    # and the graph of the frame alone (4).
    empty = ticks([O.RET], [])
    assert empty == 40 + 2 + 4
    # CopyLoc of a u64: one type node copied (6) and pushed (3), a step in both analyses, one local at the
    # end (10), the graph looked at (4). Pop: two steps.
    assert ticks([(O.COPY_LOC, 0), O.POP, O.RET], [U64]) == empty + 6 + 3 + 2 + 10 + 4 + 2


def test_big_types_cost_the_square_of_their_size() -> None:
    def nested(depth: int) -> list[SignatureToken]:
        token: SignatureToken = U64
        for _ in range(depth):
            token = Vector(token)
        return [token]

    small, big = (ticks([(O.COPY_LOC, 0), O.POP, O.RET], nested(depth)) for depth in (99, 199))
    assert big - small == 6 * (200 * 200 - 100 * 100) // 10


def test_an_error_after_the_limit_is_no_error() -> None:
    builder = ModuleBuilder()
    balanced: Code = [(O.LD_U64, 0), O.POP]
    builder.function(join(*[balanced] * 100, [(O.LD_U64, 0), O.NOT, O.POP, O.RET]))
    with pytest.raises(VMError) as raised:
        verify_module(builder.module)
    assert raised.value.status is StatusCode.BOOLEAN_OP_TYPE_MISMATCH_ERROR
    with pytest.raises(VMError) as raised:
        verify_module(builder.module, meter=Meter(MeterConfig(max_per_function=200)))
    assert raised.value.status is StatusCode.PROGRAM_TOO_COMPLEX


def tangled() -> ModuleBuilder:
    """Loops within loops that pass sixty references around: hours of work in a few thousand bytes."""
    count = 60
    builder = ModuleBuilder()
    code: list[Step] = []
    for local in range(count):
        code += [(O.IMM_BORROW_LOC, 0), (O.ST_LOC, 1 + local)]
    heads = []
    for depth in range(5):
        heads.append(len(code))
        for local in range(1, count):
            step = (local * (depth + 3)) % count
            code += [O.LD_TRUE, (O.BR_TRUE, len(code) + 4), (O.COPY_LOC, 1 + step), (O.ST_LOC, 1 + local)]
    for head in reversed(heads):
        code += [O.LD_TRUE, (O.BR_TRUE, head)]
    builder.function([*code, O.RET], [U64], locals_=[Reference(U64)] * count)
    return builder


def test_a_hostile_module_is_refused_in_time() -> None:
    """It does not end at all if it is not."""
    with pytest.raises(iota.IotaVerificationTimeout):
        check_verification_cost([tangled().module], Meter(SIGNING_METER_CONFIG))


def test_signing_cares_for_cost_alone() -> None:
    refused = ModuleBuilder()
    refused.function([O.POP, O.RET])
    check_verification_cost([refused.module], Meter(SIGNING_METER_CONFIG))
    broken_rule = ModuleBuilder()
    broken_rule.function([O.RET], is_entry=True, name="init")
    check_verification_cost([broken_rule.module], Meter(SIGNING_METER_CONFIG))


def test_a_package_pays_for_all_its_modules() -> None:
    builder = ModuleBuilder()
    builder.function([(O.COPY_LOC, 0), O.POP, O.RET], [MutableReference(U64)])
    meter = Meter(SIGNING_METER_CONFIG)
    check_verification_cost([builder.module], meter)
    once = meter.used[Scope.PACKAGE]
    check_verification_cost([builder.module], meter)
    assert meter.used[Scope.PACKAGE] == 2 * once
    with pytest.raises(iota.IotaVerificationTimeout):
        check_verification_cost([builder.module] * 3, Meter(MeterConfig(max_per_package=3 * once)))


def test_blocks_with_many_references_take_steps() -> None:
    """Each block begins with a copy of what is known of its references, for hardly a tick."""

    def steps(parameters: int) -> int:
        code: list[Step] = [*[(O.BRANCH, offset + 1) for offset in range(100)], O.RET]
        builder = ModuleBuilder()
        builder.function(code, [Reference(U64)] * parameters)
        meter = Meter()
        verify_module(builder.module, meter=meter)
        return meter.steps

    assert steps(1) == 101 * 2
    assert steps(100) == 101 * (101 + 100 // 8)
