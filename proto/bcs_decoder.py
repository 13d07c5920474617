"""Generates the decoder of a schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proto.bcs_codegen import Generator, blank_class, field_groups
from proto.bcs_memory import Memory
from proto.bcs_schema import (
    Boolean,
    ByteVector,
    Enum,
    FixedBytes,
    FixedTuple,
    Integer,
    Map,
    Memo,
    Option,
    Struct,
    Text,
    Vector,
    is_recursive,
    may_be_empty,
    node_of,
)


class Decoder(Generator):
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
            case Integer() | FixedBytes():
                self.emit_fixed([(result, node)])
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
            case Memo(inner):
                self.emit_memo(inner, result)
            case Enum(variants):
                self.emit_enum(variants, result)
            case Struct():
                self.emit_struct(node, result)
        return result

    def emit_fixed(self, named: list[tuple[str, Integer | FixedBytes]]) -> None:
        """Read values of fixed size with one Struct."""
        w = self.writer
        targets: list[str] = []
        lengths: list[tuple[str, int]] = []
        for result, node in named:
            if isinstance(node, FixedBytes) and node.prefixed:
                lengths.append((w.fresh(), node.length))
                targets.append(lengths[-1][0])
            targets.append(result)
        unpacker, name = w.packer([node for _, node in named])
        w.objects[f"u{name}"] = unpacker.unpack_from
        w.line(f"{''.join(target + ', ' for target in targets)} = u{name}(b, p)")
        w.line(f"p += {unpacker.size}")
        for local, length in lengths:
            w.line(f"if {local} != {length}: raise BcsError('expected the length {length}')")

    def emit_length(self) -> str:
        """Two bytes, as most transactions have, take no call."""
        w = self.writer
        length, second = w.fresh(), w.fresh()
        w.line(f"{length} = b[p]")
        w.line("p += 1")
        w.line(f"if {length} > 127:")
        w.line(f"    {second} = b[p]")
        w.line(f"    if 0 < {second} < 128: {length} += ({second} - 1) << 7; p += 1")
        w.line(f"    else: {length}, p = read_length(b, p - 1)")
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

    def emit_memo(self, inner: Any, result: str) -> None:
        w = self.writer
        memory = Memory()
        known, start = w.fresh(), w.fresh()
        w.line(f"{known} = {w.name(memory.recall)}(b, p)")
        w.line(f"if {known} is None:")
        w.indent += 1
        w.line(f"{start} = p")
        w.line(f"{result} = {self.emit(inner)}")
        w.line(f"if p <= end: {w.name(memory.remember)}(b, {start}, p, {result})")
        w.indent -= 1
        w.line("else:")
        w.indent += 1
        w.line(f"{result} = {known}[1]")
        w.line(f"p += len({known}[0])")
        w.indent -= 1

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
        start = w.fresh()
        if node.keeps_bytes:
            w.line(f"{start} = p")
        if node.prefix:
            size = len(node.prefix)
            w.line(f"if b[p:p + {size}] != {node.prefix!r}: raise BcsError('unknown version or intent')")
            w.line(f"p += {size}")
        if not node.fields:
            w.line(f"{result} = {w.name(node.cls())}")
            return
        arguments: list[str] = []
        for fixed, others in field_groups(node):
            named = [(w.fresh(), inner) for _, inner in fixed]
            if named:
                self.emit_fixed(named)
            arguments += [name for name, _ in named]
            arguments += [self.emit(annotation) for _, annotation in others]
        self.emit_instance(node, arguments, result)
        if node.keeps_bytes:
            w.line(f"{result}.__dict__['encoded'] = b[{start}:p]  # canonical: what encoding would give")

    def emit_instance(self, node: Struct, arguments: list[str], result: str) -> None:
        """Make the value; one that is a small number in a wrapper is made once and then remembered."""
        w = self.writer
        if not _is_small_number(node):
            self.emit_new(node, arguments, result)
            return
        known = w.name({})
        w.line(f"{result} = {known}.get({arguments[0]})")
        w.line(f"if {result} is None:")
        w.indent += 1
        self.emit_new(node, arguments, result)
        w.line(f"{known}[{arguments[0]}] = {result}")
        w.indent -= 1

    def emit_new(self, node: Struct, arguments: list[str], result: str) -> None:
        """Make the value, without the slow constructor of a class that is frozen at run time."""
        w = self.writer
        is_frozen = node.cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
        cls = blank_class(node.cls) if is_frozen else node.cls
        w.line(f"{result} = {w.name(cls)}({', '.join(arguments)})")
        if is_frozen:
            w.line(f"{result}.__class__ = {w.name(node.cls)}")


def _is_small_number(node: Struct) -> bool:
    if len(node.fields) != 1 or node.keeps_bytes:
        return False
    inner = node_of(node.fields[0][1])
    return isinstance(inner, Integer) and inner.bits <= 16


def generate_decoder(annotation: Any) -> Callable[[bytes], Any]:
    """The decoder of a type; IndexError, struct.error and UnicodeDecodeError also mean bad data."""
    return Decoder().generate(annotation, "decode")
