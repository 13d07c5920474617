"""How the network's own passes refuse a module."""

from __future__ import annotations


class IotaVerificationError(Exception):
    """A rule of the network is broken (IotaMoveVerificationError); message is the official source text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class IotaVerificationTimeout(Exception):
    """Verification took more than the meter allows (IotaMoveVerificationTimeout)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
