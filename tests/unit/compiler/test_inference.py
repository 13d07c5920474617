"""Type variables, subtype and join."""

from __future__ import annotations

import pytest

from movelite.compiler.types import (
    ANYTHING,
    BOOL,
    U8,
    U64,
    BuiltinType,
    FunctionType,
    ReferenceType,
    TupleType,
    Type,
    vector_of,
)
from movelite.compiler.typing.inference import Failure, Inference, Mismatch, Relation, TooComplex


def mutable(inner: Type) -> ReferenceType:
    return ReferenceType(True, inner)


def immutable(inner: Type) -> ReferenceType:
    return ReferenceType(False, inner)


def test_a_mutable_reference_fits_where_an_immutable_one_is_expected() -> None:
    inference = Inference()
    assert inference.relate(Relation.SUBTYPE, mutable(U8), immutable(U8)) == immutable(U8)


def test_an_immutable_reference_does_not_fit_where_a_mutable_one_is_expected() -> None:
    with pytest.raises(Mismatch) as caught:
        Inference().relate(Relation.SUBTYPE, immutable(U8), mutable(U8))
    assert caught.value.failure is Failure.NOT_SUBTYPE


def test_joining_references_gives_the_weaker_one() -> None:
    assert Inference().relate(Relation.JOIN, immutable(U8), mutable(U8)) == immutable(U8)


def test_a_variable_learns_from_both_sides() -> None:
    inference = Inference()
    element, number = inference.fresh(), inference.fresh_number()
    inference.relate(Relation.SUBTYPE, vector_of(number), vector_of(element))
    assert inference.format(vector_of(element)) == "'vector<{integer}>'"
    inference.relate(Relation.JOIN, element, U8)
    assert inference.expand(vector_of(number)) == vector_of(U8)


def test_an_integer_literal_is_never_a_bool() -> None:
    inference = Inference()
    number = inference.fresh_number()
    with pytest.raises(Mismatch):
        inference.relate(Relation.JOIN, number, BOOL)
    assert inference.resolve(number) == number


def test_failure_leaves_no_trace() -> None:
    inference = Inference()
    variable = inference.fresh()
    with pytest.raises(Mismatch):
        inference.relate(Relation.SUBTYPE, TupleType((variable, U8)), TupleType((U64, BOOL)))
    assert inference.resolve(variable) == variable


def test_tuples_of_different_length_do_not_match() -> None:
    with pytest.raises(Mismatch) as caught:
        Inference().relate(Relation.SUBTYPE, TupleType((U8, U8)), TupleType((U8, U8, U8)))
    assert caught.value.failure is Failure.ARITY


def test_a_type_cannot_contain_itself() -> None:
    inference = Inference()
    variable = inference.fresh()
    with pytest.raises(Mismatch) as caught:
        inference.relate(Relation.JOIN, variable, vector_of(variable))
    assert caught.value.failure is Failure.RECURSIVE


def test_what_never_returns_fits_everywhere_and_binds_nothing() -> None:
    inference = Inference()
    variable = inference.fresh()
    assert inference.relate(Relation.JOIN, ANYTHING, U8) == U8
    inference.relate(Relation.SUBTYPE, ANYTHING, variable)
    assert inference.resolve(variable) == variable


def test_parameters_of_lambdas_relate_the_other_way_round() -> None:
    taking_immutable = FunctionType((immutable(U8),), U64)
    taking_mutable = FunctionType((mutable(U8),), U64)
    inference = Inference()
    inference.relate(Relation.SUBTYPE, taking_immutable, taking_mutable)
    with pytest.raises(Mismatch):
        inference.relate(Relation.SUBTYPE, taking_mutable, taking_immutable)


def test_types_that_double_at_every_step_are_refused_quickly() -> None:
    inference = Inference()
    left: Type = inference.fresh()
    right: Type = inference.fresh()
    for _ in range(60):
        for_left, for_right = inference.fresh(), inference.fresh()
        inference.relate(Relation.JOIN, for_left, TupleType((left, left)))
        inference.relate(Relation.JOIN, for_right, TupleType((right, right)))
        left, right = for_left, for_right
    inference.relate(Relation.JOIN, left, right)
    with pytest.raises(TooComplex):
        inference.expand(left)


def test_holds_only_asks() -> None:
    inference = Inference()
    variable = inference.fresh()
    assert inference.holds(Relation.SUBTYPE, variable, BuiltinType("address"))
    assert inference.resolve(variable) == variable
