"""Takes bytes as a hostile peer may send them through reader, verifiers and VM.

Each of these may refuse them with its own error; anything else that happens is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from enum import Enum

from movelite.bytecode.file_format import CompiledModule, Primitive, Vector
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.natives.registry import std_natives
from movelite.verifier import iota
from movelite.verifier.meter import Meter
from movelite.verifier.verifier import verify_module
from movelite.vm.gas import GasMeter
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from movelite.vm.trace import ExecutionError

GAS_BUDGET = 20_000_000
"""Internal units that one call may use."""


class Reached(Enum):
    """How far some bytes came."""

    REFUSED_BY_READER = "refused by the reader"
    REFUSED_BY_VERIFIER = "refused by the verifier"
    REFUSED_BY_LOADER = "refused by the loader"
    VERIFIED = "verified, nothing to call"
    EXECUTED = "executed"


class RoundTripError(Exception):
    """What was read and written is not what was read again."""


class HostileHost:
    """A VM with some modules published that hostile ones may depend on."""

    def __init__(self, published: Sequence[CompiledModule]) -> None:
        self.modules = {module.self_id: serialize_module(module) for module in published}
        self.runtime = MoveRuntime(std_natives(), RuntimeConfig())

    def take(self, data: bytes) -> Reached:
        """Read, verify and run.

        Raises: RoundTripError, or whatever a bug raises.
        """
        try:
            module = deserialize_module(data)
        except VMError:
            return Reached.REFUSED_BY_READER
        if deserialize_module(serialize_module(module)) != module:
            raise RoundTripError
        try:
            view = verify_module(module, meter=Meter())
        except VMError:
            return Reached.REFUSED_BY_VERIFIER
        # the rules of the network refuse much that the VM may still meet in a framework package
        with suppress(iota.IotaVerificationError, iota.IotaVerificationTimeout):
            iota.verify_module(view)
        return self._run(module, data)

    def _run(self, module: CompiledModule, data: bytes) -> Reached:
        linkage = MemoryLinkage({**self.modules, module.self_id: data}, link_context=data)
        meter = GasMeter(GAS_BUDGET)
        session = self.runtime.new_session(linkage, meter)
        try:
            session.publish_bundle([data], module.self_id[0])
        except VMError:
            return Reached.REFUSED_BY_LOADER
        called = False
        for name, arguments in callable_functions(module):
            try:
                session = self.runtime.new_session(linkage, GasMeter(GAS_BUDGET))
                session.execute_serialized(session.load_function(module.self_id, name), arguments)
            except ExecutionError as error:
                if error.status.is_invariant_violation:
                    raise
            except VMError:
                continue
            called = True
        return Reached.EXECUTED if called else Reached.VERIFIED


def callable_functions(module: CompiledModule) -> list[tuple[str, list[bytes]]]:
    """The functions that take nothing but plain values, each with some."""
    found = []
    for definition in module.function_defs:
        handle = module.function_handles[definition.function]
        arguments = [_argument(token) for token in module.signatures[handle.parameters]]
        if definition.code is not None and not handle.type_parameters and None not in arguments:
            found.append((module.identifiers[handle.name], [a for a in arguments if a is not None]))
    return found


def _argument(token: object) -> bytes | None:
    match token:
        case Primitive.BOOL | Primitive.U8:
            return b"\1"
        case Primitive.ADDRESS | Primitive.SIGNER:
            return bytes(31) + b"\7"
        case Primitive(name=name):
            return (3).to_bytes(int(name[1:]) // 8, "little")
        case Vector():
            return b"\0"
        case _:
            return None
