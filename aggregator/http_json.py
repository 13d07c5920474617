"""JSON over HTTP by the standard library, so that a command line that only asks a question starts quickly."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 256 << 20


class HttpFailure(Exception):
    """No answer, or none in JSON; the text says why."""


class JsonHttp:
    """Asks one server. Connections are kept and used again; many requests may be open at once.

    basic_auth: user:password.
    """

    def __init__(self, url: str, basic_auth: str | None = None, timeout_seconds: float = 60.0) -> None:
        """Raises: HttpFailure for a URL that is none."""
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError as error:
            raise HttpFailure(f"{url} is no URL: {error}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise HttpFailure(f"{url} is no URL of http or https")
        self.url = url
        self._is_secure, self._host = parts.scheme == "https", parts.hostname
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout_seconds
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if basic_auth is not None:
            self._headers["Authorization"] = f"Basic {b64encode(basic_auth.encode()).decode()}"
        self._idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Close the connections."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    async def post(self, value: object) -> Any:
        """Post JSON to the URL and read the JSON of the answer, whatever its status. Raises: HttpFailure."""
        return await self._ask("POST", self._path, json.dumps(value).encode())

    async def get(self, path: str) -> Any:
        """Read the JSON at a path of the server. Raises: HttpFailure."""
        return await self._ask("GET", path, None)

    async def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        is_reused = bool(self._idle)
        connection = self._idle.pop() if is_reused else self._connect()
        try:
            raw = await asyncio.to_thread(self._exchange, connection, method, path, body)
        except asyncio.CancelledError:
            _interrupt(connection)
            raise
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            if is_reused and isinstance(error, http.client.RemoteDisconnected | ConnectionError):
                return await self._ask(method, path, body)  # it was closed while nobody used it
            raise HttpFailure(_reason(error)) from error
        self._idle.append(connection)
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise HttpFailure(f"the answer is no JSON: {raw[:100]!r}") from error

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_secure:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def _exchange(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None
    ) -> bytes:
        """Runs in a thread."""
        connection.request(method, path, body, self._headers)
        raw = connection.getresponse().read(MAX_ANSWER_BYTES + 1)
        if len(raw) > MAX_ANSWER_BYTES:
            raise http.client.HTTPException(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        return raw


def _interrupt(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that waits for the answer, so that it ends at once."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
