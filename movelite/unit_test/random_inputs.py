"""Inputs of `#[random_test]` functions: made from a seed, and made simpler while the test still fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from movelite.unit_test.program import InputType
from movelite.unit_test.std_rng import StdRng
from movelite.vm.values import Value

MAX_VECTOR_LENGTH = 1024
"""Vectors are shorter than this."""

MAX_ATTEMPTS = 1000
"""How many simpler inputs are tried."""


def generate(rng: StdRng, type_: InputType) -> Value:
    """A value of a type."""
    match type_:
        case ("bool",):
            return rng.boolean()
        case ("address",):
            return rng.byte_array(32)
        case ("vector", *element):
            return [generate(rng, tuple(element)) for _ in range(rng.below(MAX_VECTOR_LENGTH))]
        case (name,):
            return rng.integer(int(name.removeprefix("u")))
        case _:
            raise ValueError(f"no inputs can be made of {type_}")


def shrink(values: Sequence[Value], fails: Callable[[list[Value]], bool]) -> list[Value]:
    """Simpler values with which the test still fails, found by trying simpler ones for each in turn."""
    shrinker = _Shrinker(list(values), fails)
    before: list[Value] | None = None
    while shrinker.best != before and shrinker.attempts < MAX_ATTEMPTS:
        before = shrinker.best
        for position in range(len(shrinker.best)):
            shrinker.shrink(position)
    return shrinker.best


class _Shrinker:
    """The best inputs so far, and how many others were tried."""

    def __init__(self, best: list[Value], fails: Callable[[list[Value]], bool]) -> None:
        self.best = best
        self.fails = fails
        self.attempts = 0

    def _try(self, position: int, value: Value) -> bool:
        """Whether the test still fails with another value in one place, which is then kept."""
        if self.attempts >= MAX_ATTEMPTS:
            return False
        self.attempts += 1
        candidate = [*self.best[:position], value, *self.best[position + 1 :]]
        if self.fails(candidate):
            self.best = candidate
            return True
        return False

    def shrink(self, position: int) -> None:
        """Make one value simpler."""
        match self.best[position]:
            case bool(value):
                if value:
                    self._try(position, False)
            case int(value):
                self._shrink_number(value, lambda number: self._try(position, number))
            case bytes(value):
                if any(value):
                    self._try(position, bytes(len(value)))
            case list():
                self._shrink_vector(position)

    def _shrink_number(self, value: int, fails: Callable[[int], bool]) -> None:
        """Search the least number that fails, as if all above it failed, too."""
        low = 0
        while low < value:
            middle = (low + value) // 2 if low else 0
            if fails(middle):
                value = middle
            else:
                low = middle + 1

    def _shrink_vector(self, position: int) -> None:
        whole: list[Value] = self.best[position]
        self._shrink_number(len(whole), lambda length: self._try(position, whole[:length]))
        index = 0
        while index < len(self.best[position]):
            vector: list[Value] = self.best[position]
            if self._try(position, [*vector[:index], *vector[index + 1 :]]):
                continue
            self._shrink_element(position, index)
            index += 1

    def _shrink_element(self, position: int, index: int) -> None:
        def fails(element: Value) -> bool:
            vector = self.best[position]
            return self._try(position, [*vector[:index], element, *vector[index + 1 :]])

        match self.best[position][index]:
            case bool(value):
                if value:
                    fails(False)
            case int(value):
                self._shrink_number(value, fails)
            case bytes(value):
                if any(value):
                    fails(bytes(len(value)))
            case list(value):
                self._shrink_number(len(value), lambda length: fails(value[:length]))


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
