"""Metering of the verifier itself: how much work a module may cause before it is refused.

Every pass that is not linear in the module's size charges units (ticks) to a scope. A function's ticks
are moved to its module when the function is done, and a module's to the package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from movelite.bytecode.status import StatusCode, VMError


class Scope(IntEnum):
    """What a tick is charged to."""

    TRANSACTION = 0
    PACKAGE = 1
    MODULE = 2
    FUNCTION = 3


@dataclass(frozen=True, slots=True)
class MeterConfig:
    """Ticks allowed in each scope, and steps; None means unlimited."""

    max_per_function: int | None = 2_200_000
    max_per_module: int | None = 2_200_000
    max_per_package: int | None = 2_200_000
    max_steps: int | None = None
    """Of what officially costs no ticks, or few for the time that it takes."""


SIGNING_METER_CONFIG = MeterConfig()
"""What a validator spends before it refuses to sign a publication. Source: meter_config_for_signing."""

QUICK_METER_CONFIG = MeterConfig(150_000, 150_000, 150_000, max_steps=40_000)
"""What is over soon: in a tenth of a second for most packages, in two for the worst. A tick takes half a
microsecond, a step one.
"""

UNBOUNDED_METER_CONFIG = MeterConfig(None, None, None)

_NO_LIMIT = (1 << 128) - 1


@dataclass(slots=True)
class Meter:
    """Ticks used in each scope. One meter serves all the modules of a transaction.

    Source: iota-verifier, meter.
    """

    config: MeterConfig = UNBOUNDED_METER_CONFIG
    names: list[str] = field(default_factory=lambda: ["<unknown>"] * len(Scope))
    used: list[int] = field(default_factory=lambda: [0] * len(Scope))
    limits: list[int] = field(init=False)
    steps: int = 0
    is_used_up: bool = False
    """Whether a limit was reached."""

    def __post_init__(self) -> None:
        config = self.config
        bounds = (None, config.max_per_package, config.max_per_module, config.max_per_function)
        self.limits = [_NO_LIMIT if bound is None else bound for bound in bounds]

    def enter_scope(self, name: str, scope: Scope) -> None:
        """Start counting from zero for the function, module or package called name."""
        self.names[scope] = name
        self.used[scope] = 0

    def add(self, scope: Scope, ticks: int) -> None:
        """Charge ticks.

        Raises: VMError PROGRAM_TOO_COMPLEX when the scope's limit is reached.
        """
        total = self.used[scope] + ticks
        if total >= self.limits[scope]:
            self.is_used_up = True
            raise VMError(
                StatusCode.PROGRAM_TOO_COMPLEX,
                message=f"program too complex: `{self.names[scope]}` used {self.used[scope]} ticks, "
                f"{ticks} more reach the limit of {self.limits[scope]}",
            )
        self.used[scope] = total

    def add_steps(self, count: int) -> None:
        """Count steps that cost no ticks, or few.

        Raises: VMError PROGRAM_TOO_COMPLEX when their limit is reached.
        """
        self.steps += count
        limit = self.config.max_steps
        if limit is not None and self.steps > limit:
            self.is_used_up = True
            raise VMError(StatusCode.PROGRAM_TOO_COMPLEX, message=f"more than {limit} steps")

    def transfer(self, source: Scope, target: Scope) -> None:
        """Charge to target what was used in source."""
        self.add(target, self.used[source])
