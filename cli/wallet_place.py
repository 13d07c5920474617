"""Which client.yaml the commands of this process use."""

from __future__ import annotations

from pathlib import Path

_config_path: Path | None = None


def set_config_path(path: Path | None) -> None:
    """Use this file; None for the default one."""
    global _config_path
    _config_path = path


def config_path() -> Path | None:
    """What --client.config says."""
    return _config_path
