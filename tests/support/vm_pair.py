"""Runs the same call interpreted, translated and partly so, for tests that compare them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movelite.bytecode.status import VMError
from movelite.natives.registry import std_natives
from movelite.verifier.config import MOVE_DEFAULT_CONFIG
from movelite.vm import types, values
from movelite.vm.gas import GasMeter, UnmeteredGas
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.native_context import NativeTable
from movelite.vm.runtime import MoveRuntime, RuntimeConfig, Session
from movelite.vm.trace import ExecutionError
from movelite.vm.types import INTEGER_BITS, ModuleId, Type, TypeKind
from movelite.vm.values import Value
from proto.type_tag import TypeTag


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a call: results or error, and gas."""

    results: tuple[list[tuple[int, bytes]], list[bytes]] | None
    error: tuple[object, ...] | None
    frames: tuple[str, ...]
    gas: tuple[int, ...]

    def __str__(self) -> str:
        result = self.results if self.error is None else f"{self.error} in {self.frames[-3:]}"
        return f"{result}, gas {self.gas}"


class Pair:
    """Runtimes over the same modules: one interprets, one translates everything at once, and one translates
    what has run for about as many instructions as it has, so that it changes over in the middle of calls and
    loops."""

    def __init__(self, modules: Mapping[ModuleId, bytes], natives: NativeTable | None = None) -> None:
        table = natives if natives is not None else std_natives(testing=True)
        self.linkage = MemoryLinkage(dict(modules))
        self.interpreting = MoveRuntime(table, RuntimeConfig(MOVE_DEFAULT_CONFIG, translate=False))
        self.translating = MoveRuntime(table, RuntimeConfig(MOVE_DEFAULT_CONFIG, hot_after=0))
        self.mixing = MoveRuntime(table, RuntimeConfig(MOVE_DEFAULT_CONFIG, hot_after=1))

    def session(self, gas: GasMeter | None = None) -> Session:
        """A session of translated code."""
        return self.translating.new_session(self.linkage, gas if gas is not None else UnmeteredGas())

    def call(
        self,
        module_id: ModuleId,
        function: str,
        arguments: Sequence[bytes],
        type_arguments: Sequence[TypeTag] = (),
        budget: int | None = None,
    ) -> Outcome:
        """Run a call all ways; fails the test where anything differs. budget is in internal units."""
        interpreted, translated, mixed = (
            _run(runtime, self.linkage, module_id, function, arguments, type_arguments, budget)
            for runtime in (self.interpreting, self.translating, self.mixing)
        )
        call = f"{module_id[1]}::{function} with {budget}"
        assert interpreted == translated, f"{call}:\ninterpreted {interpreted}\ntranslated  {translated}"
        assert interpreted == mixed, f"{call}:\ninterpreted {interpreted}\nmixed       {mixed}"
        return interpreted

    def call_with_budgets(
        self,
        module_id: ModuleId,
        function: str,
        arguments: Sequence[bytes],
        type_arguments: Sequence[TypeTag] = (),
        *,
        chance: random.Random,
        budgets: int = 4,
        largest: int = 10_000_000,
    ) -> Outcome:
        """Run a call all ways with ample gas, and then with less, so that it ends in the middle."""
        outcome = self.call(module_id, function, arguments, type_arguments, largest)
        used = largest - outcome.gas[0]
        for _ in range(budgets):
            self.call(module_id, function, arguments, type_arguments, chance.randrange(used + 1))
        return outcome


def _run(
    runtime: MoveRuntime,
    linkage: MemoryLinkage,
    module_id: ModuleId,
    function: str,
    arguments: Sequence[bytes],
    type_arguments: Sequence[TypeTag],
    budget: int | None,
) -> Outcome:
    gas = GasMeter(budget) if budget is not None else UnmeteredGas()
    session = runtime.new_session(linkage, gas)
    frames: tuple[str, ...] = ()
    try:
        loaded = session.load_function(module_id, function, [session.load_type(t) for t in type_arguments])
        returned = session.execute_serialized(loaded, arguments)
    except VMError as error:
        if isinstance(error, ExecutionError):
            frames = tuple(map(str, error.frames))
        seen = (error.status, error.sub_status, error.message, error.location, tuple(error.offsets))
        return Outcome(None, seen, frames, (gas.gas_left, gas.instructions, gas.stack_size))
    state = (gas.gas_left, gas.instructions, gas.stack_size, gas.stack_height)
    return Outcome((returned.mutable_references, returned.return_values), None, (), state)


def sample_value(type_: Type, chance: random.Random, depth: int = 0) -> Value:
    """Some value of a type, small numbers and edges more often than others."""
    match type_.kind:
        case TypeKind.BOOL:
            return chance.random() < 0.5
        case TypeKind.ADDRESS | TypeKind.SIGNER:
            return chance.randrange(4).to_bytes(32, "big")
        case TypeKind.VECTOR:
            length = chance.choice((0, 1, 2, 3, 7)) if depth < 4 else 0
            return [sample_value(type_.element, chance, depth + 1) for _ in range(length)]
        case TypeKind.DATATYPE if type_.info.is_enum:
            tag = chance.randrange(len(type_.variants))
            return [tag, *(sample_value(f.type, chance, depth + 1) for f in type_.variants[tag].fields)]
        case TypeKind.DATATYPE:
            return [sample_value(f.type, chance, depth + 1) for f in type_.fields]
        case TypeKind.REFERENCE | TypeKind.MUTABLE_REFERENCE:
            return sample_value(type_.element, chance, depth)
        case _:
            bits = INTEGER_BITS[type_.kind]
            small = (0, 1, 2, 3, 5, 10, 31, 64, 100)
            return chance.choice((*small, (1 << bits) - 1, chance.getrandbits(bits))) & (1 << bits) - 1


def sample_arguments(parameters: Sequence[Type], chance: random.Random) -> list[bytes] | None:
    """Arguments for a function in BCS; None where a type is too large."""
    try:
        return [values.serialize(t.referent, sample_value(t, chance)) for t in parameters]
    except VMError:
        return None


SAMPLE_TYPES = (types.U64, types.U8, types.BOOL, types.ADDRESS, types.vector_type(types.U8))
"""Type arguments to try."""
