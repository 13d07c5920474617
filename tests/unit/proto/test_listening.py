"""Every server takes its place in the same way, of both families of addresses."""

from __future__ import annotations

import socket

import pytest

from proto.rpc.listening import bound_socket, place_of

needs_ipv6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


def connects(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@needs_ipv6
@pytest.mark.parametrize(("host", "takes_ipv4"), [("[::]", True), ("::1", False), ("[::1]", False)])
def test_addresses_of_ipv6_with_and_without_brackets(host: str, takes_ipv4: bool) -> None:
    with bound_socket(host, 0) as opened:
        opened.listen()
        port = opened.getsockname()[1]
        assert place_of(opened) == f"[{host.strip('[]')}]:{port}"
        assert connects("::1", port)
        assert connects("127.0.0.1", port) is takes_ipv4


def test_names_are_looked_up_and_a_place_is_taken_once() -> None:
    with bound_socket("localhost", 0) as opened:
        opened.listen()
        host, port = opened.getsockname()[:2]
        with pytest.raises(OSError, match="in use"):
            bound_socket(host, port)


@pytest.mark.parametrize("host", ["nosuch.invalid", "a" * 64 + ".example"])
def test_a_name_that_leads_nowhere_is_an_error_of_the_system(host: str) -> None:
    with pytest.raises(OSError) as caught:
        bound_socket(host, 0)
    assert caught.value.strerror
