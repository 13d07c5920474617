"""Our verifier and VM behind the interface that the Move VM's suites run against."""

from __future__ import annotations

from collections.abc import Sequence

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.writer import serialize_module
from movelite.natives.registry import std_natives
from movelite.verifier.config import MOVE_DEFAULT_CONFIG
from movelite.vm.gas import COST_SCHEDULE, INTERNAL_UNITS, ZERO_SCHEDULE, GasMeter
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from movelite.vm.types import Type, TypeKind
from movelite.vm.values import Value, deserialize
from proto.type_tag import TypeTag
from tests.conformance.transactional.move_vm import CallResult, ModuleId

_ENDLESS = 1 << 200


class RuntimeMoveVm:
    """Modules in memory, each at its own address. Without a gas budget, gas is only counted."""

    def __init__(self, stdlib: Sequence[CompiledModule]) -> None:
        self.linkage = MemoryLinkage({module.self_id: serialize_module(module) for module in stdlib})
        config = RuntimeConfig(verifier=MOVE_DEFAULT_CONFIG, tells_why_no_layout=False)
        self.runtime = MoveRuntime(std_natives(), config)

    def publish(self, modules: Sequence[bytes], sender: bytes) -> None:
        """Verify and keep modules."""
        session = self.runtime.new_session(self.linkage, GasMeter(_ENDLESS, ZERO_SCHEDULE))
        for module, data in zip(session.publish_bundle(modules, sender), modules, strict=True):
            self.linkage.modules[module.self_id] = data
        self.runtime.forget_links()

    def call(
        self,
        module_id: ModuleId,
        function: str,
        type_arguments: Sequence[TypeTag],
        arguments: Sequence[bytes],
        gas_budget: int | None,
    ) -> CallResult:
        """Call any function."""
        if gas_budget is None:
            meter = GasMeter(_ENDLESS, ZERO_SCHEDULE)
        else:
            meter = GasMeter(gas_budget * INTERNAL_UNITS, COST_SCHEDULE)
        session = self.runtime.new_session(self.linkage, meter)
        types = [session.load_type(tag) for tag in type_arguments]
        loaded = session.load_function(module_id, function, types)
        result = session.execute_serialized(loaded, arguments)
        returns = [
            _decode(type_, data)
            for type_, data in zip(loaded.return_types, result.return_values, strict=True)
        ]
        inputs = [(i, _decode(loaded.parameters[i], data)) for i, data in result.mutable_references]
        # a native takes no instruction, but its caller, this one, did call it
        return CallResult(tuple(inputs), tuple(returns), max(meter.instructions, int(loaded.is_native)))


def _decode(type_: Type, data: bytes) -> str:
    return render_value(type_.referent, deserialize(type_.referent, data))


def render_value(type_: Type, value: Value) -> str:
    """A value as the official VM's debug printer writes it."""
    match type_.kind:
        case TypeKind.BOOL:
            return "true" if value else "false"
        case TypeKind.ADDRESS:
            return str(value.hex())
        case TypeKind.SIGNER:
            return f"{{ {value.hex()} }}"
        case TypeKind.VECTOR:
            return f"[{', '.join(render_value(type_.element, v) for v in value)}]"
        case TypeKind.DATATYPE if type_.info.is_enum:
            tag, *fields = value
            types = [field.type for field in type_.variants[tag].fields]
            return f"|{tag}|" + _braces(types, fields)
        case TypeKind.DATATYPE:
            return _braces([field.type for field in type_.fields], value)
        case _:
            return str(value)


def _braces(types: Sequence[Type], values: Sequence[Value]) -> str:
    return f"{{ {', '.join(render_value(t, v) for t, v in zip(types, values, strict=True))} }}"
