"""What a build leaves beside the sources, laid out as other tools look for it.

    build/NAME/BuildInfo.yaml
    build/NAME/{bytecode_modules,source_maps,sources}/*               the package's own
    build/NAME/{bytecode_modules,source_maps,sources}/dependencies/PACKAGE/*

Source maps have the official forms, `.mvsm` (BCS) and, for the package's own modules, `.json`.
Source: move-package.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from .build import BuildOptions, linked_modules
from .built import BuiltModule, BuiltPackage
from .errors import PackageError

BYTECODE_MODULES = "bytecode_modules"
SOURCE_MAPS = "source_maps"
SOURCES = "sources"
_SUFFIXES = {BYTECODE_MODULES: (".mv",), SOURCE_MAPS: (".mvsm", ".json"), SOURCES: (".move",)}
DEPENDENCIES = "dependencies"
BUILD_INFO = "BuildInfo.yaml"


def write_build(built: BuiltPackage, root: Path, options: BuildOptions | None = None) -> Path:
    """Write a build under root/build; what former builds left and this does not goes.

    Returns the folder of the package's own modules.
    Raises: PackageError if the folder cannot be written, or a dependency has errors.
    """
    options = options or BuildOptions()
    folder = root / "build" / built.name
    try:
        info = _build_info(built, options)
        own = [module for module in built.modules if module.package == built.name]
        _remove_link(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not _is_up_to_date(folder, info, own):
            linked = linked_modules(built.folder, options)
            others = [module for module in built.modules if module.package != built.name]
            files = _files(own, Path())
            for module in (*linked, *others):
                files.update(_files([module], Path(DEPENDENCIES) / module.package))
            files[Path(BUILD_INFO)] = info.encode()
            _write_all(folder, files)
    except OSError as error:
        hint = "Make the folder writable, or give another with --install-dir."
        raise PackageError(f"cannot write {error.filename}: {error.strerror}", root, hint) from error
    return folder / BYTECODE_MODULES


def _is_up_to_date(folder: Path, info: str, own: list[BuiltModule]) -> bool:
    """Whether the last build wrote the same, and its modules are still there."""
    try:
        if (folder / BUILD_INFO).read_text(encoding="utf-8") != info:
            return False
        modules = folder / BYTECODE_MODULES
        if {path.stem for path in modules.glob("*.mv")} != {module.name for module in own}:
            return False
        return all((modules / f"{module.name}.mv").read_bytes() == module.bytecode for module in own)
    except (OSError, UnicodeDecodeError):
        return False


def _files(modules: Iterable[BuiltModule], below: Path) -> dict[Path, bytes]:
    """The files of some modules, by their path in the build."""
    from movelite.bytecode.source_map import as_json, decode

    files: dict[Path, bytes] = {}
    for module in modules:
        files[BYTECODE_MODULES / below / f"{module.name}.mv"] = module.bytecode
        if module.source_map:
            files[SOURCE_MAPS / below / f"{module.name}.mvsm"] = module.source_map
            if below == Path():
                files[Path(SOURCE_MAPS, f"{module.name}.json")] = as_json(decode(module.source_map)).encode()
        if module.source:
            with contextlib.suppress(FileNotFoundError):
                files[SOURCES / below / f"{module.name}.move"] = Path(module.source).read_bytes()
    return files


def _remove_link(path: Path) -> None:
    """A package that came with links in its build would have files elsewhere written over, or removed."""
    if path.is_symlink():
        path.unlink()


def _write_all(folder: Path, files: dict[Path, bytes]) -> None:
    """Write files, in their order, and remove all others of the kinds that builds write."""
    ways = {parent for path in files for parent in (path, *path.parents)} | set(map(Path, _SUFFIXES))
    for way in sorted(ways - {Path()}):
        _remove_link(folder / way)
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for kind, suffixes in _SUFFIXES.items():
        for path in (folder / kind).rglob("*"):
            if path.suffix in suffixes and path.relative_to(folder) not in files:
                with contextlib.suppress(FileNotFoundError):  # another build may be doing the same
                    path.unlink()


# --- BuildInfo.yaml --------------------------------------------------------------------------------------


def _build_info(built: BuiltPackage, options: BuildOptions) -> str:
    """What was built and how. The first line tells a build of the same name that it must write anew."""
    addresses = {name: f"{value:064x}" for name, value in sorted(built.named_addresses.items())}
    made = sha256(built.linked_key.encode())
    for module in built.modules:
        made.update(module.bytecode + module.source_map)
    lines = [
        f"# made by movelite, {made.hexdigest()}",
        "---",
        "compiled_package_info:",
        f"  package_name: {built.name}",
        "  address_alias_instantiation:" + ("" if addresses else " {}"),
        *(f'    {name}: "{value}"' for name, value in addresses.items()),
        f"  source_digest: {_source_digest(built.folder, options.dev_mode)}",
        "  build_flags:",
        *(f"    {name}: {value}" for name, value in _flags(options).items()),
        "    lint_flag:",
        f"      no_lint: {_yaml(options.lints == 'none')}",
        f"      lint: {_yaml(options.lints == 'all')}",
        "dependencies:" + ("" if built.linked_packages else " []"),
        *(f"  - {name}" for name in sorted(built.linked_packages)),
    ]
    return "\n".join(lines) + "\n"


def _yaml(value: bool) -> str:
    return "true" if value else "false"


def _flags(options: BuildOptions) -> dict[str, str]:
    return {
        "dev_mode": _yaml(options.dev_mode),
        "test_mode": _yaml(options.test_mode),
        "generate_docs": "false",
        "install_dir": "~",
        "force_recompilation": "false",
        "lock_file": '"./Move.lock"',
        "fetch_deps_only": "false",
        "skip_fetch_latest_git_deps": "false",
        "default_flavor": "iota",
        "default_edition": "~",
        "deps_as_root": "false",
        "silence_warnings": "false",
        "warnings_are_errors": _yaml(options.warnings_are_errors),
        "json_errors": "false",
        "additional_named_addresses": "{}",
    }


def _source_digest(folder: Path, dev_mode: bool) -> str:
    """Digest of the manifest and the sources, as the official tool computes it."""
    paths = [folder / "Move.toml"]
    for part in ("sources", "scripts", *(("examples", "tests") if dev_mode else ())):
        paths += (folder / part).rglob("*.move")
    hashes = sorted(sha256(path.read_bytes()).hexdigest().upper() for path in paths if path.is_file())
    return sha256("".join(hashes).encode()).hexdigest().upper()
