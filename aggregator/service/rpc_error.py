"""Errors of the client service with the codes that IOTA's clients know.

Source: iota-json-rpc, error; JSON-RPC 2.0.
"""

from __future__ import annotations

from typing import Any

from aggregator.service.move_values import UnreadableValue
from proto.bcs import BcsError
from proto.errors import (
    AuthorityError,
    InvalidUserSignature,
    MoveliteError,
    NonRecoverableTransactionError,
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

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CALL_FAILED = -32000
EXECUTION_CLIENT_ERROR = -32002
TRANSIENT_ERROR = -32050


class RpcError(Exception):
    """What a client is told: code, message, data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.code, self.message, self.data = code, message, data
        super().__init__(message)


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
