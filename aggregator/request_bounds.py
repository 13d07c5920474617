"""What a request may have before it is read as JSON: few bytes can be a great many values."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

MAX_PARTS = 50_000
"""Values, lists and objects: ten megabytes of lists would take a second and two hundred megabytes. Honest
requests of such a size are long text.
"""

MAX_BODY_BYTES = 1 << 20
"""Bytes of a request that is no JSON-RPC: a transaction with its signatures has 200 KB."""


def has_many_parts(body: bytes) -> bool:
    """Whether JSON may have more than MAX_PARTS, without reading it."""
    return sum(map(body.count, (b",", b"[", b"{"))) > MAX_PARTS


class BoundedRoute(APIRoute):
    """A route that refuses with 413 what is long, or long to read, before the framework reads it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of the framework, behind the check."""
        handle = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            body = await request.body()
            if len(body) > MAX_BODY_BYTES or has_many_parts(body):
                raise HTTPException(
                    413, f"a request has at most {MAX_BODY_BYTES} bytes and {MAX_PARTS} parts"
                )
            return await handle(request)

        return bounded
