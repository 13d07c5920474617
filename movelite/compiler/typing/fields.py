"""The fields that a pack, an unpack or a pattern names, against those that are declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from .. import named_tree as N
from ..codes import NameResolution, TypeSafety
from ..source import Loc
from ..syntax_tree import Name
from ..types import ErrorType, Type
from .context import Body
from .instantiate import DatatypeUse

_Item = TypeVar("_Item")


@dataclass(slots=True)
class MatchedField(Generic[_Item]):
    """A field that was named: its place in the declaration, its type, and what stands for it."""

    name: Name
    index: int
    type: Type
    item: _Item


def struct_fields(
    body: Body,
    loc: Loc,
    verb: str,
    use: DatatypeUse,
    variant: str | None,
    given: Sequence[tuple[Name, _Item]],
) -> list[MatchedField[_Item]]:
    """The given fields with their declared types, in the order given; reports missing and unknown ones."""
    definition = use.definition
    owner = f"{definition.id}" if variant is None else f"{definition.id}::{variant}"
    declared: list[N.FieldDef]
    if isinstance(definition, N.EnumDef):
        chosen = definition.variants[variant or ""]
        declared = chosen.fields
        if not declared and given and chosen.is_positional is None:
            message = f"Invalid usage for empty variant '{owner}'. Empty variants do not take any arguments."
            body.report(TypeSafety.TooManyArguments, loc, message)
            return [MatchedField(name, 0, ErrorType(name.loc), item) for name, item in given]
    elif definition.fields is None:
        body.report(
            TypeSafety.InvalidNativeUsage,
            loc,
            f"Invalid {verb} usage for native struct '{owner}'. Native structs cannot be directly "
            "constructed/deconstructed, and their fields cannot be directly accessed",
            (definition.native_loc or definition.loc, "Struct declared 'native' here"),
        )
        return [MatchedField(name, 0, ErrorType(name.loc), item) for name, item in given]
    else:
        declared = definition.fields
    names = {name.text for name, _ in given}
    for field in declared:
        if field.name.text not in names:
            message = f"Missing {verb} for field '{field.name}' in '{owner}'"
            body.report(TypeSafety.TooFewArguments, loc, message)
    by_name = {field.name.text: (index, field) for index, field in enumerate(declared)}
    result: list[MatchedField[_Item]] = []
    for name, item in given:
        found = by_name.get(name.text)
        if found is None:
            message = f"Unbound field '{name}' in '{owner}'"
            body.report(NameResolution.UnboundField, loc, message)
            result.append(MatchedField(name, len(declared), ErrorType(name.loc), item))
        else:
            index, field = found
            result.append(MatchedField(name, index, use.field_type(body, field), item))
    return result
