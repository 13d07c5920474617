"""How an execution ended: success, or one of the failures that are a value in the effects.

Names, payloads and texts are those of iota-types, execution_status; the position in the union is the tag.
Rust's two forms of a failure as text (JSON prints the second) are made by rust_text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from proto import argument_error
from proto.bcs import U16, U64
from proto.ids import AccountAddress, Address, ObjectID
from proto.rust_text import rust_debug, rust_display


@dataclass(frozen=True, slots=True)
class ModuleId:
    """A module by the address of its package and its name."""

    address: AccountAddress
    name: Annotated[str, "Identifier"]
    message: ClassVar[str] = "{address}::{name}"


@dataclass(frozen=True, slots=True)
class MoveLocation:
    """An instruction of a function of a module; indices are those of the bytecode."""

    module: ModuleId
    function: U16
    instruction: U16
    function_name: str | None

    def __str__(self) -> str:
        module = rust_display(ModuleId, self.module)
        if self.function_name is None:
            return f"{module} in function definition {self.function} at offset {self.instruction}"
        return f"{module}::{self.function_name} (function index {self.function}) at offset {self.instruction}"


@dataclass(frozen=True, slots=True)
class InsufficientGas:
    message: ClassVar[str] = "Insufficient Gas."


@dataclass(frozen=True, slots=True)
class InvalidGasObject:
    message: ClassVar[str] = "Invalid Gas Object. Possibly not address-owned or possibly not a IOTA coin."


@dataclass(frozen=True, slots=True)
class InvariantViolation:
    message: ClassVar[str] = "INVARIANT VIOLATION."


@dataclass(frozen=True, slots=True)
class FeatureNotYetSupported:
    message: ClassVar[str] = "Attempted to used feature that is not supported yet"


@dataclass(frozen=True, slots=True)
class MoveObjectTooBig:
    object_size: U64
    max_object_size: U64
    message: ClassVar[str] = (
        "Move object with size {object_size} is larger than the maximum object size {max_object_size}"
    )


@dataclass(frozen=True, slots=True)
class MovePackageTooBig:
    object_size: U64
    max_object_size: U64
    message: ClassVar[str] = (
        "Move package with size {object_size} is larger than the maximum object size {max_object_size}"
    )


@dataclass(frozen=True, slots=True)
class CircularObjectOwnership:
    object: ObjectID
    message: ClassVar[str] = "Circular Object Ownership, including object {object}."


@dataclass(frozen=True, slots=True)
class InsufficientCoinBalance:
    message: ClassVar[str] = "Insufficient coin balance for operation."


@dataclass(frozen=True, slots=True)
class CoinBalanceOverflow:
    message: ClassVar[str] = "The coin balance overflows u64"


@dataclass(frozen=True, slots=True)
class PublishErrorNonZeroAddress:
    message: ClassVar[str] = (
        "Publish Error, Non-zero Address. The modules in the package must have their "
        "self-addresses set to zero."
    )


@dataclass(frozen=True, slots=True)
class IotaMoveVerificationError:
    message: ClassVar[str] = (
        "Iota Move Bytecode Verification Error. Please run the Iota Move Verifier for more information."
    )


@dataclass(frozen=True, slots=True)
class MovePrimitiveRuntimeError:
    location: Annotated[MoveLocation | None, "MoveLocationOpt"]
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = (
        "Move Primitive Runtime Error. Location: {location}. Arithmetic error, stack overflow, max "
        "value depth, etc."
    )


@dataclass(frozen=True, slots=True)
class MoveAbort:
    location: MoveLocation
    code: U64
    rust_tuple: ClassVar[bool] = True
    message: ClassVar[str] = "Move Runtime Abort. Location: {location}, Abort Code: {code}"


@dataclass(frozen=True, slots=True)
class VMVerificationOrDeserializationError:
    message: ClassVar[str] = (
        "Move Bytecode Verification Error. Please run the Bytecode Verifier for more information."
    )


@dataclass(frozen=True, slots=True)
class VMInvariantViolation:
    message: ClassVar[str] = "MOVE VM INVARIANT VIOLATION."


@dataclass(frozen=True, slots=True)
class FunctionNotFound:
    message: ClassVar[str] = "Function Not Found."


@dataclass(frozen=True, slots=True)
class ArityMismatch:
    message: ClassVar[str] = (
        "Arity mismatch for Move function. The number of arguments does not match the number of parameters"
    )


@dataclass(frozen=True, slots=True)
class TypeArityMismatch:
    message: ClassVar[str] = (
        "Type arity mismatch for Move function. Mismatch between the number of actual versus "
        "expected type arguments."
    )


@dataclass(frozen=True, slots=True)
class NonEntryFunctionInvoked:
    message: ClassVar[str] = "Non Entry Function Invoked. Move Call must start with an entry function"


@dataclass(frozen=True, slots=True)
class CommandArgumentError:
    arg_idx: U16
    kind: argument_error.CommandArgumentError
    message: ClassVar[str] = "Invalid command argument at {arg_idx}. {kind}"


@dataclass(frozen=True, slots=True)
class TypeArgumentError:
    argument_idx: U16
    kind: argument_error.TypeArgumentError
    message: ClassVar[str] = "Error for type argument at index {argument_idx}: {kind}"


@dataclass(frozen=True, slots=True)
class UnusedValueWithoutDrop:
    result_idx: U16
    secondary_idx: U16
    message: ClassVar[str] = (
        "Unused result without the drop ability. Command result {result_idx}, return value {secondary_idx}"
    )


@dataclass(frozen=True, slots=True)
class InvalidPublicFunctionReturnType:
    idx: U16
    message: ClassVar[str] = (
        "Invalid public Move function signature. Unsupported return type for return value {idx}"
    )


@dataclass(frozen=True, slots=True)
class InvalidTransferObject:
    message: ClassVar[str] = "Invalid Transfer Object, object does not have public transfer."


@dataclass(frozen=True, slots=True)
class EffectsTooLarge:
    current_size: U64
    max_size: U64
    message: ClassVar[str] = "Effects of size {current_size} bytes too large. Limit is {max_size} bytes"


@dataclass(frozen=True, slots=True)
class PublishUpgradeMissingDependency:
    message: ClassVar[str] = (
        "Publish/Upgrade Error, Missing dependency. A dependency of a published or upgraded "
        "package has not been assigned an on-chain address."
    )


@dataclass(frozen=True, slots=True)
class PublishUpgradeDependencyDowngrade:
    message: ClassVar[str] = (
        "Publish/Upgrade Error, Dependency downgrade. Indirect (transitive) dependency of "
        "published or upgraded package has been assigned an on-chain version that is less than the "
        "version required by one of the package's transitive dependencies."
    )


@dataclass(frozen=True, slots=True)
class PackageUpgradeError:
    upgrade_error: argument_error.PackageUpgradeError
    message: ClassVar[str] = "Invalid package upgrade. {upgrade_error}"


@dataclass(frozen=True, slots=True)
class WrittenObjectsTooLarge:
    current_size: U64
    max_size: U64
    message: ClassVar[str] = "Written objects of {current_size} bytes too large. Limit is {max_size} bytes"


@dataclass(frozen=True, slots=True)
class CertificateDenied:
    message: ClassVar[str] = "Certificate is on the deny list"


@dataclass(frozen=True, slots=True)
class IotaMoveVerificationTimeout:
    message: ClassVar[str] = (
        "Iota Move Bytecode Verification Timeout. Please run the Iota Move Verifier for more information."
    )


@dataclass(frozen=True, slots=True)
class SharedObjectOperationNotAllowed:
    message: ClassVar[str] = "The shared object operation is not allowed."


@dataclass(frozen=True, slots=True)
class InputObjectDeleted:
    message: ClassVar[str] = "Certificate cannot be executed due to a dependency on a deleted shared object"


@dataclass(frozen=True, slots=True)
class ExecutionCancelledDueToSharedObjectCongestion:
    congested_objects: Annotated[tuple[ObjectID, ...], "CongestedObjects"]
    message: ClassVar[str] = (
        "Certificate is cancelled due to congestion on shared objects: {congested_objects}"
    )


@dataclass(frozen=True, slots=True)
class AddressDeniedForCoin:
    address: Address
    coin_type: str
    message: ClassVar[str] = "Address {address:?} is denied for coin {coin_type}"


@dataclass(frozen=True, slots=True)
class CoinTypeGlobalPause:
    coin_type: str
    message: ClassVar[str] = "Coin type is globally paused for use: {coin_type}"


@dataclass(frozen=True, slots=True)
class ExecutionCancelledDueToRandomnessUnavailable:
    message: ClassVar[str] = "Certificate is cancelled because randomness could not be generated this epoch"


ExecutionFailureStatus = (
    InsufficientGas
    | InvalidGasObject
    | InvariantViolation
    | FeatureNotYetSupported
    | MoveObjectTooBig
    | MovePackageTooBig
    | CircularObjectOwnership
    | InsufficientCoinBalance
    | CoinBalanceOverflow
    | PublishErrorNonZeroAddress
    | IotaMoveVerificationError
    | MovePrimitiveRuntimeError
    | MoveAbort
    | VMVerificationOrDeserializationError
    | VMInvariantViolation
    | FunctionNotFound
    | ArityMismatch
    | TypeArityMismatch
    | NonEntryFunctionInvoked
    | CommandArgumentError
    | TypeArgumentError
    | UnusedValueWithoutDrop
    | InvalidPublicFunctionReturnType
    | InvalidTransferObject
    | EffectsTooLarge
    | PublishUpgradeMissingDependency
    | PublishUpgradeDependencyDowngrade
    | PackageUpgradeError
    | WrittenObjectsTooLarge
    | CertificateDenied
    | IotaMoveVerificationTimeout
    | SharedObjectOperationNotAllowed
    | InputObjectDeleted
    | ExecutionCancelledDueToSharedObjectCongestion
    | AddressDeniedForCoin
    | CoinTypeGlobalPause
    | ExecutionCancelledDueToRandomnessUnavailable
)


@dataclass(frozen=True, slots=True)
class Success:
    """The transaction did what it says."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The transaction changed nothing but paid for gas; command: index of the one that failed, if any."""

    error: ExecutionFailureStatus
    command: U64 | None = None

    def __str__(self) -> str:
        """The text that JSON shows."""
        text = rust_debug(ExecutionFailureStatus, self.error)
        return text if self.command is None else f"{text} in command {self.command}"


ExecutionStatus = Success | Failure
