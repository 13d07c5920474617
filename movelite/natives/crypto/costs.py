"""How cryptographic natives charge: a base, then by the byte and by the block of their message."""

from __future__ import annotations

from collections.abc import Sequence

from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import NativeContext
from movelite.vm.types import Type
from movelite.vm.values import Value
from proto.protocol_config import ProtocolConfig

Results = tuple[Value, ...]
Types = tuple[Type, ...]
Arguments = Sequence[Value]


def config_of(context: NativeContext) -> ProtocolConfig:
    """The protocol's numbers, which the object runtime carries."""
    return context.extension(ObjectRuntime).config


def charge_blocks(context: NativeContext, length: int, block: int, per_byte: int, per_block: int) -> None:
    """Charge for a message of length bytes, hashed in blocks; a block begun counts whole."""
    context.charge(per_byte * length + per_block * (-(-length // block)))
