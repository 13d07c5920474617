"""Where gas goes, call by call: a table, and a flame graph in the format of speedscope.

Source of the format: speedscope's file-format-schema, evented profiles; move-vm-profiler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from movelite.vm.frame import Frame
from movelite.vm.gas import INTERNAL_UNITS
from movelite.vm.loaded import FunctionInstance
from movelite.vm.observed import Observer
from movelite.vm.values import Value

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


@dataclass(slots=True)
class FunctionProfile:
    """A function's share, in gas units (of 1000 internal units), before rounding to steps.

    total: with what it called; of a recursive function the outermost calls count.
    """

    name: str
    module: str
    calls: int = 0
    own: int = 0
    total: int = 0
    _open: int = 0

    @property
    def own_units(self) -> int:
        """Units that its own instructions, or its native, cost."""
        return self.own // INTERNAL_UNITS

    @property
    def total_units(self) -> int:
        """Units with all that it called."""
        return self.total // INTERNAL_UNITS

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        units = {"ownGasUnits": self.own_units, "totalGasUnits": self.total_units}
        return {"function": self.name, "calls": self.calls, **units}

    def enter(self) -> None:
        """A call begins."""
        self.calls += 1
        self._open += 1

    def leave(self, total: int, own: int) -> None:
        """A call ends that cost this much, in internal units."""
        self._open -= 1
        self.own += own
        if self._open == 0:
            self.total += total


@dataclass(slots=True)
class _Call:
    frame: int
    gas_left: int
    callees: int = 0


@dataclass(slots=True)
class GasProfiler(Observer):
    """Observes an execution, of any number of calls with one gas meter."""

    name: str
    _profiles: list[FunctionProfile] = field(default_factory=list)
    _frames: dict[str, int] = field(default_factory=dict)
    _calls: list[_Call] = field(default_factory=list)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _start: int | None = None
    _end: int = 0

    def entered(self, instance: FunctionInstance, arguments: Sequence[Value], gas_left: int) -> None:
        """A call begins."""
        function = instance.function
        address, module = function.module.runtime_id
        where = f"0x{address.hex().lstrip('0') or '0'}::{module}"
        name = f"{where}::{function.name}"
        frame = self._frames.setdefault(name, len(self._frames))
        if frame == len(self._profiles):
            self._profiles.append(FunctionProfile(name, where))
        self._profiles[frame].enter()
        self._calls.append(_Call(frame, gas_left))
        self._add_event("O", frame, gas_left)

    def left(self, results: Sequence[Value], gas_left: int) -> None:
        """The innermost call ends."""
        call = self._calls.pop()
        total = call.gas_left - gas_left
        self._profiles[call.frame].leave(total, total - call.callees)
        if self._calls:
            self._calls[-1].callees += total
        self._add_event("C", call.frame, gas_left)

    def stopped(self, frames: Sequence[Frame], gas_left: int) -> None:
        """Execution failed: all calls end."""
        while self._calls:
            self.left((), gas_left)

    def _add_event(self, kind: str, frame: int, gas_left: int) -> None:
        if self._start is None:
            self._start = gas_left
        self._end = (self._start - gas_left) // INTERNAL_UNITS
        self._events.append({"type": kind, "frame": frame, "at": self._end})

    def functions(self) -> list[FunctionProfile]:
        """The functions that ran, the dearest first."""
        return sorted(self._profiles, key=lambda profile: (-profile.own, profile.name))

    def speedscope(self) -> dict[str, Any]:
        """The profile as a JSON document that speedscope opens; values are gas units."""
        profile = {
            "type": "evented",
            "name": self.name,
            "unit": "none",
            "startValue": 0,
            "endValue": self._end,
            "events": self._events,
        }
        return {
            "$schema": _SCHEMA,
            "exporter": "movelite",
            "name": self.name,
            "activeProfileIndex": 0,
            "shared": {"frames": [{"name": p.name, "file": p.module} for p in self._profiles]},
            "profiles": [profile],
        }
