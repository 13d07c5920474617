"""Definitions of command lines in Rust sources (the attributes of clap), as far as the peers use them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_DEFINITION = re.compile(r"pub(?:\(crate\))? (?:enum|struct) (\w+)\s*[{;]")
_DERIVED = re.compile(r"#\[derive\([^)]*(?:Parser|Subcommand|Args)\b[^)]*\)\][^{}]*\Z")
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_FIELD = re.compile(r"(?:pub(?:\(crate\))? )?(?:r#)?(\w+)\s*:\s*(.+)", re.DOTALL)
_NAME = re.compile(r'\bname\s*=\s*"([^"]*)"')
_LONG = re.compile(r'\blong(?:\s*=\s*"([^"]*)")?')
_SHORT = re.compile(r"\bshort(?:\s*=\s*'(.)')?")
_ALIAS = re.compile(r'\balias\s*=\s*"([^"]*)"')
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WRAPPER = re.compile(r"^(?:Option|Vec)<(.*)>$")
_OPENING, _CLOSING = "([{<", ")]}>"


@dataclass
class Definition:
    """A struct or an enum with its options, arguments and commands.

    included: types whose definitions belong here; commands: what is known of each, by name.
    """

    file: Path
    name: str
    options: list[tuple[str, ...]] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    included: list[str] = field(default_factory=list)
    commands: dict[str, Definition] = field(default_factory=dict)


class ClapSources:
    """All definitions of some files."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._known = [one for file in files for one in _definitions(file)]

    def find(self, type_: str, seen_from: Path) -> Definition:
        """The definition of a type; one of its own name in another module is named by that.

        Raises: LookupError.
        """
        *path, name = type_.split("::")
        renamed = re.search(rf"\b(\w+) as {name}\b", seen_from.read_text("utf-8"))
        name = renamed[1] if renamed else name
        found = [one for one in self._known if one.name == name]
        if path:
            place = path[-1].replace("_", "-")
            found = [one for one in found if one.file != seen_from and place in _modules(one.file)]
        else:
            found.sort(key=lambda one: one.file != seen_from)
        if not found:
            raise LookupError(f"no definition of {type_}")
        return found[0]

    def whole(self, type_: str, seen_from: Path) -> Definition:
        """A definition with all that it includes."""
        return self.complete(self.find(type_, seen_from))

    def complete(self, found: Definition) -> Definition:
        """The same with all that it includes; its commands are completed when they are asked for."""
        total = Definition(
            found.file, found.name, [*found.options], [*found.arguments], [], {**found.commands}
        )
        for inner in found.included:
            part = self.whole(inner, found.file)
            total.options += part.options
            total.arguments += part.arguments
            total.commands |= part.commands
        return total


def _modules(file: Path) -> set[str]:
    return {part.replace("_", "-") for part in (file.stem, *file.parts[-4:-1])}


def _definitions(file: Path) -> Iterator[Definition]:
    text = _COMMENT.sub("", file.read_text("utf-8"))
    for head in _DEFINITION.finditer(text):
        if not _DERIVED.search(text[: head.start()][-600:]):
            continue
        found = Definition(file, head[1])
        start = head.end() - 1
        body = "" if text[start] == ";" else text[start + 1 : _end_of(text, start)]
        for item in _items(body):
            if " enum " in head[0]:
                _read_command(found, item)
            else:
                _read_field(found, item)
        yield found


def _read_command(group: Definition, item: str) -> None:
    attributes, rest = _attributes(item)
    word = re.match(r"\w+", rest)
    if word is None:
        return
    given = _NAME.search(attributes)
    command = Definition(group.file, word[0])
    if "{" in rest:
        start = rest.index("{")
        for inner in _items(rest[start + 1 : _end_of(rest, start)]):
            _read_field(command, inner)
    elif "(" in rest:
        command.included.append(rest[rest.index("(") + 1 : rest.rindex(")")].strip())
    group.commands[given[1] if given else _kebab(word[0])] = command


def _read_field(found: Definition, item: str) -> None:
    attributes, rest = _attributes(item)
    matched = _FIELD.match(rest)
    if matched is None or "skip" in attributes or "hide" in attributes:
        return
    name, type_ = matched[1], matched[2].strip()
    inner = _WRAPPER.match(type_)
    given = _NAME.search(attributes)
    if "flatten" in attributes or "subcommand" in attributes:
        found.included.append(inner[1] if inner else type_)
        return
    long, short = _LONG.search(attributes), _SHORT.search(attributes)
    is_named_first = given is not None and long is not None and given.start() < long.start()
    default = given[1] if given is not None and is_named_first else _kebab(name)
    names = [f"--{long[1] or default}"] if long else []
    names += [f"-{short[1] or name[0]}"] if short else []
    names += [f"--{alias}" for alias in _ALIAS.findall(attributes)]
    if names:
        found.options.append(tuple(names))
    else:
        found.arguments.append(name)


def _attributes(item: str) -> tuple[str, str]:
    """What clap is told of an item, and the rest of it."""
    found, rest = [], item.strip()
    while rest.startswith("#["):
        end = _end_of(rest, 1)
        found.append(rest[2:end])
        rest = rest[end + 1 :].strip()
    return " ".join(one for one in found if one.startswith(("clap", "arg", "command"))), rest


def _items(text: str) -> Iterator[str]:
    """What commas part at the top level."""
    depth = start = 0
    for position in _outside_strings(text):
        letter = text[position]
        is_arrow = letter == ">" and text[position - 1] in "-="
        depth += (letter in _OPENING) - (letter in _CLOSING and not is_arrow)
        if letter == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def _end_of(text: str, start: int) -> int:
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for position in _outside_strings(text, start):
        depth += (text[position] in "([{") - (text[position] in ")]}")
        if depth == 0:
            return position
    raise ValueError(f"no end of {text[start : start + 40]!r}")


def _outside_strings(text: str, start: int = 0) -> Iterator[int]:
    position = start
    while position < len(text):
        if text[position] == '"':
            position += 1
            while text[position] != '"':
                position += 2 if text[position] == "\\" else 1
        else:
            yield position
        position += 1


def _kebab(name: str) -> str:
    return _WORD_START.sub("-", name).replace("_", "-").lower()
