"""Our framework offers what the network's does: every listed signature, every struct, every error code.

Both are read from source by our compiler. A case is one line of published_api.txt for 0x1, 0x2 and 0x3 (the
signature is compared too), one struct with abilities and fields, one public function for tests only, one
macro, or one error constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from movelite.bytecode.file_format import ability_names
from movelite.compiler import named_tree as nt
from movelite.compiler.editions import Flavor, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage
from movelite.compiler.types import (
    ModuleIdent,
    ParameterType,
    Type,
    TypeParameter,
    format_type,
    substitute,
)
from tests.conformance.case import CaseResult, Mismatch, expect_equal, run_case

PUBLISHED = Path("crates/iota-framework/published_api.txt")
PEERS = Path("crates/iota-framework/packages")
OURS = Path(__file__).parents[3] / "movelite/framework"
ADDRESSES = {"std": 1, "iota": 2, "iota_system": 3}


def run(path: Path) -> Iterable[CaseResult]:
    """All cases; path is a checkout."""
    folders = path / PEERS
    peers = _program(folders / "move-stdlib", folders / "iota-framework", folders / "iota-system")
    ours = _program(OURS / "std", OURS / "iota", OURS / "iota_system")
    for name, check in _cases(path, peers, ours):
        yield run_case(name, check)


def _program(std: Path, iota: Path, system: Path) -> nt.NamedProgram:
    packages = [_package("MoveStdlib", std), _package("Iota", iota), _package("IotaSystem", system)]
    compilation = Compilation(packages, test_mode=True)
    program = compilation.named
    if compilation.diagnostics.has_errors:
        raise ValueError(f"{iota} does not compile")
    return program


def _package(name: str, folder: Path) -> SourcePackage:
    files = sorted((folder / "sources").rglob("*.move"))
    texts = [(str(file.relative_to(folder)), file.read_text("utf-8")) for file in files]
    return SourcePackage(PackageConfig(name=name, flavor=Flavor.IOTA), texts, dict(ADDRESSES))


Case = tuple[str, Callable[[], None]]


def _cases(path: Path, peers: nt.NamedProgram, ours: nt.NamedProgram) -> Iterator[Case]:
    for name, kind, module_text in _published(path / PUBLISHED):
        module = _module_ident(module_text)
        if module is not None and not kind.endswith(("struct", "enum")):
            yield f"{module_text}::{name}", partial(_check_function, module, name, peers, ours)
    for module, theirs in peers.modules.items():
        if theirs.attributes.is_test_only and module.name.endswith("_tests"):
            continue
        for struct in (s for s, d in theirs.structs.items() if not d.attributes.is_test_only):
            yield f"struct {module}::{struct}", partial(_check_struct, module, struct, peers, ours)
        for name, function in theirs.functions.items():
            if _is_public_but_unlisted(function):
                check = partial(_check_function, module, name, peers, ours)
                yield f"{'macro' if function.is_macro else 'test'} {module}::{name}", check
        for name in theirs.constants:
            if name.startswith("E") and name[1:2].isupper():
                yield f"constant {module}::{name}", partial(_check_constant, module, name, peers, ours)


def _is_public_but_unlisted(function: nt.FunctionDef) -> bool:
    """The list has what is published: no macros, nothing for tests."""
    attributes = function.attributes
    unlisted = function.is_macro or attributes.is_test_only
    return unlisted and not attributes.is_test and function.visibility.is_public


def _published(file: Path) -> Iterator[tuple[str, str, str]]:
    lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
    yield from zip(lines[::3], lines[1::3], lines[2::3], strict=True)


def _module_ident(text: str) -> ModuleIdent | None:
    address, name = text.split("::")
    number = int(address, 16)
    return ModuleIdent(number.to_bytes(32, "big"), name) if number in ADDRESSES.values() else None


def _check_function(module: ModuleIdent, name: str, peers: nt.NamedProgram, ours: nt.NamedProgram) -> None:
    theirs = peers.modules[module].functions[name]
    mine = _member(ours, module).functions.get(name)
    if mine is None:
        raise Mismatch("missing")
    if theirs.is_macro:
        expect_equal("is a macro", mine.is_macro, True)
        expect_equal("visibility", mine.visibility.kind, theirs.visibility.kind)
        expect_equal("number of parameters", len(mine.parameters), len(theirs.parameters))
        return
    expect_equal("signature", _signature(mine), _signature(theirs))


def _check_struct(module: ModuleIdent, name: str, peers: nt.NamedProgram, ours: nt.NamedProgram) -> None:
    mine = _member(ours, module).structs.get(name)
    if mine is None:
        raise Mismatch("missing")
    expect_equal("struct", _layout(mine), _layout(peers.modules[module].structs[name]))


def _check_constant(module: ModuleIdent, name: str, peers: nt.NamedProgram, ours: nt.NamedProgram) -> None:
    mine = _member(ours, module).constants.get(name)
    if mine is None:
        raise Mismatch("missing")
    theirs = peers.modules[module].constants[name]
    expect_equal("value", _literal(mine), _literal(theirs))


def _member(program: nt.NamedProgram, module: ModuleIdent) -> nt.ModuleDef:
    if module not in program.modules:
        raise Mismatch("its module is missing")
    return program.modules[module]


def _literal(constant: nt.ConstantDef) -> object:
    value = constant.value
    return value.value if isinstance(value, nt.IntLiteral | nt.BytesLiteral) else type(value)


def _type_parameters(parameters: list[nt.TypeParameterDef]) -> str:
    return ", ".join(
        ("phantom " if p.parameter.is_phantom else "") + "+".join(ability_names(p.parameter.abilities))
        for p in parameters
    )


def _type(written: nt.NamedType, parameters: list[nt.TypeParameterDef]) -> str:
    """The type with every name in full and type parameters by number, so that their names do not matter."""
    numbered: dict[int, Type] = {
        p.parameter.id: ParameterType(TypeParameter(p.parameter.id, i, f"#{i}", p.parameter.abilities))
        for i, p in enumerate(parameters)
    }
    return format_type(substitute(written.type, numbered))


def _signature(function: nt.FunctionDef) -> str:
    declared = function.type_parameters
    parameters = ", ".join(_type(p.type, declared) for p in function.parameters)
    entry = " entry" if function.entry_loc is not None else ""
    result = _type(function.result, declared)
    return f"{function.visibility.kind.value}{entry} <{_type_parameters(declared)}>({parameters}): {result}"


def _layout(struct: nt.StructDef) -> str:
    declared = struct.type_parameters
    fields = ", ".join(f"{f.name}: {_type(f.type, declared)}" for f in struct.fields or [])
    return f"<{_type_parameters(declared)}> {ability_names(struct.abilities)} {{{fields}}}"
