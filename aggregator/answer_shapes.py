"""Shapes of JSON: what an answer of a service has to be like before anything is made of it.

A shape is a function that takes a value and raises Misshapen if the value is something else. Shapes are put
together: `listed(record({"balance": U64}))`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from proto.ids import parse_address, parse_digest

Shape = Callable[[Any], None]

LONGEST_NAME = 80
"""Characters of a name in an answer that people are told."""


class Misshapen(Exception):
    """A value of another shape. path: where in the answer it is, from the outermost name on."""

    def __init__(self, what: str) -> None:
        self.path: list[str] = []
        super().__init__(what)

    def __str__(self) -> str:
        return f"{'.'.join(reversed(self.path)) or 'it'} {super().__str__()}"


def anything(value: Any) -> None:
    """What is only shown."""


def text(value: Any) -> None:
    """Text."""
    if not isinstance(value, str):
        raise Misshapen("is no text")


def number(bits: int) -> Shape:
    """An integer without sign of so many bits."""
    most = (1 << bits) - 1

    def check(value: Any) -> None:
        if type(value) is not int or not 0 <= value <= most:
            raise Misshapen(f"is no number from 0 to {most}")

    return check


def decimal(bits: int, *, signed: bool = False) -> Shape:
    """An integer of so many bits, as a number or as its decimal digits."""
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    longest = len(str(least if signed else most))

    def check(value: Any) -> None:
        if isinstance(value, str) and len(value) <= longest and value.isascii():
            digits = value.removeprefix("-") if signed else value
            value = int(value) if digits.isdigit() else None
        if type(value) is not int or not least <= value <= most:
            raise Misshapen(f"is no number from {least} to {most}")

    return check


def read_by(parse: Callable[[str], object], what: str) -> Shape:
    """Text that a function reads; it raises ValueError for any other."""

    def check(value: Any) -> None:
        text(value)
        try:
            parse(value)
        except ValueError as error:
            raise Misshapen(f"is no {what}") from error

    return check


U8, U16, U64, I129 = number(8), number(16), decimal(64), decimal(129, signed=True)
ID = read_by(parse_address, "id")
DIGEST = read_by(parse_digest, "digest")
BASE64 = read_by(lambda given: b64decode(given, validate=True), "Base64")


def byte_list(value: Any) -> None:
    """Bytes as a list of numbers."""
    if not isinstance(value, list) or not all(type(one) is int and 0 <= one < 256 for one in value):
        raise Misshapen("is no list of bytes")


def truth(value: Any) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise Misshapen("is neither true nor false")


def one_of(*values: str) -> Shape:
    """One of these texts."""

    def check(value: Any) -> None:
        if not isinstance(value, str) or value not in values:
            raise Misshapen(f"is none of {', '.join(values)}")

    return check


def matching(pattern: str, what: str) -> Shape:
    """Text that a regular expression matches whole."""
    compiled = re.compile(pattern)

    def check(value: Any) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise Misshapen(f"is no {what}")

    return check


def maybe(shape: Shape) -> Shape:
    """Null, or of a shape."""

    def check(value: Any) -> None:
        if value is not None:
            shape(value)

    return check


def listed(shape: Shape, most: int | None = None) -> Shape:
    """A list of parts of one shape, of so many at most."""

    def check(value: Any) -> None:
        if not isinstance(value, list):
            raise Misshapen("is no list")
        if most is not None and len(value) > most:
            raise Misshapen(f"has more than {most} entries")
        for place, part in enumerate(value):
            _check_part(shape, part, str(place))

    return check


def row(*shapes: Shape) -> Shape:
    """A list of as many parts as there are shapes, each of its own."""

    def check(value: Any) -> None:
        if not isinstance(value, list) or len(value) != len(shapes):
            raise Misshapen(f"is no list of {len(shapes)}")
        for place, (shape, part) in enumerate(zip(shapes, value, strict=True)):
            _check_part(shape, part, str(place))

    return check


def mapped(shape: Shape, name: Shape = anything) -> Shape:
    """An object whose parts have one shape, under any names of a shape."""

    def check(value: Any) -> None:
        _check_object(value)
        for key, part in value.items():
            _check_part(name, key, "a name in it")
            _check_part(shape, part, key)

    return check


def record(needed: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None) -> Shape:
    """An object with these parts; an optional one may be left out, or null. It may have others."""
    found = {name: maybe(shape) for name, shape in (optional or {}).items()} | dict(needed)

    def check(value: Any) -> None:
        _check_object(value)
        for name, shape in found.items():
            if name in value:
                _check_part(shape, value[name], name)
            elif name in needed:
                raise Misshapen(f"has no {name}")

    return check


def variant(shapes: Mapping[str, Shape]) -> Shape:
    """An object with one part, whose name tells its shape."""

    def check(value: Any) -> None:
        if not isinstance(value, dict) or len(value) != 1 or not shapes.keys() >= value.keys():
            raise Misshapen(f"is none of {', '.join(shapes)}")
        [(name, part)] = value.items()
        _check_part(shapes[name], part, name)

    return check


def tagged(name: str, shapes: Mapping[str, Shape], other: Shape | None = None) -> Shape:
    """An object in which the text under a name tells its shape. other: that of all other texts."""

    def check(value: Any) -> None:
        _check_object(value)
        tag = value.get(name)
        shape = shapes.get(tag, other) if isinstance(tag, str) else None
        if shape is None:
            raise Misshapen(f"has a {name} that is none of {', '.join(shapes)}")
        shape(value)

    return check


def _check_object(value: Any) -> None:
    if not isinstance(value, dict):
        raise Misshapen("is no object")


def _check_part(shape: Shape, value: Any, name: str) -> None:
    try:
        shape(value)
    except Misshapen as error:
        error.path.append(name[:LONGEST_NAME])
        raise
