"""Natives that are not available here: they fail as the network fails them when they are disabled.

The README of this folder's parent lists each with its reason. Prices are charged as if they worked, so that
what a failing call costs does not change once they do.
"""

from __future__ import annotations

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.crypto.costs import Arguments, Results, Types, config_of
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

INVALID_ZKLOGIN_INPUT = 0
"""Abort code of 0x2::zklogin_verified_id."""


def check_zklogin_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """zklogin_verified_id::check_zklogin_id_internal"""
    context.charge(config_of(context).check_zklogin_id_cost_base)
    raise MoveAbort(INVALID_ZKLOGIN_INPUT)


def validate_metadata_bcs(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """0x3::validator::validate_metadata_bcs"""
    config = config_of(context)
    context.charge(config.validator_validate_metadata_cost_base)
    context.charge(config.validator_validate_metadata_data_cost_per_byte * len(arguments[0]))
    raise VMError(StatusCode.MALFORMED, message="validators' metadata is not supported")


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("zklogin_verified_id", "check_zklogin_id_internal"): check_zklogin_id,
}
"""Natives of 0x2 by module and function."""

SYSTEM_FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("validator", "validate_metadata_bcs"): validate_metadata_bcs,
}
"""Natives of 0x3 by module and function."""
