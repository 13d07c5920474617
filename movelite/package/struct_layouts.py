"""The layouts of a package's types as a registry of serde-reflection, from which other languages make codecs.

Named are the types that the package declares, as far as their type parameters are phantom, those that its
entry functions take, and all that are in them. Source: move-bytecode-utils, layout.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from movelite.bytecode import normalized as nz
from movelite.bytecode.file_format import Primitive
from movelite.bytecode.reader import deserialize_module

from .built import BuiltModule
from .errors import PackageError

_MAX_DEPTH = 128
_MAX_TYPES, _MAX_NAME_LENGTH = 10_000, 10_000
_PLAIN = re.compile(r"[A-Za-z_]\w*$")
_ADDRESS = {"NEWTYPESTRUCT": {"TUPLEARRAY": {"CONTENT": "U8", "SIZE": 32}}}
_PRIMITIVES: dict[Primitive, Any] = {
    **{kind: kind.name for kind in Primitive},
    Primitive.U256: {"TYPENAME": "u256"},
    Primitive.ADDRESS: {"TYPENAME": "AccountAddress"},
    Primitive.SIGNER: {"TYPENAME": "Signer"},
}

Format = Any
"""What serde-reflection calls a format: a word, or a dictionary of one word and what it is about."""


def struct_layouts(modules: Iterable[BuiltModule], linked: Iterable[BuiltModule]) -> str:
    """The registry of some modules as YAML; `linked` are the modules that they depend on.

    Raises: PackageError for a type that holds too many others.
    """
    own = [nz.normalize(deserialize_module(module.bytecode)) for module in modules]
    below = [nz.normalize(deserialize_module(module.bytecode)) for module in linked]
    registry = _Registry({(module.address, module.name): module for module in (*below, *own)})
    for module in own:
        for type_ in _types(module):
            registry.format_of(type_, (), 0)
    return "---\n" + "\n".join(_yaml(dict(sorted(registry.found.items())))) + "\n"


def _types(module: nz.Module) -> Iterator[nz.StructType]:
    for name, struct in module.structs.items():
        if all(parameter.is_phantom for parameter in struct.type_parameters):
            given = (Primitive.SIGNER,) * len(struct.type_parameters)
            yield nz.StructType(module.address, module.name, name, given)
    for function in module.functions.values():
        for parameter in function.parameters if function.is_entry else ():
            type_ = parameter.inner if isinstance(parameter, nz.ReferenceType) else parameter
            if isinstance(type_, nz.StructType) and _is_closed(type_):
                yield type_


def _is_closed(type_: nz.Type) -> bool:
    match type_:
        case nz.StructType():
            return all(map(_is_closed, type_.type_arguments))
        case nz.VectorType(inner):
            return _is_closed(inner)
        case _:
            return isinstance(type_, Primitive)


class _Registry:
    def __init__(self, modules: Mapping[nz.ModuleId, nz.Module]) -> None:
        self.modules = modules
        self.found: dict[str, Format] = {"AccountAddress": _ADDRESS, "Signer": _ADDRESS}

    def format_of(self, type_: nz.Type, arguments: Sequence[Format], depth: int) -> Format:
        """The format of a type whose type parameters have these formats; datatypes are registered."""
        if depth > _MAX_DEPTH:
            raise PackageError("a type is nested too deeply for a layout")
        match type_:
            case Primitive():
                return _PRIMITIVES[type_]
            case nz.VectorType(Primitive.U8):
                return "BYTES"
            case nz.VectorType(inner):
                return {"SEQ": self.format_of(inner, arguments, depth + 1)}
            case nz.StructType():
                given = [self.format_of(one, arguments, depth + 1) for one in type_.type_arguments]
                return {"TYPENAME": self._register(type_, given, depth + 1)}
            case nz.ReferenceType():
                raise PackageError("a field cannot hold a reference")
            case _:
                return arguments[type_.index]

    def _register(self, type_: nz.StructType, arguments: Sequence[Format], depth: int) -> str:
        name = f"{type_.address.hex()}::{type_.module}::{type_.name}"
        if arguments:
            name += f"<{','.join(map(_written, arguments))}>"
        if name in self.found:
            return name
        if len(self.found) >= _MAX_TYPES or len(name) > _MAX_NAME_LENGTH:
            raise PackageError("types that hold too many others for their layouts")
        module = self.modules[type_.address, type_.module]
        struct = module.structs.get(type_.name)
        if struct is not None:
            self.found[name] = {"STRUCT": self._fields(struct.fields, arguments, depth)}
            return name
        variants: dict[int, Format] = {}
        for tag, variant in enumerate(module.enums[type_.name].variants):
            fields = self._fields(variant.fields, arguments, depth)
            variants[tag] = {variant.name: {"STRUCT": fields} if fields else "UNIT"}
        self.found[name] = {"ENUM": variants}
        return name

    def _fields(self, fields: Iterable[nz.Field], arguments: Sequence[Format], depth: int) -> list[Format]:
        return [{field.name: self.format_of(field.type_, arguments, depth)} for field in fields]


def _written(format_: Format) -> str:
    """A format as it stands in the name of a type."""
    match format_:
        case {"TYPENAME": name}:
            return str(name)
        case {"SEQ": inner}:
            return f"vector<{_written(inner)}>"
        case "BYTES":
            return "vector<u8>"
        case _:
            return str(format_).lower()


def _yaml(value: Format) -> Iterator[str]:
    """The lines of a dictionary or a list that is not empty."""
    if isinstance(value, list):
        for item in value:
            for number, line in enumerate(_yaml(item)):
                yield f"{'  ' if number else '- '}{line}"
        return
    for key, inner in value.items():
        name = key if isinstance(key, int) else _scalar(key)
        if isinstance(inner, dict | list) and inner:
            yield f"{name}:"
            yield from (f"  {line}" for line in _yaml(inner))
        else:
            yield f"{name}: {_scalar(inner)}"


def _scalar(value: Format) -> str:
    if isinstance(value, list | dict | int):
        return json.dumps(value)
    return value if _PLAIN.match(value) else json.dumps(value)
