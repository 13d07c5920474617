"""Modules keep to the network's limits; at the limit they pass, above it they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from movelite.bytecode.file_format import Opcode, Primitive, SignatureToken, TypeParameter, Vector
from movelite.bytecode.status import IndexKind, StatusCode
from movelite.verifier.verifier import DEFAULT_CONFIG
from tests.support.module_builder import ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U8, U64 = Primitive.U8, Primitive.U64


def with_parameters(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.function([Opcode.RET], [U64] * count)
    return builder


def with_type_parameters(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.function([Opcode.RET], type_parameters=[0] * count)
    return builder


def with_datatype_parameters(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.struct("S", {"a": U64}, type_parameters=[0] * count)
    return builder


def with_fields(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.struct("S", {f"f{number}": U64 for number in range(count)})
    return builder


def with_variant_fields(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.enum("E", {"A": {"a": U64}, "B": {f"f{number}": U64 for number in range(count - 1)}})
    return builder


def with_definitions(count: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    for number in range(count - 1):
        builder.struct(f"S{number}", {"a": U64})
    builder.enum("E", {"A": {}})
    return builder


def with_identifier(length: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.identifier("x" * length)
    return builder


def with_constant(length: int) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.constant(Vector(U8), bytes([length]) + bytes(length))
    return builder


LIMITS: list[tuple[Callable[[int], ModuleBuilder], str, StatusCode]] = [
    (with_parameters, "max_function_parameters", StatusCode.TOO_MANY_PARAMETERS),
    (with_type_parameters, "max_generic_instantiation_length", StatusCode.TOO_MANY_TYPE_PARAMETERS),
    (with_datatype_parameters, "max_generic_instantiation_length", StatusCode.TOO_MANY_TYPE_PARAMETERS),
    (with_fields, "max_fields_in_struct", StatusCode.MAX_FIELD_DEFINITIONS_REACHED),
    (with_variant_fields, "max_fields_in_struct", StatusCode.MAX_FIELD_DEFINITIONS_REACHED),
    (with_definitions, "max_data_definitions", StatusCode.MAX_STRUCT_DEFINITIONS_REACHED),
    (with_identifier, "max_identifier_length", StatusCode.IDENTIFIER_TOO_LONG),
    (with_constant, "max_constant_vector_length", StatusCode.TOO_MANY_VECTOR_ELEMENTS),
]


@pytest.mark.parametrize(("build", "limit", "status"), LIMITS)
def test_a_limit(build: Callable[[int], ModuleBuilder], limit: str, status: StatusCode) -> None:
    config = replace(DEFAULT_CONFIG, **{limit: 5})
    unlimited: dict[str, Any] = {limit: None}
    accept(build(5), config)
    refuse(build(6), status, config=config)
    accept(build(6), replace(config, **unlimited))


def test_the_networks_limits() -> None:
    accept(with_parameters(128))
    refuse(with_parameters(129), StatusCode.TOO_MANY_PARAMETERS, indices=[(IndexKind.FUNCTION_HANDLE, 0)])
    accept(with_fields(32))
    refuse(with_fields(33), StatusCode.MAX_FIELD_DEFINITIONS_REACHED)
    accept(with_definitions(200))
    refuse(with_definitions(201), StatusCode.MAX_STRUCT_DEFINITIONS_REACHED)


def test_function_definitions() -> None:
    config = replace(DEFAULT_CONFIG, max_function_definitions=2)
    builder = ModuleBuilder()
    builder.function([Opcode.RET])
    builder.function([Opcode.RET])
    accept(builder, config)
    builder.function([Opcode.RET])
    refuse(builder, StatusCode.MAX_FUNCTION_DEFINITIONS_REACHED, config=config)


def test_variants() -> None:
    builder = ModuleBuilder()
    builder.enum("E", {"A": {}, "B": {}, "C": {}})
    accept(builder, replace(DEFAULT_CONFIG, max_variants_in_enum=3))
    refuse(builder, StatusCode.MAX_VARIANTS_REACHED, config=replace(DEFAULT_CONFIG, max_variants_in_enum=2))


def nested(depth: int, innermost: SignatureToken) -> SignatureToken:
    token = innermost
    for _ in range(depth):
        token = Vector(token)
    return token


@pytest.mark.parametrize(("innermost", "weight"), [(U8, 1), (TypeParameter(0), 4)])
def test_type_nodes_are_weighted(innermost: SignatureToken, weight: int) -> None:
    def build(depth: int) -> ModuleBuilder:
        builder = ModuleBuilder()
        builder.function([Opcode.RET], [nested(depth, innermost)], type_parameters=[2])
        return builder

    accept(build(256 - weight))
    refuse(build(257 - weight), StatusCode.TOO_MANY_TYPE_NODES)
