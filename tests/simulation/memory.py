"""What pure functions have answered before, kept from run to run: the simulator's speed.

Only functions of their arguments' bytes are remembered: signing, verifying and running a transaction. Some
answers are computed anew and compared, so that a function that is not pure would be seen (Impure).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache
from typing import Any

from nacl import bindings

from authority.execution.engine import ExecutionResult, Executor
from authority.signature_verifier import SignatureCheck, verify_one
from proto import crypto, verification
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair
from proto.errors import AuthorityErrorKind
from proto.object import Object
from proto.rpc.methods import METHODS, Method

ENTRIES = 60_000


class Impure(Exception):
    """The same arguments gave another result."""


class RememberingKey(Ed25519KeyPair):
    """A key that signs the same message once: Ed25519 signatures are deterministic (RFC 8032)."""

    __slots__ = ()

    @staticmethod
    def from_seed(seed: bytes) -> RememberingKey:
        """The key of a seed."""
        key = Ed25519KeyPair.from_seed(seed)
        return RememberingKey(key.secret, key.public_key, key._expanded)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return _sign(self._expanded, message)

    @property
    def name(self) -> AuthorityName:
        """The authority with this key."""
        return AuthorityName(self.public_key)


@lru_cache(maxsize=ENTRIES)
def _sign(expanded: bytes, message: bytes) -> bytes:
    signed: bytes = bindings.crypto_sign(message, expanded)
    return signed[: crypto.SIGNATURE_LENGTH]


verify_user = lru_cache(maxsize=ENTRIES)(verify_one)


class RememberingMethod(Method):
    """A method that decodes the same bytes once; messages never change, so all may share them."""

    @staticmethod
    def like(method: Method) -> RememberingMethod:
        """The same method otherwise, its bounds too."""
        return RememberingMethod(**{part.name: getattr(method, part.name) for part in fields(Method)})

    def decode_request(self, data: bytes) -> Any:
        """A request from BCS; raises BcsError."""
        return _decode_request(self.name, data)


_PLAIN = dict(METHODS)


@lru_cache(maxsize=4096)
def _decode_request(name: str, data: bytes) -> Any:
    return _PLAIN[name].decode_request(data)


def remember() -> None:
    """From now on this process verifies a signature of an authority, and reads an object, only once."""
    if not hasattr(Object.from_bytes, "cache_info"):
        setattr(verification, "verify_ed25519", lru_cache(maxsize=ENTRIES)(crypto.verify_ed25519))  # noqa: B010
        METHODS.update({name: RememberingMethod.like(method) for name, method in _PLAIN.items()})
        Object.from_bytes = staticmethod(lru_cache(maxsize=ENTRIES)(Object.from_bytes))  # type: ignore[method-assign]


class RememberingVerifier:
    """User signatures, in which time goes by and other requests, and power cuts, come in between."""

    def __init__(self, pause: Callable[[], Any]) -> None:
        """pause: awaited before each answer."""
        self._pause = pause

    async def verify(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """For each transaction None, or what is wrong with its signatures."""
        if not transactions:
            return []
        await self._pause()
        return [verify_user(check) for check in transactions]

    def close(self) -> None:
        """Nothing to stop."""


_results: dict[Any, ExecutionResult] = {}


class RememberingExecutor(Executor):
    """Runs the same transaction on the same objects once, but for spot checks.

    Transactions of the simulation read nothing but their inputs: no dynamic fields.
    """

    _is_checked: Callable[[], bool]

    def __init__(self, is_checked: Callable[[], bool], *fields: Any) -> None:
        """is_checked: whether a remembered result is computed anew and compared."""
        super().__init__(*fields)
        object.__setattr__(self, "_is_checked", is_checked)

    def execute(
        self, transaction: Any, digest: Any, inputs: Any, *others: Any, **named: Any
    ) -> ExecutionResult:
        """Run a transaction. Raises: Impure."""
        key = (digest, tuple(sorted((one, value.digest()) for one, value in inputs.objects.items())))
        known, is_checked = _results.get(key), self._is_checked()  # asked each time: it draws a number
        if known is not None and not is_checked:
            return known
        result = super().execute(transaction, digest, inputs, *others, **named)
        if known is not None and _content(known) != _content(result):
            raise Impure(f"transaction {digest.hex()} had other effects before")
        if len(_results) > ENTRIES:
            _results.clear()
        _results[key] = result
        return result


def _content(result: ExecutionResult) -> object:
    written = [value.encoded for value in result.written.values()]
    return result.effects.encoded, result.events, written, result.removed, result.received
