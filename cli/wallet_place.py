"""Which client.yaml the commands of this process use, and how long its service may take."""

from __future__ import annotations

from pathlib import Path

_config_path: Path | None = None
_timeout: float | None = None


def set_config_path(path: Path | None) -> None:
    """Use this file; None for the default one."""
    global _config_path
    _config_path = path


def config_path() -> Path | None:
    """What --client.config says."""
    return _config_path


def set_timeout(seconds: float | None) -> None:
    """Wait so long for an answer; None for what client.yaml says."""
    global _timeout
    _timeout = seconds


def timeout_seconds() -> float | None:
    """What --timeout says."""
    return _timeout
