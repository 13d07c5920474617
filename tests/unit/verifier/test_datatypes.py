"""Fields have their datatype's abilities, and no datatype contains itself."""

from __future__ import annotations

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    KEY,
    STORE,
    Datatype,
    DatatypeInstantiation,
    Primitive,
    TypeParameter,
    Vector,
    abilities_text,
)
from movelite.bytecode.status import IndexKind, StatusCode
from movelite.verifier.abilities import polymorphic_abilities, required_abilities
from tests.support.module_builder import ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U64 = Primitive.U64


def test_a_field_must_have_what_the_struct_promises() -> None:
    builder = ModuleBuilder()
    builder.struct("Plain", {"a": U64})
    builder.struct("Copyable", {"plain": Datatype(0)}, COPY)
    refuse(builder, StatusCode.FIELD_MISSING_TYPE_ABILITY, indices=[(IndexKind.STRUCT_DEFINITION, 1)])


def test_key_asks_fields_for_store() -> None:
    builder = ModuleBuilder()
    builder.struct("Stored", {"a": U64}, STORE)
    builder.struct("Object", {"stored": Datatype(0)}, KEY)
    accept(builder)
    builder.struct("Outer", {"object": Datatype(1)}, KEY)
    refuse(builder, StatusCode.FIELD_MISSING_TYPE_ABILITY, indices=[(IndexKind.STRUCT_DEFINITION, 2)])


def test_type_parameters_are_trusted_in_fields() -> None:
    builder = ModuleBuilder()
    builder.struct("Box", {"value": TypeParameter(0)}, COPY | DROP | STORE, [0])
    accept(builder)


def test_variants_are_checked_too() -> None:
    builder = ModuleBuilder()
    builder.struct("Plain", {"a": U64})
    builder.enum("E", {"A": {}, "B": {"a": U64, "plain": Vector(Datatype(0))}}, DROP)
    refuse(
        builder,
        StatusCode.FIELD_MISSING_TYPE_ABILITY,
        indices=[
            (IndexKind.ENUM_DEFINITION, 0),
            (IndexKind.VARIANT_TAG, 1),
            (IndexKind.FIELD_DEFINITION, 1),
        ],
    )


def test_abilities_of_generic_types() -> None:
    everything = COPY | DROP | STORE | KEY
    assert polymorphic_abilities(everything, [False], [COPY | DROP]) == COPY | DROP
    assert polymorphic_abilities(everything, [False], [STORE]) == STORE | KEY
    assert polymorphic_abilities(everything, [True], [0]) == everything
    assert polymorphic_abilities(COPY, [False, True], [COPY, 0]) == COPY
    assert required_abilities(KEY) == STORE
    assert required_abilities(COPY | STORE) == COPY | STORE
    assert abilities_text(COPY | KEY) == "[Copy, Key, ]"


def test_a_struct_in_itself() -> None:
    builder = ModuleBuilder()
    builder.struct("S", {"again": Vector(Datatype(0))})
    refuse(builder, StatusCode.RECURSIVE_DATATYPE_DEFINITION, indices=[(IndexKind.STRUCT_DEFINITION, 0)])


def test_a_circle_of_structs() -> None:
    builder = ModuleBuilder()
    builder.struct("A", {"b": Datatype(1)})
    builder.struct("B", {"c": Datatype(2)})
    builder.struct("C", {"a": Datatype(0)})
    refuse(builder, StatusCode.RECURSIVE_DATATYPE_DEFINITION)


def test_a_struct_in_an_enum_in_the_struct() -> None:
    builder = ModuleBuilder()
    builder.struct("S", {"e": Datatype(1)})
    builder.enum("E", {"None": {}, "Some": {"s": Datatype(0)}})
    refuse(builder, StatusCode.RECURSIVE_DATATYPE_DEFINITION)


def test_a_struct_as_an_argument_of_itself() -> None:
    builder = ModuleBuilder()
    builder.struct("Box", {"value": TypeParameter(0)}, 0, [0])
    builder.struct("S", {"again": DatatypeInstantiation(0, (Datatype(1),))})
    refuse(builder, StatusCode.RECURSIVE_DATATYPE_DEFINITION, indices=[(IndexKind.STRUCT_DEFINITION, 1)])


def test_a_long_chain_is_no_circle() -> None:
    builder = ModuleBuilder()
    builder.struct("S0", {"a": U64})
    for number in range(1, 150):
        builder.struct(f"S{number}", {"inner": Datatype(number - 1)})
    accept(builder)
