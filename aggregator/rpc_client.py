"""A client of the JSON-RPC service, ours or IOTA's."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from aggregator.answer_shapes import Misshapen
from aggregator.http_json import HttpFailure, JsonHttp
from aggregator.rpc_answers import check_answer
from aggregator.rpc_codes import RpcError

DEFAULT_TIMEOUT_SECONDS = 60.0

MAX_LISTING_BYTES = 256 << 20
"""Bytes of all pages of a list: more than half a million coins."""

MAX_MESSAGE = 10_000
"""Characters of a refusal that are kept."""


class ServiceUnreachable(Exception):
    """The service does not answer, or not as JSON-RPC and its methods want it."""


class RpcClient:
    """Calls methods at a URL. Use as `async with`."""

    def __init__(
        self, url: str, basic_auth: str | None = None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        """timeout_seconds: of a call, or all pages of a list. Raises: ServiceUnreachable if url is none."""
        self.url = url
        self.timeout_seconds = timeout_seconds
        try:
            self._http = JsonHttp(url, basic_auth, timeout_seconds)
        except HttpFailure as error:
            raise ServiceUnreachable(str(error)) from error
        self._ids = itertools.count(1)

    async def __aenter__(self) -> RpcClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    async def call(self, method: str, *params: Any) -> Any:
        """The result of a method.

        Raises: RpcError, as the service says; ServiceUnreachable.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
        try:
            answer = await self._http.post(request)
        except HttpFailure as error:
            raise ServiceUnreachable(f"the service {self.url} cannot be reached: {error}") from error
        match answer:
            case {"error": {"code": int(code), "message": str(message), **rest}}:
                reason = message[:MAX_MESSAGE] or f"{self.url} refuses, and does not say why"
                raise RpcError(code, reason, rest.get("data"))
            case {"result": result}:
                self._check(method, params, result)
                return result
            case _:
                raise ServiceUnreachable(f"{self.url} does not speak JSON-RPC")

    async def all_pages(self, method: str, *params: Any) -> list[Any]:
        """All entries of a method whose next parameter is a cursor.

        Raises: RpcError; ServiceUnreachable, also for a list that does not end in time, or is too long.
        """
        entries: list[Any] = []
        cursor = None
        seen: set[str] = set()
        received = self._http.received_bytes
        try:
            async with asyncio.timeout(self.timeout_seconds):
                while True:
                    page = await self.call(method, *params, cursor)
                    entries += page["data"]
                    if not page["hasNextPage"]:
                        return entries
                    cursor = page["nextCursor"]
                    if (shown := json.dumps(cursor)) in seen:
                        raise self._endless(method, len(entries), "one page follows itself")
                    seen.add(shown)
                    if self._http.received_bytes - received > MAX_LISTING_BYTES:
                        raise self._endless(method, len(entries), f"they have over {MAX_LISTING_BYTES} bytes")
        except TimeoutError as error:
            late = f"there are more after {self.timeout_seconds:g} seconds"
            raise self._endless(method, len(entries), late) from error

    def _endless(self, method: str, count: int, why: str) -> ServiceUnreachable:
        return ServiceUnreachable(f"the service {self.url} gave {count} entries of {method}, and {why}")

    def _check(self, method: str, params: Sequence[Any], result: Any) -> None:
        try:
            check_answer(method, params, result)
        except Misshapen as error:
            raise ServiceUnreachable(f"the service {self.url} answers {method} wrongly: {error}") from error
