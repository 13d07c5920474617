"""Loading through a linkage: versions side by side, bundles, what is refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from movelite.natives.registry import native_table, std_natives
from movelite.verifier.dependencies import Exports
from movelite.vm.gas import UnmeteredGas
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import MoveRuntime, Session
from movelite.vm.types import ModuleId
from proto.ids import address_from_int
from proto.type_tag import StructTag, parse_type_tag
from tests.support.ir import assemble

BASE, BASE_2, USER = address_from_int(0xB1), address_from_int(0xB2), address_from_int(0xC1)
BASE_TEXT = """
module 0xb1.base {{
    struct T has drop {{ n: u64 }}
    public answer(): u64 {{ label b0: return {}; }}
}}
"""
USER_TEXT = """
module 0xc1.user {
    import 0xb1.base;
    public ask(): u64 { label b0: return base.answer(); }
}
"""


class Versions(MemoryLinkage):
    """A view in which some packages stand for newer versions of themselves."""

    def __init__(self, name: str, modules: dict[ModuleId, bytes], newer: Mapping[bytes, bytes]) -> None:
        super().__init__(modules, name)
        self.newer = newer

    def relocate(self, module_id: ModuleId) -> ModuleId:
        """The id at the version linked here."""
        address, name = module_id
        return self.newer.get(address, address), name


def base(answer: int) -> CompiledModule:
    """The module base, version by what it answers."""
    return assemble(BASE_TEXT.format(answer))


def modules() -> dict[ModuleId, bytes]:
    """Two versions of base, and a user of it."""
    user = assemble(USER_TEXT, [base(1)])
    return {
        (BASE, "base"): serialize_module(base(1)),
        (BASE_2, "base"): serialize_module(base(2)),
        (USER, "user"): serialize_module(user),
    }


def ask(session: Session) -> int:
    """Call user::ask."""
    result = session.execute(session.load_function((USER, "user"), "ask"), [])
    return int(result.return_values[0])


def test_the_same_code_links_to_the_version_of_each_view() -> None:
    runtime = MoveRuntime(std_natives())
    stored = modules()
    old = Versions("old", stored, {})
    new = Versions("new", stored, {BASE: BASE_2})
    answers = [ask(runtime.new_session(view, UnmeteredGas())) for view in (old, new, old, new)]
    assert answers == [1, 2, 1, 2]
    types = [
        runtime.new_session(view, UnmeteredGas()).load_type(parse_type_tag("0xb1::base::T"))
        for view in (old, new)
    ]
    assert types[0] is types[1]


def test_views_with_the_same_modules_share_what_is_linked() -> None:
    runtime = MoveRuntime(std_natives())
    stored = modules()
    first, second = (
        runtime.new_session(MemoryLinkage(stored, name), UnmeteredGas()).load_module((USER, "user"))
        for name in ("a", "b")
    )
    assert first is second


def test_a_changed_view_is_looked_up_again_when_told_to() -> None:
    runtime = MoveRuntime(std_natives())
    stored = modules()
    linkage = MemoryLinkage(stored)
    assert ask(runtime.new_session(linkage, UnmeteredGas())) == 1
    stored[BASE, "base"] = serialize_module(base(7))
    runtime.forget_links()
    assert ask(runtime.new_session(linkage, UnmeteredGas())) == 7


def test_of_more_code_than_is_kept_all_is_forgotten_and_read_again() -> None:
    runtime = MoveRuntime(std_natives())
    stored = modules()
    views = [Versions("old", stored, {}), Versions("new", stored, {BASE: BASE_2})]
    runtime.loader._most_code = 0
    for _ in range(2):
        assert [ask(runtime.new_session(view, UnmeteredGas())) for view in views] == [1, 2]
        assert len(runtime.loader._contexts._items) == 1  # that of the last one
    first, second = (runtime.new_session(view, UnmeteredGas()).load_module((USER, "user")) for view in views)
    again = runtime.new_session(views[0], UnmeteredGas()).load_module((USER, "user"))
    assert again is not first and again.identity == first.identity != second.identity


class Stored(MemoryLinkage):
    """A view of modules that were verified before they were stored."""

    def is_verified(self, storage_id: ModuleId) -> bool:
        return True


def test_what_was_verified_before_it_was_stored_is_not_verified_again() -> None:
    bad = serialize_module(assemble("module 0xb1.base { f() { label b0: return 1u64; } }"))
    stored: dict[ModuleId, bytes] = {(BASE, "base"): bad}
    runtime = MoveRuntime(std_natives())
    with pytest.raises(VMError):
        runtime.new_session(MemoryLinkage(stored), UnmeteredGas()).load_module((BASE, "base"))
    runtime.new_session(Stored(stored, "stored"), UnmeteredGas()).load_module((BASE, "base"))


def session_of(stored: dict[ModuleId, bytes]) -> Session:
    """A session over stored modules."""
    return MoveRuntime(std_natives()).new_session(MemoryLinkage(stored), UnmeteredGas())


def refusal(session: Session, bundle: list[bytes], sender: bytes) -> StatusCode:
    """The status with which a bundle is refused."""
    with pytest.raises(VMError) as failure:
        session.publish_bundle(bundle, sender)
    return failure.value.status


def test_a_bundle_may_depend_on_itself_in_order_and_is_not_stored() -> None:
    user = serialize_module(assemble(USER_TEXT.replace("0xc1", "0xb1"), [base(1)]))
    stored: dict[ModuleId, bytes] = {}
    session = session_of(stored)
    published = session.publish_bundle([serialize_module(base(1)), user], BASE)
    assert [module.self_id[1] for module in published] == ["base", "user"]
    assert stored == {}
    assert refusal(session, [user], BASE) is StatusCode.LINKER_ERROR


def test_bundles_are_refused_for_their_sender_and_for_repeated_names() -> None:
    data = serialize_module(base(1))
    assert refusal(session_of({}), [data], USER) is StatusCode.MODULE_ADDRESS_DOES_NOT_MATCH_SENDER
    assert refusal(session_of({}), [data, data], BASE) is StatusCode.DUPLICATE_MODULE_NAME


def test_a_native_function_that_nobody_provides_is_refused() -> None:
    data = serialize_module(assemble("module 0xb1.base { native public absent(); }"))
    assert refusal(session_of({}), [data], BASE) is StatusCode.MISSING_DEPENDENCY


def test_modules_that_depend_in_circles_are_refused() -> None:
    stored = modules()
    text = BASE_TEXT.format("user.ask()").replace("    struct", "    import 0xc1.user;\n    struct")
    looped = assemble(text, [assemble(USER_TEXT, [base(1)])])
    stored[BASE, "base"] = serialize_module(looped)
    with pytest.raises(VMError) as failure:
        session_of(stored).load_module((USER, "user"))
    assert failure.value.status is StatusCode.CYCLIC_MODULE_DEPENDENCY


def test_stored_bytes_that_are_no_module_are_our_own_fault() -> None:
    with pytest.raises(VMError) as failure:
        session_of({(BASE, "base"): b"nonsense"}).load_module((BASE, "base"))
    assert failure.value.status is StatusCode.UNEXPECTED_DESERIALIZATION_ERROR


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ("0xb1::base::U", StatusCode.TYPE_RESOLUTION_FAILURE),
        ("0xb1::base::T<u8>", StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH),
        ("0xb9::base::T", StatusCode.LINKER_ERROR),
    ],
)
def test_types_that_do_not_exist_are_refused(tag: str, status: StatusCode) -> None:
    with pytest.raises(VMError) as failure:
        session_of(modules()).load_type(parse_type_tag(tag))
    assert failure.value.status is status


def test_tags_name_the_defining_module() -> None:
    session = session_of(modules())
    tag = session.type_tag(session.load_type(parse_type_tag("vector<0xb1::base::T>")))
    assert tag == parse_type_tag("vector<0xb1::base::T>")
    assert isinstance(parse_type_tag("0xb1::base::T"), StructTag)


def test_a_native_defined_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        native_table(std_natives(), std_natives())


def test_what_a_module_declares_is_gathered_once_for_all_that_import_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gathered: list[str] = []
    make = Exports.__init__

    def counted(self: Exports, module: CompiledModule) -> None:
        gathered.append(module.self_id[1])
        make(self, module)

    monkeypatch.setattr(Exports, "__init__", counted)
    names = [f"user{number}" for number in range(3)]
    texts = [USER_TEXT.replace("0xc1.user", f"0xc1.{name}") for name in names]
    users = {(USER, name): assemble(text, [base(1)]) for name, text in zip(names, texts, strict=True)}
    codes: dict[ModuleId, bytes] = {id_: serialize_module(module) for id_, module in users.items()}
    runtime = MoveRuntime(std_natives())
    session = runtime.new_session(Versions("published", modules(), {}), UnmeteredGas())
    session.publish_bundle(list(codes.values()), USER)
    assert sorted(gathered) == ["base", *names]
    loading = runtime.new_session(Versions("stored", {**modules(), **codes}, {}), UnmeteredGas())
    for id_ in codes:
        loading.load_module(id_)
    assert gathered.count("base") == 1
