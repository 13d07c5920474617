"""How an object wants to be shown: the templates of its type's Display, filled with its fields.

The templates are those of the last 0x2::display::VersionUpdated event of the type.
Source: the display standard; iota-json-rpc, read_api.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from aggregator.service.answer_room import show
from aggregator.service.index import Condition, TransactionIndex
from aggregator.service.move_layout import UnreadableValue, render_plain
from aggregator.service.move_values import TypeCatalog
from aggregator.service.object_json import Json
from proto.ids import IOTA_FRAMEWORK_ADDRESS
from proto.object import MoveObject, Object
from proto.type_tag import StructTag, format_type_tag

MAX_OUTPUT = 65_536
"""Characters of one filled template."""
MAX_OUTPUT_OF_ALL = 1_048_576
"""Characters of all filled templates of an object."""
MAX_KEPT = 100
"""Displays that are kept; when there are more, all are forgotten."""

MAX_DEPTH = 10
"""Names in a path to a field; the peers have the same limit."""

_TOO_LONG = f"a display of more than {MAX_OUTPUT} characters"

_PART = re.compile(r"\\+(?P<literal>[^\\]?)|\{(?P<path>[^{}\\]*)\}", re.DOTALL)
_VARIANT = {"type", "variant", "fields"}
"""What a value of an enum is shown with."""


class Displays:
    """Shows objects as their types want. Templates are kept: the transaction that made them may be a large
    one to read, for each object of a page.
    """

    def __init__(self, index: TransactionIndex, catalog: TypeCatalog) -> None:
        self._index, self._catalog = index, catalog
        self._known: dict[tuple[int, int], list[tuple[str, str]]] = {}
        """By the place of the event."""

    async def show(self, value: Object) -> Json:
        """{data, error}; data is None for a type without a display."""
        if not isinstance(value.data, MoveObject):
            return {"data": None, "error": None}
        templates = await self._templates(value.data.struct_tag)
        if templates is None:
            return {"data": None, "error": None}
        try:
            contents, layout = value.data.contents, await self._catalog.layout(value.data.struct_tag)
            fields = await show(len(contents), render_plain, layout, contents)
            return fill_all(templates, fields)
        except UnreadableValue as error:
            return {"data": None, "error": {"code": "display", "error": str(error)}}

    async def _templates(self, tag: StructTag) -> list[tuple[str, str]] | None:
        event_type = StructTag(IOTA_FRAMEWORK_ADDRESS, "display", "VersionUpdated", (tag,))
        condition = Condition("type = ?", (format_type_tag(event_type),))
        places = await self._index.query_events(condition, None, 1, descending=True)
        if not places:
            return None
        (place,) = places
        if place not in self._known:
            ((_, _, event),) = self._index.events_at(places)
            layout = await self._catalog.layout(event.type_)
            shown = await show(len(event.contents), render_plain, layout, event.contents)
            entries = shown["fields"]["contents"]
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            self._known[place] = [(entry["key"], entry["value"]) for entry in entries]
        return self._known[place]


def fill_all(templates: Iterable[tuple[str, str]], fields: Any) -> Json:
    """{data, error}: filled templates by their keys, and what is wrong with those that cannot be filled.

    Raises: UnreadableValue if all together are too long.
    """
    filled: dict[str, str] = {}
    wrong: list[str] = []
    left = MAX_OUTPUT_OF_ALL
    for key, template in templates:
        try:
            filled[key] = fill(template, fields)
            left -= len(filled[key])
        except UnreadableValue as error:
            wrong.append(str(error))
            left -= len(wrong[-1])
        if left < 0:
            raise UnreadableValue(f"displays of more than {MAX_OUTPUT_OF_ALL} characters")
    problem = {"code": "display", "error": "; ".join(wrong)} if wrong else None
    return {"data": dict(sorted(filled.items())), "error": problem}


def fill(template: str, fields: Any) -> str:
    """A template with {path.to.field} replaced; what is behind a backslash stands for itself.

    Raises: UnreadableValue for a field that is not there, or if it becomes too long.
    """
    left = MAX_OUTPUT

    def replace(match: re.Match[str]) -> str:
        nonlocal left
        path = match["path"]
        text = str(match["literal"]) if path is None else _text_of(fields, path)
        left -= len(text)
        if left < 0:  # at once: a thousand short names may stand for a long field each
            raise UnreadableValue(_TOO_LONG)
        return text

    filled = _PART.sub(replace, template)
    if len(filled) > MAX_OUTPUT:
        raise UnreadableValue(_TOO_LONG)
    return filled


def _text_of(fields: Any, path: str) -> str:
    """The text of a field. Raises: UnreadableValue, in the words of the peers."""
    names = path.split(".")
    if len(names) > MAX_DEPTH:
        raise UnreadableValue(f"Display template value nested depth cannot exist {MAX_DEPTH}")
    found = fields
    for name in names:
        if not isinstance(found, dict):
            raise UnreadableValue(f"Unexpected error: Unexpected move value type for field {path}")
        found = found["fields"] if found.keys() == _VARIANT else found
        if name not in found:
            raise UnreadableValue(f"Field value {path} cannot be found in struct")
        found = found[name]
    if isinstance(found, dict) and found.keys() == {"id"}:  # a UID
        found = found["id"]
    if isinstance(found, list):
        raise UnreadableValue(f"Vector is not supported as a Display value {path}")
    if isinstance(found, dict):
        raise UnreadableValue(f"Struct is not supported as a Display value {path}")
    return str(found).lower() if isinstance(found, bool) else ("" if found is None else str(found))
