"""Coverage as an lcov tracefile, which genhtml, Codecov and editors read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from movelite.unit_test.coverage import FileCoverage

LCOV_FILE = "lcov.info"
"""Name of the file in the package's folder."""


def lcov_text(files: Iterable[FileCoverage]) -> str:
    """The tracefile."""
    return "".join(f"{line}\n" for file in files for line in _record(file))


def _record(file: FileCoverage) -> Iterator[str]:
    yield "TN:"  # no name for the test: one tracefile is one run
    yield f"SF:{file.path}"
    for function in file.functions:
        yield f"FN:{function.line},{function.name}"
    for function in file.functions:
        yield f"FNDA:{function.calls},{function.name}"
    yield f"FNF:{len(file.functions)}"
    yield f"FNH:{sum(function.calls > 0 for function in file.functions)}"
    taken = 0
    for branch in file.branches:
        for way in range(branch.ways):
            count = None if branch.taken is None else branch.taken[way]
            taken += bool(count)
            yield f"BRDA:{branch.line},{branch.block},{way},{'-' if count is None else count}"
    yield f"BRF:{sum(branch.ways for branch in file.branches)}"
    yield f"BRH:{taken}"
    for line, count in sorted(file.lines.items()):
        yield f"DA:{line},{count}"
    yield f"LF:{len(file.lines)}"
    yield f"LH:{sum(count > 0 for count in file.lines.values())}"
    yield "end_of_record"
