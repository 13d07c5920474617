"""Coverage by source: how often lines, functions and branches of the package under test ran.

Code that was expanded from a macro counts where the macro's source stands, in whatever module it ran. A
line counts as often as the busiest instruction that begins on it, summed over all functions that have such.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from movelite.bytecode.file_format import CodeUnit, Instruction, Opcode
from movelite.compiler.source import Loc, SourceFile
from movelite.unit_test.program import SourceFunction, TestModule, TestProgram
from movelite.unit_test.recorders import Counts, FunctionCounts
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class FunctionCoverage:
    """A function or macro: its name, the line of its name, and how often it was called."""

    name: str
    line: int
    calls: int


@dataclass(frozen=True, slots=True)
class BranchCoverage:
    """A place where execution goes one of several ways; block tells those of one line apart.

    ways: how many there are. taken: how often each was; for a condition true and then false. None if the
    place was never reached.
    """

    line: int
    block: int
    ways: int
    taken: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """A source file: by line number, counted from 1, how often it ran, and its functions and branches."""

    path: str
    lines: dict[int, int]
    functions: tuple[FunctionCoverage, ...]
    branches: tuple[BranchCoverage, ...]


@dataclass(slots=True)
class _Branch:
    reached: bool = False
    taken: list[int] = field(default_factory=list)


def source_coverage(program: TestProgram, counts: Counts) -> list[FileCoverage]:
    """The coverage of the files of the package under test, by path."""
    collector = _Collector(program, counts)
    for module_id in sorted(program.items.modules):
        module = program.modules.get(module_id)
        if module is not None:
            collector.add_module(module_id, module)
    return collector.result()


class _Collector:
    def __init__(self, program: TestProgram, counts: Counts) -> None:
        self.program = program
        self.counts = counts
        self.test_code = _Ranges(program.items.test_code)
        self.macros = _Macros(program.items.functions)
        self.lines: dict[tuple[int, int], int] = defaultdict(int)
        self.branches: dict[tuple[Loc, int], _Branch] = defaultdict(_Branch)
        self.calls: dict[Loc, int] = {}

    def add_module(self, module_id: ModuleId, module: TestModule) -> None:
        for definition, row in enumerate(module.compiled.function_defs):
            code = row.code
            if code is None:
                continue
            found = self.counts.get((module_id, definition))
            counts = found if found is not None else FunctionCounts([0] * len(code.code))
            name_loc = self.program.function_place(module_id, definition)
            if name_loc is not None:
                self.calls[name_loc] = counts.calls
            places = [
                place if place is not None and self._counts(place) else None
                for place in self.program.places(module_id, definition, len(code.code))
            ]
            self._add_lines(executed(self.program, module_id, definition, counts))
            self._add_branches(code, places, counts)
            self.macros.add(places, counts)

    def _counts(self, place: Loc) -> bool:
        return place.file in self.program.items.files and place not in self.test_code

    def _file(self, place: Loc) -> SourceFile:
        return self.program.sources[place.file]

    def _add_lines(self, parts: Iterable[tuple[Loc, int]]) -> None:
        busiest: dict[tuple[int, int], int] = {}
        for place, count in parts:
            if self._counts(place):
                key = place.file, self._file(place).line_of(place.start) + 1
                busiest[key] = max(count, busiest.get(key, 0))
        for key, count in busiest.items():
            self.lines[key] += count

    def _add_branches(self, code: CodeUnit, places: list[Loc | None], counts: FunctionCounts) -> None:
        for offset, (instruction, place) in enumerate(zip(code.code, places, strict=True)):
            targets = _targets(code, offset, instruction)
            if place is None or len(targets) < 2:
                continue
            branch = self.branches[place, len(targets)]
            branch.reached |= counts.instructions[offset] > 0
            taken = [counts.branches[offset, target] for target in targets]
            before = branch.taken or [0] * len(targets)
            branch.taken = [a + b for a, b in zip(before, taken, strict=True)]

    def result(self) -> list[FileCoverage]:
        functions: dict[int, list[FunctionCoverage]] = defaultdict(list)
        for function in self.program.items.functions:
            file = self._file(function.loc)
            line = file.line_of(function.name_loc.start) + 1
            calls = self.calls.get(function.name_loc, 0)
            if function.is_macro:
                calls = self.macros.calls.get(function.loc, 0)
                self._add_unused_macro(function)
            functions[file.id].append(FunctionCoverage(function.name, line, calls))
        branches = self._branches()
        files = [self.program.sources[file] for file in self.program.items.files]
        return [
            FileCoverage(
                file.name,
                {line: count for (owner, line), count in sorted(self.lines.items()) if owner == file.id},
                tuple(sorted(functions[file.id], key=lambda function: function.line)),
                tuple(branches[file.id]),
            )
            for file in sorted(files, key=lambda file: file.name)
        ]

    def _add_unused_macro(self, function: SourceFunction) -> None:
        if function.loc in self.macros.calls:
            return
        for place in function.places:
            if function.loc.contains(place):
                self.lines.setdefault((place.file, self._file(place).line_of(place.start) + 1), 0)

    def _branches(self) -> dict[int, list[BranchCoverage]]:
        found: dict[int, list[BranchCoverage]] = defaultdict(list)
        blocks: dict[tuple[int, int], int] = defaultdict(int)
        for (place, ways), branch in sorted(self.branches.items(), key=lambda item: item[0]):
            line = self._file(place).line_of(place.start) + 1
            taken = tuple(branch.taken) if branch.reached else None
            found[place.file].append(BranchCoverage(line, blocks[place.file, line], ways, taken))
            blocks[place.file, line] += 1
        return found


def executed(
    program: TestProgram, module_id: ModuleId, definition: int, counts: FunctionCounts
) -> list[tuple[Loc, int]]:
    """The parts of a function's source that have code, and how often each ran.

    An assertion counts as often as its condition: that it did not fail is for branches to tell. Left out are
    the return, which stands for the whole body, and the release of parameters where they are declared.
    """
    code = program.modules[module_id].compiled.function_defs[definition].code
    if code is None:
        return []
    places = program.places(module_id, definition, len(code.code))
    parameters = program.parameter_places(module_id, definition)
    failing: set[int] = set()
    found: list[tuple[Loc, int]] = []
    for offset, instruction in enumerate(code.code):
        side = _failing_side(code, places, offset, instruction)
        failing.update(side)
        whole = places[side[-1]] if side else None
        if whole is not None:
            found.append((whole, counts.instructions[offset]))
    for offset, (instruction, place) in enumerate(zip(code.code, places, strict=True)):
        returns = instruction.opcode is Opcode.RET and len(code.code) > 1
        if place is not None and not returns and offset not in failing and place not in parameters:
            found.append((place, counts.instructions[offset]))
    return found


def _failing_side(
    code: CodeUnit, places: Sequence[Loc | None], offset: int, instruction: Instruction
) -> range:
    """If the instruction is the choice of an assertion: the offsets of what runs if it fails."""
    condition = places[offset]
    if condition is None or instruction.opcode is Opcode.VARIANT_SWITCH:
        return range(0)
    for target in _targets(code, offset, instruction):
        end = next((at for at in range(target, len(code.code)) if code.code[at].opcode in _ENDS), None)
        if end is None or code.code[end].opcode is not Opcode.ABORT:
            continue
        whole = places[end]
        if whole is not None and whole != condition and whole.contains(condition):
            return range(target, end + 1)
    return range(0)


_ENDS = (Opcode.ABORT, Opcode.RET, Opcode.BRANCH, Opcode.BR_TRUE, Opcode.BR_FALSE, Opcode.VARIANT_SWITCH)
"""What ends a stretch of code that always runs as a whole."""


def _targets(code: CodeUnit, offset: int, instruction: Instruction) -> list[int]:
    """Where a conditional instruction may go on: for a condition true first; nothing for all others."""
    match instruction.opcode:
        case Opcode.BR_TRUE:
            return [instruction.operand, offset + 1]
        case Opcode.BR_FALSE:
            return [offset + 1, instruction.operand]
        case Opcode.VARIANT_SWITCH:
            return list(dict.fromkeys(code.jump_tables[instruction.operand].jump_table))
        case _:
            return []


class _Ranges:
    """Spans of source, asked whether they hold a place."""

    def __init__(self, spans: Iterable[Loc]) -> None:
        self._by_file: dict[int, list[Loc]] = defaultdict(list)
        for span in spans:
            self._by_file[span.file].append(span)

    def __contains__(self, place: Loc) -> bool:
        return any(span.contains(place) for span in self._by_file.get(place.file, ()))


class _Macros:
    """How often macros were entered: what comes first in the code of an expansion tells one from the next."""

    def __init__(self, functions: Iterable[SourceFunction]) -> None:
        self._macros = sorted(function.loc for function in functions if function.is_macro)
        self.calls: dict[Loc, int] = {}

    def _at(self, place: Loc) -> Loc | None:
        position = bisect_right(self._macros, place) - 1
        found = self._macros[position] if position >= 0 else None
        return found if found is not None and found.contains(place) else None

    def add(self, places: list[Loc | None], counts: FunctionCounts) -> None:
        """Add one function's code."""
        first: dict[Loc, Loc] = {}
        for offset, macro, place in self._runs(places):
            if first.setdefault(macro, place) == place:
                self.calls[macro] = self.calls.get(macro, 0) + counts.instructions[offset]

    def _runs(self, places: list[Loc | None]) -> Iterator[tuple[int, Loc, Loc]]:
        """The offsets at which a stretch of a macro's code from one place begins."""
        last = None
        for offset, place in enumerate(places):
            macro = None if place is None or place == last else self._at(place)
            if macro is not None and place is not None:
                yield offset, macro, place
            last = place
