"""Snapshots of the peers' `client ptb`: what they say of a command line, and ours in the same words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from proto.ids import format_address
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    Publish,
    Pure,
    Receiving,
    Result,
    SharedObject,
    SplitCoins,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import format_type_tag

_SECTION = re.compile(r"^ === (.*) === ?$")
_SOURCE_LINE = re.compile(r"^ *(\d+) │ ")
_POINTER = re.compile(r"^( *· )( *)(▲|─*┬─*)$")
_MESSAGE = re.compile(r"^ *· +╰── (.*)$")
_ROW = re.compile(r"^│ (\S+) +│ (.*?) *│$")
_BUILT = re.compile(r"^(Input|Command) \d+: (.*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Said:
    """An error or a warning; lines and columns from 1."""

    line: int
    column: int
    width: int
    message: str
    has_hint: bool = field(compare=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is made of a command line. refusals: errors of reading it; errors: of building what was read."""

    refusals: list[Said] = field(default_factory=list)
    preview: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[Said] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    errors: list[Said] = field(default_factory=list)

    @property
    def said(self) -> list[Said]:
        """All errors and warnings."""
        return self.refusals + self.warnings + self.errors


def read_answer(snapshot: Path) -> Answer:
    """The answer in a snapshot. Raises: ValueError if there is something else in it."""
    _, _, text = snapshot.read_text("utf-8").split("---\n", 2)
    parts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        head = _SECTION.match(line)
        if head is None:
            lines.append(line)
        else:
            lines = parts.setdefault(head[1], [])
    built = [found for line in parts.pop("BUILT PTB", []) if (found := _BUILT.match(line))]
    answer = Answer(
        refusals=_messages(parts.pop("ERRORS AFTER PARSING INPUT COMMANDS", [])),
        preview=[(row[1], row[2]) for line in parts.pop("PREVIEW", []) if (row := _ROW.match(line))][1:],
        warnings=_messages(parts.pop("WARNINGS", [])),
        inputs=[found[2] for found in built if found[1] == "Input"],
        commands=[found[2] for found in built if found[1] == "Command"],
        errors=_messages(parts.pop("BUILDING PTB ERRORS", [])),
    )
    if parts:
        raise ValueError(f"{snapshot.name}: {', '.join(parts)}")
    return answer


def _messages(lines: list[str]) -> list[Said]:
    found: list[Said] = []
    number, place = 0, (0, 0, 0)
    for line in lines:
        if source := _SOURCE_LINE.match(line):
            number = int(source[1])
        elif pointer := _POINTER.match(line):
            width = 0 if pointer[3] == "▲" else len(pointer[3])
            place = (number, len(pointer[2]) + 1, width)
        elif message := _MESSAGE.match(line):
            found.append(Said(*place, message[1], has_hint=False))
        elif line.startswith("  help: "):
            last = found.pop()
            found.append(Said(last.line, last.column, last.width, last.message, has_hint=True))
    return found


def shown_input(value: CallArg) -> str:
    """An input, without what differs from run to run."""
    match value:
        case Pure(raw):
            return f"Pure({list(raw)})"
        case ObjectInput(ImmOrOwnedObject()):
            return "ImmutableOrOwnedObject"
        case ObjectInput(SharedObject(_, _, is_mutable)):
            return f"SharedObject(mutable: {str(is_mutable).lower()})"
        case ObjectInput(Receiving()):
            return "Receiving"
    raise AssertionError(value)


def shown_command(command: Command) -> str:
    """A command, as the peers' tools write it."""
    match command:
        case MoveCall(package, module, function, types, arguments):
            tags = f"<{','.join(map(format_type_tag, types))}>" if types else ""
            return f"MoveCall({format_address(package)}::{module}::{function}{tags}({_list(arguments)}))"
        case TransferObjects(objects, to):
            return f"TransferObjects([{_list(objects)}],{_argument(to)})"
        case SplitCoins(coin, amounts):
            return f"SplitCoins({_argument(coin)}{_list(amounts)})"
        case MergeCoins(coin, coins):
            return f"MergeCoins({_argument(coin)},{_list(coins)})"
        case Publish(_, dependencies):
            return f"Publish(_,{','.join(map(format_address, dependencies))})"
        case MakeMoveVec(tag, elements):
            return (
                f"MakeMoveVec({'None' if tag is None else f'Some{format_type_tag(tag)}'},[{_list(elements)}])"
            )
        case Upgrade(_, dependencies, package, ticket):
            return f"Upgrade(_,{_argument(ticket)},{format_address(package)},{len(dependencies)})"
        case _:
            assert_never(command)


def _list(arguments: tuple[Argument, ...]) -> str:
    return ",".join(map(_argument, arguments))


def _argument(argument: Argument) -> str:
    match argument:
        case GasCoin():
            return "GasCoin"
        case Input(index):
            return f"Input({index})"
        case Result(command):
            return f"Result({command})"
        case NestedResult(command, index):
            return f"NestedResult({command},{index})"
        case _:
            assert_never(argument)
