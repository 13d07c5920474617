"""Makes the compiled modules of a lowered program."""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.source_map import SourceMap as ModuleSourceMap
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module

from .. import codes
from .. import typed_tree as tt
from ..cfg.check import check_body
from ..cfg.context import FunctionContext
from ..cfg.optimize import optimize
from ..diagnostics import Diagnostic, Diagnostics, diag
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
    """A compiled module, what its file holds, its source map, and the name of its package."""

    ident: ModuleIdent
    module: CompiledModule
    bytecode: bytes
    source_map: ModuleSourceMap
    package: str | None


def check_program(lowered: LoweredProgram, named: NamedProgram, diagnostics: Diagnostics) -> None:
    """Analyse all functions and settle how they use their locals; findings are diagnostics."""
    program = ProgramContext(named, lowered.typed, diagnostics)

    def explain(function: tt.Function, item: Diagnostic, ability: AbilitySet, type_: Type, loc: Loc) -> None:
        body = Body(program, named.modules[function.named.id.module], function.named)
        explain_missing_ability(body, item, ability, type_, loc)

    abilities = Abilities(named)
    for module in lowered.modules.values():
        context = FunctionContext(diagnostics, abilities.of, explain, module.module.named.package.edition)
        with diagnostics.filtered(module.module.filters):
            for body in module.bodies.values():
                with diagnostics.filtered(body.function.filters):
                    check_body(body, context)


def emit_program(
    lowered: LoweredProgram, named: NamedProgram, sources: SourceMap, diagnostics: Diagnostics
) -> dict[ModuleIdent, CompiledUnit]:
    """The compiled modules, dependencies first. One that the file format has no room for is an error."""

    def line_of(loc: Loc) -> int:
        return sources.files[loc.file].line_of(loc.start) + 1

    maker = SourceMapMaker(sources)
    units: dict[ModuleIdent, CompiledUnit] = {}
    for ident, module in lowered.modules.items():
        try:
            units[ident] = _emit_module(module, lowered, named, line_of, maker)
        except VMError as error:
            message = f"Module '{ident}' is too large to be written: {error.message or error}"
            diagnostics.add(diag(codes.Bug.BytecodeGeneration, (module.module.loc, message)))
    return units


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
    bytecode = serialize_module(compiled)
    source_map = maker.make(module, emitter.emitted, emitter.constant_indices)
    return CompiledUnit(module.ident, compiled, bytecode, source_map, module.named.package.name)
