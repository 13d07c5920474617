"""What happens in one run, as data: drawn from a seed, kept as JSON when it fails, and made smaller.

Everything that is random later (delays, which message is lost, what a liar says) comes from the seed too.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

SHAPES: tuple[tuple[int, ...], ...] = (
    (1, 1, 1, 1),
    (3, 2, 4, 1),
    (5, 3, 3, 2),
    (1, 1, 1, 1, 1, 1, 1),
    (4, 3, 3, 2, 2, 1, 1),
    (1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    (10, 9, 8, 7, 6, 5, 4, 3, 2, 1),
)
"""Stakes of committees, equal and uneven."""

SHAPE_WEIGHTS = (60, 14, 12, 4, 5, 2, 3)


class FaultKind(StrEnum):
    """What can go wrong beside liars. level: see generation below."""

    LOSS = "loss"
    DELAY = "delay"
    REORDER = "reorder"
    DUPLICATE = "duplicate"
    PARTITION = "partition"
    ONE_WAY = "one-way partition"
    SWALLOW = "peer swallows"
    CRASH = "crash"
    CRASH_AT_WRITE = "crash at write"
    SLOW_DISK = "slow disk"
    DISK_ERROR = "disk error"
    DISK_FULL = "disk full"
    SKEW = "clock skew"
    OVERLOAD = "overload"
    AGGREGATOR_CRASH = "aggregator crash"
    JOURNAL_FULL = "aggregator journal full"
    ROLLBACK = "rollback"


class Lie(StrEnum):
    """What an authority may do that is not honest."""

    EQUIVOCATE = "equivocate"
    SIGN_EVERYTHING = "sign everything"
    SIGN_NOTHING = "sign nothing"
    SILENT = "silent"
    SWALLOW = "swallow"
    WRONG_EFFECTS = "wrong effects"
    REPLAY = "replay"
    CORRUPT = "corrupt bytes"
    FORGE_BITMAP = "forge bitmaps"
    FORGE_PROOF = "forge proofs"
    LIE_IN_READS = "lie in reads"
    FORGET = "know no batch"
    FORGE_SIGNATURES = "forge signatures"


MUTE = (Lie.SILENT, Lie.SWALLOW, Lie.CORRUPT)
"""With these no answer of an authority can be understood."""


class Sabotage(StrEnum):
    """What a dishonest aggregator does with two transactions that contradict each other."""

    WITHHOLD = "withhold"
    SPLIT = "split"
    MIX = "mix"
    DIE_MIDWAY = "die midway"
    EQUIVOCATE = "equivocate"
    GARBAGE = "garbage"
    REPLAY = "replay"
    RESIGN = "other signatures"


class Spending(StrEnum):
    """What a client does with its coins."""

    TRANSFER = "transfer"
    SPLIT = "split"
    PAY = "pay"
    MERGE = "merge"
    FAIL = "fail"
    CALL = "call"
    GIVE = "give"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong from one second to another.

    targets: instances of authorities, and behind them aggregators; level: a probability, seconds, a rate or
    a count, as the kind needs.
    """

    kind: FaultKind
    start: float
    end: float
    targets: tuple[int, ...]
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of an honest client, after a pause in seconds.

    aggregator: whom it asks first. is_patient: what that one has begun, it has to finish alone. is_leaving:
    the client asks that one once, and never comes back.
    """

    client: int
    spending: Spending
    pause: float
    aggregator: int
    is_patient: bool = False
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class Cheating:
    """Two transactions on the same coins, given to honest drivers; delay: of the second, in seconds."""

    at: float
    delay: float
    is_one_driver: bool


class Purpose(StrEnum):
    """What a burst of an account is for."""

    PAY = "pay"
    SHARE = "share a coin"
    MIX = "both, and fail"


@dataclass(frozen=True, slots=True)
class Burst:
    """Transactions that an account sends at once, after a pause in seconds. is_leaving: half of the callers
    do not wait for their end.
    """

    pause: float
    count: int
    purpose: Purpose
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run.

    liars: authorities and the kinds of lies they tell; aggregators: how many honest drivers; lanes: how many
    batches each has under way; seconds: when all faults end; near: which bounds are (knobs.py); reads: when
    something is read.
    """

    seed: int
    stakes: tuple[int, ...]
    seconds: float
    liars: tuple[tuple[int, tuple[Lie, ...]], ...] = ()
    aggregators: int = 2
    lanes: int = 1
    faults: tuple[Fault, ...] = ()
    steps: tuple[Step, ...] = ()
    cheats: tuple[Cheating, ...] = ()
    sabotage: tuple[tuple[Sabotage, float], ...] = ()
    near: int = 0
    bursts: tuple[Burst, ...] = ()
    reads: tuple[float, ...] = ()
    twins: tuple[int, ...] = ()
    """Authorities of which there are two, with one key; the second instances stand behind the first ones."""

    @property
    def instances(self) -> tuple[int, ...]:
        """The authority of each instance."""
        return (*range(len(self.stakes)), *self.twins)

    @property
    def restored(self) -> frozenset[int]:
        """Authorities that are started from an old backup."""
        faults = [fault for fault in self.faults if fault.kind is FaultKind.ROLLBACK]
        return frozenset(number for fault in faults for number in fault.targets)

    @property
    def forgetful(self) -> frozenset[int]:
        """Those of them that are not told so: they may sign something twice."""
        faults = [fault for fault in self.faults if fault.kind is FaultKind.ROLLBACK]
        return frozenset(number for fault in faults if fault.level != TOLD for number in fault.targets)

    @property
    def dishonest(self) -> frozenset[int]:
        """Authorities that may sign what contradicts each other; one with a twin is one of them."""
        return frozenset({*(number for number, _ in self.liars), *self.twins, *self.forgetful})

    def to_json(self) -> str:
        """As text, for a file that is kept."""
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def from_json(text: str) -> Scenario:
        """Read what to_json wrote."""
        fields = json.loads(text)
        fields["stakes"] = tuple(fields["stakes"])
        fields["twins"] = tuple(fields["twins"])
        fields["liars"] = tuple((number, tuple(map(Lie, lies))) for number, lies in fields["liars"])
        fields["faults"] = tuple(
            Fault(FaultKind(f["kind"]), f["start"], f["end"], tuple(f["targets"]), f["level"])
            for f in fields["faults"]
        )
        fields["steps"] = tuple(
            Step(**{**step, "spending": Spending(step["spending"])}) for step in fields["steps"]
        )
        fields["cheats"] = tuple(Cheating(**cheating) for cheating in fields["cheats"])
        fields["sabotage"] = tuple((Sabotage(kind), at) for kind, at in fields["sabotage"])
        fields["reads"] = tuple(fields.get("reads", ()))
        fields["bursts"] = tuple(
            Burst(**{**burst, "purpose": Purpose(burst["purpose"])}) for burst in fields.get("bursts", ())
        )
        return Scenario(**fields)

    @staticmethod
    def load(path: Path) -> Scenario:
        """Read a kept file."""
        return Scenario.from_json(path.read_text())


def faulty_stake(stakes: tuple[int, ...]) -> int:
    """The most stake that may be dishonest. On purpose not the code under test."""
    return (sum(stakes) - 1) // 3


CLIENTS = 4
"""Honest clients."""

NEAR_BITS = 6
"""Rows of bounds in knobs.py."""

POWER_LOSS = 1.0
"""Level of a crash of an aggregator that takes what its journal has not synced."""

TOLD = 1.0
"""Level of a rollback after which the authority is started with --from-backup."""
