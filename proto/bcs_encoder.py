"""Generates the encoder of a schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proto.bcs_codegen import SHORT, Generator, field_groups
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


class Encoder(Generator):
    prefix = "encode_"

    def entry(self, annotation: Any, entry: str) -> None:
        w = self.writer
        w.line(f"def {entry}(v):")
        w.indent += 1
        w.line("d = 0")
        w.line("o = bytearray()")
        self.emit_entry(annotation)
        w.line("return bytes(o)")
        w.indent -= 1

    def emit_entry(self, annotation: Any) -> None:
        """The outermost value is encoded even if its type keeps bytes: this is where they come from."""
        if self.function_of(annotation) is None:
            self.emit_inline(annotation, "v")
        else:
            self.emit(annotation, "v")

    def body(self, annotation: Any) -> None:
        w = self.writer
        w.line(f"def {self.outlined[annotation]}(o, v, d):")
        w.indent += 1
        self.check_depth()
        self.emit_inline(annotation, "v")
        w.line("return None")
        w.indent -= 1

    def emit(self, annotation: Any, value: str) -> None:
        node = node_of(annotation)
        if isinstance(node, Struct) and node.keeps_bytes:
            self.writer.line(f"o += {value}.encoded")
            return
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
            case Integer(bits, _) if bits > 64:
                w.line(f"o += {value}.to_bytes({node.size}, 'little')")
            case Integer() | FixedBytes():
                self.emit_fixed([(value, node)])
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
            case Memo(inner):
                self.emit(inner, value)
            case Enum(variants):
                self.emit_enum(variants, value)
            case Struct():
                self.emit_struct(node, value)

    def emit_length(self, of: str) -> None:
        w = self.writer
        length = w.fresh()
        w.line(f"{length} = len({of})")
        w.line(f"o += SHORT_LENGTHS[{length}] if {length} < {SHORT} else write_uleb128({length})")

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
        for fixed, others in field_groups(node):
            if fixed:
                self.emit_fixed([(f"{local}.{field}", inner) for field, inner in fixed])
            for field, annotation in others:
                self.emit(annotation, f"{local}.{field}")

    def emit_fixed(self, values: list[tuple[str, Integer | FixedBytes]]) -> None:
        """Write values of fixed size with one Struct, which would pad bytes: lengths are checked first."""
        w = self.writer
        arguments = []
        for value, node in values:
            if isinstance(node, FixedBytes):
                local = w.fresh()
                w.line(f"{local} = {value}")
                w.line(f"if len({local}) != {node.length}: raise BcsError('expected {node.length} bytes')")
                arguments += [str(node.length), local] if node.prefixed else [local]
            else:
                arguments.append(value)
        packer, name = w.packer([node for _, node in values])
        w.objects[f"p{name}"] = packer.pack
        w.line(f"o += p{name}({', '.join(arguments)})")


def generate_encoder(annotation: Any) -> Callable[[Any], bytes]:
    """The encoder of a type."""
    return Encoder().generate(annotation, "encode")
