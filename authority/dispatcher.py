"""Requests on their way from the wire to the service: let in, decoded, answered, counted."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from authority.admission import Admission
from authority.fair_queue import CLIENT
from authority.key_value import StorageError
from authority.metrics import AuthorityMetrics
from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest, StorageFailure, retry_after_seconds
from proto.rpc.authority_pb2 import Response
from proto.rpc.methods import METHODS, refusal
from proto.service import AuthorityService

_log = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests of all methods; every mistake of the caller, or of the disk, is an answer too."""

    def __init__(self, service: AuthorityService, admission: Admission, metrics: AuthorityMetrics) -> None:
        self._handlers: dict[str, Any] = {
            name: getattr(service, method.handler) for name, method in METHODS.items()
        }
        self._admission = admission
        self._metrics = metrics

    async def answer(self, name: str, client: str, size: int, read: Callable[[], bytes]) -> Response:
        """The response to a request of a method.

        client: who asks (authority/clients.py); size: bytes on the wire; read: gives the BCS, once it is let
        in. Whoever sends the response calls `taken` when the client has it.
        Raises: AuthorityError if it is refused for now, with the seconds to wait.
        """
        method = METHODS.get(name)
        if method is None:
            unknown: Response = refusal(AuthorityError(MalformedRequest("no method has this name")))
            return unknown
        handler = self._handlers[name]

        async def work() -> Response:
            answer: Response = method.success(await handler(method.decode_request(read())))
            return answer

        CLIENT.set(client)
        begin, outcome = time.perf_counter(), "failed"
        try:
            response = await self._admission.run(name, client, size, work)
            outcome = "ok"
            self._admission.count_answer(name, client, len(response.bcs))
            return response
        except (AuthorityError, BcsError, DecodeError, StorageError) as error:
            refused = _refusal_of(error)
            outcome = refused.name
        finally:
            seconds = time.perf_counter() - begin
            self._metrics.count_request(name, outcome, seconds)
            if _log.isEnabledFor(logging.DEBUG):
                fields = {"client": client, "bytes": size, "outcome": outcome}
                _log.debug("%s", name, extra={**fields, "milliseconds": round(seconds * 1000, 3)})
        if isinstance(refused.kind, StorageFailure):
            self._metrics.storage_failures.inc()
        if retry_after_seconds(refused.kind) is not None:
            raise refused
        refusing: Response = refusal(refused)
        return refusing

    def taken(self, client: str, size: int) -> None:
        """The client has a response with so many bytes of BCS, or is gone."""
        self._admission.answer_taken(client, size)


def _refusal_of(error: Exception) -> AuthorityError:
    match error:
        case AuthorityError():
            return error
        case StorageError():
            return AuthorityError(StorageFailure(str(error)))
        case _:
            return AuthorityError(MalformedRequest(str(error)))
