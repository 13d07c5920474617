"""A struct with key starts with `id: UID`; enums have no key.

Source: iota-verifier, struct_with_key_verifier.
"""

from __future__ import annotations

from movelite.bytecode.file_format import KEY
from movelite.verifier.iota.errors import IotaVerificationError
from movelite.verifier.iota.names import UID, datatype_name
from movelite.verifier.module_view import ModuleView
from movelite.verifier.type_pool import Kind
from proto.ids import IOTA_FRAMEWORK_ADDRESS


def check(view: ModuleView) -> None:
    """Check every definition with key.

    Raises: IotaVerificationError.
    """
    module = view.module
    for index, struct in enumerate(module.struct_defs):
        if module.datatype_handles[struct.handle].abilities & KEY:
            _check_first_field(view, index)
    for enum in module.enum_defs:
        handle = module.datatype_handles[enum.handle]
        if handle.abilities & KEY:
            raise IotaVerificationError(
                f"Enum {module.identifiers[handle.name]} cannot have the 'key' ability. "
                "Enums cannot have the 'key' ability."
            )


def _check_first_field(view: ModuleView, struct: int) -> None:
    module = view.module
    definition = module.struct_defs[struct]
    name = module.identifiers[module.datatype_handles[definition.handle].name]
    if not definition.fields:
        raise IotaVerificationError(f"First field of struct {name} must be 'id', no field found")
    field = module.identifiers[definition.fields[0].name]
    if field != "id":
        raise IotaVerificationError(f"First field of struct {name} must be 'id', {field} found")
    expected = f"First field of struct {name} must be of type {IOTA_FRAMEWORK_ADDRESS.hex()}::object::UID, "
    type_ = (view.struct_fields[struct] or ())[0]
    if type_.kind is not Kind.DATATYPE:
        raise IotaVerificationError(f"{expected}{type_.debug_text} type found")
    found = datatype_name(module, type_.handle)
    if found != UID:
        address, module_name, type_name = found
        raise IotaVerificationError(f"{expected}{address.hex()}::{module_name}::{type_name} type found")
