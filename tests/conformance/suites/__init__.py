"""One module for each suite; its name, with - for _, is the suite's name on the command line.

A suite is a module with a docstring (its first line is what `--list` prints) and one function,
`run(path: Path) -> Iterable[CaseResult]`. It yields one CaseResult for each case that it ran.
"""

from pathlib import Path

CRATES = Path("external-crates/move/crates")
"""Where a checkout has the crates of the Move language."""
