"""Natives that are not available here: they fail as the network fails them when they are disabled.

The README of this folder's parent lists each with its reason. Prices are charged as if they worked, so that
what a failing call costs does not change once they do.
"""

from __future__ import annotations

from movelite.natives.crypto.costs import Arguments, Results, Types, config_of
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

INVALID_ZKLOGIN_INPUT = 0
"""Abort code of 0x2::zklogin_verified_id."""


def check_zklogin_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """zklogin_verified_id::check_zklogin_id_internal"""
    context.charge(config_of(context).check_zklogin_id_cost_base)
    raise MoveAbort(INVALID_ZKLOGIN_INPUT)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("zklogin_verified_id", "check_zklogin_id_internal"): check_zklogin_id,
}
"""Natives of 0x2 by module and function."""
