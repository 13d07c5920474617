"""What is kept of a module that was checked before, besides its interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..source import Loc
from ..types import ModuleIdent


@dataclass(frozen=True, slots=True)
class SettledModule:
    """What the rest of its program asks of a module that is not checked again.

    `uses` are the modules that its code uses, with a place for each, in the order in which they are found;
    `package_calls` those whose `public(package)` functions it calls.
    """

    uses: dict[ModuleIdent, Loc]
    package_calls: dict[ModuleIdent, Loc]

    def moved(self, files: Mapping[int, int]) -> SettledModule:
        """The same, with the new numbers of files."""

        def places(by_module: dict[ModuleIdent, Loc]) -> dict[ModuleIdent, Loc]:
            return {i: loc._replace(file=files.get(loc.file, loc.file)) for i, loc in by_module.items()}

        return SettledModule(places(self.uses), places(self.package_calls))
