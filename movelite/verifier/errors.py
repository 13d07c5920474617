"""How the passes say what is wrong."""

from __future__ import annotations

from movelite.bytecode.status import IndexKind, StatusCode, VMError


def index_error(status: StatusCode, kind: IndexKind, index: int) -> VMError:
    """An error about one row of a table."""
    return VMError(status, indices=[(kind, index)])


def code_error(status: StatusCode, function: int, offset: int, message: str | None = None) -> VMError:
    """An error at a code offset of a function definition."""
    return VMError(status, message=message, offsets=[(function, offset)])
