"""What happens in one run, as data: drawn from a seed, kept as JSON when it fails, and made smaller.

Everything that is random later (delays, which message is lost, what a liar says) comes from the seed too.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from random import Random

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


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run.

    liars: authorities and the kinds of lies they tell; aggregators: how many honest drivers; lanes: how many
    batches each has under way; seconds: when all faults end; near: which bounds are (knobs.py).
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


def draw(seed: int) -> Scenario:
    """The scenario of a seed. Each has some kinds of faults only, so that each kind is seen undisturbed."""
    random = Random(seed)
    stakes = random.choices(SHAPES, SHAPE_WEIGHTS)[0]
    seconds = random.choice((1.0, 2.0, 4.0))
    bare = Scenario(seed, stakes, seconds, lanes=random.choice((1, 1, 4)), near=random.getrandbits(NEAR_BITS))
    steps = _draw_steps(random, bare)
    cheats = tuple(
        Cheating(random.uniform(0, seconds), random.choice((0.0, 0.05, 1.0)), random.random() < 0.5)
        for _ in range(random.choice((0, 0, 1, 1, 1, 2)))
    )
    sabotage = tuple(
        (random.choice(tuple(Sabotage)), random.uniform(0, seconds))
        for _ in range(random.choice((0, 0, 0, 1, 1, 2)))
    )
    faults = _draw_faults(random, bare)
    restored = replace(bare, faults=faults).restored
    return replace(
        bare,
        liars=_draw_liars(random, stakes, restored),
        faults=faults,
        steps=steps,
        cheats=cheats,
        sabotage=sabotage,
    )


def _draw_steps(random: Random, bare: Scenario) -> tuple[Step, ...]:
    longest = random.choice((0.0, 0.1, 1.0, 2.0))
    asked = random.choice((1, bare.aggregators))
    return tuple(
        Step(
            client=random.randrange(CLIENTS),
            spending=random.choice(tuple(Spending)),
            pause=random.uniform(0, longest),
            aggregator=random.randrange(asked),
            is_patient=random.random() < 0.3,
            is_leaving=random.random() < 0.2,
        )
        for _ in range(random.choice((1, 1, 2, 2, 3, 6)))
    )


def _draw_few(random: Random, stakes: tuple[int, ...], already: Collection[int] = ()) -> list[int]:
    """Authorities, as many as may be faulty together with others."""
    left = faulty_stake(stakes) - sum(stakes[number] for number in already)
    few: list[int] = []
    for number in random.sample(range(len(stakes)), len(stakes)):
        if stakes[number] <= left and number not in already:
            left -= stakes[number]
            few.append(number)
    return few


def _draw_liars(
    random: Random, stakes: tuple[int, ...], restored: Collection[int]
) -> tuple[tuple[int, tuple[Lie, ...]], ...]:
    """Dishonest authorities, as much stake as there may be at most."""
    if random.random() < 0.3:
        return ()
    few = sorted(_draw_few(random, stakes, restored))
    return tuple((number, _draw_lies(random)) for number in few)


def _draw_lies(random: Random) -> tuple[Lie, ...]:
    """Few or many ways to say what is not so, or to say nothing, or both."""
    mute = random.choices((0, 1), (7, 3))[0]
    words = random.choice((0, 1, 3, 6)) if mute else random.choice((1, 3, 6))
    spoken = [lie for lie in Lie if lie not in MUTE]
    return tuple(sorted([*random.sample(MUTE, mute), *random.sample(spoken, words)]))


def _draw_faults(random: Random, bare: Scenario) -> tuple[Fault, ...]:
    kinds = random.sample(tuple(FaultKind), random.choice((0, 1, 2, 2, 3, 4)))
    few = _draw_few(random, bare.stakes)
    faults: list[Fault] = []
    for kind in kinds:
        for _ in range(random.choice((1, 1, 2, 3))):
            faults.append(_draw_fault(random, kind, bare, few))
    return tuple(faults)


def _draw_fault(random: Random, kind: FaultKind, bare: Scenario, few: list[int]) -> Fault:
    """few: authorities that may all be faulty."""
    count, everybody = len(bare.stakes), len(bare.stakes) + bare.aggregators
    start = random.uniform(0, bare.seconds * 0.7)
    end = min(bare.seconds, start + random.uniform(0.2, bare.seconds))
    some = tuple(sorted(random.sample(range(count), random.randrange(1, count + 1))))
    match kind:
        case FaultKind.LOSS:
            return Fault(kind, start, end, tuple(range(everybody)), random.choice((0.05, 0.2, 0.5)))
        case FaultKind.DELAY:
            return Fault(kind, start, end, some, random.choice((0.2, 1.0, 4.0)))
        case FaultKind.REORDER:
            return Fault(kind, start, end, tuple(range(everybody)), random.choice((0.3, 1.5)))
        case FaultKind.DUPLICATE:
            return Fault(kind, start, end, tuple(range(everybody)), random.choice((0.1, 0.5)))
        case FaultKind.PARTITION | FaultKind.ONE_WAY:
            side = random.sample(range(everybody), random.randrange(1, everybody))
            return Fault(kind, start, end, tuple(sorted(side)))
        case FaultKind.SWALLOW:
            return Fault(kind, start, end, some)
        case FaultKind.CRASH:
            return Fault(kind, start, end, some)
        case FaultKind.CRASH_AT_WRITE:
            return Fault(kind, start * 0.5, end, some, random.choice((0, 0, 1, 2, 3)))
        case FaultKind.SLOW_DISK:
            return Fault(kind, start, end, some, random.choice((0.02, 0.3)))
        case FaultKind.DISK_ERROR:
            return Fault(kind, start, end, some, random.choice((0.2, 1.0)))
        case FaultKind.DISK_FULL:
            return Fault(kind, start, end, some)
        case FaultKind.SKEW:
            return Fault(kind, 0.0, end, (random.randrange(everybody),), random.choice((0.5, 0.9, 1.1, 2.0)))
        case FaultKind.OVERLOAD:
            return Fault(kind, start * 0.5, end, some, random.randrange(4))
        case FaultKind.AGGREGATOR_CRASH:
            level = random.choice((0.0, POWER_LOSS, POWER_LOSS))
            return Fault(kind, start, end, (count + random.randrange(bare.aggregators),), level)
        case FaultKind.JOURNAL_FULL:
            return Fault(kind, start, end, (count + random.randrange(bare.aggregators),))
        case FaultKind.ROLLBACK:
            start, end = random.choice((0.0, start)), random.uniform(start, bare.seconds * 0.95)
            some = tuple(sorted(few[: random.randint(1, len(few))]))
            return Fault(kind, start, end, some, random.choice((0.0, TOLD)))
