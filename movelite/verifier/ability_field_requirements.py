"""Fields have the abilities that their struct or enum declares. Source: ability_field_requirements."""

from __future__ import annotations

from movelite.bytecode.file_format import ALL_ABILITIES
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier.abilities import required_abilities
from movelite.verifier.errors import index_error
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import ModuleView, Types


def check(view: ModuleView) -> None:
    """Check every field of every definition.

    Raises: VMError FIELD_MISSING_TYPE_ABILITY, or PROGRAM_TOO_COMPLEX when the meter runs out.
    """
    module = view.module
    for index, (struct, fields) in enumerate(zip(module.struct_defs, view.struct_fields, strict=True)):
        if fields is not None and _first_lacking(view, struct.handle, fields) is not None:
            raise index_error(StatusCode.FIELD_MISSING_TYPE_ABILITY, IndexKind.STRUCT_DEFINITION, index)
    for index, (enum, variants) in enumerate(zip(module.enum_defs, view.variant_fields, strict=True)):
        for tag, fields in enumerate(variants):
            lacking = _first_lacking(view, enum.handle, fields)
            if lacking is not None:
                indices = [
                    (IndexKind.ENUM_DEFINITION, index),
                    (IndexKind.VARIANT_TAG, tag),
                    (IndexKind.FIELD_DEFINITION, lacking),
                ]
                raise VMError(StatusCode.FIELD_MISSING_TYPE_ABILITY, indices=indices)


def _first_lacking(view: ModuleView, handle: int, fields: Types) -> int | None:
    """The first field without a required ability, if type parameters could do everything.

    What a type parameter cannot do is taken from the instantiated type instead, see `abilities`.
    """
    row = view.module.datatype_handles[handle]
    required = required_abilities(row.abilities)
    abilities = view.ability_cache.in_scope((ALL_ABILITIES,) * len(row.type_parameters), Scope.MODULE)
    for index, field in enumerate(fields):
        if required & ~abilities(field):
            return index
    return None
