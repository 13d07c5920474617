"""JSON over HTTP by the standard library, so that a command line that only asks a question starts quickly."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import threading
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

MAX_ANSWER_BYTES = 64 << 20
MAX_DEPTH = 300
"""Containers inside of each other in an answer. Values of Move are 128 deep, each shown by two at most."""


class HttpFailure(Exception):
    """No answer, or none in JSON; the text says why."""


class JsonHttp:
    """Asks one server. Connections are kept and used again; many requests may be open at once.

    basic_auth: user:password; timeout_seconds: from a question to the last byte of its answer;
    received_bytes: of all answers so far.
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
        if not url.isascii():
            raise HttpFailure(f"{url} is no URL: it is not in ASCII")
        self.url = url
        self._is_secure, self._host = parts.scheme == "https", parts.hostname
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout = timeout_seconds
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if basic_auth is not None:
            self._headers["Authorization"] = f"Basic {b64encode(basic_auth.encode()).decode()}"
        self.received_bytes = 0
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
            async with asyncio.timeout(self._timeout):
                raw = await _in_thread(lambda: self._exchange(connection, method, path, body))
        except (asyncio.CancelledError, TimeoutError) as error:
            _interrupt(connection)
            if isinstance(error, TimeoutError):
                raise HttpFailure(f"no answer within {self._timeout:g} seconds") from error
            raise
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            if is_reused and isinstance(error, http.client.RemoteDisconnected | ConnectionError):
                return await self._ask(method, path, body)  # it was closed while nobody used it
            raise HttpFailure(_reason(error)) from error
        self._idle.append(connection)
        self.received_bytes += len(raw)
        return _read(raw)

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


async def _in_thread(work: Callable[[], bytes]) -> bytes:
    """Run what waits for others in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bytes] = loop.create_future()

    def run() -> None:
        try:
            settle = partial(_settle, done, work(), None)
        except Exception as error:
            settle = partial(_settle, done, b"", error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=run, daemon=True).start()
    return await done


def _settle(done: asyncio.Future[bytes], raw: bytes, error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(raw)
    else:
        done.set_exception(error)


def _read(raw: bytes) -> Any:
    """JSON. Raises: HttpFailure if it is none, or too deep to be shown."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise HttpFailure(f"the answer is no JSON: {raw[:100]!r}") from error
    if _is_deep(value):
        raise HttpFailure(f"the answer has more than {MAX_DEPTH} lists and objects inside of each other")
    return value


def _is_deep(value: Any) -> bool:
    layer: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 2):
        insides = (whole.values() if isinstance(whole, dict) else whole for whole in layer)
        layer = [part for inside in insides for part in inside if isinstance(part, dict | list)]
        if not layer:
            return False
    return True


def _interrupt(connection: http.client.HTTPConnection) -> None:
    """Wake the thread that waits for the answer, so that it ends at once."""
    with contextlib.suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
