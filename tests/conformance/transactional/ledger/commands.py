"""The text form of programmable transactions: `//> 0: test::m::f<u64>(Input(0), Result(1));`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from proto.ids import Address, ObjectID
from proto.transaction import (
    Argument,
    Command,
    GasCoin,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    Publish,
    Result,
    SplitCoins,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import TypeTag, parse_type_tag
from tests.conformance.transactional.directives import DirectiveError
from tests.conformance.transactional.runner import TaskError
from tests.conformance.transactional.values import parse_named_address, resolve_type_names

_COMMAND_START = re.compile(r"//>")
_BAD_START = re.compile(r"//\s+>")
_COMMENT = re.compile(r"//[^\n]*|/\*(?:(?!/\*|\*/).)*\*/", re.DOTALL)
_INDEX = re.compile(r"\s*(\d+)\s*:")
_CALL = re.compile(r"\s*([\w:]+)\s*(<.*?>)?\s*\((.*)\)\s*;?\s*$", re.DOTALL)

StagedModules = Mapping[str, tuple[bytes, ...]]
"""Code of the packages that are staged, by name."""


class CommandParser:
    """Reads commands; names are those of the test."""

    def __init__(self, names: Mapping[str, bytes], staged: StagedModules) -> None:
        self._names = names
        self._staged = staged

    def parse(self, text: str) -> tuple[Command, ...]:
        """All commands. Raises: TaskError, DirectiveError."""
        if _BAD_START.search(text):
            raise TaskError("Remove whitespace between // and > to start a command")
        commands = []
        for actual, part in enumerate(_COMMAND_START.split(text)[1:]):
            annotated = _INDEX.match(part)
            if annotated is not None:
                if int(annotated[1]) != actual:
                    raise TaskError(
                        f"Actual command index of {actual} does not match annotated index {annotated[1]}"
                    )
                part = part[annotated.end() :]
            commands.append(self._command(part))
        return tuple(commands)

    def _command(self, text: str) -> Command:
        found = _CALL.match(_without_comments(text))
        if found is None:
            raise DirectiveError(f"{text.strip()} is no command")
        name, generics, inside = found[1], found[2], split_commas(found[3])
        match name:
            case "TransferObjects":
                return TransferObjects(_arguments(_listed(inside[0])), _argument(inside[1]))
            case "SplitCoins":
                return SplitCoins(_argument(inside[0]), _arguments(_listed(inside[1])))
            case "MergeCoins":
                return MergeCoins(_argument(inside[0]), _arguments(_listed(inside[1])))
            case "MakeMoveVec":
                types = self.types(generics)
                return MakeMoveVec(types[0] if types else None, _arguments(_listed(inside[0])))
            case "Publish":
                return Publish(self._modules(inside[0]), self._packages(_listed(inside[1])))
            case "Upgrade":
                modules, dependencies = self._modules(inside[0]), self._packages(_listed(inside[1]))
                return Upgrade(modules, dependencies, self._package(inside[2]), _argument(inside[3]))
            case _:
                package, module, function = name.split("::")
                return MoveCall(
                    self._package(package), module, function, self.types(generics), _arguments(inside)
                )

    def types(self, generics: str | None) -> tuple[TypeTag, ...]:
        """Type arguments in angle brackets, or None for none."""
        if generics is None:
            return ()
        return tuple(
            parse_type_tag(resolve_type_names(part, self._names)) for part in split_commas(generics[1:-1])
        )

    def _modules(self, name: str) -> tuple[bytes, ...]:
        modules = self._staged.get(name)
        if modules is None:
            raise TaskError(f"No staged package '{name}'")
        return modules

    def _packages(self, names: list[str]) -> tuple[ObjectID, ...]:
        return tuple(self._package(name) for name in names)

    def _package(self, name: str) -> ObjectID:
        return ObjectID(Address(parse_named_address(name, self._names)))


def _without_comments(text: str) -> str:
    """Text without comments, which nest: the innermost go first."""
    while (shorter := _COMMENT.sub("", text)) != text:
        text = shorter
    return text


def split_commas(text: str) -> list[str]:
    """The parts of a list, split at commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position].strip())
            start = position + 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _listed(text: str) -> list[str]:
    return split_commas(text.strip()[1:-1])


def _arguments(texts: list[str]) -> tuple[Argument, ...]:
    return tuple(map(_argument, texts))


_ARGUMENTS: dict[str, Callable[..., Argument]] = {
    "Gas": GasCoin,
    "Input": Input,
    "Result": Result,
    "NestedResult": NestedResult,
}


def _argument(text: str) -> Argument:
    found = re.fullmatch(r"(\w+)(?:\(([\d,\s]+)\))?", text)
    if found is None or found[1] not in _ARGUMENTS:
        raise DirectiveError(f"{text} is no argument of a command")
    return _ARGUMENTS[found[1]](*map(int, split_commas(found[2] or "")))
