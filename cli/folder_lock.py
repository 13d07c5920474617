"""One process at a time: locks on folders, which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.wallet.keystore import Keystore


@contextmanager
def locked(folder: Path, *, waits: bool = True) -> Iterator[None]:
    """Keep a folder from other processes that ask like this; they wait.

    Raises: BlockingIOError if another has it and this one does not wait; OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if waits else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


@contextmanager
def changing(load: Callable[[], Keystore]) -> Iterator[Keystore]:
    """A keystore to change, as it is now: what other commands add meanwhile stays. Raises: WalletError."""
    with locked(load().path.parent):
        yield load()
