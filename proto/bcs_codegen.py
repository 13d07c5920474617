"""What the generators of encoders and decoders share: Python source is written, compiled and kept.

Everything is inlined into one function; recursive types and long enums get functions of their own.
The source holds generated names, integers, and names of fields that our own dataclasses declare.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from itertools import groupby
from typing import Any, Final

from proto.bcs_schema import (
    Enum,
    FixedBytes,
    Integer,
    Struct,
    is_recursive,
    node_of,
)

MAX_DEPTH: Final = 128
"""Levels of a recursive type (a type tag inside type tags); no valid transaction comes near it."""

MAX_LENGTH: Final = 2**31 - 1
"""Most bytes or elements that a length may state."""

_LONG_ENUM: Final = 8
_FORMATS: Final = {8: "B", 16: "H", 32: "I", 64: "Q"}


class BcsError(ValueError):
    """Bytes that are no canonical BCS of the wanted type, or a value that has no BCS form."""


def _uleb128(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


SHORT: Final = 2048
SHORT_LENGTHS: Final = tuple(_uleb128(length) for length in range(SHORT))
"""Most lengths, those of transactions and effects included."""


def write_uleb128(value: int) -> bytes:
    """ULEB128 of a length or a tag."""
    if 0 <= value < SHORT:
        return SHORT_LENGTHS[value]
    if not 0 <= value < 2**32:
        raise BcsError(f"length {value} is beyond 32 bits")
    return _uleb128(value)


def read_uleb128(data: bytes, position: int) -> tuple[int, int]:
    """A 32-bit ULEB128 number at position, and the position after it.

    Raises: BcsError if it is not minimal or beyond 32 bits; IndexError if the data end.
    """
    value = 0
    for shift in range(0, 35, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if shift and not byte:
                raise BcsError("length is not minimal ULEB128")
            if value >= 2**32:
                break
            return value, position
    raise BcsError("length is beyond 32 bits")


def read_length(data: bytes, position: int) -> tuple[int, int]:
    """As read_uleb128, and at most MAX_LENGTH."""
    length, position = read_uleb128(data, position)
    if length > MAX_LENGTH:
        raise BcsError(f"length {length} is above {MAX_LENGTH}")
    return length, position


class SourceWriter:
    """Lines of source under construction, with the objects that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.indent = 0
        self.objects: dict[str, Any] = {
            "BcsError": BcsError,
            "SHORT_LENGTHS": SHORT_LENGTHS,
            "write_uleb128": write_uleb128,
            "read_length": read_length,
        }
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []
        self._fresh = 0

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def fresh(self) -> str:
        """A new local name."""
        self._fresh += 1
        return f"x{self._fresh}"

    def name(self, value: Any) -> str:
        """A global name bound to value."""
        if id(value) not in self._names:
            name = f"g{len(self._names)}"
            self._names[id(value)] = name
            self._kept.append(value)
            self.objects[name] = value
        return self._names[id(value)]

    def packer(self, nodes: list[Integer | FixedBytes]) -> tuple[struct.Struct, str]:
        """The Struct of consecutive values of fixed size, and a name for it."""
        codes = "".join(_format_of(node) for node in nodes)
        return struct.Struct("<" + codes), f"s_{codes}"

    def compile(self, title: str, entry: str) -> Callable[..., Any]:
        exec(compile("\n".join(self.lines), f"<bcs {title}>", "exec"), self.objects)
        function: Callable[..., Any] = self.objects[entry]
        return function


class Generator:
    """What encoder and decoder share: functions for the types that are not inlined."""

    prefix: str

    def __init__(self) -> None:
        self.writer = SourceWriter()
        self.outlined: dict[Any, str] = {}
        self.waiting: list[Any] = []

    def function_of(self, annotation: Any) -> str | None:
        """The function that handles annotation, or None if it is inlined."""
        node = node_of(annotation)
        if not (is_recursive(annotation) or (isinstance(node, Enum) and len(node.variants) > _LONG_ENUM)):
            return None
        if annotation not in self.outlined:
            self.outlined[annotation] = f"{self.prefix}{len(self.outlined)}"
            self.waiting.append(annotation)
        return self.outlined[annotation]

    def body(self, annotation: Any) -> None:
        raise NotImplementedError

    def generate(self, annotation: Any, entry: str) -> Callable[..., Any]:
        """Source of everything that annotation needs, compiled."""
        self.entry(annotation, entry)
        while self.waiting:
            self.body(self.waiting.pop())
        return self.writer.compile(getattr(annotation, "__name__", "union"), entry)

    def entry(self, annotation: Any, entry: str) -> None:
        raise NotImplementedError

    def check_depth(self) -> None:
        self.writer.line(f"if d > {MAX_DEPTH}: raise BcsError('nesting above {MAX_DEPTH} levels')")


def _format_of(node: Integer | FixedBytes) -> str:
    """Format of one value of fixed size; the length before prefixed bytes is a value of its own."""
    if isinstance(node, FixedBytes):
        return f"{'B' if node.prefixed else ''}{node.length}s"
    return _FORMATS[node.bits].lower() if node.signed else _FORMATS[node.bits]


def field_groups(node: Struct) -> list[tuple[list[tuple[str, Integer | FixedBytes]], list[tuple[str, Any]]]]:
    """Fields in order, in groups: of fixed size (one Struct reads them all), or any other."""

    def fixed(field: tuple[str, Any]) -> Integer | FixedBytes | None:
        inner = node_of(field[1])
        if isinstance(inner, FixedBytes) or (isinstance(inner, Integer) and inner.bits <= 64):
            return inner
        return None

    groups = []
    for is_fixed, run in groupby(node.fields, lambda field: fixed(field) is not None):
        fields_of_run = list(run)
        found = [(name, inner) for name, annotation in fields_of_run if (inner := fixed((name, annotation)))]
        groups.append((found, []) if is_fixed else ([], fields_of_run))
    return groups


@cache
def blank_class(cls: type) -> type:
    """A class of the same memory layout whose instances become those of cls.

    The __init__ of a frozen dataclass sets each field through object.__setattr__, which takes longer than all
    the rest of decoding; an assignment inside a plain class does not.
    """
    names = [field.name for field in fields(cls)]
    slots = cls.__dict__.get("__slots__")
    if slots not in (None, tuple(names)) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__}: BCS takes dataclasses without __post_init__ or slots of their own")
    body = [f"def __init__(self, {', '.join(names)}):", *(f"    self.{name} = {name}" for name in names)]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(body), f"<bcs {cls.__name__}>", "exec"), namespace)
    layout = {} if slots is None else {"__slots__": slots}
    return type(cls.__name__, (), {**layout, "__init__": namespace["__init__"]})
