"""Errors of packages: what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path


class PackageError(Exception):
    """A package cannot be built for a reason that is not in its sources.

    `where` is the file or folder concerned; `hint` says what to do.
    """

    def __init__(self, message: str, where: Path | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where is not None else self.message
        return f"{text}\n  {self.hint}" if self.hint else text


class ManifestError(PackageError):
    """A Move.toml that cannot be read."""


class ResolutionError(PackageError):
    """Dependencies or addresses that do not fit together."""
