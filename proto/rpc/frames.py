"""Frames on a plain connection, in the clear or in TLS: four bytes of length, big endian, and as many bytes.

An authority's first frame is its greeting; then come questions and answers (authority.proto).
"""

from __future__ import annotations

import socket
from asyncio import BaseTransport
from contextlib import suppress
from struct import Struct

from proto.committee import AuthorityName

CONVERSED = frozenset({"SubmitTransactions", "SubmitCertificates"})
"""What users wait for goes in frames; everything else is a call of gRPC."""
LARGEST_CONVERSED = 256 * 1024
"""Bytes of a request: larger ones, and their answers, would hold up others on the connection."""
LARGEST_QUESTION = LARGEST_CONVERSED + 128
"""Bytes of a Question that carries one."""
PORT_KEY = "movelite-frames-port"
"""Trailing metadata of gRPC answers: at which port of the same host the authority takes frames, if any."""

_GREETING = b"movelite frames 1 "
_LENGTH = Struct(">I")
_KEEP_ALIVE = {"TCP_KEEPIDLE": 20, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}
"""A connection that was cut without a word ends after so many seconds (the last: milliseconds)."""


class FrameTooLarge(Exception):
    """Somebody announces a frame above the limit."""


def greeting_of(authority: AuthorityName) -> bytes:
    """What an authority says first."""
    return _GREETING + authority


def framed(payload: bytes) -> bytes:
    """The bytes of a frame."""
    return _LENGTH.pack(len(payload)) + payload


class FrameBuffer:
    """Bytes as they come, and the frames in them."""

    __slots__ = ("_bytes", "_largest")

    def __init__(self, largest: int) -> None:
        self._bytes = bytearray()
        self._largest = largest

    def __len__(self) -> int:
        return len(self._bytes)

    def feed(self, data: bytes) -> None:
        """Add bytes."""
        self._bytes += data

    def take(self) -> bytes | None:
        """The next frame, once it is whole. Raises: FrameTooLarge."""
        held = self._bytes
        if len(held) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(held)
        if length > self._largest:
            raise FrameTooLarge(f"a frame of {length} bytes")
        end = _LENGTH.size + length
        if len(held) < end:
            return None
        frame = bytes(held[_LENGTH.size : end])
        del held[:end]  # moves nothing: a bytearray may begin late
        return frame


def keep_alive(transport: BaseTransport) -> None:
    """Let the system find out that the other end is gone, as far as it knows how."""
    connection = transport.get_extra_info("socket")
    with suppress(OSError):  # it has gone already
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE.items():
            option = getattr(socket, name, None)
            if option is not None:
                connection.setsockopt(socket.IPPROTO_TCP, option, value)
