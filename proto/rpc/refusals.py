"""Refusals as gRPC statuses: how an authority turns a request away, and what a client makes of it.

Most refusals are values in a Response. Overload is a status, RESOURCE_EXHAUSTED, so that proxies and foreign
clients understand it too; its trailing metadata hold the reason in BCS and the seconds to wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import grpc
import grpc.aio

from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest, Unreachable, retry_after_seconds

REASON_KEY = "movelite-error-bin"
RETRY_AFTER_KEY = "retry-after"
TOO_LARGE = "larger than max"
"""What gRPC says of a message above a limit."""


def overload_metadata(error: AuthorityError) -> tuple[tuple[str, str | bytes], ...]:
    """Trailing metadata of a request that is refused for now."""
    seconds = str(retry_after_seconds(error.kind) or 1)
    return (REASON_KEY, error.to_bytes()), (RETRY_AFTER_KEY, seconds)


def refusal_of(error: grpc.aio.AioRpcError, address: str) -> AuthorityError:
    """The protocol's error for a call that failed at an address."""
    metadata = cast("Mapping[str, object]", error.trailing_metadata() or {})
    reason = metadata.get(REASON_KEY)
    if isinstance(reason, bytes):
        try:
            return AuthorityError.from_bytes(reason)
        except BcsError:
            return AuthorityError(Unreachable(f"{address} refuses with a reason that is none of ours"))
    details = error.details() or ""
    if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and TOO_LARGE in details:
        return AuthorityError(MalformedRequest(f"a message to or from {address} is too large: {details}"))
    if error.code() is grpc.StatusCode.INVALID_ARGUMENT:
        return AuthorityError(MalformedRequest(f"{address} found no request: {details}"))
    return AuthorityError(Unreachable(_explain(error.code().name, details, address)))


def _explain(code: str, details: str, address: str) -> str:
    is_tls = address.startswith("https://")
    if is_tls and ("CERTIFICATE_VERIFY_FAILED" in details or "Hostname Verification" in details):
        return (
            f"{address} shows a certificate of another key than the authority's in the committee file: "
            "wrong address, or another server"
        )
    if is_tls and "WRONG_VERSION_NUMBER" in details:
        return (
            f"{address} speaks no TLS: set `tls: true` in its authority.yaml, or leave out https:// "
            "in the committee file"
        )
    if not is_tls and "failed to connect" in details and "Socket closed" in details:
        return (
            f"{address} hangs up: it has too many connections, or it uses TLS and its address in the "
            f"committee file has to be https://{address}"
        )
    return f"{code}: {details}"
