"""Friends are other modules at the same address. Source: move-bytecode-verifier, friends."""

from __future__ import annotations

from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.module_view import ModuleView


def check(view: ModuleView) -> None:
    """Check the friend declarations.

    Raises: VMError INVALID_FRIEND_DECL_WITH_SELF or
        INVALID_FRIEND_DECL_WITH_MODULES_OUTSIDE_ACCOUNT_ADDRESS.
    """
    module = view.module
    own = module.module_handles[module.self_module_handle_idx]
    if own in module.friend_decls:
        raise VMError(StatusCode.INVALID_FRIEND_DECL_WITH_SELF)
    address = module.address_identifiers[own.address]
    for friend in module.friend_decls:
        if module.address_identifiers[friend.address] != address:
            raise VMError(StatusCode.INVALID_FRIEND_DECL_WITH_MODULES_OUTSIDE_ACCOUNT_ADDRESS)
