"""The numbers by which the official compiler tells apart variables that macros bring in: their colours.

It copies the body of a macro for every call, and where a parameter stands in it, copies the argument. What a
function's own text declares has colour 0, and each copy new ones: as many as the copied text declares
variables and labels of different colours, counted in the order in which it meets them. All arguments are put
in place when a macro is expanded, before macros that are called inside. Here nothing is copied: a `Coloring`
says which colours a piece of text has this time.

Source: move-compiler, typing/macro_expand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import Enum, auto

from .. import named_code
from .. import named_tree as N

_MOST_STEPS = 200_000
"""Pieces of text that are looked at for one function; beyond, names of variables may have wrong numbers."""

Text = N.Expression | N.Sequence
Site = N.VariableUse | N.VariableCall
"""Where a parameter of a macro stands in its body."""


class Term:
    """What stands for a parameter: text, and the colours that it has there."""

    __slots__ = ("coloring", "text")

    def __init__(self, text: Text, coloring: Coloring) -> None:
        self.text = text
        self.coloring = coloring


class Coloring:
    """The colours of a piece of text: that of what it declares, and what stands for parameters in it."""

    __slots__ = ("own", "sites")

    def __init__(self, own: int = 0) -> None:
        self.own = own
        self.sites: dict[Site, Term] = {}

    def at(self, site: Site) -> Term | None:
        """What stands for the parameter there; None if it is a variable."""
        return self.sites.get(site)


class _Moved(Coloring):
    """The colours of a copy."""

    __slots__ = ("_base", "_new")

    def __init__(self, base: Coloring, new: Mapping[int, int]) -> None:
        super().__init__(new.get(base.own, base.own))
        self._base = base
        self._new = new

    def at(self, site: Site) -> Term | None:
        found = self.sites.get(site)
        if found is None:
            copied = self._base.at(site)
            if copied is not None:
                found = self.sites[site] = Term(copied.text, _Moved(copied.coloring, self._new))
        return found


class _Part(Enum):
    """What is met in a text, in order."""

    DECLARATION = auto()
    LAMBDA_PARAMETER = auto()
    SITE = auto()


_Parts = list[tuple[_Part, Site | None, int]]
"""Parts; with the site, and for a lambda that is called there the number of its parameter."""


class Colors:
    """Gives out colours while one function is checked."""

    def __init__(self) -> None:
        self._last = 0
        self._steps = 0
        self._parts: dict[Text, _Parts] = {}

    def expand(self, body: N.Sequence, arguments: Mapping[N.Variable, Term]) -> Coloring:
        """The colours of a macro's body with these arguments in place of parameters."""
        coloring = Coloring(self._next())
        for part, site, _ in self._parts_of(body):
            argument = arguments.get(site.variable) if part is _Part.SITE and site is not None else None
            if site is None or argument is None:
                continue
            is_passed_on = isinstance(site, N.VariableUse) and isinstance(argument.text, N.Lambda)
            coloring.sites[site] = argument if is_passed_on else self._copy(argument)
        return coloring

    def stands_in(self, body: N.Sequence | None, parameter: N.Variable) -> bool:
        """Whether a parameter stands anywhere in the body of its macro."""
        return body is not None and any(
            site and site.variable is parameter for _, site, _ in self._parts_of(body)
        )

    def _next(self) -> int:
        self._last += 1
        return self._last

    def _copy(self, term: Term) -> Term:
        first = self._next()
        found: dict[int, int] = {}
        self._collect(term, first, found)
        self._last = first + max(len(found) - 1, 0)
        return Term(term.text, _Moved(term.coloring, found))

    def _collect(self, term: Term, first: int, found: dict[int, int]) -> None:
        """New colours for those that a text declares, in the order in which they are met."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return
        coloring = term.coloring
        for part, site, number in self._parts_of(term.text):
            if site is None:
                found.setdefault(coloring.own, first + len(found))
                continue
            inner = coloring.at(site)
            if inner is None:
                continue
            if part is _Part.SITE:
                self._collect(inner, first, found)
            elif isinstance(inner.text, N.Lambda) and _binds(inner.text, number):
                found.setdefault(inner.coloring.own, first + len(found))

    def _parts_of(self, text: Text) -> _Parts:
        known = self._parts.get(text)
        if known is None:
            known = self._parts[text] = list(_parts(text))
        return known


def _binds(function: N.Lambda, number: int) -> bool:
    """Whether a parameter of a lambda declares variables."""
    if number >= len(function.parameters):
        return False
    return any(map(_declares, function.parameters[number].targets))


def _declares(target: N.Target) -> bool:
    if isinstance(target, N.UnpackTarget):
        return any(_declares(field.target) for field in target.fields)
    return isinstance(target, N.VariableTarget)


_DECLARATION: tuple[_Part, None, int] = (_Part.DECLARATION, None, 0)


def _parts(node: object) -> Iterator[tuple[_Part, Site | None, int]]:
    """What is met in a piece of the tree."""
    match node:
        case N.VariableUse():
            if node.variable.is_macro_parameter:
                yield _Part.SITE, node, 0
            return
        case N.VariableCall():
            for number, argument in enumerate(node.arguments.items):
                yield _Part.LAMBDA_PARAMETER, node, number
                yield from _parts(argument)
            yield _Part.SITE, node, 0
            return
        case N.Declare() | N.Bind():
            if any(map(_declares, node.targets)):
                yield _DECLARATION
        case N.Lambda() | N.Loop() | N.While():
            yield _DECLARATION
        case N.Block() if node.label is not None:
            yield _DECLARATION
        case N.MatchArm() if node.binders:
            yield _DECLARATION
        case N.Pack():
            for value in sorted(node.fields, key=lambda field: field.name.text):
                yield from _parts(value.value)
            return
        case list():
            for item in node:
                yield from _parts(item)
            return
        case _:
            pass
    if type(node).__module__ == named_code.__name__ and not isinstance(node, Enum):
        for field in fields(node):  # type: ignore[arg-type]
            yield from _parts(getattr(node, field.name))
