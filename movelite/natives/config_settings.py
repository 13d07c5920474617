"""0x2::config: settings that are read as they were when the epoch began, such as deny lists.

Source: iota-move-natives, config.
"""

from __future__ import annotations

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.crypto.costs import Arguments, Results, Types
from movelite.natives.object_runtime import ObjectRuntime
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from movelite.vm.types import vector_type
from movelite.vm.values import CONTAINER_SIZE, Value, copy_value
from proto.ids import ObjectID
from proto.type_tag import StructTag

E_BCS_SERIALIZATION_FAILURE = 2
"""Abort code of the module."""


def read_setting_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The value that a setting had when the epoch began; Option of the last type argument."""
    runtime = context.extension(ObjectRuntime)
    config = runtime.config
    context.charge(config.config_read_setting_impl_cost_base)
    field_type, _, _, value_type = types
    tag = context.type_tag(field_type)
    if not isinstance(tag, StructTag):
        raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="a dynamic field is a struct")
    if not context.is_serializable(field_type):
        raise MoveAbort(E_BCS_SERIALIZATION_FAILURE)
    config_id, name_id, epoch = arguments
    field = runtime.read_setting(ObjectID(config_id), ObjectID(name_id), field_type, tag)
    # A copy: the setting itself may be read again.
    option: Value = [[copy_value(value_type, value) for value in value_before(field, epoch)[0]]]
    size = CONTAINER_SIZE + context.legacy_size(vector_type(value_type), option[0])
    context.charge(config.config_read_setting_impl_cost_per_byte * size)
    return (option,)


def value_before(field: Value | None, epoch: int) -> Value:
    """The Option that a 0x2::config::Setting in a dynamic field held when epoch began.

    The setting holds an Option of (epoch of the newer value, newer value, older value).
    """
    if field is None:
        return [[]]
    (data,) = field[2]
    if not data[0]:
        return [[]]
    newer_epoch, newer, older = data[0][0]
    return newer if epoch > newer_epoch else older


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {("config", "read_setting_impl"): read_setting_impl}
"""Natives of 0x2 by module and function."""
