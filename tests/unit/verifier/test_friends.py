"""Friends are other modules at the same address."""

from __future__ import annotations

from movelite.bytecode.file_format import ModuleHandle
from movelite.bytecode.status import StatusCode
from tests.support.module_builder import SELF_ADDRESS, ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse


def with_friend(address: bytes, name: str) -> ModuleBuilder:
    builder = ModuleBuilder("m")
    handle = builder.module_handle(address, name)
    row = builder.module.module_handles[handle]
    builder.module.friend_decls.append(ModuleHandle(row.address, row.name))
    return builder


def test_a_neighbour_may_be_a_friend() -> None:
    accept(with_friend(SELF_ADDRESS, "other"))


def test_nobody_is_its_own_friend() -> None:
    refuse(with_friend(SELF_ADDRESS, "m"), StatusCode.INVALID_FRIEND_DECL_WITH_SELF)


def test_friends_live_at_the_same_address() -> None:
    refuse(
        with_friend(bytes(32), "other"),
        StatusCode.INVALID_FRIEND_DECL_WITH_MODULES_OUTSIDE_ACCOUNT_ADDRESS,
    )
