"""How much one answer holds, and how long values are shown without holding up anybody.

A page or list of small things is given whole. Values of 250 KB each, shown with types and names, would be
hundreds of megabytes in one answer: a page then ends earlier, with its cursor, and a list leaves out
what comes behind.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

MOST_CHARACTERS = 4 << 20
"""Characters of JSON in one answer; the first entry is shown whatever its size."""

QUICK_BYTES = 4096
"""Values up to here are shown at once: a millisecond or two, and to begin a thread takes as long."""

TOO_LONG = "it does not fit in an answer with the others; ask for it by itself"

_T = TypeVar("_T")

_LONG_VALUES = ThreadPoolExecutor(1, "long-values")


class AnswerRoom:
    """What is left in an answer."""

    def __init__(self) -> None:
        self._left = MOST_CHARACTERS
        self._is_empty = True

    def takes(self, shown: Any) -> bool:
        """Whether this JSON still fits, which then takes its room. The first always fits; once something did
        not, nothing more does.
        """
        self._left -= len(json.dumps(shown))
        fits = self._is_empty or self._left >= 0
        self._is_empty = False
        return fits

    def end(self) -> None:
        """Take no more: what was made and did not fit was as much work as an answer."""
        self._left = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more fits."""
        return self._left <= 0


async def show(size: int, form: Callable[..., _T], *arguments: Any) -> _T:
    """The result of form(*arguments), which reads `size` bytes: many are read in a thread, one call after the
    other, for that may take a second.
    """
    if size <= QUICK_BYTES:
        return form(*arguments)
    return await asyncio.get_running_loop().run_in_executor(_LONG_VALUES, form, *arguments)
