"""Generates the encoder and the decoder of a schema as Python source, and compiles them.

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
    Boolean,
    ByteVector,
    Enum,
    FixedBytes,
    FixedTuple,
    Integer,
    Map,
    Option,
    Struct,
    Text,
    Vector,
    is_recursive,
    may_be_empty,
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


def write_uleb128(value: int) -> bytes:
    """ULEB128 of a length or a tag."""
    if not 0 <= value < 2**32:
        raise BcsError(f"length {value} is beyond 32 bits")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


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


class _Writer:
    """Lines of source under construction, with the objects that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.indent = 0
        self.objects: dict[str, Any] = {
            "BcsError": BcsError,
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

    def packer(self, integers: list[Integer]) -> tuple[struct.Struct, str]:
        """The Struct of consecutive integers of at most 64 bits, and its format."""
        codes = "".join(_FORMATS[i.bits].lower() if i.signed else _FORMATS[i.bits] for i in integers)
        return struct.Struct("<" + codes), f"s_{codes}"

    def compile(self, title: str, entry: str) -> Callable[..., Any]:
        exec(compile("\n".join(self.lines), f"<bcs {title}>", "exec"), self.objects)
        function: Callable[..., Any] = self.objects[entry]
        return function


class _Generator:
    """What encoder and decoder share: functions for the types that are not inlined."""

    prefix: str

    def __init__(self) -> None:
        self.writer = _Writer()
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


def _runs(node: Struct) -> list[tuple[bool, list[tuple[str, Any]]]]:
    """Fields in order, consecutive integers of at most 64 bits together."""

    def is_small_integer(field: tuple[str, Any]) -> bool:
        inner = node_of(field[1])
        return isinstance(inner, Integer) and inner.bits <= 64

    return [(small, list(run)) for small, run in groupby(node.fields, is_small_integer)]


class _Encoder(_Generator):
    prefix = "encode_"

    def entry(self, annotation: Any, entry: str) -> None:
        w = self.writer
        w.line(f"def {entry}(v):")
        w.indent += 1
        w.line("d = 0")
        w.line("o = bytearray()")
        self.emit(annotation, "v")
        w.line("return bytes(o)")
        w.indent -= 1

    def body(self, annotation: Any) -> None:
        w = self.writer
        w.line(f"def {self.outlined[annotation]}(o, v, d):")
        w.indent += 1
        self.check_depth()
        self.emit_inline(annotation, "v")
        w.line("return None")
        w.indent -= 1

    def emit(self, annotation: Any, value: str) -> None:
        function = self.function_of(annotation)
        if function is None:
            self.emit_inline(annotation, value)
        else:
            deeper = "d + 1" if is_recursive(annotation) else "d"
            self.writer.line(f"{function}(o, {value}, {deeper})")

    def emit_inline(self, annotation: Any, value: str) -> None:
        w = self.writer
        node = node_of(annotation)
        match node:
            case Integer():
                self.emit_integer(node, value)
            case FixedBytes(length, prefixed):
                w.line(f"if len({value}) != {length}: raise BcsError('expected {length} bytes')")
                if prefixed:
                    w.line(f"o += {write_uleb128(length)!r}")
                w.line(f"o += {value}")
            case Boolean():
                w.line(f"o.append(1 if {value} else 0)")
            case Text():
                local = w.fresh()
                w.line(f"{local} = {value}.encode()")
                self.emit_bytes(local)
            case ByteVector():
                local = w.fresh()
                w.line(f"{local} = {value}")
                self.emit_bytes(local)
            case Vector(element):
                self.emit_vector(element, value)
            case FixedTuple(elements):
                names = [w.fresh() for _ in elements]
                w.line(f"{''.join(name + ', ' for name in names)} = {value}")
                for name, element in zip(names, elements, strict=True):
                    self.emit(element, name)
            case Map(key, item):
                self.emit_map(key, item, value)
            case Option(inner):
                self.emit_option(inner, value)
            case Enum(variants):
                self.emit_enum(variants, value)
            case Struct():
                self.emit_struct(node, value)

    def emit_integer(self, node: Integer, value: str) -> None:
        w = self.writer
        if node.bits <= 64:
            packer, name = w.packer([node])
            w.objects[f"p{name}"] = packer.pack
            w.line(f"o += p{name}({value})")
        else:
            w.line(f"o += {value}.to_bytes({node.size}, 'little')")

    def emit_length(self, of: str) -> None:
        w = self.writer
        length = w.fresh()
        w.line(f"{length} = len({of})")
        w.line(f"if {length} < 128: o.append({length})")
        w.line(f"else: o += write_uleb128({length})")

    def emit_bytes(self, local: str) -> None:
        self.emit_length(local)
        self.writer.line(f"o += {local}")

    def emit_vector(self, element: Any, value: str) -> None:
        w = self.writer
        if may_be_empty(element):
            raise TypeError(f"elements of a vector take at least one byte: {element!r}")
        values, each = w.fresh(), w.fresh()
        w.line(f"{values} = {value}")
        self.emit_length(values)
        w.line(f"for {each} in {values}:")
        w.indent += 1
        self.emit(element, each)
        w.indent -= 1

    def emit_map(self, key: Any, item: Any, value: str) -> None:
        w = self.writer
        values, pairs, raw, each, outer = (w.fresh() for _ in range(5))
        w.line(f"{values} = {value}")
        self.emit_length(values)
        w.line(f"{outer} = o")
        w.line(f"{pairs} = []")
        w.line(f"for {each} in {values}:")
        w.indent += 1
        w.line("o = bytearray()")
        self.emit(key, each)
        w.line(f"{pairs}.append((bytes(o), {each}))")
        w.indent -= 1
        w.line(f"{pairs}.sort()")
        w.line(f"o = {outer}")
        w.line(f"for {raw}, {each} in {pairs}:")
        w.indent += 1
        w.line(f"o += {raw}")
        self.emit(item, f"{values}[{each}]")
        w.indent -= 1

    def emit_option(self, inner: Any, value: str) -> None:
        w = self.writer
        local = w.fresh()
        w.line(f"{local} = {value}")
        w.line(f"if {local} is None: o.append(0)")
        w.line("else:")
        w.indent += 1
        w.line("o.append(1)")
        self.emit(inner, local)
        w.indent -= 1

    def emit_enum(self, variants: tuple[Any, ...], value: str) -> None:
        w = self.writer
        local, tag = w.fresh(), w.fresh()
        w.line(f"{local} = {value}")
        tags = w.name({variant: index for index, variant in enumerate(variants)})
        w.line(f"{tag} = {tags}.get(type({local}))")
        w.line(f"if {tag} is None: raise BcsError(f'{{type({local}).__name__}} is no variant here')")
        w.line(f"o.append({tag})")
        keyword = "if"
        for index, variant in enumerate(variants):
            node = node_of(variant)
            if isinstance(node, Struct) and (node.fields or node.prefix):
                w.line(f"{keyword} {tag} == {index}:")
                w.indent += 1
                self.emit(variant, local)
                w.indent -= 1
                keyword = "elif"

    def emit_struct(self, node: Struct, value: str) -> None:
        w = self.writer
        local = w.fresh()
        if node.fields:
            w.line(f"{local} = {value}")
        if node.prefix:
            w.line(f"o += {node.prefix!r}")
        for small, run in _runs(node):
            if small:
                integers = [
                    n for n in (node_of(annotation) for _, annotation in run) if isinstance(n, Integer)
                ]
                packer, name = w.packer(integers)
                w.objects[f"p{name}"] = packer.pack
                w.line(f"o += p{name}({', '.join(f'{local}.{field}' for field, _ in run)})")
            else:
                for field, annotation in run:
                    self.emit(annotation, f"{local}.{field}")


class _Decoder(_Generator):
    prefix = "decode_"

    def entry(self, annotation: Any, entry: str) -> None:
        w = self.writer
        w.line(f"def {entry}(b):")
        w.indent += 1
        w.line("p = d = 0")
        w.line("end = len(b)")
        result = self.emit(annotation)
        w.line("if p != end: raise BcsError('too little data' if p > end else f'{end - p} bytes left over')")
        w.line(f"return {result}")
        w.indent -= 1

    def body(self, annotation: Any) -> None:
        w = self.writer
        w.line(f"def {self.outlined[annotation]}(b, p, d):")
        w.indent += 1
        self.check_depth()
        w.line("end = len(b)")
        result = self.emit_inline(annotation)
        w.line(f"return {result}, p")
        w.indent -= 1

    def emit(self, annotation: Any) -> str:
        """Source that reads a value; the result is an expression for it."""
        function = self.function_of(annotation)
        if function is None:
            return self.emit_inline(annotation)
        result = self.writer.fresh()
        deeper = "d + 1" if is_recursive(annotation) else "d"
        self.writer.line(f"{result}, p = {function}(b, p, {deeper})")
        return result

    def emit_inline(self, annotation: Any) -> str:
        w = self.writer
        node = node_of(annotation)
        result = w.fresh()
        match node:
            case Integer(bits, signed) if bits > 64:
                w.line(f"{result} = int.from_bytes(b[p:p + {node.size}], 'little', signed={signed})")
                w.line(f"p += {node.size}")
            case Integer():
                self.emit_integers([(result, node)])
            case FixedBytes(length, prefixed):
                if prefixed:
                    w.line(f"if b[p] != {length}: raise BcsError('expected the length {length}')")
                    w.line("p += 1")
                w.line(f"{result} = b[p:p + {length}]")
                w.line(f"p += {length}")
            case Boolean():
                w.line("if b[p] > 1: raise BcsError('a bool is 0 or 1')")
                w.line(f"{result} = b[p] == 1")
                w.line("p += 1")
            case Text():
                self.emit_bytes(result, ".decode()")
            case ByteVector():
                self.emit_bytes(result, "")
            case Vector(element):
                self.emit_vector(element, result)
            case FixedTuple(elements):
                parts = [self.emit(element) for element in elements]
                w.line(f"{result} = ({''.join(part + ', ' for part in parts)})")
            case Map(key, item):
                self.emit_map(key, item, result)
            case Option(inner):
                self.emit_option(inner, result)
            case Enum(variants):
                self.emit_enum(variants, result)
            case Struct():
                self.emit_struct(node, result)
        return result

    def emit_integers(self, named: list[tuple[str, Integer]]) -> None:
        w = self.writer
        unpacker, name = w.packer([node for _, node in named])
        w.objects[f"u{name}"] = unpacker.unpack_from
        w.line(f"{''.join(result + ', ' for result, _ in named)} = u{name}(b, p)")
        w.line(f"p += {unpacker.size}")

    def emit_length(self) -> str:
        w = self.writer
        length = w.fresh()
        w.line(f"{length} = b[p]")
        w.line("p += 1")
        w.line(f"if {length} > 127: {length}, p = read_length(b, p - 1)")
        w.line(f"if {length} > end - p: raise BcsError('a length is beyond the data')")
        return length

    def emit_bytes(self, result: str, convert: str) -> None:
        w = self.writer
        length = self.emit_length()
        w.line(f"{result} = b[p:p + {length}]{convert}")
        w.line(f"p += {length}")

    def emit_vector(self, element: Any, result: str) -> None:
        w = self.writer
        if may_be_empty(element):
            raise TypeError(f"elements of a vector take at least one byte: {element!r}")
        length = self.emit_length()
        items = w.fresh()
        w.line(f"{items} = []")
        w.line(f"for _ in range({length}):")
        w.indent += 1
        item = self.emit(element)
        w.line(f"{items}.append({item})")
        w.indent -= 1
        w.line(f"{result} = tuple({items})")

    def emit_map(self, key: Any, item: Any, result: str) -> None:
        w = self.writer
        length = self.emit_length()
        last, raw, start = w.fresh(), w.fresh(), w.fresh()
        w.line(f"{result} = {{}}")
        w.line(f"{last} = None")
        w.line(f"for _ in range({length}):")
        w.indent += 1
        w.line(f"{start} = p")
        each = self.emit(key)
        w.line(f"{raw} = b[{start}:p]")
        w.line(f"if {last} is not None and {raw} <= {last}: raise BcsError('keys of a map out of order')")
        w.line(f"{last} = {raw}")
        value = self.emit(item)
        w.line(f"{result}[{each}] = {value}")
        w.indent -= 1

    def emit_option(self, inner: Any, result: str) -> None:
        w = self.writer
        tag = w.fresh()
        w.line(f"{tag} = b[p]")
        w.line("p += 1")
        w.line(f"if {tag} == 0: {result} = None")
        w.line(f"elif {tag} == 1:")
        w.indent += 1
        w.line(f"{result} = {self.emit(inner)}")
        w.indent -= 1
        w.line("else: raise BcsError('an option starts with 0 or 1')")

    def emit_enum(self, variants: tuple[Any, ...], result: str) -> None:
        w = self.writer
        tag = w.fresh()
        w.line(f"{tag} = b[p]")
        w.line("p += 1")
        for index, variant in enumerate(variants):
            w.line(f"{'elif' if index else 'if'} {tag} == {index}:")
            w.indent += 1
            w.line(f"{result} = {self.emit(variant)}")
            w.indent -= 1
        w.line(f"else: raise BcsError(f'unknown tag {{{tag}}}')")

    def emit_struct(self, node: Struct, result: str) -> None:
        w = self.writer
        if node.prefix:
            size = len(node.prefix)
            w.line(f"if b[p:p + {size}] != {node.prefix!r}: raise BcsError('unknown version or intent')")
            w.line(f"p += {size}")
        if not node.fields:
            w.line(f"{result} = {w.name(node.cls())}")
            return
        arguments: list[str] = []
        for small, run in _runs(node):
            if small:
                named = [
                    (w.fresh(), n)
                    for n in (node_of(annotation) for _, annotation in run)
                    if isinstance(n, Integer)
                ]
                self.emit_integers(named)
                arguments += [name for name, _ in named]
            else:
                arguments += [self.emit(annotation) for _, annotation in run]
        w.line(f"{result} = {w.name(_blank_of(node.cls))}({', '.join(arguments)})")
        w.line(f"{result}.__class__ = {w.name(node.cls)}")


@cache
def _blank_of(cls: type) -> type:
    """A class of the same memory layout whose instances become those of cls.

    The __init__ of a frozen dataclass sets each field through object.__setattr__, which takes longer than all
    the rest of decoding; an assignment inside a plain class does not.
    """
    names = [field.name for field in fields(cls)]
    if cls.__dict__.get("__slots__") != tuple(names) or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__}: BCS takes dataclasses with slots and without __post_init__")
    body = [f"def __init__(self, {', '.join(names)}):", *(f"    self.{name} = {name}" for name in names)]
    namespace: dict[str, Any] = {}
    exec(compile("\n".join(body), f"<bcs {cls.__name__}>", "exec"), namespace)
    return type(cls.__name__, (), {"__slots__": tuple(names), "__init__": namespace["__init__"]})


def generate_encoder(annotation: Any) -> Callable[[Any], bytes]:
    """The encoder of a type."""
    return _Encoder().generate(annotation, "encode")


def generate_decoder(annotation: Any) -> Callable[[bytes], Any]:
    """The decoder of a type; IndexError, struct.error and UnicodeDecodeError also mean bad data."""
    return _Decoder().generate(annotation, "decode")
