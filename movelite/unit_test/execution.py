"""Runs one test function on the virtual machine, from a clean state.

Modules are loaded once for all tests that run in a process; every test has its own gas, objects and seeds.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from movelite.bytecode.status import StatusCode, VMError
from movelite.facade import ledger_natives
from movelite.natives import iota_objects, std_natives, transaction_terms
from movelite.natives.object_runtime import ObjectRuntime
from movelite.natives.registry import Table, native_table, natives_at
from movelite.natives.std_natives import DebugHook
from movelite.natives.transaction_terms import TransactionTerms
from movelite.unit_test import scenario_natives, secp256k1_natives
from movelite.unit_test.inventory import Inventories
from movelite.unit_test.scenario_natives import RandomSeeds
from movelite.unit_test.value_text import debug_text
from movelite.vm.gas import COST_SCHEDULE, INTERNAL_UNITS, CostSchedule, GasMeter
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.native_context import Extensions, NativeContext
from movelite.vm.observed import Observer
from movelite.vm.runtime import MoveRuntime
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.types import ModuleId, Type
from movelite.vm.values import Value
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS
from proto.protocol_config import ProtocolConfig


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed: the parts of a `VMError` that reports need. frames are outermost first."""

    status: StatusCode
    sub_status: int | None
    message: str | None
    location: ModuleId | None
    offsets: tuple[tuple[int, int], ...]
    frames: tuple[MoveFrame, ...]

    @classmethod
    def of(cls, error: VMError) -> Failure:
        """The failure that an error of the virtual machine reports."""
        frames = tuple(error.frames) if isinstance(error, ExecutionError) else ()
        offsets = tuple(error.offsets)
        return cls(error.status, error.sub_status, error.message, error.location, offsets, frames)

    @property
    def callers(self) -> tuple[MoveFrame, ...]:
        """The functions that were waiting, innermost first, without the last one: reports show it apart."""
        return self.frames[-2::-1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of a test ended: `failure` is None if it returned; gas_used is in gas units.

    prints: what `std::debug` printed.
    """

    failure: Failure | None
    gas_used: int
    seconds: float
    prints: tuple[str, ...] = ()


@dataclass(slots=True)
class DebugPrints:
    """Keeps what `std::debug` prints, as the official runner shows it."""

    lines: list[str] = field(default_factory=list)

    def print_value(self, type_: Type, value: Value) -> None:
        """`[debug] value`"""
        self.lines.append(f"[debug] {debug_text(type_, value)}")

    def print_stack_trace(self, context: NativeContext) -> None:
        """The functions in progress, innermost first."""
        frames = [f"    [{index}] {frame}" for index, frame in enumerate(reversed(context.call_stack()))]
        self.lines.append("\n".join(["Call Stack:", *frames]))


def natives_with_tests() -> Table:
    """The natives of the network and those for tests."""
    std = natives_at(STD_ADDRESS, std_natives.TEST_FUNCTIONS | scenario_natives.STD_FUNCTIONS)
    modules = (
        iota_objects.TEST_FUNCTIONS,
        transaction_terms.TEST_FUNCTIONS,
        scenario_natives.FUNCTIONS,
        secp256k1_natives.FUNCTIONS,
    )
    iota = [natives_at(IOTA_FRAMEWORK_ADDRESS, functions) for functions in modules]
    return native_table(ledger_natives(), std, *iota)


@dataclass(slots=True)
class Machine:
    """The modules of a program, loaded and ready to run tests.

    gas_limit: most gas units that one run may use.
    """

    modules: Mapping[ModuleId, bytes]
    gas_limit: int
    schedule: CostSchedule = COST_SCHEDULE
    natives: Table = field(default_factory=natives_with_tests)
    config: ProtocolConfig = field(default_factory=ProtocolConfig)
    runtime: MoveRuntime = field(init=False)
    linkage: MemoryLinkage = field(init=False)

    def __post_init__(self) -> None:
        self.runtime = MoveRuntime(self.natives)
        self.linkage = MemoryLinkage(dict(self.modules))

    def prepare(self, modules: Iterable[ModuleId]) -> None:
        """Load modules now rather than when they are first called; one that cannot be is left for then."""
        session = self.runtime.new_session(self.linkage, self._meter())
        for module in modules:
            with suppress(VMError):
                session.load_module(module)

    def run(
        self,
        module: ModuleId,
        function: str,
        arguments: Sequence[Value],
        seed: int,
        observers: Sequence[Observer] = (),
    ) -> Outcome:
        """Run one function; `seed` makes the seeds of random generators.

        An exception of Python is a defect of ours: the run fails, and the others go on.
        """
        inventories, prints = Inventories(), DebugPrints()
        objects = ObjectRuntime(inventories, {}, self.config, is_metered=False)
        seeds = RandomSeeds(random.Random(seed))
        meter = self._meter()
        extensions = Extensions(objects, inventories, TransactionTerms(), seeds, DebugHook(prints))
        session = self.runtime.new_session(self.linkage, meter, extensions, observers)
        started = time.perf_counter()
        failure: Failure | None = None
        try:
            session.execute(session.load_function(module, function), arguments)
        except VMError as error:
            failure = Failure.of(error)
        except Exception:
            status = StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR
            failure = Failure(status, None, traceback.format_exc(), None, (), ())
        seconds = time.perf_counter() - started
        return Outcome(failure, meter.units_used, seconds, tuple(prints.lines))

    def _meter(self) -> GasMeter:
        return GasMeter(self.gas_limit * INTERNAL_UNITS, self.schedule)
