"""What failures mean, which nodes name as `Name { field: 1 } in command 0`: the sentences of the peers."""

from __future__ import annotations

import re
from typing import Any, get_args

from proto import argument_error
from proto.execution_status import ExecutionFailureStatus

_FAILURE = re.compile(r"(\w+)(?: \{ (.*) \})?(?: in command \d+)?")
_FIELD = re.compile(r"(\w+): ([^,{}]+)")
_DETAIL = re.compile(r"(?:kind|upgrade_error): (.*)")

_DETAILS: dict[str, Any] = {
    "CommandArgumentError": argument_error.CommandArgumentError,
    "TypeArgumentError": argument_error.TypeArgumentError,
    "PackageUpgradeError": argument_error.PackageUpgradeError,
}
"""Failures whose sentence is that of what is inside them."""


def sentence_of(text: str) -> str | None:
    """The sentence for a failure as a node names it; None for what is none, or has no sentence."""
    found = _FAILURE.fullmatch(text)
    if found is None:
        return None
    name, inside = found[1], found[2] or ""
    if name not in _DETAILS:
        return _filled(ExecutionFailureStatus, name, inside)
    detail = _DETAIL.search(inside)
    kind = None if detail is None else _FAILURE.fullmatch(detail[1])
    return None if kind is None else _filled(_DETAILS[name], kind[1], kind[2] or "")


def _filled(union: Any, name: str, fields: str) -> str | None:
    messages = {one.__name__: one.message for one in get_args(union)}
    try:
        return str(messages[name].format(**dict(_FIELD.findall(fields))))
    except (KeyError, ValueError):  # a newer node's
        return None
