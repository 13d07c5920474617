"""Inputs of `#[random_test]` functions: made from a seed, and made simpler while the test still fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from movelite.compiler.types import INTEGER_BITS, BuiltinType, Type
from movelite.unit_test.std_rng import StdRng
from movelite.vm.values import Value

MAX_VECTOR_LENGTH = 1024
"""Vectors are shorter than this."""

MAX_ATTEMPTS = 200
"""How many simpler inputs are tried."""


def generate(rng: StdRng, type_: Type) -> Value:
    """A value of a builtin type."""
    match type_:
        case BuiltinType("bool"):
            return rng.boolean()
        case BuiltinType("address"):
            return rng.byte_array(32)
        case BuiltinType("vector", (element,)):
            return [generate(rng, element) for _ in range(rng.below(MAX_VECTOR_LENGTH))]
        case BuiltinType(name) if name in INTEGER_BITS:
            return rng.integer(INTEGER_BITS[name])
        case _:
            raise ValueError(f"no inputs can be made of {type_}")


def shrink(values: Sequence[Value], fails: Callable[[list[Value]], bool]) -> list[Value]:
    """Simpler values with which the test still fails, found by trying simpler ones for each in turn."""
    best = list(values)
    attempts = 0
    improved = True
    while improved and attempts < MAX_ATTEMPTS:
        improved = False
        for position, value in enumerate(best):
            for simpler in simpler_values(value):
                attempts += 1
                candidate = [*best[:position], simpler, *best[position + 1 :]]
                if fails(candidate):
                    best, improved = candidate, True
                    break
                if attempts >= MAX_ATTEMPTS:
                    return best
    return best


def simpler_values(value: Value) -> Iterator[Value]:
    """Values simpler than this one, the simplest first."""
    match value:
        case bool():
            if value:
                yield False
        case int():
            yield from _smaller_numbers(value)
        case bytes():
            if any(value):
                yield bytes(len(value))
        case list():
            length = len(value)
            keep = 0
            while keep < length:
                yield value[:keep]
                keep = (keep + length + 1) // 2
            if length > 1:
                yield value[1:]


def _smaller_numbers(value: int) -> Iterator[int]:
    step = value
    while step > 0:
        yield value - step
        step //= 2


def format_value(value: Value) -> str:
    """A value as Move source would have it."""
    match value:
        case bool():
            return "true" if value else "false"
        case bytes():
            return f"@0x{int.from_bytes(value, 'big'):x}"
        case list():
            return f"vector[{', '.join(map(format_value, value))}]"
        case _:
            return str(value)
