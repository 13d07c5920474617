"""The errors of JSON-RPC as both its sides see them, with the codes that IOTA's clients know.

Source: iota-json-rpc, error; JSON-RPC 2.0.
"""

from __future__ import annotations

from typing import Any

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

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.code == TRANSIENT_ERROR
