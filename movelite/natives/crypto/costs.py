"""How cryptographic natives charge: a base, then by the byte and by the block of their message."""

from __future__ import annotations

from collections.abc import Sequence

from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import NativeContext, NativeFunction, NativeOutOfGas
from movelite.vm.types import Type
from movelite.vm.values import Value
from proto.protocol_config import ProtocolConfig

Results = tuple[Value, ...]
Types = tuple[Type, ...]
Arguments = Sequence[Value]
Functions = dict[tuple[str, str], NativeFunction]


def config_of(context: NativeContext) -> ProtocolConfig:
    """The protocol's numbers, which the object runtime carries."""
    return context.extension(ObjectRuntime).config


MAX_SLOW_MICROSECONDS = 4_000_000
"""What the slow natives of one transaction may take together, by the time each is rated at."""

CALL_MICROSECONDS, BYTES_PER_MICROSECOND = 10, 100
"""What every call is rated at, and the bytes of its arguments: making them of Move vectors, and hashing."""


def charge_time(context: NativeContext, microseconds: int) -> None:
    """Count a native that takes much longer here than its price says.

    The network's prices fit its own compiled code; without a limit, gas of a few coins would hold up an
    authority for minutes. The rates are fixed numbers, so that all authorities stop at the same call.
    Raises: NativeOutOfGas.
    """
    runtime = context.find_extension(ObjectRuntime)
    if runtime is None:
        return  # outside of any transaction
    runtime.slow_microseconds += microseconds
    if runtime.is_metered and runtime.slow_microseconds > MAX_SLOW_MICROSECONDS:
        raise NativeOutOfGas


def rated(natives: Functions) -> Functions:
    """The natives, each call counted with the length of its arguments, some of which no price covers."""
    return {name: _rated(native) for name, native in natives.items()}


def _rated(native: NativeFunction) -> NativeFunction:
    def counted(context: NativeContext, types: Types, arguments: Arguments) -> Results:
        length = sum([len(argument) for argument in arguments if isinstance(argument, list)])
        charge_time(context, CALL_MICROSECONDS + length // BYTES_PER_MICROSECOND)
        return native(context, types, arguments)

    return counted


def charge_message(
    context: NativeContext, native: str, length: int, block: int, message: str = "msg"
) -> None:
    """Charge the base of a native, and its message of length bytes by the byte and by the block begun.

    native, message: what the protocol's fields begin with (NATIVE_cost_base, NATIVE_MESSAGE_cost_per_byte).
    """
    config = config_of(context)
    context.charge(getattr(config, f"{native}_cost_base"))
    per_byte: int = getattr(config, f"{native}_{message}_cost_per_byte")
    per_block: int = getattr(config, f"{native}_{message}_cost_per_block")
    context.charge(per_byte * length + per_block * (-(-length // block)))
