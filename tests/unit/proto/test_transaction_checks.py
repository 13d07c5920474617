"""What is refused before any state is looked at, each with IOTA's name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proto import bcs, type_tag
from proto import user_input_error as reason
from proto.bcs import U8
from proto.crypto import Ed25519KeyPair
from proto.errors import AuthorityError, TransactionExpired, UserInputError
from proto.identity_cache import IdentityCache
from proto.ids import RANDOMNESS_STATE_ID, Digest, address_from_int
from proto.object import ObjectRef
from proto.protocol_config import PROTOCOL_CONFIG
from proto.system_transaction import ChangeEpoch, EndOfEpochTransaction
from proto.transaction import (
    CallArg,
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    ObjectInput,
    ProgrammableTransaction,
    Publish,
    Pure,
    Receiving,
    SenderSignedData,
    SharedObject,
    SplitCoins,
    TransactionData,
    TransferObjects,
    Upgrade,
)
from proto.transaction_checks import (
    OwnedInput,
    PackageInput,
    SharedInput,
    _are_short,
    check_static_validity,
    check_transaction_data,
    input_objects,
)
from proto.type_tag import StructTag, TypeTag, VectorTag
from tests.unit.proto.conftest import make_transfer

ONE = address_from_int(1)
GAS = GasCoin()
RANDOM = ObjectInput(SharedObject(RANDOMNESS_STATE_ID, 1, False))


def owned(number: int) -> CallArg:
    return ObjectInput(ImmOrOwnedObject(ObjectRef(address_from_int(number), 1, Digest(bytes(32)))))


@pytest.fixture
def data(user: Ed25519KeyPair) -> TransactionData:
    return make_transfer(1, user)


def with_kind(
    data: TransactionData, commands: list[Command], inputs: list[CallArg] | None = None
) -> TransactionData:
    return replace(data, kind=ProgrammableTransaction(tuple(inputs or ()), tuple(commands)))


def call(arguments: int = 0, type_arguments: tuple[TypeTag, ...] = ()) -> MoveCall:
    return MoveCall(ONE, "m", "f", type_arguments, (GAS,) * arguments)


def nested(depth: int) -> TypeTag:
    tag: TypeTag = type_tag.U8
    for _ in range(depth - 1):
        tag = VectorTag(tag)
    return tag


def refused(data: TransactionData) -> reason.UserInputErrorKind:
    with pytest.raises(UserInputError) as caught:
        check_transaction_data(data, PROTOCOL_CONFIG)
    return caught.value.kind


@pytest.mark.parametrize(
    ("commands", "limit", "value"),
    [
        ([call()] * 1024, "maximum commands in a programmable transaction", "1024"),
        ([call(512)], "maximum arguments in a move call", "512"),
        ([call(0, (type_tag.U8,) * 16)], "maximum type arguments in a call transaction", "16"),
        ([call(0, (nested(16),))], "maximum type arguments in a call transaction", "16"),
        (
            [MergeCoins(GAS, (GAS,) * 512)],
            "maximum arguments in a programmable transaction command",
            "512",
        ),
        ([Publish((b"m",) * 64, ())], "maximum modules in a programmable transaction upgrade command", "64"),
        ([Upgrade((b"m",), (ONE,) * 32, ONE, GAS)], "maximum package dependencies", "32"),
    ],
)
def test_limits(data: TransactionData, commands: list[Command], limit: str, value: str) -> None:
    assert refused(with_kind(data, commands)) == reason.SizeLimitExceeded(limit, value)


@pytest.mark.parametrize(
    "commands",
    [
        [call(511)],
        [call(0, (type_tag.U8,) * 15)],
        [call(0, (nested(15),))],
        [Publish((b"m",) * 63, (ONE,) * 31)] * 5,
        [call()] * 1023,
        [MakeMoveVec(type_tag.U8, ())],
        [],
    ],
)
def test_just_below_the_limits(data: TransactionData, commands: list[Command]) -> None:
    check_transaction_data(with_kind(data, commands), PROTOCOL_CONFIG)


@pytest.mark.parametrize(
    "command",
    [
        TransferObjects((), GAS),
        SplitCoins(GAS, ()),
        MergeCoins(GAS, ()),
        MakeMoveVec(None, ()),
        Publish((), ()),
        Upgrade((), (), ONE, GAS),
    ],
)
def test_empty_commands(data: TransactionData, command: Command) -> None:
    assert refused(with_kind(data, [command])) == reason.EmptyCommandInput()


def test_inputs(data: TransactionData) -> None:
    assert refused(with_kind(data, [], [Pure(bytes(16384))])) == reason.SizeLimitExceeded(
        "maximum pure argument size", "16384"
    )
    check_transaction_data(with_kind(data, [], [Pure(bytes(16383))]), PROTOCOL_CONFIG)
    assert refused(with_kind(data, [], [owned(1), owned(1)])) == reason.DuplicateObjectRefInput()
    many = [owned(number) for number in range(1, 2050)]
    assert refused(with_kind(data, [], many)) == reason.SizeLimitExceeded(
        "maximum input + receiving objects in a transaction", "2048"
    )
    check_transaction_data(with_kind(data, [], many[:2048]), PROTOCOL_CONFIG)


def test_too_many_publishes(data: TransactionData) -> None:
    kind = with_kind(data, [Publish((b"m",), ())] * 6)
    assert refused(kind) == reason.MaxPublishCountExceeded(5, 6)


def test_after_randomness_only_transfers_and_merges(data: TransactionData) -> None:
    use = MoveCall(ONE, "m", "f", (), (Input(0),))
    good: list[Command] = [call(), use, TransferObjects((GAS,), GAS), MergeCoins(GAS, (GAS,))]
    check_transaction_data(with_kind(data, good, [RANDOM]), PROTOCOL_CONFIG)
    assert refused(with_kind(data, [use, call()], [RANDOM])) == reason.PostRandomCommandRestrictions()


def test_gas_payment(data: TransactionData) -> None:
    coin = data.gas_data.payment[0]
    without = replace(data, gas_data=replace(data.gas_data, payment=()))
    assert refused(without) == reason.MissingGasPayment()
    check_transaction_data(without, PROTOCOL_CONFIG, gas_required=False)
    crowded = replace(data, gas_data=replace(data.gas_data, payment=(coin,) * 256))
    assert refused(crowded) == reason.SizeLimitExceeded("maximum number of gas payment objects", "256")


def test_users_send_no_system_transactions(data: TransactionData) -> None:
    change = ChangeEpoch(1, 2, 0, 0, 0, 0, 0, ())
    system = SenderSignedData(replace(data, kind=EndOfEpochTransaction((change,))), (bytes(97),))
    with pytest.raises(UserInputError) as caught:
        check_static_validity(system, PROTOCOL_CONFIG, 0, 100)
    assert caught.value.name == "Unsupported"


def test_expiration_size_and_schemes(data: TransactionData) -> None:
    signed = SenderSignedData(replace(data, expiration=5), (bytes(97),))
    check_static_validity(signed, PROTOCOL_CONFIG, 5, 131072)
    with pytest.raises(AuthorityError) as expired:
        check_static_validity(signed, PROTOCOL_CONFIG, 6, 100)
    assert expired.value.kind == TransactionExpired()
    with pytest.raises(UserInputError) as large:
        check_static_validity(signed, PROTOCOL_CONFIG, 5, 131073)
    assert large.value.kind == reason.SizeLimitExceeded(
        "serialized transaction size exceeded maximum of 131072", "131073"
    )
    with pytest.raises(UserInputError) as zklogin:
        check_static_validity(replace(signed, tx_signatures=(b"\x05",)), PROTOCOL_CONFIG, 5, 100)
    assert zklogin.value.kind == reason.Unsupported("zklogin is not enabled on this network")


def test_input_objects_in_order(data: TransactionData) -> None:
    reference = ObjectRef(address_from_int(0x30), 1, Digest(bytes(32)))
    received = ObjectInput(Receiving(ObjectRef(address_from_int(0x40), 1, Digest(bytes(32)))))
    shared = ObjectInput(SharedObject(address_from_int(0x20), 4, True))
    tag = StructTag(address_from_int(0x9), "m", "T", (VectorTag(StructTag(address_from_int(0x3), "m", "U")),))
    commands: list[Command] = [
        MoveCall(address_from_int(0x5), "m", "f", (tag,), ()),
        Publish((b"m",), (address_from_int(0x1), address_from_int(0x5))),
        MakeMoveVec(StructTag(address_from_int(0x8), "m", "V"), ()),
    ]
    kinds = input_objects(
        with_kind(data, commands, [ObjectInput(ImmOrOwnedObject(reference)), received, shared])
    )
    packages = [PackageInput(address_from_int(number)) for number in (1, 3, 5, 8, 9)]
    gas = OwnedInput(data.gas_data.payment[0])
    assert list(kinds) == [
        OwnedInput(reference),
        SharedInput(address_from_int(0x20), 4, True),
        *packages,
        gas,
    ]


def test_packages_of_long_commands_are_not_kept() -> None:
    made: list[int] = []
    cache = IdentityCache(lambda commands: made.append(len(commands)), _are_short)
    deep: TypeTag = type_tag.U64
    for _ in range(40):
        deep = VectorTag(deep)
    short = (MakeMoveVec(deep, ()),)
    for commands in (short, short * 30, (MakeMoveVec(StructTag(ONE, "m" * 1000, "n" * 30), ()),)):
        cache(commands)
        cache(commands)
    assert made == [1, 30, 30, 1, 1]


def test_a_signed_transaction_of_own_bytes_is_read_when_it_is_looked_at() -> None:
    signed = SenderSignedData(make_transfer(1, Ed25519KeyPair.from_seed(b"u" * 32)), (b"a signature",))
    same = SenderSignedData.of_own_bytes(signed.to_bytes())
    assert bcs.encode(tuple[SenderSignedData, U8], (same, 7)) == signed.to_bytes() + b"\x07"
    assert "transaction_data" not in vars(same)
    assert same == signed
    assert same.digest() == signed.digest()
    assert SenderSignedData.from_bytes(signed.to_bytes()) == signed
