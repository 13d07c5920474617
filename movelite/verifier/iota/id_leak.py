"""An object's id is fresh from `object::new` when the object is packed, so that no id serves twice.

Follows through each function which values are ids that were just made; whatever has been stored in a struct,
returned by another function or come by any other way is not. Source: iota-verifier, id_leak_verifier.
"""

from __future__ import annotations

from movelite.bytecode.file_format import KEY, Opcode
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier import fixpoint
from movelite.verifier import opcode_groups as group
from movelite.verifier.control_flow_graph import Block
from movelite.verifier.iota.errors import IotaVerificationError, IotaVerificationTimeout
from movelite.verifier.iota.names import function_name
from movelite.verifier.meter import Scope
from movelite.verifier.module_view import FunctionView, ModuleView
from movelite.verifier.stack_usage import StackEffects
from proto.ids import BRIDGE_ADDRESS, IOTA_FRAMEWORK_ADDRESS, IOTA_SYSTEM_ADDRESS

_JOIN_BASE_COST = 10
_JOIN_LOCAL_COST = 5
_STEP_COST = 15

_FRESH_ID_FUNCTIONS = {
    (IOTA_FRAMEWORK_ADDRESS, "object", "new"),
    (IOTA_FRAMEWORK_ADDRESS, "object", "new_uid_from_hash"),
    (IOTA_FRAMEWORK_ADDRESS, "derived_object", "claim"),
    (IOTA_FRAMEWORK_ADDRESS, "test_scenario", "new_object"),
}
_EXEMPT = {
    (IOTA_SYSTEM_ADDRESS, "iota_system", "create"),
    (IOTA_FRAMEWORK_ADDRESS, "clock", "create"),
    (IOTA_FRAMEWORK_ADDRESS, "authenticator_state", "create"),
    (IOTA_FRAMEWORK_ADDRESS, "random", "create"),
    (IOTA_FRAMEWORK_ADDRESS, "deny_list", "create"),
    (BRIDGE_ADDRESS, "bridge", "create"),
}
"""Functions that make the system's own objects, whose ids are fixed."""

_MOVE = int(Opcode.MOVE_LOC)
_STORE = int(Opcode.ST_LOC)
_CALLS = (int(Opcode.CALL), int(Opcode.CALL_GENERIC))
_IS_TRACKED = group.by_opcode(
    [
        (
            (
                Opcode.MOVE_LOC,
                Opcode.ST_LOC,
                Opcode.CALL,
                Opcode.CALL_GENERIC,
                Opcode.PACK,
                Opcode.PACK_GENERIC,
            ),
            True,
        )
    ],
    False,
)

_INVALID_OBJECT_CREATION = 1

_State = dict[int, bool]
"""By local that has been set: whether it holds an id that was just made."""


def check(view: ModuleView) -> None:
    """Check every function except those that make the system's objects.

    Precondition: the Move verifier and the global storage pass accepted the module.
    Raises: IotaVerificationError, or IotaVerificationTimeout when the meter runs out.
    """
    module = view.module
    tables = _Tables(view)
    for function in view.functions:
        if function is None or function_name(module, function.definition.function) in _EXEMPT:
            continue
        initial = dict.fromkeys(range(len(function.parameters)), False)
        try:
            fixpoint.analyze(function, initial, _IdLeak(function, tables), view.meter)
        except VMError as error:
            raise IotaVerificationTimeout(_describe(error)) from None


def _describe(error: VMError) -> str:
    """A VM error without location, in the official words."""
    text = f"PartialVMError with status {error.status.name}"
    if error.sub_status is not None:
        text += f" with sub status {error.sub_status}"
    return text if error.message is None else f"{text} and message {error.message}"


class _Tables:
    """Which calls make ids, and which structs need one."""

    def __init__(self, view: ModuleView) -> None:
        module = view.module
        self.effects = StackEffects(view)
        handles = range(len(module.function_handles))
        self._makes_id = [function_name(module, handle) in _FRESH_ID_FUNCTIONS for handle in handles]
        self._makes_id_generic = [self._makes_id[row.handle] for row in module.function_instantiations]
        self._needs_id = [
            bool(module.datatype_handles[row.handle].abilities & KEY) for row in module.struct_defs
        ]
        self._needs_id_generic = [self._needs_id[row.definition] for row in module.struct_def_instantiations]

    def makes_id(self, opcode: int, operand: int) -> bool:
        """Whether a call returns a new id."""
        return self._makes_id_generic[operand] if opcode == Opcode.CALL_GENERIC else self._makes_id[operand]

    def needs_id(self, opcode: int, operand: int) -> bool:
        """Whether a pack makes an object."""
        return self._needs_id_generic[operand] if opcode == Opcode.PACK_GENERIC else self._needs_id[operand]


class _IdLeak:
    def __init__(self, function: FunctionView, tables: _Tables) -> None:
        self._function = function
        self._meter = function.module_view.meter
        self._tables = tables

    def run_block(self, state: _State, block: Block) -> _State:
        locals_ = state.copy()
        stack: list[bool] = []
        function, effects = self._function, self._tables.effects
        code = function.code
        self._meter.add(Scope.FUNCTION, _STEP_COST * (block.end - block.start + 1))
        for opcode, operand, count in code[block.start : block.end + 1]:
            pops, pushes = effects.effect(function, opcode, operand, count)
            popped = stack[len(stack) - pops :]
            del stack[len(stack) - pops :]
            is_new = False
            if _IS_TRACKED[opcode]:
                is_new = self._track(locals_, opcode, operand, popped)
            stack.extend([is_new] * pushes)
        return locals_

    def _track(self, locals_: _State, opcode: int, operand: int, popped: list[bool]) -> bool:
        """Follow an instruction; returns whether what it pushes is a new id."""
        if opcode == _MOVE:
            return locals_.pop(operand, False)
        if opcode == _STORE:
            locals_[operand] = popped[0]
        elif opcode in _CALLS:
            return self._tables.makes_id(opcode, operand)
        elif self._tables.needs_id(opcode, operand) and not popped[0]:
            raise self._refuse()
        return False

    def _refuse(self) -> IotaVerificationError:
        function = self._function
        names = function_name(function.module_view.module, function.definition.function)
        address, module_name, name = names
        message = (
            f"Invalid object creation in {address.hex()}::{module_name}::{name}. "
            "Object created without a newly created UID. "
            "The UID must come directly from iota::object::new. "
            "Or for tests, it can come from iota::test_scenario::new_object"
        )
        status = StatusCode.UNKNOWN_VERIFICATION_ERROR
        error = VMError(status, sub_status=_INVALID_OBJECT_CREATION, message=message)
        return IotaVerificationError(_describe(error))

    def join(self, known: _State, added: _State) -> tuple[_State, bool]:
        self._meter.add(Scope.FUNCTION, _JOIN_BASE_COST + _JOIN_LOCAL_COST * len(added))
        joined = known.copy()
        is_changed = False
        for local, is_new in added.items():
            was_new = known.get(local, False)
            joined[local] = is_new and was_new
            is_changed = is_changed or joined[local] != was_new
        return joined, is_changed
