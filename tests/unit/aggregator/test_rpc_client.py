"""What a client of JSON-RPC makes of answers, those of servers that speak something else, too."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.rpc_client import RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError


class Server(http.server.ThreadingHTTPServer):
    """Answers every request with one value."""

    answer: Any = None


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Server)
        raw = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), _Handler) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


async def ask(server: Server, answer: Any) -> Any:
    server.answer = answer
    async with RpcClient(f"http://127.0.0.1:{server.server_port}") as rpc:
        return await rpc.call("iota_getObject")


async def test_results_and_refusals(server: Server) -> None:
    assert await ask(server, {"id": 1, "result": None}) is None
    assert await ask(server, {"id": 1, "result": [1]}) == [1]
    with pytest.raises(RpcError) as refused:
        await ask(server, {"id": 1, "error": {"code": -32602, "message": "no", "data": ["why"]}})
    assert (refused.value.code, str(refused.value), refused.value.data) == (-32602, "no", ["why"])


@pytest.mark.parametrize("answer", [{"error": "not found"}, {"detail": "no"}, [], "hello", None, {}])
async def test_what_speaks_something_else_is_named(server: Server, answer: Any) -> None:
    with pytest.raises(ServiceUnreachable, match="does not speak JSON-RPC"):
        await ask(server, answer)


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ServiceUnreachable, match="no URL"):
        RpcClient("127.0.0.1:9000")
