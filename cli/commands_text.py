"""Inputs and commands of programmable transactions, of their JSON, as people read them."""

from __future__ import annotations

import json
from typing import Any


def input_parts(shown: dict[str, Any]) -> tuple[str, Any]:
    """What kind of input it is, and its value or id."""
    if shown["type"] == "pure":
        return f"Pure Arg {shown.get('valueType', '')}".rstrip(), shown["value"]
    kinds = {"immOrOwnedObject": "Imm/Owned Object", "receiving": "Receiving Object"}
    return kinds.get(shown["objectType"], "Shared Object"), shown["objectId"]


def command_parts(command: dict[str, Any]) -> tuple[str, str]:
    """The name of a command, and what it is given."""
    [(name, given)] = command.items()
    if name != "MoveCall":
        return name, argument_text(given)
    types = ", ".join(given.get("type_arguments", ()))
    function = f"{given['package']}::{given['module']}::{given['function']}" + (f"<{types}>" if types else "")
    return name, f"{function}({', '.join(map(argument_text, given.get('arguments', ())))})"


def argument_text(given: Any) -> str:
    """Arguments as they are written in command lines."""
    match given:
        case {"Input": number}:
            return f"Input {number}"
        case {"Result": number}:
            return f"Result {number}"
        case {"NestedResult": [number, part]}:
            return f"Result {number}: {part}"
        case list():
            texts = ((argument_text(one), isinstance(one, list)) for one in given)
            return ", ".join(f"[{text}]" if is_list else text for text, is_list in texts)
        case str():
            return given
        case _:
            return json.dumps(given)
