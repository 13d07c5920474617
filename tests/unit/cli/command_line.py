"""The command line, run in this process."""

from __future__ import annotations

import pytest

from cli.main import main


def exit_code(*words: object) -> int:
    """Run a command; its exit code."""
    with pytest.raises(SystemExit) as stopped:
        main(list(map(str, words)))
    return int(stopped.value.code or 0)
