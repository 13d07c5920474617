"""Normalized modules: what clients are shown."""

from __future__ import annotations

from movelite.bytecode.file_format import COPY, DROP, Opcode, Primitive, TypeParameter, Visibility
from movelite.bytecode.normalized import Item, ReferenceType, StructType, VectorType, normalize
from tests.unit.bytecode.modules import everything

ADDRESS = bytes(31) + b"\2"


def test_functions_show_whole_types() -> None:
    wrap = normalize(everything()).functions["wrap"]
    assert (wrap.visibility, wrap.is_entry, wrap.type_parameters) == (Visibility.FRIEND, True, (COPY | DROP,))
    assert wrap.parameters == (TypeParameter(0), ReferenceType(False, Primitive.SIGNER))
    box = StructType(ADDRESS, "everything", "Box", (Primitive.U8, TypeParameter(0)))
    assert wrap.returns == (box, VectorType(Primitive.U8))


def test_datatypes_keep_their_order_of_fields() -> None:
    module = normalize(everything())
    assert [f.name for f in module.structs["Box"].fields] == ["value", "next"]
    assert [v.name for v in module.enums["Shape"].variants] == ["Empty", "Round", "Full"]
    assert module.friends == ((ADDRESS, "other"),)


def test_code_names_what_it_uses() -> None:
    code = normalize(everything(), with_code=True).functions["peek"].code
    field = Item((ADDRESS, "everything"), "Box", 0, (Primitive.U8, Primitive.U256))
    assert (Opcode.MUT_BORROW_FIELD_GENERIC, field) in code
