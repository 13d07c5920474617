"""Runs one test on the virtual machine, from a clean state.

Modules are loaded once for all tests that run in a process; every test has its own gas, objects and seeds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from movelite.facade import ledger_natives
from movelite.natives import iota_objects, std_natives
from movelite.natives.object_runtime import ObjectRuntime
from movelite.natives.registry import Table, native_table, natives_at
from movelite.unit_test import scenario_natives, secp256k1_natives
from movelite.unit_test.inventory import Inventories
from movelite.unit_test.scenario_natives import RandomSeeds
from movelite.vm.gas import COST_SCHEDULE, INTERNAL_UNITS, CostSchedule, GasMeter
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.native_context import Extensions
from movelite.vm.runtime import MoveRuntime
from movelite.vm.trace import ExecutionError, MoveFrame
from movelite.vm.types import ModuleId
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
    """How a run of a test ended: `failure` is None if it returned; gas_used is in gas units."""

    failure: Failure | None
    gas_used: int
    seconds: float


def natives_with_tests() -> Table:
    """The natives of the network and those for tests."""
    std = natives_at(STD_ADDRESS, std_natives.TEST_FUNCTIONS | scenario_natives.STD_FUNCTIONS)
    modules = (iota_objects.TEST_FUNCTIONS, scenario_natives.FUNCTIONS, secp256k1_natives.FUNCTIONS)
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

    def run(self, module: ModuleId, function: str, arguments: Sequence[Value], seed: int | None) -> Outcome:
        """Run one function; `seed` makes the seeds of random generators, None for a new one in each run."""
        inventories = Inventories()
        objects = ObjectRuntime(inventories, {}, self.config, is_metered=False)
        extensions = Extensions(objects, inventories, RandomSeeds(random.Random(seed)))
        meter = GasMeter(self.gas_limit * INTERNAL_UNITS, self.schedule)
        session = self.runtime.new_session(self.linkage, meter, extensions)
        started = time.perf_counter()
        failure: Failure | None = None
        try:
            session.execute(session.load_function(module, function), arguments)
        except VMError as error:
            failure = Failure.of(error)
        return Outcome(failure, meter.units_used, time.perf_counter() - started)


def module_bytes(modules: Iterable[CompiledModule]) -> dict[ModuleId, bytes]:
    """Modules in the form that `Machine` takes."""
    return {module.self_id: serialize_module(module) for module in modules}
