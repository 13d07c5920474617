"""Loads the inputs of a transaction and checks them: existence, versions, owners, gas.

Deterministic: it reads the ledger and nothing else. It changes nothing.
Source: iota-transaction-checks; iota-core, transaction_input_loader.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from authority.execution.deny_list import check_deny_list_for_signing
from authority.execution.inputs import InputObjects, ObjectReader
from proto import bcs
from proto import user_input_error as kinds
from proto.effects import MutateDeleted, ReadDeleted, ReadOnlyRoot, UnchangedSharedKind
from proto.errors import UserInputError
from proto.ids import (
    AUTHENTICATOR_STATE_ID,
    CLOCK_ID,
    MAX_VERSION,
    RANDOMNESS_STATE_ID,
    SYSTEM_PACKAGE_IDS,
    Address,
    ObjectID,
    SequenceNumber,
)
from proto.object import (
    AddressOwner,
    GasCoinType,
    Immutable,
    MoveObject,
    MovePackage,
    Object,
    ObjectOwner,
    ObjectRef,
    Shared,
)
from proto.protocol_config import NETWORK_LIMITS, ProtocolConfig
from proto.transaction import (
    ImmOrOwnedObject,
    ObjectInput,
    ProgrammableTransaction,
    Receiving,
    SharedObject,
    TransactionData,
)
from proto.transaction_checks import named_packages

_encode_reference = bcs.encoder(ObjectRef)


class CheckedInputs(NamedTuple):
    """Inputs that passed, and the references among them that the transaction locks."""

    inputs: InputObjects
    owned: tuple[bytes, ...]
    """BCS of ObjectRefs."""


def check_transaction_input(
    transaction: TransactionData,
    reader: ObjectReader,
    config: ProtocolConfig,
    reference_gas_price: int,
    given: tuple[Object, ...] = (),
) -> CheckedInputs:
    """Load and check the inputs of a programmable transaction.

    given: objects that the ledger does not have, such as the coin of a dry run.
    Raises: UserInputError.
    """
    loaded = _load(transaction, reader, given)
    _check_gas(transaction, loaded.objects, config, reference_gas_price)
    mutable = _check_objects(transaction, loaded)
    _check_links(loaded, reader)  # it may take long, so only for who has coins that can pay
    received = _check_receiving(reader, loaded) if loaded.receiving else []
    check_deny_list_for_signing(transaction.sender, [*loaded.objects.values(), *received], reader)
    return _checked(loaded, mutable)


def check_certificate_input(transaction: TransactionData, reader: ObjectReader) -> CheckedInputs:
    """Load the inputs of a certified transaction: a quorum has checked them, they only have to be here.

    Raises: UserInputError if one is not here (yet) at its version.
    """
    loaded = _load(transaction, reader)
    mutable = _check_objects(transaction, loaded)
    for reference in loaded.receiving:
        if reader.get_object_at(reference.object_id, reference.version) is None:
            raise UserInputError(kinds.ObjectNotFound(reference.object_id, reference.version))
    return _checked(loaded, mutable)


def load_unchecked_input(
    transaction: TransactionData, reader: ObjectReader, given: tuple[Object, ...]
) -> InputObjects:
    """Load inputs whoever owns them, owned ones at the version asked for, be it an old one.

    Raises: UserInputError if one is not there.
    """
    loaded = _load(transaction, reader, given, is_historic=True)
    _check_links(loaded, reader)
    references = {reference.object_id for reference in loaded.owned}
    owned = {key for key in references if not isinstance(loaded.objects[key].owner, Immutable)}
    shared = {shared.id for shared in loaded.shared if shared.mutable and shared.id not in loaded.deleted}
    return _checked(loaded, owned | shared).inputs


def live_owned_references(transaction: TransactionData, reader: ObjectReader) -> tuple[bytes, ...]:
    """The references that the transaction locks, as BCS, but for those that are no longer live."""
    references = list(transaction.gas_data.payment)
    if isinstance(transaction.kind, ProgrammableTransaction):
        arguments = transaction.kind.object_args()
        references += [argument.reference for argument in arguments if isinstance(argument, ImmOrOwnedObject)]
    return tuple(_encode_reference(one) for one in references if _is_live_and_owned(one, reader))


def _is_live_and_owned(reference: ObjectRef, reader: ObjectReader) -> bool:
    value = reader.get_object(reference.object_id)
    return value is not None and value.version == reference.version and isinstance(value.owner, AddressOwner)


def _check_links(loaded: _Loaded, reader: ObjectReader) -> None:
    """Refuse what would make an authority link more code than it can in reasonable time."""
    found, linked = 0, set[ObjectID]()
    for package_id in sorted(loaded.packages):
        package = loaded.objects[package_id].package
        if package is not None and package_id not in SYSTEM_PACKAGE_IDS:
            found += 1 + len(package.linkage_table.keys() - SYSTEM_PACKAGE_IDS)
            linked |= {package_id, *[info.upgraded_id for info in package.linkage_table.values()]}
    limit = NETWORK_LIMITS.max_linked_packages
    if found > limit:
        raise UserInputError(kinds.SizeLimitExceeded("maximum packages linked by a transaction", str(limit)))
    size, limit = 0, NETWORK_LIMITS.max_linked_bytes
    for linked_id in linked - SYSTEM_PACKAGE_IDS:
        value = loaded.objects.get(linked_id) or reader.get_object(linked_id)
        size += value.package.size if value is not None and value.package is not None else 0
        if size > limit:
            raise UserInputError(kinds.SizeLimitExceeded("maximum bytes of packages linked", str(limit)))


def _checked(loaded: _Loaded, mutable: set[ObjectID]) -> CheckedInputs:
    inputs = InputObjects(
        objects=loaded.objects,
        mutable=frozenset(mutable),
        receiving=tuple(loaded.receiving),
        unchanged_shared=tuple(loaded.unchanged_shared()) if loaded.shared else (),
        deleted_shared=tuple(sorted(loaded.deleted.items())),
    )
    objects = loaded.objects
    owned = [
        _encode_reference(reference)
        for reference in loaded.owned
        if type(objects[reference.object_id].owner) is AddressOwner
    ]
    return CheckedInputs(inputs, tuple(owned))


@dataclass(slots=True)
class _Loaded:
    objects: dict[ObjectID, Object]
    packages: frozenset[ObjectID]
    owned: list[ObjectRef]
    shared: list[SharedObject]
    receiving: list[ObjectRef]
    deleted: dict[ObjectID, SequenceNumber]

    def unchanged_shared(self) -> Iterator[tuple[ObjectID, UnchangedSharedKind]]:
        """Shared inputs that are only read, or are gone, ascending by id."""
        for argument in sorted(self.shared, key=lambda shared: shared.id):
            version = self.deleted.get(argument.id)
            if version is not None:
                yield argument.id, MutateDeleted(version) if argument.mutable else ReadDeleted(version)
            elif not argument.mutable:
                value = self.objects[argument.id]
                yield argument.id, ReadOnlyRoot(value.version, value.digest())


def _load(
    transaction: TransactionData,
    reader: ObjectReader,
    given: tuple[Object, ...] = (),
    *,
    is_historic: bool = False,
) -> _Loaded:
    kind = transaction.kind
    if not isinstance(kind, ProgrammableTransaction):
        raise UserInputError(kinds.Unsupported("SenderSignedData must not contain system transaction"))
    loaded = _Loaded({}, named_packages(kind), [], [], [], {})
    for argument in kind.inputs:
        if type(argument) is ObjectInput:
            match argument.object:
                case ImmOrOwnedObject(reference):
                    loaded.owned.append(reference)
                case SharedObject() as shared:
                    loaded.shared.append(shared)
                case Receiving(reference):
                    loaded.receiving.append(reference)
    loaded.owned += transaction.gas_data.payment
    _check_duplicates(loaded)
    for package_id in sorted(loaded.packages):
        package = reader.get_object(package_id)
        if package is None:
            raise UserInputError(kinds.DependentPackageNotFound(package_id))
        loaded.objects[package_id] = package
    for shared in loaded.shared:
        _load_shared(loaded, shared.id, reader)
    known = {value.object_id: value for value in given}
    for reference in loaded.owned:
        object_id = reference.object_id
        value = known.get(object_id) or (None if is_historic else reader.get_object(object_id))
        if value is None or value.version != reference.version or reference.version >= MAX_VERSION:
            value = known.get(object_id) or _load_owned(reference, reader, is_historic)
        loaded.objects[object_id] = value
    return loaded


def _check_duplicates(loaded: _Loaded) -> None:
    ids = {reference.object_id for reference in loaded.owned}.union(shared.id for shared in loaded.shared)
    if len(ids) != len(loaded.owned) + len(loaded.shared):
        raise UserInputError(kinds.DuplicateObjectRefInput())


def _load_owned(reference: ObjectRef, reader: ObjectReader, is_historic: bool) -> Object:
    if is_historic:
        value = reader.get_object_at(reference.object_id, reference.version)
    else:
        value = reader.get_object(reference.object_id)
    if value is None:
        raise UserInputError(kinds.ObjectNotFound(reference.object_id, reference.version))
    if reference.version >= MAX_VERSION:
        raise UserInputError(kinds.InvalidSequenceNumber())
    if value.version != reference.version:
        raise UserInputError(kinds.ObjectVersionUnavailableForConsumption(reference, value.version))
    return value


def _load_shared(loaded: _Loaded, object_id: ObjectID, reader: ObjectReader) -> None:
    value = reader.get_object(object_id)
    if value is not None:
        loaded.objects[object_id] = value
        return
    deleted = reader.last_version(object_id)
    if deleted is None:
        raise UserInputError(kinds.ObjectNotFound(object_id, None))
    loaded.deleted[object_id] = deleted[0]


def _check_gas(
    transaction: TransactionData,
    objects: Mapping[ObjectID, Object],
    config: ProtocolConfig,
    reference_gas_price: int,
) -> None:
    data = transaction.gas_data
    if data.price < reference_gas_price:
        raise UserInputError(kinds.GasPriceUnderRGP(data.price, reference_gas_price))
    if data.price > config.max_gas_price:
        raise UserInputError(kinds.GasPriceTooHigh(config.max_gas_price))
    coins = [objects[reference.object_id] for reference in data.payment]
    for coin in coins:
        if type(coin.owner) is not AddressOwner:
            raise UserInputError(kinds.GasObjectNotOwnedObject(coin.owner))
    if data.budget > config.max_tx_gas:
        raise UserInputError(kinds.GasBudgetTooHigh(data.budget, config.max_tx_gas))
    least = config.base_tx_cost_fixed * data.price
    if data.budget < least:
        raise UserInputError(kinds.GasBudgetTooLow(data.budget, least))
    balance = sum(_gas_balance(coin) for coin in coins)
    if balance < data.budget:
        raise UserInputError(kinds.GasBalanceTooLow(balance, data.budget))


def _gas_balance(coin: Object) -> int:
    data = coin.data
    if type(data) is not MoveObject or type(data.type_) is not GasCoinType:
        raise UserInputError(kinds.InvalidGasObject(coin.object_id))
    return data.coin_value or 0


def _check_objects(transaction: TransactionData, loaded: _Loaded) -> set[ObjectID]:
    """Check every object; ids of those that the transaction writes in any case."""
    gas_coins = {reference.object_id for reference in transaction.gas_data.payment}
    mutable: set[ObjectID] = set()
    for package_id in sorted(loaded.packages):
        if not loaded.objects[package_id].is_package:
            raise UserInputError(kinds.MoveObjectAsPackage(package_id))
    for argument in loaded.shared:
        if argument.id not in loaded.deleted:
            _check_shared(argument, loaded.objects[argument.id])
            if argument.mutable:
                mutable.add(argument.id)
    for reference in loaded.owned:
        object_id = reference.object_id
        value = loaded.objects[object_id]
        _check_owned(reference, value, transaction, is_gas=object_id in gas_coins)
        if type(value.owner) is not Immutable:
            mutable.add(object_id)
    return mutable


def _check_owned(reference: ObjectRef, value: Object, transaction: TransactionData, *, is_gas: bool) -> None:
    if type(value.data) is MovePackage:
        raise UserInputError(kinds.MovePackageAsObject(reference.object_id))
    digest = value.digest()
    if digest != reference.digest:
        raise UserInputError(kinds.InvalidObjectDigest(reference.object_id, digest))
    match value.owner:
        case Immutable():
            pass
        case AddressOwner(actual):
            owner = transaction.gas_data.owner if is_gas else transaction.sender
            if actual != owner:
                raise UserInputError(kinds.IncorrectUserSignature(_wrong_owner(reference, actual, owner)))
        case ObjectOwner(parent):
            raise UserInputError(kinds.InvalidChildObjectArgument(reference.object_id, ObjectID(parent)))
        case Shared():
            raise UserInputError(kinds.NotSharedObject())


def _wrong_owner(reference: ObjectRef, actual: Address, owner: Address) -> str:
    return (
        f"Object 0x{reference.object_id.hex()} is owned by account address 0x{actual.hex()}, "
        f"but given owner/signer address is 0x{owner.hex()}"
    )


def _check_shared(argument: SharedObject, value: Object) -> None:
    if argument.id == AUTHENTICATOR_STATE_ID:
        raise UserInputError(kinds.InaccessibleSystemObject(argument.id))
    if argument.mutable and argument.id in (CLOCK_ID, RANDOMNESS_STATE_ID):
        raise UserInputError(kinds.ImmutableParameterExpected(argument.id))
    if not isinstance(value.owner, Shared):
        raise UserInputError(kinds.NotSharedObject())
    if value.owner.initial_shared_version != argument.initial_shared_version:
        raise UserInputError(kinds.SharedObjectStartingVersionMismatch())


def _check_receiving(reader: ObjectReader, loaded: _Loaded) -> list[Object]:
    """Check what is to be received; the objects that still can be.

    One that was received before may be named again: the transaction then fails, and its inputs are free.
    """
    seen = set(loaded.objects)
    found: list[Object] = []
    for reference in loaded.receiving:
        if reader.was_received(reference.object_id, reference.version):
            continue
        value = reader.get_object(reference.object_id)
        if value is None:
            raise UserInputError(kinds.ObjectNotFound(reference.object_id, reference.version))
        if reference.version >= MAX_VERSION:
            raise UserInputError(kinds.InvalidSequenceNumber())
        _check_received(reference, value)
        if reference.object_id in seen:
            raise UserInputError(kinds.DuplicateObjectRefInput())
        seen.add(reference.object_id)
        found.append(value)
    return found


def _check_received(reference: ObjectRef, value: Object) -> None:
    if value.version != reference.version:
        raise UserInputError(kinds.ObjectVersionUnavailableForConsumption(reference, value.version))
    if value.is_package:
        raise UserInputError(kinds.MovePackageAsObject(reference.object_id))
    digest = value.digest()
    if digest != reference.digest:
        raise UserInputError(kinds.InvalidObjectDigest(reference.object_id, digest))
    match value.owner:
        case AddressOwner():
            pass
        case ObjectOwner(parent):
            raise UserInputError(kinds.InvalidChildObjectArgument(reference.object_id, ObjectID(parent)))
        case Shared():
            raise UserInputError(kinds.NotSharedObject())
        case Immutable():
            raise UserInputError(kinds.MutableParameterExpected(reference.object_id))
