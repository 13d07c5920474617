"""From a compilation to the bytes of its modules, or to an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proto.ids import Address

from .built import BuiltModule
from .errors import PackageError

if TYPE_CHECKING:
    from movelite.compiler.phases import Compilation


class BuildError(PackageError):
    """The sources have errors; `report` is all that the compiler said."""

    def __init__(self, name: str, report: str, errors: int) -> None:
        super().__init__(f"package '{name}' has {errors} error{'s' if errors != 1 else ''}")
        self.report = report

    @classmethod
    def of(cls, compilation: Compilation, name: str) -> BuildError:
        """What a compilation with errors ends with; `name` is that of the package."""
        return cls(name, compilation.report(), sum(item.is_error for item in compilation.diagnostics))


def emit(compilation: Compilation, name: str) -> tuple[BuiltModule, ...]:
    """The modules of a compilation, dependencies first.

    `name` is that of the package. Raises: BuildError if its sources have errors.
    """
    from movelite.bytecode import source_map

    units = compilation.modules
    if units is None or compilation.diagnostics.has_errors:
        raise BuildError.of(compilation, name)
    files = compilation.source_map.files
    return tuple(
        BuiltModule(
            Address(unit.ident.address or bytes(32)),
            unit.ident.name,
            unit.bytecode,
            unit.package or name,
            source_map.encode(unit.source_map),
            files[compilation.named.modules[unit.ident].loc.file].name,
        )
        for unit in units.values()
    )
