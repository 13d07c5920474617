"""What can be wrong with an argument, a type argument or an upgrade: details of an ExecutionFailureStatus.

Names, payloads and texts are those of iota-types, execution_status; the position in the union is the tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from proto.bcs import U8, U16
from proto.ids import ObjectID

ByteList = Annotated[bytes, "list"]
"""Bytes that texts show as a list of numbers."""


@dataclass(frozen=True, slots=True)
class TypeMismatch:
    message: ClassVar[str] = "The type of the value does not match the expected type"


@dataclass(frozen=True, slots=True)
class InvalidBCSBytes:
    message: ClassVar[str] = "The argument cannot be deserialized into a value of the specified type"


@dataclass(frozen=True, slots=True)
class InvalidUsageOfPureArg:
    message: ClassVar[str] = "The argument cannot be instantiated from raw bytes"


@dataclass(frozen=True, slots=True)
class InvalidArgumentToPrivateEntryFunction:
    message: ClassVar[str] = (
        "Invalid argument to private entry function. These functions cannot take arguments from "
        "other Move functions"
    )


@dataclass(frozen=True, slots=True)
class IndexOutOfBounds:
    idx: U16
    message: ClassVar[str] = "Out of bounds access to input or result vector {idx}"


@dataclass(frozen=True, slots=True)
class SecondaryIndexOutOfBounds:
    result_idx: U16
    secondary_idx: U16
    message: ClassVar[str] = (
        "Out of bounds secondary access to result vector {result_idx} at secondary index {secondary_idx}"
    )


@dataclass(frozen=True, slots=True)
class InvalidResultArity:
    result_idx: U16
    message: ClassVar[str] = (
        "Invalid usage of result {result_idx}, expected a single result but found either no return "
        "values or multiple."
    )


@dataclass(frozen=True, slots=True)
class InvalidGasCoinUsage:
    message: ClassVar[str] = (
        "Invalid taking of the Gas coin. It can only be used by-value with TransferObjects"
    )


@dataclass(frozen=True, slots=True)
class InvalidValueUsage:
    message: ClassVar[str] = (
        "Invalid usage of value. Mutably borrowed values require unique usage. Immutably borrowed "
        "values cannot be taken or borrowed mutably. Taken values cannot be used again."
    )


@dataclass(frozen=True, slots=True)
class InvalidObjectByValue:
    message: ClassVar[str] = "Immutable objects cannot be passed by-value."


@dataclass(frozen=True, slots=True)
class InvalidObjectByMutRef:
    message: ClassVar[str] = "Immutable objects cannot be passed by mutable reference, &mut."


@dataclass(frozen=True, slots=True)
class SharedObjectOperationNotAllowed:
    message: ClassVar[str] = (
        "Shared object operations such a wrapping, freezing, or converting to owned are not allowed."
    )


CommandArgumentError = (
    TypeMismatch
    | InvalidBCSBytes
    | InvalidUsageOfPureArg
    | InvalidArgumentToPrivateEntryFunction
    | IndexOutOfBounds
    | SecondaryIndexOutOfBounds
    | InvalidResultArity
    | InvalidGasCoinUsage
    | InvalidValueUsage
    | InvalidObjectByValue
    | InvalidObjectByMutRef
    | SharedObjectOperationNotAllowed
)


@dataclass(frozen=True, slots=True)
class UnableToFetchPackage:
    package_id: ObjectID
    message: ClassVar[str] = "Unable to fetch package at {package_id}"


@dataclass(frozen=True, slots=True)
class NotAPackage:
    object_id: ObjectID
    message: ClassVar[str] = "Object {object_id} is not a package"


@dataclass(frozen=True, slots=True)
class IncompatibleUpgrade:
    message: ClassVar[str] = "New package is incompatible with previous version"


@dataclass(frozen=True, slots=True)
class DigestDoesNotMatch:
    digest: ByteList
    message: ClassVar[str] = "Digest in upgrade ticket and computed digest disagree"


@dataclass(frozen=True, slots=True)
class UnknownUpgradePolicy:
    policy: U8
    message: ClassVar[str] = "Upgrade policy {policy} is not a valid upgrade policy"


@dataclass(frozen=True, slots=True)
class PackageIDDoesNotMatch:
    package_id: ObjectID
    ticket_id: ObjectID
    message: ClassVar[str] = "Package ID {package_id} does not match package ID in upgrade ticket {ticket_id}"


PackageUpgradeError = (
    UnableToFetchPackage
    | NotAPackage
    | IncompatibleUpgrade
    | DigestDoesNotMatch
    | UnknownUpgradePolicy
    | PackageIDDoesNotMatch
)


@dataclass(frozen=True, slots=True)
class TypeNotFound:
    message: ClassVar[str] = "A type was not found in the module specified."


@dataclass(frozen=True, slots=True)
class ConstraintNotSatisfied:
    message: ClassVar[str] = "A type provided did not match the specified constraints."


TypeArgumentError = TypeNotFound | ConstraintNotSatisfied
