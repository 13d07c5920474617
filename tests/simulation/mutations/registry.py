"""The list of mutations, and how they change the production code of this process."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulation.rules import Rule


@dataclass(frozen=True, slots=True)
class Mutation:
    """A broken rule. apply: breaks the code of this process for good; caught: rules that may tell."""

    name: str
    apply: Callable[[], None]
    caught: frozenset[Rule]


ALL: list[Mutation] = []


def mutation(name: str, *caught: Rule) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Adds what it decorates to the list."""

    def add(apply: Callable[[], None]) -> Callable[[], None]:
        ALL.append(Mutation(name, apply, frozenset(caught)))
        return apply

    return add


def nothing(*arguments: Any, **named: Any) -> None:
    """In the place of a check or a step that is left out."""


def put(place: Any, name: str, value: Any) -> None:
    """Put something else in the place of a function or a value."""
    getattr(place, name)  # what is no longer there would not be broken
    setattr(place, name, value)


def edit(place: Any, name: str, old: str, new: str) -> None:
    """Change the text of a function; what is to be changed stands there once."""
    function = vars(place)[name]
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(old) != 1:
        raise ValueError(f"{old!r} stands {source.count(old)} times in {name}")
    found: dict[str, Any] = {}
    text = f"from __future__ import annotations\n{source.replace(old, new)}"
    exec(text, vars(sys.modules[function.__module__]), found)
    put(place, name, found[name])
