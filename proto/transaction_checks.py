"""What can be said of a transaction without any state: its limits, its shape, the objects that it names.

Names and texts of the errors are IOTA's.
Source: iota-types, transaction (`validity_check`, `input_objects`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import is_
from typing import assert_never

from proto import user_input_error as reason
from proto.crypto import SignatureScheme
from proto.errors import AuthorityError, TransactionExpired, UserInputError
from proto.identity_cache import IdentityCache
from proto.ids import (
    AUTHENTICATOR_STATE_ID,
    BRIDGE_ID,
    CLOCK_ID,
    OBJECT_START_VERSION,
    RANDOMNESS_STATE_ID,
    SYSTEM_STATE_ID,
    ObjectID,
)
from proto.object import ObjectRef
from proto.protocol_config import ProtocolConfig
from proto.system_transaction import (
    AuthenticatorStateExpire,
    AuthenticatorStateUpdateV1,
    BridgeCommitteeInit,
    ChangeEpoch,
    ConsensusCommitPrologueV1,
    EndOfEpochTransaction,
    EndOfEpochTransactionKind,
    RandomnessStateUpdate,
)
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    ObjectInput,
    ProgrammableTransaction,
    Publish,
    Pure,
    SenderSignedData,
    SharedObject,
    SplitCoins,
    TransactionData,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import StructTag, TypeTag, VectorTag, packages_of


@dataclass(frozen=True, slots=True)
class PackageInput:
    """A package that a command names."""

    object_id: ObjectID


@dataclass(frozen=True, slots=True)
class OwnedInput:
    """An immutable or owned object at one version."""

    reference: ObjectRef

    @property
    def object_id(self) -> ObjectID:
        """Its id."""
        return self.reference.object_id


@dataclass(frozen=True, slots=True)
class SharedInput:
    """A shared object."""

    object_id: ObjectID
    initial_shared_version: int
    mutable: bool


MOST_REMEMBERED_BYTES = 1024
"""Commands of more bytes are not remembered: neither their packages nor that they keep the limits."""

InputObjectKind = PackageInput | OwnedInput | SharedInput


def check_static_validity(signed: SenderSignedData, config: ProtocolConfig, epoch: int, size: int) -> None:
    """Refuse what no state can make valid; size: bytes of signed as BCS.

    Raises: UserInputError; AuthorityError(TransactionExpired).
    """
    data = signed.transaction_data
    _check_signature_schemes(signed.tx_signatures, config)
    if data.is_system:
        raise UserInputError(reason.Unsupported("SenderSignedData must not contain system transaction"))
    if data.expiration is not None and data.expiration < epoch:
        raise AuthorityError(TransactionExpired())
    if size > config.max_tx_size_bytes:
        limit = f"serialized transaction size exceeded maximum of {config.max_tx_size_bytes}"
        raise UserInputError(reason.SizeLimitExceeded(limit, str(size)))
    check_transaction_data(data, config)


def check_transaction_data(data: TransactionData, config: ProtocolConfig, gas_required: bool = True) -> None:
    """Limits of a transaction's data; gas_required: False for a dry run that brings no coins.

    Raises: UserInputError.
    """
    if gas_required:
        if not data.gas_data.payment:
            raise UserInputError(reason.MissingGasPayment())
        _check_below(
            len(data.gas_data.payment),
            config.max_gas_payment_objects,
            "maximum number of gas payment objects",
        )
    if isinstance(data.kind, ProgrammableTransaction):
        _check_programmable(data.kind, config)
    elif data.is_sponsored:
        raise UserInputError(reason.UnsupportedSponsoredTransactionKind())


def input_objects(data: TransactionData) -> tuple[InputObjectKind, ...]:
    """Object inputs, then packages sorted by id, then gas coins. Objects to be received are not among them.

    Raises: UserInputError(DuplicateObjectRefInput).
    """
    kinds = kind_input_objects(data)
    if data.is_system:
        return kinds
    return kinds + tuple(OwnedInput(reference) for reference in data.gas_data.payment)


def kind_input_objects(data: TransactionData) -> tuple[InputObjectKind, ...]:
    """Inputs without the gas coins.

    Raises: UserInputError(DuplicateObjectRefInput).
    """
    match data.kind:
        case ProgrammableTransaction():
            return _programmable_inputs(data.kind)
        case ConsensusCommitPrologueV1():
            return (SharedInput(CLOCK_ID, OBJECT_START_VERSION, True),)
        case AuthenticatorStateUpdateV1():
            version = data.kind.authenticator_obj_initial_shared_version
            return (SharedInput(AUTHENTICATOR_STATE_ID, version, True),)
        case RandomnessStateUpdate():
            version = data.kind.randomness_obj_initial_shared_version
            return (SharedInput(RANDOMNESS_STATE_ID, version, True),)
        case EndOfEpochTransaction(kinds):
            return tuple(dict.fromkeys(found for kind in kinds for found in _end_of_epoch_inputs(kind)))
        case _:
            return ()


def _end_of_epoch_inputs(kind: EndOfEpochTransactionKind) -> tuple[InputObjectKind, ...]:
    system_state = SharedInput(SYSTEM_STATE_ID, OBJECT_START_VERSION, True)
    match kind:
        case ChangeEpoch():
            return (system_state,)
        case AuthenticatorStateExpire():
            version = kind.authenticator_obj_initial_shared_version
            return (SharedInput(AUTHENTICATOR_STATE_ID, version, True),)
        case BridgeCommitteeInit(version):
            return (SharedInput(BRIDGE_ID, version, True), system_state)
        case _:
            return ()


def _programmable_inputs(transaction: ProgrammableTransaction) -> tuple[InputObjectKind, ...]:
    objects: list[InputObjectKind] = []
    for argument in transaction.object_args():
        match argument:
            case ImmOrOwnedObject(reference):
                objects.append(OwnedInput(reference))
            case SharedObject(id_, version, mutable):
                objects.append(SharedInput(id_, version, mutable))
            case _:
                continue
    if len({found.object_id for found in objects}) < len(objects):
        raise UserInputError(reason.DuplicateObjectRefInput())
    return (*objects, *(PackageInput(package) for package in sorted(named_packages(transaction))))


def named_packages(transaction: ProgrammableTransaction) -> frozenset[ObjectID]:
    """Packages that the commands name: called, in type arguments, depended on, upgraded."""
    return packages_of_commands(transaction.commands)


def _find_packages(commands: tuple[Command, ...]) -> frozenset[ObjectID]:
    return frozenset(package for command in commands for package in _packages(command))


def _are_short(commands: tuple[Command, ...]) -> bool:
    """Whether commands take little memory, as those do that come again and again as the same object."""
    left = MOST_REMEMBERED_BYTES
    for command in commands:
        pending: list[TypeTag] = []
        match command:
            case MoveCall():
                left -= len(command.module) + len(command.function) + len(command.arguments)
                pending += command.type_arguments
            case MakeMoveVec(type_tag, values):
                left -= len(values)
                pending += () if type_tag is None else (type_tag,)
            case TransferObjects(values, _) | SplitCoins(_, values) | MergeCoins(_, values):
                left -= len(values)
            case Publish() | Upgrade():
                return False
            case _:
                assert_never(command)
        while pending and left > 0:
            tag = pending.pop()
            left -= 1
            if isinstance(tag, VectorTag):
                pending.append(tag.element)
            elif isinstance(tag, StructTag):
                left -= len(tag.module) + len(tag.name)
                pending += tag.type_args
        left -= 1
        if left <= 0:
            return False
    return True


packages_of_commands = IdentityCache(_find_packages, _are_short)
"""The same, from the commands alone."""


def _packages(command: Command) -> Iterator[ObjectID]:
    """Packages that a command names."""
    match command:
        case MoveCall():
            yield command.package
            for tag in command.type_arguments:
                yield from packages_of(tag)
        case MakeMoveVec(type_tag, _):
            if type_tag is not None:
                yield from packages_of(type_tag)
        case Publish(_, dependencies):
            yield from dependencies
        case Upgrade():
            yield from command.dependencies
            yield command.package
        case TransferObjects() | SplitCoins() | MergeCoins():
            return
        case _:
            assert_never(command)


def _check_signature_schemes(signatures: Iterable[bytes], config: ProtocolConfig) -> None:
    for signature in signatures:
        flag = signature[0] if signature else None
        if flag == SignatureScheme.ZKLOGIN:
            raise UserInputError(reason.Unsupported("zklogin is not enabled on this network"))
        if flag == SignatureScheme.PASSKEY and not config.feature_flags.passkey_auth:
            raise UserInputError(reason.Unsupported("passkey is not enabled on this network"))


def _check_programmable(transaction: ProgrammableTransaction, config: ProtocolConfig) -> None:
    _check_below(
        len(transaction.commands),
        config.max_programmable_tx_commands,
        "maximum commands in a programmable transaction",
    )
    objects = [argument.object for argument in transaction.inputs if type(argument) is ObjectInput]
    ids = [named.reference.object_id for named in objects if type(named) is ImmOrOwnedObject]
    ids += [named.id for named in objects if type(named) is SharedObject]
    if len(set(ids)) < len(ids):
        raise UserInputError(reason.DuplicateObjectRefInput())
    if len(objects) + len(named_packages(transaction)) > config.max_input_objects:
        limit = "maximum input + receiving objects in a transaction"
        raise UserInputError(reason.SizeLimitExceeded(limit, str(config.max_input_objects)))
    for argument in transaction.inputs:
        if type(argument) is Pure:
            _check_below(len(argument.value), config.max_pure_argument_size, "maximum pure argument size")
    if not any(map(partial(is_, config), _passed(transaction.commands))):
        _check_commands(transaction.commands, config)
        _passed(transaction.commands).append(config)
    if RANDOMNESS_STATE_ID in ids:
        _check_randomness(transaction)


def _no_config(_: tuple[Command, ...]) -> list[ProtocolConfig]:
    return []


_passed = IdentityCache(_no_config, _are_short)
"""The limits that commands are known to keep."""


def _check_commands(commands: tuple[Command, ...], config: ProtocolConfig) -> None:
    publishes = sum(isinstance(command, (Publish, Upgrade)) for command in commands)
    maximum = config.max_publish_or_upgrade_per_ptb
    if publishes > maximum:
        raise UserInputError(reason.MaxPublishCountExceeded(maximum, publishes))
    for command in commands:
        _check_command(command, config)


def _check_command(command: Command, config: ProtocolConfig) -> None:
    match command:
        case MoveCall():
            _check_type_tags(command.type_arguments, config)
            _check_below(len(command.arguments), config.max_arguments, "maximum arguments in a move call")
        case TransferObjects(values, _) | MergeCoins(_, values) | SplitCoins(_, values):
            if not values:
                raise UserInputError(reason.EmptyCommandInput())
            _check_argument_count(values, config)
        case MakeMoveVec(type_tag, values):
            if type_tag is None and not values:
                raise UserInputError(reason.EmptyCommandInput())
            if type_tag is not None:
                _check_type_tags((type_tag,), config)
            _check_argument_count(values, config)
        case Publish(modules, dependencies) | Upgrade(modules, dependencies, _, _):
            if not modules:
                raise UserInputError(reason.EmptyCommandInput())
            limit = "maximum modules in a programmable transaction upgrade command"
            _check_below(len(modules), config.max_modules_in_publish, limit)
            _check_below(len(dependencies), config.max_package_dependencies, "maximum package dependencies")
        case _:
            assert_never(command)


def _check_argument_count(values: tuple[Argument, ...], config: ProtocolConfig) -> None:
    limit = "maximum arguments in a programmable transaction command"
    _check_below(len(values), config.max_arguments, limit)


def _check_type_tags(tags: tuple[TypeTag, ...], config: ProtocolConfig) -> None:
    """Count and nesting of type arguments, those inside others included."""
    count = 0
    pending = [(tag, 1) for tag in reversed(tags)]
    while pending:
        tag, depth = pending.pop()
        count += 1
        limit = "maximum type arguments in a call transaction"
        _check_below(count, config.max_type_arguments, limit)
        limit = "maximum type argument depth in a call transaction"
        _check_below(depth, config.max_type_argument_depth, limit)
        if isinstance(tag, VectorTag):
            pending.append((tag.element, depth + 1))
        elif isinstance(tag, StructTag):
            pending.extend((inner, depth + 1) for inner in tag.type_args)


def _check_randomness(transaction: ProgrammableTransaction) -> None:
    """After a command that uses the random object only transfers and merges may follow."""
    position = next((i for i, argument in enumerate(transaction.inputs) if _is_random(argument)), None)
    if position is None:
        return
    used = False
    for command in transaction.commands:
        if used and not isinstance(command, (TransferObjects, MergeCoins)):
            raise UserInputError(reason.PostRandomCommandRestrictions())
        used = used or Input(position) in _arguments(command)


def _is_random(argument: CallArg) -> bool:
    match argument:
        case ObjectInput(SharedObject(id_, _, _)):
            return id_ == RANDOMNESS_STATE_ID
        case _:
            return False


def _arguments(command: Command) -> tuple[Argument, ...]:
    match command:
        case MoveCall():
            return command.arguments
        case TransferObjects(values, one) | MergeCoins(one, values) | SplitCoins(one, values):
            return (*values, one)
        case MakeMoveVec(_, values):
            return values
        case Upgrade():
            return (command.ticket,)
        case Publish():
            return ()
        case _:
            assert_never(command)


def _check_below(value: int, limit: int, name: str) -> None:
    if value >= limit:
        raise UserInputError(reason.SizeLimitExceeded(name, str(limit)))
