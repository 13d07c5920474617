"""Every reason to refuse a transaction before it is signed, as a value that crosses the wire.

Names, payloads and texts are those of iota-types (`UserInputError`); the position in the union is the tag.
`proto.errors.UserInputError` is the exception that carries one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from proto.bcs import U64, U128
from proto.ids import Address, Digest, ObjectID, SequenceNumber, TransactionDigest
from proto.object import ObjectDigest, ObjectRef, Owner

CheckpointContentsDigest = Annotated[Digest, "CheckpointContentsDigest"]


@dataclass(frozen=True, slots=True)
class MutableObjectUsedMoreThanOnce:
    object_id: ObjectID
    message: ClassVar[str] = "Mutable object {object_id} cannot appear more than one in one transaction"


@dataclass(frozen=True, slots=True)
class ObjectInputArityViolation:
    message: ClassVar[str] = "Wrong number of parameters for the transaction"


@dataclass(frozen=True, slots=True)
class ObjectNotFound:
    object_id: ObjectID
    version: SequenceNumber | None
    message: ClassVar[str] = "Could not find the referenced object {object_id:?} at version {version:?}"


@dataclass(frozen=True, slots=True)
class ObjectVersionUnavailableForConsumption:
    provided_obj_ref: ObjectRef
    current_version: SequenceNumber
    message: ClassVar[str] = (
        "Object {provided_obj_ref:?} is not available for consumption, its current version: "
        "{current_version:?}"
    )


@dataclass(frozen=True, slots=True)
class PackageVerificationTimedout:
    err: str
    message: ClassVar[str] = "Package verification failed: {err:?}"


@dataclass(frozen=True, slots=True)
class DependentPackageNotFound:
    package_id: ObjectID
    message: ClassVar[str] = "Dependent package not found on-chain: {package_id:?}"


@dataclass(frozen=True, slots=True)
class ImmutableParameterExpected:
    object_id: ObjectID
    message: ClassVar[str] = "Mutable parameter provided, immutable parameter expected"


@dataclass(frozen=True, slots=True)
class SizeLimitExceeded:
    limit: str
    value: str
    message: ClassVar[str] = "Size limit exceeded: {limit} is {value}"


@dataclass(frozen=True, slots=True)
class InvalidChildObjectArgument:
    child_id: ObjectID
    parent_id: ObjectID
    message: ClassVar[str] = (
        "Object {child_id:?} is owned by object {parent_id:?}. Objects owned by other objects "
        "cannot be used as input arguments"
    )


@dataclass(frozen=True, slots=True)
class InvalidObjectDigest:
    object_id: ObjectID
    expected_digest: ObjectDigest
    message: ClassVar[str] = (
        "Invalid Object digest for object {object_id:?}. Expected digest : {expected_digest:?}"
    )


@dataclass(frozen=True, slots=True)
class InvalidSequenceNumber:
    message: ClassVar[str] = "Sequence numbers above the maximal value are not usable for transfers"


@dataclass(frozen=True, slots=True)
class MovePackageAsObject:
    object_id: ObjectID
    message: ClassVar[str] = "A move object is expected, instead a move package is passed: {object_id}"


@dataclass(frozen=True, slots=True)
class MoveObjectAsPackage:
    object_id: ObjectID
    message: ClassVar[str] = "A move package is expected, instead a move object is passed: {object_id}"


@dataclass(frozen=True, slots=True)
class IncorrectUserSignature:
    error: str
    message: ClassVar[str] = "Transaction was not signed by the correct sender: {error}"


@dataclass(frozen=True, slots=True)
class NotSharedObject:
    message: ClassVar[str] = "Object used as shared is not shared"


@dataclass(frozen=True, slots=True)
class DuplicateObjectRefInput:
    message: ClassVar[str] = "The transaction inputs contain duplicated ObjectRef's"


@dataclass(frozen=True, slots=True)
class MissingGasPayment:
    message: ClassVar[str] = "Transaction gas payment missing"


@dataclass(frozen=True, slots=True)
class GasObjectNotOwnedObject:
    owner: Owner
    message: ClassVar[str] = "Gas object is not an owned object with owner: {owner:?}"


@dataclass(frozen=True, slots=True)
class GasBudgetTooHigh:
    gas_budget: U64
    max_budget: U64
    message: ClassVar[str] = "Gas budget: {gas_budget:?} is higher than max: {max_budget:?}"


@dataclass(frozen=True, slots=True)
class GasBudgetTooLow:
    gas_budget: U64
    min_budget: U64
    message: ClassVar[str] = "Gas budget: {gas_budget:?} is lower than min: {min_budget:?}"


@dataclass(frozen=True, slots=True)
class GasBalanceTooLow:
    gas_balance: U128
    needed_gas_amount: U128
    message: ClassVar[str] = (
        "Balance of gas object {gas_balance:?} is lower than the needed amount: {needed_gas_amount:?}"
    )


@dataclass(frozen=True, slots=True)
class UnsupportedSponsoredTransactionKind:
    message: ClassVar[str] = "Transaction kind does not support Sponsored Transaction"


@dataclass(frozen=True, slots=True)
class GasPriceUnderRGP:
    gas_price: U64
    reference_gas_price: U64
    message: ClassVar[str] = "Gas price {gas_price:?} under reference gas price (RGP) {reference_gas_price:?}"


@dataclass(frozen=True, slots=True)
class GasPriceTooHigh:
    max_gas_price: U64
    message: ClassVar[str] = "Gas price cannot exceed {max_gas_price:?} nanos"


@dataclass(frozen=True, slots=True)
class InvalidGasObject:
    object_id: ObjectID
    message: ClassVar[str] = "Object {object_id} is not a gas object"


@dataclass(frozen=True, slots=True)
class InsufficientBalanceToCoverMinimalGas:
    message: ClassVar[str] = "Gas object does not have enough balance to cover minimal gas spend"


@dataclass(frozen=True, slots=True)
class ObjectSequenceNumberTooHigh:
    object_id: ObjectID
    asked_version: SequenceNumber
    latest_version: SequenceNumber
    message: ClassVar[str] = (
        "Could not find the referenced object {object_id:?} as the asked version {asked_version:?} "
        "is higher than the latest {latest_version:?}"
    )


@dataclass(frozen=True, slots=True)
class ObjectDeleted:
    object_ref: ObjectRef
    message: ClassVar[str] = "Object deleted at reference {object_ref:?}"


@dataclass(frozen=True, slots=True)
class InvalidBatchTransaction:
    error: str
    message: ClassVar[str] = "Invalid Batch Transaction: {error}"


@dataclass(frozen=True, slots=True)
class BlockedMoveFunction:
    message: ClassVar[str] = "This Move function is currently disabled and not available for call"


@dataclass(frozen=True, slots=True)
class EmptyInputCoins:
    message: ClassVar[str] = "Empty input coins for Pay related transaction"


@dataclass(frozen=True, slots=True)
class UnexpectedGasPaymentObject:
    message: ClassVar[str] = (
        "IOTA payment transactions use first input coin for gas payment, but found a different gas object"
    )


@dataclass(frozen=True, slots=True)
class SharedObjectStartingVersionMismatch:
    message: ClassVar[str] = "Wrong initial version given for shared object"


@dataclass(frozen=True, slots=True)
class TransferObjectWithoutPublicTransfer:
    object_id: ObjectID
    message: ClassVar[str] = (
        "Attempt to transfer object {object_id} that does not have public transfer. Object "
        "transfer must be done instead using a distinct Move function call"
    )


@dataclass(frozen=True, slots=True)
class EmptyCommandInput:
    message: ClassVar[str] = (
        "TransferObjects, MergeCoin, and Publish cannot have empty arguments. If MakeMoveVec has "
        "empty arguments, it must have a type specified"
    )


@dataclass(frozen=True, slots=True)
class TransactionDenied:
    error: str
    message: ClassVar[str] = "Transaction is denied: {error}"


@dataclass(frozen=True, slots=True)
class Unsupported:
    feature: str
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Feature is not supported: {feature}"


@dataclass(frozen=True, slots=True)
class MoveFunctionInput:
    error: str
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Query transactions with move function input error: {error}"


@dataclass(frozen=True, slots=True)
class VerifiedCheckpointNotFound:
    sequence_number: U64
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Verified checkpoint not found for sequence number: {sequence_number}"


@dataclass(frozen=True, slots=True)
class VerifiedCheckpointDigestNotFound:
    digest: str
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Verified checkpoint not found for digest: {digest}"


@dataclass(frozen=True, slots=True)
class LatestCheckpointSequenceNumberNotFound:
    message: ClassVar[str] = "Latest checkpoint sequence number not found"


@dataclass(frozen=True, slots=True)
class CheckpointContentsNotFound:
    digest: CheckpointContentsDigest
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Checkpoint contents not found for digest: {digest}"


@dataclass(frozen=True, slots=True)
class GenesisTransactionNotFound:
    message: ClassVar[str] = "Genesis transaction not found"


@dataclass(frozen=True, slots=True)
class TransactionCursorNotFound:
    cursor: U64
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Transaction {cursor} not found"


@dataclass(frozen=True, slots=True)
class InaccessibleSystemObject:
    object_id: ObjectID
    message: ClassVar[str] = (
        "Object {object_id:?} is a system object and cannot be accessed by user transactions"
    )


@dataclass(frozen=True, slots=True)
class MaxPublishCountExceeded:
    max_publish_commands: U64
    publish_count: U64
    message: ClassVar[str] = (
        "{max_publish_commands} max publish/upgrade commands allowed, {publish_count} provided"
    )


@dataclass(frozen=True, slots=True)
class MutableParameterExpected:
    object_id: ObjectID
    message: ClassVar[str] = "Immutable parameter provided, mutable parameter expected"


@dataclass(frozen=True, slots=True)
class AddressDeniedForCoin:
    address: Address
    coin_type: str
    message: ClassVar[str] = "Address {address:?} is denied for coin {coin_type}"


@dataclass(frozen=True, slots=True)
class PostRandomCommandRestrictions:
    message: ClassVar[str] = (
        "Commands following a command with Random can only be TransferObjects or MergeCoins"
    )


@dataclass(frozen=True, slots=True)
class TooManyTransactionsInSoftBundle:
    limit: U64
    message: ClassVar[str] = "Number of transactions exceeds the maximum allowed ({limit:?}) in a Soft Bundle"


@dataclass(frozen=True, slots=True)
class NoSharedObject:
    digest: TransactionDigest
    message: ClassVar[str] = "Transaction {digest:?} in Soft Bundle contains no shared objects"


@dataclass(frozen=True, slots=True)
class AlreadyExecuted:
    digest: TransactionDigest
    message: ClassVar[str] = "Transaction {digest:?} in Soft Bundle has already been executed"


@dataclass(frozen=True, slots=True)
class CertificateAlreadyProcessed:
    message: ClassVar[str] = "At least one certificate in Soft Bundle has already been processed"


@dataclass(frozen=True, slots=True)
class GasPriceMismatch:
    digest: TransactionDigest
    expected: U64
    actual: U64
    message: ClassVar[str] = (
        "Gas price for transaction {digest:?} in Soft Bundle mismatch: want {expected:?}, have {actual:?}"
    )


@dataclass(frozen=True, slots=True)
class CoinTypeGlobalPause:
    coin_type: str
    message: ClassVar[str] = "Coin type is globally paused for use: {coin_type}"


UserInputErrorKind = (
    MutableObjectUsedMoreThanOnce
    | ObjectInputArityViolation
    | ObjectNotFound
    | ObjectVersionUnavailableForConsumption
    | PackageVerificationTimedout
    | DependentPackageNotFound
    | ImmutableParameterExpected
    | SizeLimitExceeded
    | InvalidChildObjectArgument
    | InvalidObjectDigest
    | InvalidSequenceNumber
    | MovePackageAsObject
    | MoveObjectAsPackage
    | IncorrectUserSignature
    | NotSharedObject
    | DuplicateObjectRefInput
    | MissingGasPayment
    | GasObjectNotOwnedObject
    | GasBudgetTooHigh
    | GasBudgetTooLow
    | GasBalanceTooLow
    | UnsupportedSponsoredTransactionKind
    | GasPriceUnderRGP
    | GasPriceTooHigh
    | InvalidGasObject
    | InsufficientBalanceToCoverMinimalGas
    | ObjectSequenceNumberTooHigh
    | ObjectDeleted
    | InvalidBatchTransaction
    | BlockedMoveFunction
    | EmptyInputCoins
    | UnexpectedGasPaymentObject
    | SharedObjectStartingVersionMismatch
    | TransferObjectWithoutPublicTransfer
    | EmptyCommandInput
    | TransactionDenied
    | Unsupported
    | MoveFunctionInput
    | VerifiedCheckpointNotFound
    | VerifiedCheckpointDigestNotFound
    | LatestCheckpointSequenceNumberNotFound
    | CheckpointContentsNotFound
    | GenesisTransactionNotFound
    | TransactionCursorNotFound
    | InaccessibleSystemObject
    | MaxPublishCountExceeded
    | MutableParameterExpected
    | AddressDeniedForCoin
    | PostRandomCommandRestrictions
    | TooManyTransactionsInSoftBundle
    | NoSharedObject
    | AlreadyExecuted
    | CertificateAlreadyProcessed
    | GasPriceMismatch
    | CoinTypeGlobalPause
)
