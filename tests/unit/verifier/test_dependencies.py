"""What a module says about others is what they say about themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    STORE,
    AbilitySet,
    CompiledModule,
    Datatype,
    ModuleHandle,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
    Visibility,
)
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.verifier import dependencies
from movelite.verifier.dependencies import Exports, immediate_dependencies, verify_linkage
from tests.support.module_builder import SELF_ADDRESS, ModuleBuilder

U64 = Primitive.U64
T0 = TypeParameter(0)


def library(visibility: Visibility = Visibility.PUBLIC, friends: Sequence[str] = ()) -> CompiledModule:
    """Module `lib`: `struct S has copy, drop`, `struct Box<phantom T: drop>`, `enum E`,
    `f<T: drop>(&S, T): vector<E>`."""
    builder = ModuleBuilder("lib")
    builder.struct("S", {"a": U64}, COPY | DROP)
    builder.struct("Box", {"a": U64}, DROP, [DROP], [True])
    builder.enum("E", {"A": {}}, DROP)
    for name in friends:
        builder.module.friend_decls.append(ModuleHandle(0, builder.identifier(name)))
    builder.function(
        [(Opcode.BRANCH, 0)],
        [Reference(Datatype(0)), T0],
        [Vector(Datatype(2))],
        type_parameters=[DROP],
        name="f",
        visibility=visibility,
    )
    return builder.module


class Importer(ModuleBuilder):
    """A module that imports `lib` as module handle 1."""

    def __init__(self, name: str = "m") -> None:
        super().__init__(name)
        self.module_handle(SELF_ADDRESS, "lib")

    def import_struct(
        self,
        name: str = "S",
        abilities: AbilitySet = COPY | DROP,
        type_parameters: Sequence[AbilitySet] = (),
        phantom: Sequence[bool] | None = None,
    ) -> int:
        return self.datatype_handle(name, abilities, type_parameters, phantom, module=1)

    def import_function(
        self,
        parameters: Sequence[SignatureToken],
        results: Sequence[SignatureToken],
        constraint: AbilitySet = DROP,
    ) -> None:
        self.function_handle("f", parameters, results, [constraint], module=1)


def check(importer: ModuleBuilder, status: StatusCode | None, *dependencies: CompiledModule) -> None:
    if status is None:
        verify_linkage(importer.module, map(Exports, dependencies))
        return
    with pytest.raises(VMError) as raised:
        verify_linkage(importer.module, map(Exports, dependencies))
    assert raised.value.status is status
    assert raised.value.location == importer.module.self_id


def test_a_dependency_must_be_there() -> None:
    check(Importer(), StatusCode.MISSING_DEPENDENCY)
    check(Importer(), None, library())


@pytest.mark.parametrize(
    ("abilities", "status"), [(COPY | DROP, None), (DROP, None), (DROP | STORE, StatusCode.TYPE_MISMATCH)]
)
def test_a_struct_may_claim_fewer_abilities(abilities: AbilitySet, status: StatusCode | None) -> None:
    importer = Importer()
    importer.import_struct("S", abilities)
    check(importer, status, library())


def test_a_struct_that_is_not_there() -> None:
    importer = Importer()
    importer.import_struct("Missing")
    check(importer, StatusCode.LOOKUP_FAILED, library())


@pytest.mark.parametrize(
    ("constraints", "phantom", "status"),
    [
        ([DROP], [True], None),
        ([DROP | COPY], [False], None),
        ([0], [True], StatusCode.TYPE_MISMATCH),
        ([], [], StatusCode.TYPE_MISMATCH),
    ],
)
def test_type_parameters_may_be_asked_more(
    constraints: list[AbilitySet], phantom: list[bool], status: StatusCode | None
) -> None:
    importer = Importer()
    importer.import_struct("Box", DROP, constraints, phantom)
    check(importer, status, library())


def test_phantom_is_not_invented() -> None:
    builder = ModuleBuilder("lib")
    builder.struct("Box", {"a": T0}, 0, [0], [False])
    importer = Importer()
    importer.import_struct("Box", 0, [0], [True])
    check(importer, StatusCode.TYPE_MISMATCH, builder.module)


def test_signatures_are_compared_by_name() -> None:
    importer = Importer()
    importer.struct("Own", {"a": U64})
    enum, struct = importer.import_struct("E", 0), importer.import_struct("S")
    importer.import_function([Reference(Datatype(struct)), T0], [Vector(Datatype(enum))])
    check(importer, None, library())


@pytest.mark.parametrize(
    ("parameters", "results", "constraint"),
    [
        ([Reference(Datatype(0)), T0], [Vector(Datatype(0))], DROP),
        ([Reference(Datatype(0))], [Vector(Datatype(1))], DROP),
        ([Datatype(0), T0], [Vector(Datatype(1))], DROP),
        ([Reference(Datatype(0)), U64], [Vector(Datatype(1))], DROP),
        ([Reference(Datatype(0)), T0], [], DROP),
        ([Reference(Datatype(0)), T0], [Vector(Datatype(1))], COPY),
    ],
)
def test_other_signatures(
    parameters: list[SignatureToken], results: list[SignatureToken], constraint: AbilitySet
) -> None:
    importer = Importer()
    importer.import_struct("S")
    importer.import_struct("E", 0)
    importer.import_function(parameters, results, constraint)
    with pytest.raises(VMError) as raised:
        verify_linkage(importer.module, [Exports(library())])
    assert raised.value.status is StatusCode.TYPE_MISMATCH
    assert raised.value.indices == [(IndexKind.FUNCTION_HANDLE, 0)]


@pytest.mark.parametrize(
    ("visibility", "friends", "status"),
    [
        (Visibility.PRIVATE, ["m"], StatusCode.LOOKUP_FAILED),
        (Visibility.FRIEND, [], StatusCode.LOOKUP_FAILED),
        (Visibility.FRIEND, ["m"], None),
    ],
)
def test_visibility(visibility: Visibility, friends: list[str], status: StatusCode | None) -> None:
    importer = Importer()
    enum, struct = importer.import_struct("E", 0), importer.import_struct("S")
    importer.import_function([Reference(Datatype(struct)), T0], [Vector(Datatype(enum))])
    check(importer, status, library(visibility, friends))


def test_immediate_dependencies() -> None:
    assert immediate_dependencies(Importer().module) == [(SELF_ADDRESS, "lib")]


def test_a_row_of_types_that_many_functions_share_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs, ours = ModuleBuilder("lib"), ModuleBuilder("user", bytes(32))
    lib = ours.module_handle(SELF_ADDRESS, "lib")
    for number in range(50):
        row = [Vector(U64)] * (1 + number % 2)
        theirs.function([Opcode.RET], row, name=f"f{number}", visibility=Visibility.PUBLIC)
        ours.function_handle(f"f{number}", row, module=lib)
    compared = 0
    compare = dependencies._Linker._are_same

    def counted(*arguments: Any) -> bool:
        nonlocal compared
        compared += 1
        return compare(*arguments)

    monkeypatch.setattr(dependencies._Linker, "_are_same", counted)
    verify_linkage(ours.module, [Exports(theirs.module)])
    assert compared == 3  # one vector, two vectors, and no results


def test_functions_that_share_a_row_here_and_not_there_are_told_apart() -> None:
    theirs, ours = ModuleBuilder("lib"), ModuleBuilder("user", bytes(32))
    lib = ours.module_handle(SELF_ADDRESS, "lib")
    for name, row in (("f", [U64]), ("g", [Primitive.U8])):
        theirs.function([Opcode.RET], row, name=name, visibility=Visibility.PUBLIC)
        ours.function_handle(name, [U64], module=lib)
    with pytest.raises(VMError) as refused:
        verify_linkage(ours.module, [Exports(theirs.module)])
    assert refused.value.status is StatusCode.TYPE_MISMATCH
