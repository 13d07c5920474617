"""What would cost an authority much more than its gas is refused before it votes, or runs out of gas."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from authority import transaction_input
from authority.execution.call_plan import LARGEST_WORK, MOST_VALUES, VALUE_WORK, NotPlain, small
from authority.execution.plain_plan import MOST_OBJECTS
from movelite.bytecode.file_format import MutableReference, Opcode, Primitive, Reference, Vector, Visibility
from movelite.bytecode.reader import read_own_address
from movelite.bytecode.writer import serialize_module
from movelite.vm.gas import BoundedHeightGas, GasMeter
from movelite.vm.types import U8, vector_type
from proto.errors import UserInputError
from proto.execution_status import InsufficientGas
from proto.ids import Address, ObjectID
from proto.object import new_gas_coin
from proto.protocol_config import NETWORK_LIMITS
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    Input,
    MakeMoveVec,
    MoveCall,
    Publish,
    Pure,
    Result,
    TransferObjects,
    pure,
)
from proto.type_tag import TypeTag, U8Tag, VectorTag
from proto.user_input_error import SizeLimitExceeded
from tests.support.ledger import ALICE, build_transaction, framework
from tests.support.memory_ledger import LedgerTemplate, MemoryLedger, make_template
from tests.support.module_builder import ModuleBuilder, Step

COIN = ObjectID(Address(bytes([9]) * 32))
UNPUBLISHED = bytes(32)


@cache
def template() -> LedgerTemplate:
    return make_template(framework())


def new_ledger() -> MemoryLedger:
    return template().ledger([new_gas_coin(COIN, ALICE.address, 10**12)])


def execute(
    ledger: MemoryLedger, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]
) -> ObjectID | None:
    """Run commands that have to succeed; the package that they publish, if they do."""
    gas = ledger.history.get_object(COIN)
    assert gas is not None
    signed = build_transaction(ALICE, gas, inputs, commands, budget=10**9)
    result = ledger.execute(signed.transaction_data)
    assert result.error is None
    return next((value.object_id for value in result.written.values() if value.is_package), None)


def publish(ledger: MemoryLedger, builder: ModuleBuilder, *dependencies: ObjectID) -> ObjectID:
    commands = (
        Publish((serialize_module(builder.module),), dependencies),
        TransferObjects((Result(0),), Input(0)),
    )
    package = execute(ledger, (pure(Address, ALICE.address),), commands)
    assert package is not None
    return package


def bottom() -> ModuleBuilder:
    builder = ModuleBuilder("bottom", UNPUBLISHED)
    parameters = [Vector(Primitive.U8)]
    builder.function([Opcode.RET], parameters, name="f", visibility=Visibility.PUBLIC)
    return builder


def above(package: ObjectID) -> ModuleBuilder:
    """A module `top` whose function calls that of `bottom`."""
    builder = ModuleBuilder("top", UNPUBLISHED)
    parameters = [Vector(Primitive.U8)]
    callee = builder.function_handle("f", parameters, module=builder.module_handle(package, "bottom"))
    code: list[Step] = [(Opcode.MOVE_LOC, 0), (Opcode.CALL, callee), Opcode.RET]
    builder.function(code, parameters, name="f", visibility=Visibility.PUBLIC)
    return builder


def call(package: ObjectID, module: str) -> MoveCall:
    return MoveCall(package, module, "f", (), (Input(0),))


def limit(monkeypatch: pytest.MonkeyPatch, **values: int) -> None:
    monkeypatch.setattr(transaction_input, "NETWORK_LIMITS", replace(NETWORK_LIMITS, **values))


def test_packages_count_with_those_that_they_are_linked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = new_ledger()
    low = publish(ledger, bottom())
    high = publish(ledger, above(low), low)
    commands = (call(low, "bottom"), call(high, "top"))  # one, and another that is linked to one
    limit(monkeypatch, max_linked_packages=3)
    execute(ledger, (Pure(b"\0"),), commands)
    limit(monkeypatch, max_linked_packages=2)
    with pytest.raises(UserInputError) as raised:
        execute(ledger, (Pure(b"\0"),), commands)
    assert isinstance(raised.value.kind, SizeLimitExceeded)


def test_packages_count_with_the_bytes_of_those_that_they_are_linked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = new_ledger()
    low = publish(ledger, bottom())
    high = publish(ledger, above(low), low)
    packages = [ledger.history.get_object(package_id) for package_id in (low, high)]
    size = sum(value.package.size for value in packages if value is not None and value.package is not None)
    commands = (call(high, "top"),) * 2  # each package counts once
    limit(monkeypatch, max_linked_bytes=size)
    execute(ledger, (Pure(b"\0"),), commands)
    limit(monkeypatch, max_linked_bytes=size - 1)
    with pytest.raises(UserInputError) as raised:
        execute(ledger, (Pure(b"\0"),), commands)
    assert isinstance(raised.value.kind, SizeLimitExceeded)


def end_of(ledger: MemoryLedger, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]) -> object:
    """How commands end: the reason of a failure, None if there is none."""
    gas = ledger.history.get_object(COIN)
    assert gas is not None
    data = build_transaction(ALICE, gas, inputs, commands, budget=10**9).transaction_data
    error = ledger.execute(data).error
    return None if error is None else error.status


def vectors(depth: int, width: int) -> tuple[MakeMoveVec, ...]:
    """A vector of `width` times the first input, a vector of that, and so on."""
    tag: TypeTag = VectorTag(U8Tag())
    element: Argument = Input(0)
    commands: list[MakeMoveVec] = []
    for level in range(depth):
        commands.append(MakeMoveVec(tag, (element,) * width))
        tag, element = VectorTag(tag), Result(level)
    return tuple(commands)


def test_vectors_of_vectors_do_not_fill_the_memory() -> None:
    """Three commands, and 60 GB if nobody stopped them."""
    inputs = (pure(bytes, bytes(500)),)
    assert end_of(new_ledger(), inputs, vectors(depth=1, width=500)) is None
    assert end_of(new_ledger(), inputs, vectors(depth=3, width=500)) == InsufficientGas()


@pytest.mark.parametrize(
    ("reference", "uses"),
    [
        pytest.param(Reference, 5, id="read each time"),
        pytest.param(MutableReference, 2, id="read and written each time"),
    ],
)
def test_results_that_are_given_again_and_again_count_each_time(
    monkeypatch: pytest.MonkeyPatch, reference: type[Reference] | type[MutableReference], uses: int
) -> None:
    ledger = new_ledger()
    builder = ModuleBuilder("m", UNPUBLISHED)
    parameters = [reference(Vector(Vector(Primitive.U8)))]
    builder.function([Opcode.RET], parameters, name="f", visibility=Visibility.PUBLIC)
    package = publish(ledger, builder)
    inputs = (pure(bytes, b""),)
    (many,) = vectors(depth=1, width=500)  # lists of 500 lists: 167 units of work
    use = MoveCall(package, "m", "f", (), (Result(0),))
    monkeypatch.setattr(GasMeter, "max_work", 1000)
    assert end_of(ledger, inputs, (many, *[use] * uses)) is None
    assert end_of(ledger, inputs, (many, *[use] * (uses + 1))) == InsufficientGas()


def test_a_modules_own_address_is_read_without_the_rest() -> None:
    builder = ModuleBuilder("m", bytes([7]) * 32)
    builder.module_handle(bytes([8]) * 32, "other")
    assert read_own_address(serialize_module(builder.module)) == bytes([7]) * 32


def test_the_short_way_leaves_what_is_much_work_to_the_engine_that_counts_it() -> None:
    """By what is in a value, not by its bytes: nested structs have many parts in one of them."""
    type_ = vector_type(vector_type(U8))
    few: list[list[int]] = [[]] * 1000
    many: list[list[int]] = [[]] * 1100
    assert small(type_, few) is few
    with pytest.raises(NotPlain):
        small(type_, many)
    assert 2 * LARGEST_WORK <= VALUE_WORK
    assert BoundedHeightGas.max_work > VALUE_WORK * (MOST_VALUES + MOST_OBJECTS)
