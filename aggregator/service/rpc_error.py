"""The errors of the layers below as a client of the service sees them.

Source: iota-json-rpc, error.
"""

from __future__ import annotations

from aggregator.rpc_codes import (
    CALL_FAILED,
    EXECUTION_CLIENT_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    TRANSIENT_ERROR,
    RpcError,
)
from aggregator.service.move_layout import UnreadableValue
from proto.bcs import BcsError
from proto.errors import (
    AuthorityError,
    InvalidUserSignature,
    MoveliteError,
    NonRecoverableTransactionError,
    NoQuorum,
    ObjectsDoubleUsed,
    QuorumDriverError,
    SignerSignatureAbsent,
    SignerSignatureNumberMismatch,
    UserInput,
    UserInputError,
    describe,
)
from proto.ids import format_digest
from proto.rust_text import rust_display
from proto.user_input_error import UserInputErrorKind


def invalid_params(message: str) -> RpcError:
    """The parameters make no sense, or name what does not exist."""
    return RpcError(INVALID_PARAMS, message)


def to_rpc_error(error: Exception) -> RpcError:
    """The form in which a client sees an error of the layers below; others are raised again."""
    match error:
        case RpcError():
            return error
        case QuorumDriverError():
            return _driver_error(error)
        case UserInputError():
            return RpcError(INVALID_REQUEST, str(error))
        case AuthorityError():
            return RpcError(TRANSIENT_ERROR if error.retryable else CALL_FAILED, str(error))
        case UnreadableValue():
            return RpcError(CALL_FAILED, str(error))
        case BcsError():
            return RpcError(INVALID_PARAMS, f"Deserialization error: {error}")
        case MoveliteError():
            return RpcError(CALL_FAILED, str(error))
        case _:
            raise error


def _driver_error(error: QuorumDriverError) -> RpcError:
    if isinstance(error, ObjectsDoubleUsed):
        data = {
            format_digest(digest): [
                [f"0x{reference.object_id.hex()}", reference.version, format_digest(reference.digest)]
                for reference in references
            ]
            for digest, (references, _) in error.conflicting.items()
        }
        return RpcError(EXECUTION_CLIENT_ERROR, str(error), data)
    if isinstance(error, NoQuorum):
        return RpcError(TRANSIENT_ERROR, str(error), list(error.reasons))
    if isinstance(error, NonRecoverableTransactionError):
        first = error.errors[0][0] if error.errors else None
        if isinstance(first, InvalidUserSignature | SignerSignatureAbsent | SignerSignatureNumberMismatch):
            return RpcError(EXECUTION_CLIENT_ERROR, f"Invalid user signature: {describe(first)}")
        reasons = ", ".join(
            rust_display(UserInputErrorKind, kind.error) if isinstance(kind, UserInput) else describe(kind)
            for kind, _ in error.errors
        )
        message = (
            "Transaction execution failed due to issues with transaction inputs, please review the errors "
            f"and try again: {reasons}."
        )
        return RpcError(EXECUTION_CLIENT_ERROR, message)
    return RpcError(TRANSIENT_ERROR if error.retryable else CALL_FAILED, str(error))
