"""The scenario of a seed, drawn by chance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from random import Random

from tests.simulation.scenario import (
    CLIENTS,
    MUTE,
    NEAR_BITS,
    POWER_LOSS,
    SHAPE_WEIGHTS,
    SHAPES,
    TOLD,
    Burst,
    Cheating,
    Fault,
    FaultKind,
    Lie,
    Purpose,
    Sabotage,
    Scenario,
    Spending,
    Step,
    faulty_stake,
)


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
        bursts=_draw_bursts(Random(f"bursts of {seed}"), bare, faults),
        reads=_draw_reads(Random(f"reads of {seed}"), seconds),
    )


def _draw_bursts(random: Random, bare: Scenario, faults: Collection[Fault]) -> tuple[Burst, ...]:
    """What an account sends: in one world of four, and whenever its process ends, just before and after."""
    ends = [
        fault.start
        for fault in faults
        if fault.kind is FaultKind.AGGREGATOR_CRASH and fault.targets == (len(bare.stakes),)
    ]
    if ends:
        return (
            _draw_burst(random, max(0.0, min(ends) - random.uniform(0, 0.2))),
            _draw_burst(random, random.uniform(0, 0.1)),
        )
    if random.random() < 0.75:
        return ()
    longest = bare.seconds / 2
    return tuple(_draw_burst(random, random.uniform(0, longest)) for _ in range(random.choice((1, 1, 2))))


def _draw_reads(random: Random, seconds: float) -> tuple[float, ...]:
    """Some while faults last, some right after, while clients go on."""
    count = random.choice((0, 0, 0, 1, 3))
    return tuple(random.uniform(0, seconds + 2.0) for _ in range(count))


def _draw_burst(random: Random, pause: float) -> Burst:
    return Burst(
        pause, random.choice((2, 4, 9)), random.choice(tuple(Purpose)), is_leaving=random.random() < 0.2
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
