"""movelite move: packages."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli import move_coverage, move_test, output

app = typer.Typer(no_args_is_help=True)
move_test.add_to(app)
app.add_typer(move_coverage.app, name="coverage", help="What the tests of a package cover.")

_folder = Path(".")

_FRAMEWORK = "crates/iota-framework/packages/iota-framework"

_MANIFEST = """[package]
name = "{name}"
edition = "2024.beta"

[dependencies]
Iota = {{ git = "https://github.com/iotaledger/iota.git", subdir = "{framework}", rev = "framework/testnet" }}

[addresses]
{name} = "0x0"
"""

_MODULE = """/// Module: {name}
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
"""


class MoveCommandError(Exception):
    """A command on packages that cannot be done."""


@app.callback()
def group(
    path: Annotated[Path, typer.Option("--path", "-p", help="Folder of the package.")] = Path("."),
) -> None:
    """Make, build and test Move packages."""
    global _folder
    _folder = path


@app.command(epilog="Examples: movelite move new thing; movelite move new mine --template escrow_swap")
def new(
    name: str,
    template: Annotated[str | None, typer.Option(help="Begin with an example package.")] = None,
) -> None:
    """Make a package in a new folder."""
    folder = _folder / name
    if not name.isidentifier() or not name.isascii():
        raise MoveCommandError(f"{name!r} is no name of a package: letters, digits and _")
    if folder.exists():
        raise MoveCommandError(f"{folder} exists already")
    if template is not None:
        shutil.copytree(_example(template), folder, ignore=shutil.ignore_patterns("build", "__pycache__"))
    else:
        (folder / "sources").mkdir(parents=True)
        (folder / "Move.toml").write_text(_MANIFEST.format(name=name, framework=_FRAMEWORK))
        (folder / "sources" / f"{name}.move").write_text(_MODULE.format(name=name))
    output.say(f"made {folder}")


@app.command(epilog="Example: movelite move -p thing build --dump-bytecode-as-base64")
def build(
    path: Annotated[Path | None, typer.Option("--path", "-p")] = None,
    dump_bytecode_as_base64: bool = False,
    with_unpublished_dependencies: bool = False,
    dev: Annotated[bool, typer.Option("--dev")] = False,
    test: Annotated[bool, typer.Option("--test")] = False,
    warnings_are_errors: bool = False,
    lint: Annotated[bool, typer.Option("--lint", help="All lints, not only the usual ones.")] = False,
    no_lint: Annotated[bool, typer.Option("--no-lint", help="No lints.")] = False,
    install_dir: Annotated[Path | None, typer.Option(help="Where build/ goes; else the package.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Use nothing of earlier builds.")] = False,
    silence_warnings: Annotated[bool, typer.Option("--silence-warnings", help="No warnings.")] = False,
    skip_fetch_latest_git_deps: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Compile a package; modules, source maps and sources go to build/NAME."""
    from cli.move_build import build_package
    from movelite.package.build import BuildOptions
    from movelite.package.build_folder import write_build

    options = BuildOptions(
        dev_mode=dev,
        test_mode=test,
        with_unpublished=with_unpublished_dependencies,
        warnings_are_errors=warnings_are_errors,
        lints="all" if lint else "none" if no_lint else "default",
    )
    built = build_package(path or _folder, options, is_forced=force, is_silent=silence_warnings)
    write_build(built, install_dir or built.folder, options)
    if dump_bytecode_as_base64:
        print(built.base64_dump())
    elif output.is_json():
        output.show_json(
            {
                "name": built.name,
                "modules": [module.name for module in built.modules],
                "digest": built.digest.hex(),
                "dependencies": {name: f"0x{id_.hex()}" for name, id_ in built.dependency_ids.items()},
            }
        )
    else:
        for name in sorted(built.linked_packages):
            print(f"INCLUDING DEPENDENCY {name}")
        print(f"BUILDING {built.name}")
        for module in built.modules:
            print(f"  {module.name}  {len(module.bytecode)} bytes")


@app.command(epilog="Example: movelite move disassemble build/thing.mv")
def disassemble(
    module_path: Annotated[Path | None, typer.Argument(help="A file of bytecode.")] = None,
    module: Annotated[
        str | None, typer.Option("--module", "--name", help="Or a module of the package.")
    ] = None,
) -> None:
    """Print bytecode as text."""
    from cli.move_build import build_package
    from movelite.bytecode.disassembler import disassemble as as_text
    from movelite.bytecode.reader import deserialize_module
    from movelite.package.build import BuildOptions

    if module_path is not None:
        try:
            codes = [module_path.read_bytes()]
        except OSError as error:
            raise MoveCommandError(f"cannot read {module_path}: {error.strerror}") from error
    else:
        built = build_package(_folder, BuildOptions())
        codes = [m.bytecode for m in built.modules if module in (None, m.name)]
        if not codes:
            raise MoveCommandError(f"the package has no module {module!r}")
    for code in codes:
        print(as_text(deserialize_module(code)))


@app.command(epilog="Example: movelite move -p thing summary > thing.json")
def summary(path: Annotated[Path | None, typer.Option("--path", "-p")] = None) -> None:
    """Print the interface of every module as JSON, in the form of iota_getNormalizedMoveModulesByPackage."""
    from aggregator.service.normalized_json import module_json
    from cli.move_build import build_package
    from movelite.bytecode.normalized import normalize
    from movelite.bytecode.reader import deserialize_module
    from movelite.package.build import BuildOptions

    built = build_package(path or _folder, BuildOptions(lints="none"))
    output.show_json(
        {module.name: module_json(normalize(deserialize_module(module.bytecode))) for module in built.modules}
    )


def _example(name: str) -> Path:
    from movelite import examples

    root = Path(examples.__file__).parent
    known = sorted(path.parent.name for path in root.glob("*/Move.toml"))
    if name not in known:
        raise MoveCommandError(f"there is no template {name!r} (there are: {', '.join(known) or 'none'})")
    return root / name
