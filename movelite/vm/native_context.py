"""What a native function sees of the VM.

A native is `def native(context, type_arguments, arguments) -> tuple[Value, ...]`. It charges with
`context.charge`, aborts with `raise MoveAbort(code)`, and raises `VMError` for any other failure.
Source: move-vm-runtime, native_functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm import values
from movelite.vm.trace import MoveFrame
from movelite.vm.type_tags import runtime_type_tag, type_tag
from movelite.vm.types import Type, type_size
from movelite.vm.values import Value
from proto.type_tag import TypeTag

OUT_OF_GAS_CODE = 1
"""Sub-status of a native that ran out of the gas it was called with."""

_T = TypeVar("_T")


class MoveAbort(Exception):
    """Raised by a native to abort with a code, like `abort code` in Move."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class NativeOutOfGas(Exception):
    """A native charged more than it was called with; only `NativeContext.charge` raises it."""


@dataclass(frozen=True, slots=True)
class RuntimeLimits:
    """Limits while code runs; the defaults are the network's. None means unlimited."""

    max_vector_length: int = 256 * 1024
    max_value_depth: int | None = 128


class Extensions:
    """What the caller attaches for natives to find by class, such as the object runtime."""

    def __init__(self, *items: object) -> None:
        self._items: dict[type, object] = {}
        for item in items:
            self.add(item)

    def add(self, item: object) -> None:
        """Attach an item; `get` finds it by its class or any base of it."""
        for cls in type(item).__mro__[:-1]:
            self._items[cls] = item

    def get(self, cls: type[_T]) -> _T:
        """The item of that class.

        Raises: VMError VM_EXTENSION_ERROR where nothing of the class was attached.
        """
        item = self._items.get(cls)
        if not isinstance(item, cls):
            raise VMError(StatusCode.VM_EXTENSION_ERROR, message=f"no extension {cls.__name__}")
        return item

    def find(self, cls: type[_T]) -> _T | None:
        """The item of that class, or None."""
        item = self._items.get(cls)
        return item if isinstance(item, cls) else None


class NativeContext:
    """One call of a native function: its gas and its view of the VM."""

    __slots__ = ("_call_stack", "_extensions", "_gas_left", "gas_budget", "limits")

    def __init__(
        self,
        extensions: Extensions,
        gas_budget: int,
        limits: RuntimeLimits,
        call_stack: Callable[[], list[MoveFrame]],
    ) -> None:
        self._extensions = extensions
        self._gas_left = gas_budget
        self._call_stack = call_stack
        self.gas_budget = gas_budget
        self.limits = limits

    def charge(self, internal_units: int) -> None:
        """Charge for the native's own work; call it before doing the work."""
        if internal_units > self._gas_left:
            raise NativeOutOfGas
        self._gas_left -= internal_units

    def charge_if_possible(self, internal_units: int) -> bool:
        """Charge where there is enough gas, else charge nothing; used on the way to another error."""
        if internal_units > self._gas_left:
            return False
        self._gas_left -= internal_units
        return True

    @property
    def gas_used(self) -> int:
        """Internal units charged so far."""
        return self.gas_budget - self._gas_left

    def extension(self, cls: type[_T]) -> _T:
        """What the caller attached; see `Extensions.get`."""
        return self._extensions.get(cls)

    def find_extension(self, cls: type[_T]) -> _T | None:
        """What the caller attached, or None."""
        return self._extensions.find(cls)

    def call_stack(self) -> list[MoveFrame]:
        """The Move frames that led here, outermost first; the native itself has none."""
        return self._call_stack()

    # Types and values

    def type_tag(self, type_: Type) -> TypeTag:
        """The tag with defining ids."""
        return type_tag(type_)

    def runtime_type_tag(self, type_: Type) -> TypeTag:
        """The tag with the ids of the packages' first versions."""
        return runtime_type_tag(type_)

    def serialize(self, type_: Type, value: Value) -> bytes:
        """BCS of a value; see `values.serialize`."""
        return values.serialize(type_, value)

    def is_serializable(self, type_: Type) -> bool:
        """False where the type is too large to (de)serialize.

        Raises: VMError where the type is no type of values at all.
        """
        try:
            values.check_layout(type_)
        except VMError as error:
            if error.status.is_invariant_violation:
                raise
            return False
        return True

    def read_reference(self, type_: Type, reference: Value) -> Value:
        """A copy of what a reference to type_ points to."""
        return values.read_reference(type_, reference)

    def legacy_size(self, type_: Type, value: Value) -> int:
        """Older abstract size of a value."""
        return values.legacy_size(type_, value)

    def type_size(self, type_: Type) -> int:
        """Abstract size of a type."""
        return type_size(type_)


NativeFunction = Callable[[NativeContext, tuple[Type, ...], Sequence[Value]], tuple[Value, ...]]
"""A native function; arguments and results as in `values`."""

NativeTable = Mapping[tuple[bytes, str, str], NativeFunction]
"""Natives by (address, module, function)."""
