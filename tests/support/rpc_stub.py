"""A JSON-RPC service whose answers a test makes, honest or not, for clients in this process."""

from __future__ import annotations

import http.server
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class RpcStub(http.server.ThreadingHTTPServer):
    """Answers every request with what `answer` makes of its path and its JSON, None for a GET.

    Bytes are sent as they are; an iterator of bytes is sent piece by piece, without a length.
    """

    daemon_threads = True
    answer: Callable[[str, Any], Any]

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error: its trace would be part of what the next test prints."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        self._send(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def do_GET(self) -> None:
        self._send(None)

    def _send(self, asked: Any) -> None:
        assert isinstance(self.server, RpcStub)
        made = self.server.answer(self.path, asked)
        self.send_response(200)
        if isinstance(made, Iterator):
            self.close_connection = True
            self.end_headers()
            for piece in made:
                self.wfile.write(piece)
                self.wfile.flush()
            return
        raw = made if isinstance(made, bytes) else json.dumps(made).encode()
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: Any) -> None:
        """Be silent."""


@contextmanager
def serving(answer: Callable[[str, Any], Any]) -> Iterator[RpcStub]:
    """A stub that listens on a free port."""
    with RpcStub(("127.0.0.1", 0), _Handler) as stub:
        stub.answer = answer
        thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield stub
        stub.shutdown()
        thread.join()
