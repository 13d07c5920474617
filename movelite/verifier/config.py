"""Limits that a module must keep to, as the protocol configuration sets them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerifierConfig:
    """Limits of the verifier; None means unlimited. The defaults are the network's while executing.

    Source: move-vm-config, verifier; values from iota-protocol-config, version 2.
    """

    max_loop_depth: int | None = 5
    max_function_parameters: int | None = 128
    max_generic_instantiation_length: int | None = 32
    max_basic_blocks: int | None = 1024
    max_value_stack_size: int = 1024
    max_type_nodes: int | None = 256
    max_push_size: int | None = 10_000
    max_data_definitions: int | None = 200
    max_fields_in_struct: int | None = 32
    max_function_definitions: int | None = 1000
    max_constant_vector_length: int | None = 256 * 1024
    max_back_edges_per_function: int | None = None
    max_back_edges_per_module: int | None = None
    max_identifier_length: int | None = 128
    max_variants_in_enum: int | None = 127


SIGNING_CONFIG = VerifierConfig(max_back_edges_per_function=10_000, max_back_edges_per_module=10_000)
"""The limits while a validator decides whether to sign: back edges are bounded too."""

MOVE_DEFAULT_CONFIG = VerifierConfig(
    max_loop_depth=None,
    max_function_parameters=None,
    max_generic_instantiation_length=None,
    max_basic_blocks=None,
    max_type_nodes=None,
    max_push_size=None,
    max_data_definitions=None,
    max_fields_in_struct=None,
    max_function_definitions=None,
    max_constant_vector_length=1024 * 1024,
)
"""The defaults of Move itself, without the network's limits."""
