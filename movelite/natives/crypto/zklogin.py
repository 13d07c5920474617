"""0x2::zklogin_verified_issuer: which issuer an address of zkLogin belongs to. Source: fastcrypto-zkp."""

from __future__ import annotations

from movelite.natives.crypto.costs import Arguments, Results, Types, config_of
from movelite.natives.crypto.poseidon import FIELD
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from proto.ids import blake2b_256

INVALID_INPUT = 0
"""Abort code of the module."""

FLAG = 5
"""The flag of zkLogin signatures, which addresses hash first."""

MAX_ISSUER_LENGTH = 255


def check_zklogin_issuer(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """check_zklogin_issuer_internal(address, address_seed: u256, issuer: &vector<u8>): bool"""
    context.charge(config_of(context).check_zklogin_issuer_cost_base)
    address, seed, issuer = arguments[0], arguments[1], bytes(arguments[2])
    try:
        issuer.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MoveAbort(INVALID_INPUT) from error
    if seed >= FIELD or len(issuer) > MAX_ISSUER_LENGTH:
        raise MoveAbort(INVALID_INPUT)
    parts = bytes([FLAG, len(issuer)]) + issuer + seed.to_bytes(32, "big")
    return (blake2b_256(parts) == bytes(address),)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("zklogin_verified_issuer", "check_zklogin_issuer_internal"): check_zklogin_issuer,
}
"""Natives of 0x2 by module and function."""
