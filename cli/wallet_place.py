"""Which client.yaml the commands of this process use, what if there is none, and how patient they are."""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class FirstRun(Enum):
    """What becomes of a command that needs a wallet when there is none."""

    NONE = "it fails"
    ASKS = "whoever is at a terminal is asked for what it needs"
    MAKES = "a wallet for the local network is made"


_config_path: Path | None = None
_timeout: float | None = None
_first_run = FirstRun.NONE


def set_config_path(path: Path | None) -> None:
    """Use this file; None for the default one."""
    global _config_path
    _config_path = path


def config_path() -> Path | None:
    """What --client.config says."""
    return _config_path


def set_first_run(first_run: FirstRun) -> None:
    """What becomes of commands that need a wallet when there is none."""
    global _first_run
    _first_run = first_run


def first_run() -> FirstRun:
    """What becomes of commands that need a wallet when there is none."""
    return _first_run


def set_timeout(seconds: float | None) -> None:
    """Wait so long for an answer; None for what client.yaml says."""
    global _timeout
    _timeout = seconds


def timeout_seconds() -> float | None:
    """What --timeout says."""
    return _timeout
