"""What each function of the package under test costs: a table for each module."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from movelite.unit_test.call_text import gas_text
from movelite.unit_test.program import TestProgram
from movelite.unit_test.recorders import GasUse
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class FunctionGas:
    """The gas of all calls of a function, with all that it called, in internal units."""

    name: str
    calls: int
    least: int
    mean: int
    median: int
    most: int


def function_gas(program: TestProgram, use: GasUse) -> dict[ModuleId, list[FunctionGas]]:
    """The functions that were called of the package's modules, but for those of tests, by name."""
    found: dict[ModuleId, list[FunctionGas]] = defaultdict(list)
    for (module, definition), calls in use.items():
        if module not in program.items.ledger_modules:
            continue
        name = program.function_name(module, definition)
        if (module, name) not in program.items.test_functions:
            found[module].append(_sum_up(name, calls))
    return {module: sorted(rows, key=lambda row: row.name) for module, rows in sorted(found.items())}


def _sum_up(name: str, calls: Counter[int]) -> FunctionGas:
    count = calls.total()
    costs = sorted(calls)
    total = sum(cost * times for cost, times in calls.items())
    return FunctionGas(name, count, costs[0], total // count, _median(calls, costs), costs[-1])


def _median(calls: Counter[int], costs: Sequence[int]) -> int:
    """The cost in the middle; of two, their mean."""
    count = calls.total()
    middle = ((count - 1) // 2, count // 2)
    seen = 0
    found: list[int] = []
    for cost in costs:
        seen += calls[cost]
        while len(found) < len(middle) and middle[len(found)] < seen:
            found.append(cost)
    return sum(found) // len(found)


def gas_report(program: TestProgram, use: GasUse) -> str:
    """The tables. Gas is in gas units, as in the statistics of tests."""
    tables: list[str] = []
    for module, rows in function_gas(program, use).items():
        cells = [
            (row.name, f"{row.calls:,}", *map(gas_text, (row.least, row.mean, row.median, row.most)))
            for row in rows
        ]
        header = (program.module_name(module), "calls", "min", "avg", "median", "max")
        tables.append(boxed_table(header, cells))
    return "\n\n".join(tables)


def boxed_table(header: Sequence[str], rows: Sequence[Sequence[str]], last: Sequence[str] = ()) -> str:
    """A table in a box; all columns but the first are set to the right. `last` is a line of totals."""
    everything = [header, *rows, *([last] if last else [])]
    widths = [max(len(row[column]) for row in everything) for column in range(len(header))]

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    def line(row: Sequence[str]) -> str:
        others = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        return f"│ {' │ '.join([row[0].ljust(widths[0]), *others])} │"

    separator = rule("├", "┼", "┤")
    body = [rule("┌", "┬", "┐"), line(header), separator, *map(line, rows)]
    if last:
        body += [separator, line(last)]
    return "\n".join([*body, rule("└", "┴", "┘")])
