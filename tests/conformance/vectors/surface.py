"""The structs and natives of the network's framework, against our compiled framework."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from movelite.bytecode.file_format import COPY, DROP, KEY, STORE, CompiledModule
from movelite.bytecode.reader import deserialize_module
from movelite.package.build import framework_modules
from tests.conformance.case import Check, Mismatch, expect_equal

OURS = {"move-stdlib": 1, "iota-framework": 2, "iota-system": 3}
"""Packages that our framework has, and their addresses."""

_FUNCTION_NAME = re.compile(r"(?!public\b)\b(\w+)\s*[<(]")
_ABILITIES = {"copy": COPY, "drop": DROP, "store": STORE, "key": KEY}


def framework_surface(vector: Any, _: Path) -> Iterator[Check]:
    """Every module of 0x1, 0x2 and 0x3: its structs with abilities and field names, its natives."""
    for package, address in OURS.items():
        for name, module in vector[package].items():
            if module["structs"] or module["natives"]:
                yield f"{package}::{name}", partial(_module, address, name, module)


@lru_cache(maxsize=1)
def _modules() -> dict[tuple[int, str], CompiledModule]:
    built = framework_modules(("MoveStdlib", "Iota", "IotaSystem"))
    return {(int.from_bytes(m.address, "big"), m.name): deserialize_module(m.bytecode) for m in built}


def _module(address: int, name: str, expected: Any) -> None:
    module = _modules().get((address, name))
    if module is None:
        raise Mismatch("the module is missing")
    structs = {
        module.identifiers[module.datatype_handles[definition.handle].name]: definition
        for definition in module.struct_defs
    }
    for struct in expected["structs"]:
        definition = structs.get(struct["name"])
        if definition is None:
            raise Mismatch(f"no struct {struct['name']}")
        handle = module.datatype_handles[definition.handle]
        abilities = sum(_ABILITIES[ability] for ability in struct["abilities"])
        expect_equal(f"abilities of {struct['name']}", handle.abilities, abilities)
        names = [module.identifiers[field.name] for field in definition.fields or ()]
        expect_equal(f"fields of {struct['name']}", names, _field_names(struct["fields"]))
    natives = {
        module.identifiers[module.function_handles[function.function].name]
        for function in module.function_defs
        if function.code is None
    }
    for native in expected["natives"]:
        text = native if isinstance(native, str) else native["name"]
        found = _FUNCTION_NAME.findall(text)[0]
        if found not in natives:
            raise Mismatch(f"no native function {found}")


def _field_names(text: str) -> list[str]:
    """Names in `a: T, b: vector<U, V>`; positional fields and empty structs have the format's names."""
    if text in ("", "()"):
        return ["dummy_field"]
    parts, depth, start = [], 0, 0
    body = text[1:-1] if text.startswith("(") else text
    for position, character in enumerate(body):
        depth += character in "<("
        depth -= character in ">)"
        if character == "," and depth == 0:
            parts.append(body[start:position])
            start = position + 1
    parts.append(body[start:])
    if text.startswith("("):
        return [f"pos{index}" for index in range(len(parts))]
    return [part.split(":")[0].strip().strip("`") for part in parts if part.strip()]
