"""Generic instructions name generic things, plain instructions plain ones.

Source: move-bytecode-verifier, instruction_consistency.
"""

from __future__ import annotations

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.status import StatusCode
from movelite.verifier import opcode_groups as group
from movelite.verifier.module_view import ModuleView

_MAX_VECTOR_OPERANDS = 0xFFFF


def check(view: ModuleView) -> None:
    """Check every instruction of every function.

    Raises: VMError GENERIC_MEMBER_OPCODE_MISMATCH, or CONSTRAINT_NOT_SATISFIED for a vector of more than
        65,535 operands.
    """
    mismatched = _mismatched_operands(view)
    for function in view.functions:
        if function is None:
            continue
        for offset, (opcode, operand, count) in enumerate(function.code):
            table = mismatched[opcode]
            if table is not None and table[operand]:
                raise function.error(StatusCode.GENERIC_MEMBER_OPCODE_MISMATCH, offset)
            if count > _MAX_VECTOR_OPERANDS:
                raise function.error(StatusCode.CONSTRAINT_NOT_SATISFIED, offset)


def _mismatched_operands(view: ModuleView) -> list[list[bool] | None]:
    """By opcode: for each operand, whether the instruction may not name it."""
    module = view.module
    datatypes = [bool(row.type_parameters) for row in module.datatype_handles]
    functions = [bool(row.type_parameters) for row in module.function_handles]
    structs = [datatypes[row.handle] for row in module.struct_defs]
    enums = [datatypes[row.handle] for row in module.enum_defs]
    fields = [structs[row.owner] for row in module.field_handles]
    enum_instances = [enums[row.definition] for row in module.enum_def_instantiations]
    entries = [
        ([Opcode.CALL], functions),
        ([Opcode.CALL_GENERIC], [not functions[row.handle] for row in module.function_instantiations]),
        (group.FIELD, fields),
        (group.FIELD_GENERIC, [not fields[row.handle] for row in module.field_instantiations]),
        (group.STRUCT, structs),
        (group.STRUCT_GENERIC, [not structs[row.definition] for row in module.struct_def_instantiations]),
        (group.VARIANT, [enums[row.enum_def] for row in module.variant_handles]),
        (
            group.VARIANT_GENERIC,
            [not enum_instances[row.enum_def] for row in module.variant_instantiation_handles],
        ),
    ]
    return group.by_opcode(entries, None)
