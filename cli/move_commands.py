"""movelite move: making, building and looking at packages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.lazy import without
from cli.package_options import PackageCommand, given

if TYPE_CHECKING:
    from movelite.package.build import BuildOptions
    from movelite.package.built import BuiltModule, BuiltPackage
    from movelite.package.graph import PackageGraph

app = typer.Typer(no_args_is_help=True)

_FRAMEWORK = "crates/iota-framework/packages/iota-framework"

_MANIFEST = """[package]
name = "{name}"
edition = "2024.beta"  # the language; "legacy" is that of before 2024

[dependencies]
{dependencies}
[addresses]
{addresses}
[dev-dependencies]
# What only tests and builds with --dev depend on.

[dev-addresses]
# Values of addresses in tests and builds with --dev.
"""

_IOTA = (
    'Iota = {{ git = "https://github.com/iotaledger/iota.git", subdir = "{}", rev = "framework/testnet" }}\n'
)

_MODULE = """/*
/// Module: {name}
module {name}::{name};

/// Something to own.
public struct Thing has key, store {{
    id: UID,
    value: u64,
}}

/// A new thing.
public fun new(value: u64, ctx: &mut TxContext): Thing {{
    Thing {{ id: object::new(ctx), value }}
}}

/// What is in it.
public fun value(thing: &Thing): u64 {{
    thing.value
}}
*/
"""

_TESTS = """/*
#[test_only]
module {name}::{name}_tests;

use iota::test_utils::destroy;
use {name}::{name};

#[test]
fun a_thing_has_its_value() {{
    let thing = {name}::new(7, &mut tx_context::dummy());
    assert!(thing.value() == 7);
    destroy(thing);
}}
*/
"""


class MoveCommandError(Exception):
    """A command on packages that cannot be done."""


@app.command(
    cls=PackageCommand,
    epilog="Examples: movelite move new thing; movelite move new mine --template swap",
)
def new(
    name: Annotated[str, typer.Argument(help="Its name in Move.toml.")],
    template: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Begin with an example: coin, energy, nft, swap or title."),
    ] = None,
) -> None:
    """Make a package in a folder of its name, or in that of --path."""
    folder = given().place or Path(name)
    if not name.isidentifier() or not name.isascii():
        raise MoveCommandError(f"{name!r} is no name of a package: letters, digits and _")
    if (folder / "Move.toml").exists() or (given().place is None and folder.exists()):
        raise MoveCommandError(f"{folder} exists already")
    if template is not None:
        ignored = shutil.ignore_patterns("build", "__pycache__")
        shutil.copytree(_example(template), folder, ignore=ignored, dirs_exist_ok=True)
    else:
        _write_package(folder, name)
    if given().verbosity:
        output.note(f"made {folder}")


def _write_package(folder: Path, name: str) -> None:
    """A package with a module and its tests, or one of the core language if that is wanted, then without any.

    They are comments: nobody publishes what they did not write.
    """
    has_framework = given().default_move_flavor != "core"
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    dependencies = _IOTA.format(_FRAMEWORK) if has_framework else ""
    addresses = f'{name.lower()} = "0x0"\n' if has_framework else ""
    manifest = _MANIFEST.format(name=name, dependencies=dependencies, addresses=addresses)
    (folder / "Move.toml").write_text(manifest)
    if has_framework:
        module = name.lower()
        (folder / "tests").mkdir(exist_ok=True)
        (folder / "sources" / f"{module}.move").write_text(_MODULE.format(name=module))
        (folder / "tests" / f"{module}_tests.move").write_text(_TESTS.format(name=module))


@app.command(
    cls=PackageCommand,
    epilog="Examples: movelite move build -p thing --dump-bytecode-as-base64; movelite move build --lint",
)
def build(
    dump_bytecode_as_base64: Annotated[
        bool,
        typer.Option(
            "--dump-bytecode-as-base64", help="Print what is published on the network that the wallet uses."
        ),
    ] = False,
    with_unpublished_dependencies: Annotated[
        bool,
        typer.Option(
            "--with-unpublished-dependencies", help="Dependencies that are nowhere published become part."
        ),
    ] = False,
    generate_struct_layouts: Annotated[
        bool,
        typer.Option(
            "--generate-struct-layouts", help="Layouts of types, as YAML, go to build/NAME/layouts."
        ),
    ] = False,
) -> None:
    """Compile a package; modules, source maps and sources go to build/NAME."""
    from cli.package_builds import build_package, messages_of
    from cli.session import chain_in_use
    from movelite.package.build import resolve_package
    from movelite.package.build_folder import write_build

    wanted = given()
    chain = chain_in_use() if dump_bytecode_as_base64 else None
    options = wanted.build_options(with_unpublished=with_unpublished_dependencies, chain_id=chain)
    if wanted.fetch_deps_only:
        resolve_package(wanted.folder, options)
        return
    is_quiet = dump_bytecode_as_base64 or output.is_json()
    built = build_package(
        wanted.folder, options, is_forced=wanted.force, announce=_say_nothing if is_quiet else say_packages
    )
    place = wanted.install_dir or built.folder
    write_build(built, place, options)
    if generate_struct_layouts:
        from movelite.package.build import linked_modules
        from movelite.package.struct_layouts import struct_layouts

        layouts = place / "build" / built.name / "layouts"
        layouts.mkdir(exist_ok=True)
        text = struct_layouts(built.modules, linked_modules(built.folder, options))
        (layouts / "struct_layouts.yaml").write_text(text)
    if wanted.doc:
        from movelite.package.documentation import document_package, write_pages

        write_pages(document_package(built.folder, options), place / "build" / built.name / "docs")
    if dump_bytecode_as_base64:
        print(built.base64_dump())
    elif output.is_json():
        output.show_json(
            {
                "name": built.name,
                "modules": [module.name for module in built.modules],
                "digest": built.digest.hex(),
                "dependencies": {name: f"0x{id_.hex()}" for name, id_ in built.dependency_ids.items()},
                "messages": messages_of(built.warnings, options),
            }
        )


def say_packages(graph: PackageGraph) -> None:
    """Name the packages of a build, those that depend on others first."""
    from cli.package_builds import warn_of_unknown

    warn_of_unknown(graph)
    for node in reversed(graph.dependencies()):
        print(f"INCLUDING DEPENDENCY {node.name}")
    print(f"BUILDING {graph.root.name}", flush=True)


def _say_nothing(graph: PackageGraph) -> None:
    pass


_NO_EXPLORER = "nothing shows bytecode beside its source; `move coverage bytecode` shows what ran of it"


@app.command(
    cls=without(dict.fromkeys(("--interactive", "-i"), _NO_EXPLORER), PackageCommand),
    epilog="Examples: movelite move disassemble thing.mv; movelite move disassemble --name coin",
)
def disassemble(
    module_path: Annotated[Path | None, typer.Argument(help="A file of bytecode.")] = None,
    module: Annotated[
        str | None, typer.Option("--module", "--name", help="Or a module of the package.")
    ] = None,
    package: Annotated[
        str | None, typer.Option("--package", help="The module is one of this dependency.")
    ] = None,
    debug: Annotated[bool, typer.Option("--Xdebug", help="The tables of the module, too.")] = False,
) -> None:
    """Print bytecode as text."""
    from movelite.bytecode.debug_text import debug_text
    from movelite.bytecode.disassembler import disassemble as as_text
    from movelite.bytecode.reader import deserialize_module
    from movelite.bytecode.source_map import decode

    for code, source_map in _codes(module_path, module, package):
        compiled = deserialize_module(code)
        print(as_text(compiled, decode(source_map) if source_map else None))
        if debug:
            print(f"\n{debug_text(compiled)}")


def _codes(path: Path | None, module: str | None, package: str | None) -> list[tuple[bytes, bytes]]:
    """Bytecode and source map of what is wanted: a file, or modules of a package or of a dependency."""
    from cli.package_builds import build_package

    if path is not None:
        try:
            return [(path.read_bytes(), b"")]
        except OSError as error:
            raise MoveCommandError(f"cannot read {path}: {error.strerror}") from error
    options = given().build_options()
    built = build_package(given().folder, options)
    wanted = package or built.name
    found = [
        (m.bytecode, m.source_map)
        for m in _all_modules(built, options)
        if m.package == wanted and module in (None, m.name)
    ]
    if not found:
        raise MoveCommandError(f"package '{wanted}' has no module {module!r}")
    return found


def _all_modules(built: BuiltPackage, options: BuildOptions) -> tuple[BuiltModule, ...]:
    from movelite.package.build import linked_modules

    return (*linked_modules(built.folder, options), *built.modules)


@app.command(cls=PackageCommand, epilog="Example: movelite move -p thing summary > thing.json")
def summary() -> None:
    """Print the interface of every module as JSON, in the form of iota_getNormalizedMoveModulesByPackage."""
    from aggregator.service.normalized_json import module_json
    from cli.package_builds import build_package
    from movelite.bytecode.normalized import normalize
    from movelite.bytecode.reader import deserialize_module

    built = build_package(given().folder, given().build_options(lints="none"))
    output.show_json(
        {module.name: module_json(normalize(deserialize_module(module.bytecode))) for module in built.modules}
    )


@app.command(cls=PackageCommand, epilog="Example: movelite move info --path thing")
def info() -> None:
    """Print what a package depends on, with the addresses of each package."""
    from movelite.package.addresses import resolve_addresses
    from movelite.package.build import resolve_package

    options = given().build_options()
    graph = resolve_package(given().folder, options)
    addresses = resolve_addresses(graph, options.is_dev)
    if output.is_json():
        shown = {name: {a: f"0x{v:x}" for a, v in sorted(addresses[name].items())} for name in graph.packages}
        output.show_json(
            {
                "name": graph.root.name,
                "packages": {
                    name: {"addresses": shown[name], "dependencies": sorted(node.dependencies)}
                    for name, node in graph.packages.items()
                },
            }
        )
        return
    print(graph.root.name)
    for line in _tree(graph, graph.root.name, addresses):
        print(line)


def _tree(graph: PackageGraph, name: str, addresses: dict[str, dict[str, int]]) -> list[str]:
    """The lines below a package's name: its addresses, then the packages that it depends on."""
    parts = [[f"{key}:0x{value:x}"] for key, value in sorted(addresses[name].items())]
    parts += [[below, *_tree(graph, below, addresses)] for below in sorted(graph.packages[name].dependencies)]
    lines: list[str] = []
    for index, (head, *rest) in enumerate(parts):
        is_last = index == len(parts) - 1
        lines.append(("└── " if is_last else "├── ") + head)
        lines += [("    " if is_last else "│   ") + line for line in rest]
    return lines


def _example(name: str) -> Path:
    from movelite import examples

    root = Path(examples.__file__).parent
    known = sorted(path.parent.name for path in root.glob("*/Move.toml"))
    if name not in known:
        raise MoveCommandError(f"there is no template {name!r} (there are: {', '.join(known) or 'none'})")
    return root / name
