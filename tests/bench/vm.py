"""Move instructions per second with exact gas, against the official VM in Rust where it is installed.

A figure is taken from the difference of two input sizes, so that the fixed cost of a call drops out. The
official VM is the one of Sui in the package sui-sandbox 0.22 (`pip install sui-sandbox==0.22.0`), which runs
the same bytecode with its own gas meter.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from movelite.bytecode.writer import serialize_module
from movelite.natives.registry import std_natives
from movelite.vm.gas import GasMeter
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from movelite.vm.translator.machine import HOT_AFTER
from movelite.vm.types import ModuleId
from tests.bench.report import Options, Report
from tests.support.ir import assemble
from tests.support.move_vectors import vector_modules

PACKAGE = (0xCAFE).to_bytes(32, "big")
REPEATS = 7
AMPLE_GAS = 10**15


@dataclass(frozen=True)
class Program:
    """A function with a small and a large input, each argument given with its width in bytes."""

    key: str
    text: str
    module: str
    function: str
    small: Sequence[tuple[int, int]]
    large: Sequence[tuple[int, int]]


_PRIME = 2**127 - 1
PROGRAMS = (
    Program("loop", "integer loop", "loops", "sum", [(1_000, 8)], [(81_000, 8)]),
    Program("sort", "vector sort", "sort", "sorted_checksum", [(10, 8), (1, 1)], [(250, 8), (1, 1)]),
    Program("structs", "structs through &mut", "structs", "simulate", [(20, 1), (2, 8)], [(20, 1), (30, 8)]),
    Program("generics", "generic calls", "containers", "stack_sum", [(10, 8)], [(3_000, 8)]),
    Program("recursion", "recursion", "fib", "rec", [(4, 8)], [(19, 8)]),
    Program(
        "u256",
        "u256",
        "u256s",
        "mulmod",
        [(3, 32), (3, 32), (_PRIME, 32)],
        [(3, 32), (2**255 - 1, 32), (_PRIME, 32)],
    ),
)


def run(report: Report, options: Options) -> None:
    """Measure and report."""
    report.section("The Move VM")
    modules = vector_modules()
    translated = MoveRuntime(std_natives())
    interpreted = MoveRuntime(std_natives(), RuntimeConfig(translate=False))
    official = _official()
    ratios, speedups = [], []
    for program in PROGRAMS:
        seconds, instructions = _measure(translated, modules, program)
        slow_seconds, _ = _measure(interpreted, modules, program, repeats=1)
        speedups.append(slow_seconds / seconds)
        report.add(
            f"vm_{program.key}_instructions_per_second",
            instructions / seconds,
            "instructions/s",
            f"VM, {program.text}, exact gas",
        )
        peer = official(program) if official is not None else None
        if peer is not None:
            ratios.append(peer / seconds)
        report.add(
            f"vm_{program.key}_vs_official",
            peer / seconds if peer is not None else None,
            "times as fast",
            f"VM, {program.text}, against the official VM",
        )
    whole = len(ratios) == len(PROGRAMS)
    report.add(
        "vm_vs_official_geomean",
        statistics.geometric_mean(ratios) if whole else None,
        "times as fast",
        "VM against the official VM, geometric mean",
    )
    report.add(
        "vm_translation_vs_interpreter_geomean",
        statistics.geometric_mean(speedups),
        "times as fast",
        "VM, translation against the reference interpreter",
    )
    _cold(report)


def _measure(
    runtime: MoveRuntime, modules: dict[ModuleId, bytes], program: Program, repeats: int = REPEATS
) -> tuple[float, int]:
    """CPU seconds and instructions between the small and the large input."""
    linkage = MemoryLinkage(modules)

    def call(arguments: Sequence[tuple[int, int]]) -> int:
        gas = GasMeter(AMPLE_GAS)
        session = runtime.new_session(linkage, gas)
        function = session.load_function((PACKAGE, program.module), program.function)
        session.execute_serialized(function, [value.to_bytes(width, "little") for value, width in arguments])
        return gas.instructions

    difference = call(program.large) - call(program.small)
    return _least_difference(lambda: call(program.small), lambda: call(program.large), repeats), difference


def _least_difference(small: Callable[[], object], large: Callable[[], object], repeats: int) -> float:
    """Least CPU seconds of the large run less the least of the small one."""
    return _least(large, repeats) - _least(small, repeats)


def _least(run_once: Callable[[], object], repeats: int) -> float:
    samples = []
    for _ in range(repeats):
        start = time.process_time()
        run_once()
        samples.append(time.process_time() - start)
    return min(samples)


def _official() -> Callable[[Program], float] | None:
    """What measures a program in the official VM, if that is installed."""
    try:
        peer: Any = import_module("sui_sandbox")
    except ImportError:
        print("vm: the official VM is not installed (pip install sui-sandbox==0.22.0): no comparison")
        return None
    package = "0x" + PACKAGE.hex()
    bytecodes = {package: [data for (address, _), data in vector_modules().items() if address == PACKAGE]}

    def call(program: Program, arguments: Sequence[tuple[int, int]]) -> None:
        result = peer.call_view_function(
            package,
            program.module,
            program.function,
            pure_inputs=[value.to_bytes(width, "little") for value, width in arguments],
            package_bytecodes=bytecodes,
            fetch_deps=False,
        )
        if not result["success"]:
            raise RuntimeError(f"{program.function} failed in the official VM: {result['error']}")

    def measure(program: Program) -> float:
        return _least_difference(
            lambda: call(program, program.small), lambda: call(program, program.large), REPEATS
        )

    return measure


_COLD_FUNCTIONS = 100


def _cold_module() -> bytes:
    """A module of 100 functions with a loop, a struct and a vector each."""
    functions = "\n".join(
        f"""
    public f{index}(n: u64): u64 {{
        let i: u64;
        let s: Self.S;
        let v: vector<u64>;
    label b0:
        i = 0;
        v = vec_pack_0<u64>();
        s = S {{ a: copy(n), b: {index} }};
    label b1:
        jump_if_false (copy(i) < copy(n)) b3;
    label b2:
        vec_push_back<u64>(&mut v, copy(i) * {index + 1});
        *&mut (&mut s).S::a = *&(&s).S::a + *&(&s).S::b;
        i = move(i) + 1;
        jump b1;
    label b3:
        assert(vec_len<u64>(&v) == copy(n), {index});
        return *&(&s).S::a;
    }}"""
        for index in range(_COLD_FUNCTIONS)
    )
    return serialize_module(
        assemble(f"module 0xcafe.cold {{ struct S has copy, drop {{ a: u64, b: u64 }} {functions} }}")
    )


def _cold(report: Report) -> None:
    module_id = (PACKAGE, "cold")
    linkage = MemoryLinkage({module_id: _cold_module()})
    load: list[float] = []
    calls: dict[int, list[float]] = {HOT_AFTER: [], 0: []}
    for hot_after in [*calls] * 3:
        runtime = MoveRuntime(std_natives(), RuntimeConfig(hot_after=hot_after))
        start = time.process_time()
        session = runtime.new_session(linkage, GasMeter(AMPLE_GAS))
        session.load_module(module_id)
        loaded = time.process_time()
        for index in range(_COLD_FUNCTIONS):
            session.execute_serialized(session.load_function(module_id, f"f{index}"), [bytes(8)])
        calls[hot_after].append(time.process_time() - loaded)
        load.append(loaded - start)
    report.add("vm_cold_load_ms", 1e3 * min(load), "ms", "VM, cold: read, verify and link 100 functions")
    text = "VM, cold: call each of them once, interpreted"
    report.add("vm_cold_calls_ms", 1e3 * min(calls[HOT_AFTER]), "ms", text)
    text = "VM, cold: translate each of them and call it once"
    report.add("vm_cold_translate_ms", 1e3 * min(calls[0]), "ms", text)
