"""The module keeps to the network's limits on its own size. Source: move-bytecode-verifier, limits."""

from __future__ import annotations

from movelite.bytecode.file_format import Vector
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.config import VerifierConfig
from movelite.verifier.constants import count_vector_elements
from movelite.verifier.errors import index_error
from movelite.verifier.module_view import ModuleView


def check(view: ModuleView, config: VerifierConfig) -> None:
    """Check constants, handles, types, identifiers and definitions, in this order.

    Raises: VMError with the code of the limit that is exceeded.
    """
    _check_constants(view, config)
    _check_handles(view, config)
    _check_types(view, config)
    _check_identifiers(view, config)
    _check_definitions(view, config)


def _exceeds(count: int, limit: int | None) -> bool:
    return limit is not None and count > limit


def _check_constants(view: ModuleView, config: VerifierConfig) -> None:
    for index, constant in enumerate(view.module.constant_pool):
        if not isinstance(constant.type_, Vector):
            continue
        count = count_vector_elements(constant.type_, constant.data)
        if count is None:
            raise index_error(StatusCode.MALFORMED_CONSTANT_DATA, IndexKind.CONSTANT_POOL, index)
        if _exceeds(count, config.max_constant_vector_length):
            raise VMError(
                StatusCode.TOO_MANY_VECTOR_ELEMENTS,
                message=f"vector size limit is {config.max_constant_vector_length}",
            )


def _check_handles(view: ModuleView, config: VerifierConfig) -> None:
    generic_limit = config.max_generic_instantiation_length
    for index, function in enumerate(view.module.function_handles):
        if _exceeds(len(function.type_parameters), generic_limit):
            raise index_error(StatusCode.TOO_MANY_TYPE_PARAMETERS, IndexKind.FUNCTION_HANDLE, index)
        if _exceeds(len(view.signatures[function.parameters]), config.max_function_parameters):
            raise index_error(StatusCode.TOO_MANY_PARAMETERS, IndexKind.FUNCTION_HANDLE, index)
    for index, datatype in enumerate(view.module.datatype_handles):
        if _exceeds(len(datatype.type_parameters), generic_limit):
            raise index_error(StatusCode.TOO_MANY_TYPE_PARAMETERS, IndexKind.DATATYPE_HANDLE, index)


def _check_types(view: ModuleView, config: VerifierConfig) -> None:
    limit = config.max_type_nodes
    if limit is None:
        return
    for type_ in view.all_types():
        if type_.weight > limit:
            raise VMError(StatusCode.TOO_MANY_TYPE_NODES)


def _check_identifiers(view: ModuleView, config: VerifierConfig) -> None:
    for index, identifier in enumerate(view.module.identifiers):
        if _exceeds(len(identifier), config.max_identifier_length):
            raise index_error(StatusCode.IDENTIFIER_TOO_LONG, IndexKind.IDENTIFIER, index)


def _check_definitions(view: ModuleView, config: VerifierConfig) -> None:
    module = view.module
    if _exceeds(len(module.function_defs), config.max_function_definitions):
        raise VMError(StatusCode.MAX_FUNCTION_DEFINITIONS_REACHED)
    if _exceeds(len(module.struct_defs) + len(module.enum_defs), config.max_data_definitions):
        raise VMError(StatusCode.MAX_STRUCT_DEFINITIONS_REACHED)
    field_limit = config.max_fields_in_struct
    if field_limit is None:
        return
    for fields in view.struct_fields:
        if fields is not None and len(fields) > field_limit:
            raise VMError(StatusCode.MAX_FIELD_DEFINITIONS_REACHED)
    for variants in view.variant_fields:
        if _exceeds(len(variants), config.max_variants_in_enum):
            raise VMError(StatusCode.MAX_VARIANTS_REACHED)
        if sum(len(fields) for fields in variants) > field_limit:
            raise VMError(StatusCode.MAX_FIELD_DEFINITIONS_REACHED)
