"""Dependencies without sources: their compiled modules, and the declarations that dependents compile against.

A package whose folder has no Move file is taken from build/NAME/bytecode_modules, where a build left it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from proto.ids import Address

from .built import BuiltModule
from .errors import PackageError

if TYPE_CHECKING:
    from movelite.bytecode import normalized as nz
    from movelite.bytecode.file_format import AbilitySet

    from .graph import PackageNode


def compiled_files(node: PackageNode) -> list[Path]:
    """The files of a package's own compiled modules."""
    return sorted((node.folder / "build" / node.name / "bytecode_modules").glob("*.mv"))


def compiled_modules(node: PackageNode) -> list[BuiltModule]:
    """The modules of a package without sources. Raises: PackageError."""
    from movelite.bytecode.reader import deserialize_module
    from movelite.bytecode.status import VMError

    found: list[BuiltModule] = []
    for path in compiled_files(node):
        code = _read(path)
        try:
            address, name = deserialize_module(code).self_id
        except VMError as error:
            raise PackageError(f"is no compiled module: {error}", path) from None
        source_map = path.parent.parent / "source_maps" / f"{path.stem}.mvsm"
        known = _read(source_map) if source_map.is_file() else b""
        found.append(BuiltModule(Address(address), name, code, node.name, known))
    return found


def declarations(node: PackageNode) -> list[tuple[str, str]]:
    """For each compiled module its file and Move text that declares what dependents can see of it.

    Raises: PackageError.
    """
    from movelite.bytecode.normalized import normalize
    from movelite.bytecode.reader import deserialize_module

    files = map(str, compiled_files(node))
    modules = (normalize(deserialize_module(module.bytecode)) for module in compiled_modules(node))
    return [(file, "\n".join(_module(module))) for file, module in zip(files, modules, strict=True)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"cannot be read: {error}", path) from None


# --- declarations ----------------------------------------------------------------------------------------


def _module(module: nz.Module) -> Iterator[str]:
    from movelite.bytecode.file_format import Visibility

    yield f"module 0x{module.address.hex()}::{_name(module.name)} {{"
    for name, struct in module.structs.items():
        fields = ", ".join(f"{_name(field.name)}: {_type(field.type_)}" for field in struct.fields)
        yield f"public struct {_head(name, struct)} {{ {fields} }}"
    for name, enum in module.enums.items():
        variants = ", ".join(
            f"{_name(v.name)} {{ {', '.join(f'{_name(f.name)}: {_type(f.type_)}' for f in v.fields)} }}"
            for v in enum.variants
        )
        yield f"public enum {_head(name, enum)} {{ {variants} }}"
    words = {Visibility.PUBLIC: "public", Visibility.FRIEND: "public(package)"}
    for name, function in module.functions.items():
        if function.visibility not in words:
            continue
        constraints = [f"T{index}{_constraints(has)}" for index, has in enumerate(function.type_parameters)]
        parameters = ", ".join(f"p{index}: {_type(type_)}" for index, type_ in enumerate(function.parameters))
        returns = ", ".join(map(_type, function.returns))
        yield (
            f"{words[function.visibility]}{' entry' if function.is_entry else ''} native fun "
            f"{_name(name)}{_listed(constraints)}({parameters}): ({returns});"
        )
    yield "}"


def _head(name: str, datatype: nz.Struct | nz.Enum) -> str:
    from movelite.bytecode.file_format import ability_names

    parameters = [
        f"{'phantom ' if parameter.is_phantom else ''}T{index}{_constraints(parameter.constraints)}"
        for index, parameter in enumerate(datatype.type_parameters)
    ]
    abilities = ", ".join(ability_names(datatype.abilities))
    return f"{_name(name)}{_listed(parameters)}" + (f" has {abilities}" if abilities else "")


def _listed(parameters: Sequence[str]) -> str:
    return f"<{', '.join(parameters)}>" if parameters else ""


def _constraints(abilities: AbilitySet) -> str:
    from movelite.bytecode.file_format import ability_names

    return f": {' + '.join(ability_names(abilities))}" if abilities else ""


def _type(type_: nz.Type) -> str:
    from movelite.bytecode import normalized as nz
    from movelite.bytecode.file_format import Primitive

    match type_:
        case Primitive():
            return type_.name.lower()
        case nz.VectorType(inner):
            return f"vector<{_type(inner)}>"
        case nz.ReferenceType(is_mutable, inner):
            return f"&{'mut ' if is_mutable else ''}{_type(inner)}"
        case nz.StructType(address, module, name, arguments):
            path = f"0x{address.hex()}::{_name(module)}::{_name(name)}"
            return path + _listed([_type(argument) for argument in arguments])
        case _:
            return f"T{type_.index}"


def _name(name: str) -> str:
    """A name as 2024 sources write it: what became a keyword is quoted."""
    from movelite.compiler.parser.lexer import KEYWORDS_2024

    return f"`{name}`" if name in KEYWORDS_2024 else name
