"""Coverage for people: tables, the official summaries, and sources and bytecode with what ran."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movelite.bytecode.disassembler import DisassemblerOptions, disassemble
from movelite.unit_test.coverage import FileCoverage, executed
from movelite.unit_test.gas_report import boxed_table
from movelite.unit_test.program import TestModule, TestProgram
from movelite.unit_test.recorders import Counts, FunctionCounts
from movelite.vm.types import ModuleId

_RESET, _GREEN, _RED, _DIM = "\x1b[0m", "\x1b[32m", "\x1b[1;31m", "\x1b[2m"
_RULE = "+-------------------------+"


def coverage_table(files: Sequence[FileCoverage]) -> str:
    """Lines, branches and functions of each file and of all together."""
    rows = [(file.path, *map(_share, _numbers([file]))) for file in files]
    total = ("Total", *map(_share, _numbers(files)))
    return boxed_table(("File", "% Lines", "% Branches", "% Functions"), rows, total)


def _numbers(files: Sequence[FileCoverage]) -> list[tuple[int, int]]:
    """How many of how many lines, ways of branches and functions ran."""
    lines = [count for file in files for count in file.lines.values()]
    ways = [way for file in files for branch in file.branches for way in branch.taken or (0,) * branch.ways]
    calls = [function.calls for file in files for function in file.functions]
    return [(sum(count > 0 for count in counts), len(counts)) for counts in (lines, ways, calls)]


def _share(numbers: tuple[int, int]) -> str:
    ran, count = numbers
    percent = 100 * ran / count if count else 100.0
    return f"{percent:.2f}% ({ran}/{count})"


# Instructions, as the official tool sums them up


def _functions(program: TestProgram, counts: Counts, module_id: ModuleId) -> list[tuple[str, int, int]]:
    """Name, instructions and those that ran, of each function that is not for tests, by name."""
    rows: list[tuple[str, int, int]] = []
    for definition, row in enumerate(program.modules[module_id].compiled.function_defs):
        name = program.function_name(module_id, definition)
        if (module_id, name) in program.items.test_functions:
            continue
        found = counts.get((module_id, definition))
        ran = 0 if found is None else sum(count > 0 for count in found.instructions)
        rows.append((name, -1 if row.code is None else len(row.code.code), ran))
    return sorted(rows)


def _modules(program: TestProgram) -> list[ModuleId]:
    return sorted(program.items.ledger_modules)


def summary_text(program: TestProgram, counts: Counts, with_functions: bool) -> str:
    """The summary of `coverage summary`: the share of instructions that ran, by module."""
    lines = [_RULE, "| Move Coverage Summary   |", _RULE]
    total = covered = 0
    for module_id in _modules(program):
        lines.append(f"Module {module_id[0].hex()}::{module_id[1]}")
        rows = _functions(program, counts, module_id)
        if with_functions:
            lines.extend(line for row in rows for line in _function_lines(*row))
        in_module, ran = sum(max(row[1], 0) for row in rows), sum(row[2] for row in rows)
        lines.append(f">>> % Module coverage: {_percent(ran, in_module)}")
        total, covered = total + in_module, covered + ran
    return "\n".join([*lines, _RULE, f"| % Move Coverage: {_percent(covered, total)}  |", _RULE])


def _function_lines(name: str, count: int, ran: int) -> list[str]:
    native = "native " if count < 0 else ""
    count = max(count, 0)
    return [
        f"\t{native}fun {name}",
        f"\t\ttotal: {count}",
        f"\t\tcovered: {ran}",
        f"\t\t% coverage: {_percent(ran, count)}",
    ]


def _percent(ran: int, count: int) -> str:
    return f"{100 * ran / count:.2f}" if count else "NaN"


def summary_csv(program: TestProgram, counts: Counts) -> str:
    """The summary as CSV, with the official names of columns; the last one is the count of all."""
    lines = ["ModuleName,FunctionName,Covered,Uncovered"]
    for module_id in _modules(program):
        name = f"{module_id[0].hex()}::{module_id[1]}"
        rows = _functions(program, counts, module_id)
        lines.extend(f"{name},{function},{ran},{count}" for function, count, ran in rows if count >= 0)
    return "\n".join(lines)


# One module


def bytecode_text(
    program: TestProgram, counts: Counts, module_id: ModuleId, module: TestModule, colors: bool
) -> str:
    """The disassembly of a module; how often instructions ran stands before them.

    `module` may be the module as it is published, without its tests.
    """
    by_name = {
        program.function_name(module_id, index): found
        for (owner, index), found in counts.items()
        if owner == module_id
    }
    without_tests = TestProgram({module_id: module}, ())

    def line(function: int, offset: int, text: str) -> str:
        found = by_name.get(without_tests.function_name(module_id, function))
        count = found.instructions[offset] if found and offset < len(found.instructions) else 0
        shown = f"[{count}]\t{offset}: {text}" if count else f"\t{offset}: {text}"
        return _colored(shown, _GREEN if count else _RED, colors)

    return disassemble(module.compiled, module.source_map, DisassemblerOptions(line=line))


def source_text(
    program: TestProgram, counts: Counts, coverage: FileCoverage, modules: Sequence[ModuleId], colors: bool
) -> str:
    """A source file: how often lines ran stands before them, and code that never ran is red."""
    file = next(file for file in program.sources.files if file.name == coverage.path)
    marks = _marks(program, counts, file.id, len(file.text), modules) if colors else [None] * len(file.text)
    width = max((len(str(count)) for count in coverage.lines.values()), default=1)
    lines: list[str] = []
    for number, start in enumerate(file.line_starts, 1):
        text = file.line_text(number - 1)
        count = coverage.lines.get(number)
        margin = f"{'' if count is None else count:>{width}} │"
        marked = _painted(text, marks[start : start + len(text)])
        lines.append(f"{_colored(margin, _RED if count == 0 else _DIM, colors)} {marked}".rstrip())
    return "\n".join(lines).rstrip("\n │")


def _marks(
    program: TestProgram, counts: Counts, file: int, length: int, modules: Sequence[ModuleId]
) -> list[bool | None]:
    """For each character whether the innermost code that it belongs to ran; None for no code."""
    ran: dict[tuple[int, int], bool] = {}
    for module_id in modules:
        for definition, row in enumerate(program.modules[module_id].compiled.function_defs):
            if row.code is None:
                continue
            found = counts.get((module_id, definition)) or FunctionCounts([0] * len(row.code.code))
            for place, count in executed(program, module_id, definition, found):
                if place.file == file:
                    span = (place.start, place.end)
                    ran[span] = ran.get(span, False) or count > 0
    marks: list[bool | None] = [None] * length
    for (start, end), did in sorted(ran.items(), key=lambda item: item[0][0] - item[0][1]):
        marks[start:end] = [did] * (end - start)
    return marks


def _painted(text: str, marks: Sequence[bool | None]) -> str:
    return "".join(_runs(text, marks))


def _runs(text: str, marks: Sequence[bool | None]) -> Iterator[str]:
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or marks[position] != marks[start]:
            part, mark = text[start:position], marks[start]
            yield part if mark is None else _colored(part, _GREEN if mark else _RED, True)
            start = position


def _colored(text: str, color: str, colors: bool) -> str:
    return f"{color}{text}{_RESET}" if colors else text
