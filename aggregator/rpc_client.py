"""A client of the JSON-RPC service, ours or IOTA's."""

from __future__ import annotations

import itertools
from types import TracebackType
from typing import Any

from aggregator.http_json import HttpFailure, JsonHttp
from aggregator.rpc_codes import RpcError

DEFAULT_TIMEOUT_SECONDS = 60.0


class ServiceUnreachable(Exception):
    """The service does not answer, or not in JSON-RPC."""


class RpcClient:
    """Calls methods at a URL. Use as `async with`."""

    def __init__(
        self, url: str, basic_auth: str | None = None, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    ) -> None:
        """Raises: ServiceUnreachable for a URL that is none."""
        self.url = url
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
            case {"error": dict() as refused}:
                raise RpcError(refused.get("code", 0), str(refused.get("message", "")), refused.get("data"))
            case {"result": result}:
                return result
            case _:
                raise ServiceUnreachable(f"{self.url} does not speak JSON-RPC")

    async def all_pages(self, method: str, *params: Any) -> list[Any]:
        """All entries of a method whose next parameter is a cursor."""
        entries: list[Any] = []
        cursor = None
        while True:
            page = await self.call(method, *params, cursor)
            entries += page["data"]
            cursor = page["nextCursor"]
            if not page["hasNextPage"]:
                return entries
