"""Makes the compiled modules of a lowered program."""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.source_map import SourceMap as ModuleSourceMap

from .. import typed_tree as tt
from ..cfg.check import check_body
from ..cfg.context import FunctionContext
from ..cfg.optimize import optimize
from ..diagnostics import Diagnostic, Diagnostics
from ..lowering.program import LoweredModule, LoweredProgram
from ..named_tree import NamedProgram
from ..source import Loc, SourceMap
from ..types import AbilitySet, ModuleIdent, Type
from ..typing.abilities import Abilities
from ..typing.constraints import explain_missing_ability
from ..typing.context import Body, ProgramContext
from .modules import LineOf, ModuleEmitter
from .source_maps import SourceMapMaker


@dataclass(slots=True)
class CompiledUnit:
    """A compiled module with its source map, and the name of its package."""

    ident: ModuleIdent
    module: CompiledModule
    source_map: ModuleSourceMap
    package: str | None


def check_program(lowered: LoweredProgram, named: NamedProgram, diagnostics: Diagnostics) -> None:
    """Analyse all functions and settle how they use their locals; findings are diagnostics."""
    program = ProgramContext(named, lowered.typed, diagnostics)

    def explain(function: tt.Function, item: Diagnostic, ability: AbilitySet, type_: Type, loc: Loc) -> None:
        body = Body(program, named.modules[function.named.id.module], function.named)
        explain_missing_ability(body, item, ability, type_, loc)

    context = FunctionContext(diagnostics, Abilities(named).of, explain)
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

    maker = SourceMapMaker(sources)
    return {
        ident: _emit_module(module, lowered, named, line_of, maker)
        for ident, module in lowered.modules.items()
    }


def _emit_module(
    lowered: LoweredModule,
    program: LoweredProgram,
    named: NamedProgram,
    line_of: LineOf,
    maker: SourceMapMaker,
) -> CompiledUnit:
    module = lowered.module
    for body in lowered.bodies.values():
        optimize(body)
    emitter = ModuleEmitter(module, program.typed, named, lowered.bodies, lowered.constants, line_of)
    compiled = emitter.emit()
    return CompiledUnit(
        module.ident, compiled, maker.make(module, emitter.emitted), module.named.package.name
    )
