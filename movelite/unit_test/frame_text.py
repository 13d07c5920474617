"""Stack traces with the source line, the arguments and the locals of every frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from movelite.compiler.source import Loc
from movelite.unit_test.program import TestProgram
from movelite.unit_test.recorders import FrameDetails, Variable
from movelite.vm.trace import MoveFrame

MAX_FRAMES = 16
"""Frames that are shown; of deeper stacks the middle is left out."""

_RESET, _BOLD, _DIM, _CYAN = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[36m"


def plain_frames(frames: Sequence[MoveFrame]) -> tuple[FrameDetails, ...]:
    """Frames of which only the places are known, innermost first."""
    return tuple(
        FrameDetails(frame.module_id, frame.function, frame.definition_index, frame.code_offset, (), ())
        for frame in reversed(frames)
    )


def lines_text(program: TestProgram, place: Loc) -> str:
    """`sources/coin.move:12`, or `sources/coin.move:12-14`."""
    file = program.sources[place.file]
    first, last = file.line_of(place.start) + 1, file.line_of(place.end) + 1
    return f"{file.name}:{first}" if first == last else f"{file.name}:{first}-{last}"


@dataclass(frozen=True, slots=True)
class FrameText:
    """Puts frames into words."""

    program: TestProgram
    colors: bool = False

    def text(self, frames: Sequence[FrameDetails]) -> str:
        """The trace, innermost first; empty without frames."""
        if not frames:
            return ""
        lines = ["stack trace"]
        for index, frame in enumerate(frames):
            left_out = len(frames) - MAX_FRAMES
            if left_out > 0 and MAX_FRAMES // 2 <= index < MAX_FRAMES // 2 + left_out:
                if index == MAX_FRAMES // 2:
                    lines.append(f"\t… {left_out} more frames")
                continue
            lines.extend(self._frame(frame))
        return "\n".join(lines) + "\n"

    def _frame(self, frame: FrameDetails) -> Iterator[str]:
        name = f"{self.program.module_name(frame.module)}::{frame.function}"
        if frame.offset is None:
            yield f"\t{self._styled(name, _BOLD)} (native)"
        else:
            place = self.program.place(frame.module, frame.definition, frame.offset)
            where = "" if place is None else f"({lines_text(self.program, place)})"
            yield f"\t{self._styled(name, _BOLD)}{where}"
            if place is not None:
                yield self._source(place)
        known = {variable.name for variable in (*frame.arguments, *frame.locals)}
        yield from map(self._variable, (v for v in frame.compared if v.name not in known))
        yield from map(self._variable, (*frame.arguments, *frame.locals))

    def _source(self, place: Loc) -> str:
        file = self.program.sources[place.file]
        line = file.line_of(place.start)
        return f"\t  {self._styled(f'{line + 1} │', _DIM)} {file.line_text(line).strip()}"

    def _variable(self, variable: Variable) -> str:
        moved = self._styled(" (moved)", _DIM) if variable.was_moved else ""
        return f"\t    {self._styled(variable.name, _CYAN)}: {variable.type} = {variable.value}{moved}"

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.colors else text
