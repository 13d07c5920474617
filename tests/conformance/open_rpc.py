"""Checks JSON against the schemas of an OpenRPC document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}

CONFUSED: dict[str, Schema] = {
    "SequenceNumber": {"type": ["integer", "string"]},
    "SequenceNumber2": {"type": ["integer", "string"]},
    "GenericSignature": {"type": "string"},
}
"""Schemas that are not what nodes send: two types have one name there, versions as numbers and as digits, and
are taken for each other; and signatures are Base64.
"""


class OpenRpc:
    """The results of a document's methods."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self._results: dict[str, Schema] = {
            method["name"]: method["result"]["schema"] for method in document["methods"]
        }
        self._schemas: dict[str, Schema] = document["components"]["schemas"] | CONFUSED
        self._open: set[tuple[str, str]] = set()
        """Names that are being checked, and of what: a value may be an optional value, and that a value."""

    def problems(self, method: str, result: Any) -> list[str]:
        """What of a result is not as the document has it."""
        return list(self._check(self._results[method], result, method))

    def _check(self, schema: Schema, value: Any, place: str) -> Iterator[str]:
        if "$ref" in schema:
            yield from self._check_named(schema["$ref"].removeprefix("#/components/schemas/"), value, place)
        for part in schema.get("allOf", ()):
            yield from self._check(part, value, place)
        if choices := schema.get("oneOf", schema.get("anyOf")):
            yield from self._check_choices(choices, value, place)
        if "type" in schema and not _has_type(schema["type"], value):
            yield f"{place}: {_short(value)} is no {schema['type']}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{place}: {_short(value)} is none of {schema['enum']}"
        if isinstance(value, dict):
            yield from self._check_fields(schema, value, place)
        if isinstance(value, list):
            yield from self._check_items(schema, value, place)

    def _check_named(self, name: str, value: Any, place: str) -> Iterator[str]:
        if (name, place) in self._open:
            yield f"{place}: no {name}"
            return
        self._open.add((name, place))
        yield from self._check(self._schemas[name], value, place)
        self._open.remove((name, place))

    def _check_choices(self, choices: Iterable[Schema], value: Any, place: str) -> Iterator[str]:
        """One choice has to fit; if none does, the problems of the one that does best are told."""
        found: list[list[str]] = []
        for choice in choices:  # one after the other: an optional value is one of the choices of a value
            problems = list(self._check(choice, value, place))
            if not problems:
                return
            found.append(problems)
        yield from min(found, key=len)

    def _check_fields(self, schema: Schema, value: dict[str, Any], place: str) -> Iterator[str]:
        known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{place}: {name} is missing"
        for name, item in value.items():
            if name in known:
                yield from self._check(known[name], item, f"{place}.{name}")
            elif others is False:
                yield f"{place}: {name} is too much"
            elif isinstance(others, dict):
                yield from self._check(others, item, f"{place}.{name}")

    def _check_items(self, schema: Schema, value: list[Any], place: str) -> Iterator[str]:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{place}: {len(value)} items"
        items = schema.get("items", {})
        for number, item in enumerate(value):
            each = items[number] if isinstance(items, list) else items
            yield from self._check(each, item, f"{place}[{number}]")


def _has_type(names: str | list[str], value: Any) -> bool:
    wanted = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in wanted
    return any(isinstance(value, _TYPES[name]) for name in wanted)


def _short(value: Any) -> str:
    return json.dumps(value)[:80]
