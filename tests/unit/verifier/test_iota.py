"""The network's own rules, and the words in which they refuse."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    KEY,
    STORE,
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
    Visibility,
)
from movelite.verifier.iota import IotaVerificationError, verify_module
from movelite.verifier.verifier import verify_module as verify_move
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS
from tests.support.module_builder import Code, ModuleBuilder, join

O = Opcode  # noqa: E741
U64, BOOL = Primitive.U64, Primitive.BOOL
T0 = TypeParameter(0)
SELF = "42".zfill(64) + "::m"
FRAMEWORK = "2".zfill(64)


class Sample(ModuleBuilder):
    """A module that may import from the framework."""

    def framework(self, module: str, name: str, abilities: int = 0, parameters: int = 0) -> int:
        handle = self.module_handle(IOTA_FRAMEWORK_ADDRESS, module)
        return self.datatype_handle(name, abilities, [0] * parameters, module=handle)

    @property
    def uid(self) -> Datatype:
        return Datatype(self.framework("object", "UID", STORE))

    @property
    def context(self) -> MutableReference:
        return MutableReference(Datatype(self.framework("tx_context", "TxContext")))

    def framework_function(
        self,
        module: str,
        name: str,
        parameters: list[SignatureToken],
        results: list[SignatureToken],
        type_parameters: tuple[int, ...] = (),
    ) -> int:
        handle = self.module_handle(IOTA_FRAMEWORK_ADDRESS, module)
        return self.function_handle(name, parameters, results, type_parameters, handle)

    def object(self, name: str = "Obj") -> int:
        return self.struct(name, {"id": self.uid, "n": U64}, KEY)


def accept(builder: ModuleBuilder, tests: tuple[str, ...] = ()) -> None:
    verify_module(verify_move(builder.module), tests)


def refuse(builder: ModuleBuilder, message: str) -> None:
    view = verify_move(builder.module)
    with pytest.raises(IotaVerificationError) as raised:
        verify_module(view)
    assert raised.value.message == message


def test_objects_start_with_their_id() -> None:
    builder = Sample()
    builder.object()
    accept(builder)
    builder = Sample()
    builder.struct("Obj", {"n": U64, "id": builder.uid}, KEY)
    refuse(builder, "First field of struct Obj must be 'id', n found")
    builder = Sample()
    builder.struct("Obj", {"id": Vector(U64)}, KEY)
    refuse(
        builder,
        f"First field of struct Obj must be of type {FRAMEWORK}::object::UID, Vector(U64) type found",
    )
    builder = Sample()
    builder.struct("UID", {"n": U64}, STORE)
    builder.struct("Obj", {"id": Datatype(0)}, KEY)
    refuse(
        builder,
        f"First field of struct Obj must be of type {FRAMEWORK}::object::UID, {SELF}::UID type found",
    )


def test_enums_are_no_objects() -> None:
    builder = Sample()
    builder.enum("E", {"A": {"n": U64}}, KEY)
    refuse(builder, "Enum E cannot have the 'key' ability. Enums cannot have the 'key' ability.")


def test_global_storage() -> None:
    builder = Sample()
    struct = builder.object()
    code: Code = [(O.LD_U64, 0), (O.MOVE_LOC, 0), (O.EXISTS_DEPRECATED, struct), O.POP, O.POP, O.RET]
    builder.function(code, [Primitive.ADDRESS], name="f")
    refuse(
        builder,
        "Access to Move global storage is not allowed. "
        "Found in function f: [Exists(StructDefinitionIndex(0))]",
    )


INVALID_CREATION = (
    "PartialVMError with status UNKNOWN_VERIFICATION_ERROR with sub status 1 and message Invalid object "
    f"creation in {SELF}::make. Object created without a newly created UID. The UID must come directly "
    "from iota::object::new. Or for tests, it can come from iota::test_scenario::new_object"
)
NEW, DELETE = 0, 1
PACK: Code = [(O.LD_U64, 1), (O.PACK, 0), O.RET]


def making(code: Code, parameters: list[str], locals_: list[str] | None = None) -> Sample:
    """A module with `struct Obj { id: UID, n: u64 }`, functions 0 `object::new` and 1 `object::delete`, and
    `make`, which returns an Obj. Types of `make` are UID, TxContext (`&mut`), Obj and bool."""
    builder = Sample()
    builder.object()
    types: dict[str, SignatureToken] = {
        "UID": builder.uid,
        "TxContext": builder.context,
        "Obj": Datatype(builder.module.struct_defs[0].handle),
        "bool": BOOL,
    }
    builder.framework_function("object", "new", [builder.context], [builder.uid])
    builder.framework_function("object", "delete", [builder.uid], [])
    builder.function(
        code,
        [types[name] for name in parameters],
        [types["Obj"]],
        [types[name] for name in locals_ or []],
        name="make",
    )
    return builder


def test_a_new_id_makes_an_object() -> None:
    accept(making([(O.MOVE_LOC, 0), (O.CALL, NEW), *PACK], ["TxContext"]))
    through_a_local: Code = [(O.MOVE_LOC, 0), (O.CALL, NEW), (O.ST_LOC, 1), (O.MOVE_LOC, 1), *PACK]
    accept(making(through_a_local, ["TxContext"], ["UID"]))


def test_an_old_id_does_not() -> None:
    refuse(making([(O.MOVE_LOC, 0), *PACK], ["UID"]), INVALID_CREATION)
    refuse(making([(O.MOVE_LOC, 0), (O.UNPACK, 0), (O.PACK, 0), O.RET], ["Obj"]), INVALID_CREATION)


def test_an_id_that_is_new_on_one_path_only() -> None:
    code: Code = join(
        [(O.MOVE_LOC, 0), (O.BR_TRUE, 8)],
        [(O.MOVE_LOC, 1), (O.CALL, DELETE), (O.MOVE_LOC, 2), (O.CALL, NEW), (O.ST_LOC, 3), (O.BRANCH, 10)],
        [(O.MOVE_LOC, 1), (O.ST_LOC, 3)],
        [(O.MOVE_LOC, 3), *PACK],
    )
    refuse(making(code, ["bool", "UID", "TxContext"], ["UID"]), INVALID_CREATION)


def calling(module: str, name: str, argument: SignatureToken, is_own: bool = False) -> Sample:
    """A module whose function `f<T: key>` calls a generic framework function with a type argument."""
    builder = Sample()
    if is_own:
        builder.object()
    handle = builder.framework_function(module, name, [], [], (0,))
    call = builder.function_instance(handle, argument)
    builder.function([(O.CALL_GENERIC, call), O.RET], type_parameters=[KEY], name="f")
    return builder


@pytest.mark.parametrize("name", ["transfer", "freeze_object", "share_object", "receive"])
def test_private_transfer_is_for_the_declaring_module(name: str) -> None:
    accept(calling("transfer", name, Datatype(1), is_own=True))
    refuse(
        calling("transfer", name, T0),
        f"{SELF}::f. Invalid call to '{FRAMEWORK}::transfer::{name}' on an object of type 'T0'. "
        "The transferred object's type must be defined in the current module. "
        "If the object has the 'store' type ability, you can use the non-internal variant instead, "
        f"i.e. '{FRAMEWORK}::transfer::public_{name}'",
    )


def test_public_transfer_is_for_all() -> None:
    accept(calling("transfer", "public_transfer", T0))
    refuse(calling("transfer", "steal", T0), f"{SELF}::f. Calling unknown transfer function, steal")


def test_events_are_the_modules_own() -> None:
    accept(calling("event", "emit", Datatype(1), is_own=True))
    refuse(
        calling("event", "emit", Vector(U64)),
        f"{SELF}::f. Invalid call to '{FRAMEWORK}::event::emit' with an event type 'vector<u64>'. "
        "The event's type must be defined in the current module",
    )


def with_init(parameters: list[str], **options: object) -> Sample:
    """A module with an init function; parameters are TxContext, S (a struct) and u64."""
    builder = Sample("m")
    builder.struct("S", {"n": U64}, DROP)
    types: dict[str, SignatureToken] = {"TxContext": builder.context, "S": Datatype(0), "u64": U64}
    builder.function([O.RET], [types[name] for name in parameters], name="init", **options)  # type: ignore[arg-type]
    return builder


CONTEXT = f"{FRAMEWORK}::tx_context::TxContext"


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        (
            with_init(["TxContext"], visibility=Visibility.PUBLIC),
            f"{SELF}. 'init' function must be private",
        ),
        (with_init(["TxContext"], is_entry=True), f"{SELF}. 'init' cannot be 'entry'"),
        (
            with_init(["TxContext"], type_parameters=[0]),
            f"{SELF}. 'init' function cannot have type parameters",
        ),
        (with_init([]), f"Expected at least one and at most two parameters for {SELF}::init"),
        (
            with_init(["u64"]),
            f"Expected last parameter for {SELF}::init to be &mut {CONTEXT} or &{CONTEXT}, but found u64",
        ),
        (
            with_init(["S", "TxContext"]),
            (
                f"Expected last (and at most second) parameter for {SELF}::init to be &mut {CONTEXT} or "
                f"&{CONTEXT}; optional first parameter must be of one-time witness type whose name is the "
                f"same as the capitalized module name ({SELF}::M) and which has no fields or a single field "
                "of type bool"
            ),
        ),
    ],
)
def test_the_form_of_init(builder: Sample, message: str) -> None:
    refuse(builder, message)


def test_init_is_called_by_nobody() -> None:
    builder = with_init(["TxContext"])
    accept(builder)
    builder.function([(O.MOVE_LOC, 0), (O.CALL, 0), O.RET], [builder.context], name="again")
    refuse(
        builder,
        f"{SELF}::init at offset 1. Cannot call a module's 'init' function from another Move function",
    )
    accept(builder, tests=("again",))


def with_witness(code: Code, abilities: int = DROP, parameters: list[str] | None = None) -> Sample:
    """A module with the witness M, an init function and a function `f` with some code."""
    builder = Sample("m")
    builder.struct("M", {"dummy_field": BOOL}, abilities)
    types: dict[str, SignatureToken] = {"M": Datatype(0), "TxContext": builder.context}
    names = parameters if parameters is not None else ["M", "TxContext"]
    builder.function([(O.LD_U64, 0), O.ABORT], [types[name] for name in names], name="init")
    builder.function(code, name="f")
    return builder


def test_one_time_witnesses() -> None:
    accept(with_witness([O.RET]))
    refuse(
        with_witness([O.RET], COPY | DROP),
        f"one-time witness type candidate {SELF}::M must have a single ability: drop",
    )
    refuse(
        with_witness([O.RET], parameters=["TxContext"]),
        f"init function of a module containing one-time witness type candidate must have {SELF}::M as the "
        "first parameter (a struct which has no fields or a single field of type bool)",
    )
    packing = with_witness([O.LD_TRUE, (O.PACK, 0), O.POP, O.RET])
    refuse(
        packing,
        f"one-time witness type {SELF}::M is instantiated in the {SELF}::f function and must never be",
    )
    accept(packing, tests=("f",))


def entry(
    parameters: list[SignatureToken], builder: Sample, results: list[SignatureToken] | None = None
) -> Sample:
    """An entry function that never returns."""
    builder.function([(O.BRANCH, 0)], parameters, results or [], type_parameters=[KEY, 0], is_entry=True)
    return builder


def test_what_entry_functions_take() -> None:
    builder = Sample()
    builder.object()
    own = Datatype(1)
    receiving = builder.framework("transfer", "Receiving", 0, 1)
    string = builder.datatype_handle("String", module=builder.module_handle(STD_ADDRESS, "string"))
    option = builder.datatype_handle("Option", 0, [0], module=builder.module_handle(STD_ADDRESS, "option"))
    parameters: list[SignatureToken] = [
        U64,
        Vector(Vector(Primitive.ADDRESS)),
        Datatype(string),
        DatatypeInstantiation(option, (U64,)),
        own,
        Reference(own),
        MutableReference(own),
        Vector(own),
        T0,
        Vector(T0),
        TypeParameter(1),
        DatatypeInstantiation(receiving, (own,)),
        Reference(Datatype(builder.framework("clock", "Clock", KEY))),
        builder.context,
    ]
    accept(entry(parameters, builder))


def test_what_entry_functions_do_not_take() -> None:
    builder = Sample()
    builder.struct("S", {"n": U64}, COPY | DROP)
    builder.object()
    own, clock = Datatype(2), Datatype(builder.framework("clock", "Clock", KEY))
    refused: dict[str, SignatureToken] = {
        "signer": Primitive.SIGNER,
        "0x42::m::S": Datatype(0),
        "&u64": Reference(U64),
        "&vector<0x42::m::Obj>": Reference(Vector(own)),
        "vector<vector<0x42::m::Obj>>": Vector(Vector(own)),
        "&mut 0x2::tx_context::TxContext": builder.context,
    }
    tables = [len(builder.module.function_defs), len(builder.module.function_handles)]
    for text, token in refused.items():
        refuse(
            entry([token, U64], builder),
            f"Invalid entry point parameter type. Expected primitive or object type. Got: {text}",
        )
        del builder.module.function_defs[tables[0] :]
        del builder.module.function_handles[tables[1] :]
    refuse(
        entry([MutableReference(clock)], builder),
        "Invalid entry point parameter type. Clock must be passed by immutable reference. got: "
        "&mut 0x2::clock::Clock",
    )


def test_what_entry_functions_return() -> None:
    accept(entry([], Sample(), [U64]))
    refuse(
        entry([], Sample(), [T0]),
        "Invalid entry point return type. The specified return type does not have the 'drop' ability: T0",
    )
    refuse(
        entry([], Sample(), [Reference(U64)]),
        "Invalid entry point return type. Expected a non reference type.",
    )
