"""Makes the compiled modules of a lowered program."""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.file_format import CompiledModule

from ..cfg.check import check_body
from ..cfg.context import FunctionContext
from ..diagnostics import Diagnostics
from ..lowering.program import LoweredModule, LoweredProgram
from ..named_tree import NamedProgram
from ..source import Loc, SourceMap
from ..types import ModuleIdent
from ..typing.abilities import Abilities
from .functions import EmittedCode
from .modules import LineOf, ModuleEmitter


@dataclass(slots=True)
class CompiledUnit:
    """A compiled module, and where its instructions come from, by function name."""

    ident: ModuleIdent
    module: CompiledModule
    code: dict[str, EmittedCode]
    package: str | None


def check_program(lowered: LoweredProgram, named: NamedProgram, diagnostics: Diagnostics) -> None:
    """Analyse all functions and settle how they use their locals; findings are diagnostics."""
    context = FunctionContext(diagnostics, Abilities(named).of)
    for module in lowered.modules.values():
        with diagnostics.filtered(module.module.filters):
            for body in module.bodies.values():
                with diagnostics.filtered(body.function.filters):
                    check_body(body, context)


def emit_program(
    lowered: LoweredProgram, named: NamedProgram, sources: SourceMap
) -> dict[ModuleIdent, CompiledUnit]:
    """The compiled modules, dependencies first."""

    def line_of(loc: Loc) -> int:
        return sources.files[loc.file].line_of(loc.start) + 1

    return {ident: _emit_module(module, lowered, named, line_of) for ident, module in lowered.modules.items()}


def _emit_module(
    module: LoweredModule, lowered: LoweredProgram, named: NamedProgram, line_of: LineOf
) -> CompiledUnit:
    emitter = ModuleEmitter(module.module, lowered.typed, named, module.bodies, module.constants, line_of)
    compiled = emitter.emit()
    return CompiledUnit(module.module.ident, compiled, emitter.emitted, module.module.named.package.name)
