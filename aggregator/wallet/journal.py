"""What a wallet has sent and not yet seen final: one file for each transaction, beside client.yaml.

A command that dies, or is told of a timeout, leaves its transaction here. The next command completes it
before it builds another one: so no mistake of timing makes a wallet use the same coin twice.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from aggregator.wallet.keystore import WalletError, write_private
from proto.ids import format_digest
from proto.transaction import digest_of_bytes


@dataclass(frozen=True)
class SentTransaction:
    """A signed transaction. raw: BCS of its TransactionData."""

    raw: bytes
    signatures: tuple[bytes, ...]

    @property
    def digest(self) -> str:
        """Its digest as text."""
        return format_digest(digest_of_bytes(self.raw))


class WalletJournal:
    """The journal of a wallet for one network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def of(config_path: Path, rpc: str) -> WalletJournal:
        """The journal beside a client.yaml, for the network behind a URL."""
        name = blake2b(rpc.encode(), digest_size=8).hexdigest()
        return WalletJournal(config_path.parent / "pending" / name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands of this wallet from sending; they wait. Raises: WalletError."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise WalletError(f"cannot use the journal {self.folder}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def add(self, sent: SentTransaction) -> None:
        """Keep a transaction, before it is sent. Raises: WalletError."""
        shown = {
            "txBytes": b64encode(sent.raw).decode(),
            "signatures": [b64encode(signature).decode() for signature in sent.signatures],
        }
        write_private(self._path(sent.digest), json.dumps(shown))

    def remove(self, digest: str) -> None:
        """It is final, or refused for good."""
        self._path(digest).unlink(missing_ok=True)

    def pending(self) -> Sequence[SentTransaction]:
        """What is not known to be final, oldest first. Raises: WalletError, naming the file."""
        found = []
        try:
            paths = sorted(self.folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        except OSError as error:
            raise WalletError(f"cannot read the journal {self.folder}: {error.strerror}") from error
        for path in paths:
            try:
                content = json.loads(path.read_text())
                signatures = tuple(b64decode(text, validate=True) for text in content["signatures"])
                found.append(SentTransaction(b64decode(content["txBytes"], validate=True), signatures))
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                raise WalletError(f"{path} holds no transaction: {error}") from error
        return found

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.json"
