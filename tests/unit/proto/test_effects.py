"""Views of effects, and statuses as JSON prints them."""

from __future__ import annotations

import pytest

from proto import argument_error, bcs
from proto import execution_status as status
from proto import user_input_error as reason
from proto.effects import (
    EffectsObjectChange,
    Exist,
    Failure,
    GasCostSummary,
    IdCreated,
    IdDeleted,
    IdUnchanged,
    InputNotExist,
    ObjectWrite,
    OutputNotExist,
    PackageWrite,
    Success,
    TransactionEffects,
)
from proto.errors import UserInputError
from proto.ids import OBJECT_DIGEST_DELETED, OBJECT_DIGEST_WRAPPED, Digest, address_from_int, format_digest
from proto.object import IMMUTABLE, AddressOwner, ObjectRef
from proto.rust_text import rust_debug, rust_display

OWNER = AddressOwner(address_from_int(7))
BEFORE = Exist((4, Digest(b"\x01" * 32)), OWNER)
AFTER = ObjectWrite(Digest(b"\x02" * 32), OWNER)

CHANGES = (
    EffectsObjectChange(InputNotExist(), AFTER, IdCreated()),
    EffectsObjectChange(BEFORE, AFTER, IdUnchanged()),
    EffectsObjectChange(InputNotExist(), AFTER, IdUnchanged()),
    EffectsObjectChange(BEFORE, OutputNotExist(), IdDeleted()),
    EffectsObjectChange(BEFORE, OutputNotExist(), IdUnchanged()),
    EffectsObjectChange(InputNotExist(), OutputNotExist(), IdDeleted()),
    EffectsObjectChange(InputNotExist(), OutputNotExist(), IdCreated()),
    EffectsObjectChange(InputNotExist(), PackageWrite(1, Digest(b"\x03" * 32)), IdCreated()),
)

EFFECTS = TransactionEffects(
    status=Success(),
    executed_epoch=0,
    gas_used=GasCostSummary(1000, 1000, 500, 200, 0),
    transaction_digest=Digest(bytes(32)),
    gas_object_index=1,
    events_digest=None,
    dependencies=(),
    lamport_version=5,
    changed_objects=tuple((address_from_int(i), change) for i, change in enumerate(CHANGES)),
)


def written(index: int) -> tuple[ObjectRef, AddressOwner]:
    return ObjectRef(address_from_int(index), 5, AFTER.digest), OWNER


def test_every_change_is_in_its_category() -> None:
    package = ObjectRef(address_from_int(7), 1, Digest(b"\x03" * 32)), IMMUTABLE
    assert EFFECTS.created() == (written(0), package)
    assert EFFECTS.mutated() == (written(1),)
    assert EFFECTS.unwrapped() == (written(2),)
    assert EFFECTS.deleted() == (ObjectRef(address_from_int(3), 5, OBJECT_DIGEST_DELETED),)
    assert EFFECTS.wrapped() == (ObjectRef(address_from_int(4), 5, OBJECT_DIGEST_WRAPPED),)
    assert EFFECTS.unwrapped_then_deleted() == (ObjectRef(address_from_int(5), 5, OBJECT_DIGEST_DELETED),)
    assert EFFECTS.all_changed() == (written(0), written(1), written(2), package)
    assert EFFECTS.gas_object() == written(1)
    assert [id_ for id_, _ in EFFECTS.modified_at_versions()] == [address_from_int(i) for i in (1, 3, 4)]
    assert EFFECTS.gas_used.net_gas_usage == 1300


LOCATION = status.MoveLocation(status.ModuleId(address_from_int(2), "coin"), 1, 2, "mint")


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (Failure(status.InsufficientGas()), "InsufficientGas"),
        (
            Failure(status.MoveAbort(LOCATION, 5), 0),
            "MoveAbort(MoveLocation { module: ModuleId { address: "
            + "0" * 63
            + '2, name: Identifier("coin") }, '
            'function: 1, instruction: 2, function_name: Some("mint") }, 5) in command 0',
        ),
        (
            Failure(status.MovePrimitiveRuntimeError(None), 1),
            "MovePrimitiveRuntimeError(MoveLocationOpt(None)) in command 1",
        ),
        (
            Failure(status.CommandArgumentError(1, argument_error.IndexOutOfBounds(3)), 2),
            "CommandArgumentError { arg_idx: 1, kind: IndexOutOfBounds { idx: 3 } } in command 2",
        ),
        (
            Failure(status.PackageUpgradeError(argument_error.DigestDoesNotMatch(b"\x01\x02"))),
            "PackageUpgradeError { upgrade_error: DigestDoesNotMatch { digest: [1, 2] } }",
        ),
    ],
)
def test_failures_as_json_prints_them(failure: Failure, text: str) -> None:
    assert str(failure) == text
    assert bcs.decode(status.ExecutionStatus, bcs.encode(status.ExecutionStatus, failure)) == failure


def test_failures_as_people_read_them() -> None:
    abort = status.MoveAbort(LOCATION, 5)
    assert rust_display(status.ExecutionFailureStatus, abort) == (
        "Move Runtime Abort. Location: "
        + "0" * 63
        + "2::coin::mint (function index 1) at offset 2, Abort Code: 5"
    )
    unknown = status.MovePrimitiveRuntimeError(None)
    assert "Location: UNKNOWN." in rust_display(status.ExecutionFailureStatus, unknown)


def test_user_input_errors_as_iota_words_them() -> None:
    reference = ObjectRef(address_from_int(2), 5, Digest(bytes(32)))
    error = UserInputError(reason.ObjectVersionUnavailableForConsumption(reference, 6))
    digest = format_digest(bytes(32))
    assert str(error) == (
        f"Object (0x{'0' * 63}2, SequenceNumber(5), o#{digest}) is not available for consumption, "
        "its current version: SequenceNumber(6)"
    )
    assert error.name == "ObjectVersionUnavailableForConsumption"
    lost = UserInputError(reason.ObjectNotFound(address_from_int(2), None))
    assert str(lost).endswith("at version None")
    gas = reason.GasObjectNotOwnedObject(OWNER)
    assert rust_debug(reason.UserInputErrorKind, gas) == (
        f"GasObjectNotOwnedObject {{ owner: AddressOwner(0x{'0' * 63}7) }}"
    )


def test_own_bytes_are_read_when_looked_at() -> None:
    made = TransactionEffects.of_own_bytes(EFFECTS.encoded)
    assert made.digest() == EFFECTS.digest()
    assert "gas_used" not in made.__dict__
    assert made.gas_used == EFFECTS.gas_used
    assert made == EFFECTS
    assert not hasattr(made, "no_such_field")
