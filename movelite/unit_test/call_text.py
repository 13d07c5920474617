"""Call trees with arguments, results and gas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from movelite.unit_test.program import TestProgram
from movelite.unit_test.recorders import Call, CallTree
from movelite.vm.gas import INTERNAL_UNITS

_RESET, _GREEN, _RED, _DIM = "\x1b[0m", "\x1b[32m", "\x1b[31m", "\x1b[2m"


def gas_text(internal: int) -> str:
    """Internal units as gas units, to the thousandth."""
    return f"{internal // INTERNAL_UNITS:,}.{internal % INTERNAL_UNITS:03}"


@dataclass(frozen=True, slots=True)
class CallText:
    """Puts call trees into words."""

    program: TestProgram
    colors: bool = False

    def text(self, tree: CallTree, failure: str | None = None) -> str:
        """The tree, one line for each call and one for each result, which stands below the callee's calls.

        failure: how the innermost call that failed did so.
        """
        return "\n".join(self._lines(tree, failure or "failed"))

    def _lines(self, tree: CallTree, failure: str) -> Iterator[str]:
        waiting: list[Call] = []
        for call in tree.calls:
            while waiting and waiting[-1].depth >= call.depth:
                yield from self._end(waiting.pop())
            yield f"{self._edge(call.depth, '├─ ')}{self._call(call)}"
            waiting.append(call)
        while waiting:
            call = waiting.pop()
            yield from self._end(call, failure)
            failure = "failed" if call.failed else failure
        if tree.left_out:
            yield f"  … {tree.left_out:,} more calls"

    def _edge(self, depth: int, last: str) -> str:
        return "  " if not depth else "  " + "│  " * (depth - 1) + last

    def _call(self, call: Call) -> str:
        name = f"{self.program.module_name(call.module)}::{call.name}"
        color = _RED if call.failed else _GREEN
        text = (
            f"{self._styled(f'[{gas_text(call.gas)}]', _DIM)} {self._styled(name, color)}({call.arguments})"
        )
        return f"{text} {self._styled('(native)', _DIM)}" if call.is_native else text

    def _end(self, call: Call, failure: str = "failed") -> Iterator[str]:
        edge = self._edge(call.depth + 1, "└─ ")
        if call.failed:
            yield f"{edge}{self._styled(f'✗ {failure}', _RED)}"
        elif call.result is not None:
            yield f"{edge}← {call.result}"

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.colors else text
