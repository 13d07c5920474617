"""Broken relatives of Move sources: parts moved, lost, doubled and swapped; deep and long ones.

Everything follows from the random generator given, so that a seed names a case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

_TOKEN = re.compile(
    r"\s+|//[^\n]*|[A-Za-z_]\w*|0x[0-9a-fA-F_]+|\d\w*|\"[^\"\n]*\"|::|=>|->|&&|\|\||[<>=!]=|.", re.S
)
_DEEP = (
    "(",
    "[",
    "{",
    "vector[",
    "vector<",
    "!",
    "-",
    "&",
    "&mut ",
    "*",
    "if (true) ",
    "loop ",
    "'a: {",
    "|x| ",
    "x.f(",
    "x[",
    "a::",
    "m!(",
    "match (x) { _ => ",
    "S { f: ",
    "A<",
    "move ",
    "copy ",
    "return ",
    "abort ",
    "while (",
    "{ let x = ",
    "f(1 + ",
    "x == ",
    "(x as ",
    "1 + ",
    "x && ",
    "else ",
    "(|| ",
    "/* ",
    "use a::{",
    "module a::m { ",
    "#[a(",
    "1 << ",
    "let (",
    "a.b.",
    "&&",
    "@a ",
    "$f(",
    "fun f<T: ",
    "macro fun f(",
)
_ODD = (
    "\x00",
    "\ufeff",
    "é",
    "\u202e",
    "\r",
    "\t",
    "`",
    "\\",
    '"',
    "'",
    "$",
    "@",
    "#",
    "0x",
    "1u8",
    "256u8",
    'x"0"',
    'b"\\',
    "/*",
    "*/",
    "///",
    "..",
    "::",
    "!",
    "_",
    "18446744073709551616",
    "1" * 400,
    "0x" + "f" * 80,
    "a" * 70000,
    "\U0001f600",
    "macro",
    "match",
    "enum",
    "type",
    "mut",
    "phantom",
    "entry",
    "native",
    "spec",
)
_DEPTHS = (3, 30, 100, 300, 3000, 40_000)


def mutate(text: str, others: Sequence[str], random: Random) -> str:
    """One broken relative of a source text; others lend it parts."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6, 20))):
        text = random.choices(_MUTATIONS, _WEIGHTS)[0](text, others, random)
    return text


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _span(count: int, random: Random) -> tuple[int, int]:
    start = random.randrange(count + 1)
    return start, min(count, start + random.choice((1, 1, 1, 2, 4, 10, 40)))


def _drop(text: str, others: Sequence[str], random: Random) -> str:
    tokens = _tokens(text)
    start, end = _span(len(tokens), random)
    return "".join(tokens[:start] + tokens[end:])


def _double(text: str, others: Sequence[str], random: Random) -> str:
    tokens = _tokens(text)
    start, end = _span(len(tokens), random)
    return "".join(tokens[:start] + tokens[start:end] * random.choice((2, 2, 3, 50)) + tokens[end:])


def _move(text: str, others: Sequence[str], random: Random) -> str:
    tokens = _tokens(text)
    start, end = _span(len(tokens), random)
    rest = tokens[:start] + tokens[end:]
    place = random.randrange(len(rest) + 1)
    return "".join(rest[:place] + tokens[start:end] + rest[place:])


def _swap(text: str, others: Sequence[str], random: Random) -> str:
    """One word becomes another word of the text, as when names are confused."""
    tokens = _tokens(text)
    words = [index for index, token in enumerate(tokens) if token[0].isalnum() or token[0] == "_"]
    if len(words) > 1:
        tokens[random.choice(words)] = tokens[random.choice(words)]
    return "".join(tokens)


def _splice(text: str, others: Sequence[str], random: Random) -> str:
    tokens, lent = _tokens(text), _tokens(random.choice(others))
    start, end = _span(len(lent), random)
    place, to = _span(len(tokens), random)
    return "".join(tokens[:place] + lent[start:end] + tokens[to if random.random() < 0.5 else place :])


def _splice_lines(text: str, others: Sequence[str], random: Random) -> str:
    lines, lent = text.splitlines(True), random.choice(others).splitlines(True)
    start, end = _span(len(lent), random)
    place = random.randrange(len(lines) + 1)
    return "".join(lines[:place] + lent[start:end] + lines[place:])


def _drop_lines(text: str, others: Sequence[str], random: Random) -> str:
    lines = text.splitlines(True)
    start, end = _span(len(lines), random)
    return "".join(lines[:start] + lines[end:])


def _cut(text: str, others: Sequence[str], random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def _odd(text: str, others: Sequence[str], random: Random) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(_ODD) + text[place + random.randrange(2) :]


def _deep(text: str, others: Sequence[str], random: Random) -> str:
    tokens = _tokens(text)
    place = random.randrange(len(tokens) + 1)
    unit, depth = random.choice(_DEEP), random.choice(_DEPTHS)
    closing = {"(": ")", "[": "]", "{": "}", "<": ">"}
    end = "".join(closing[c] for c in reversed(unit) if c in closing)
    core = random.choice(("1", "x", "", "u64", tokens[place - 1] if tokens else ""))
    deep = unit * depth + core + end * (depth if random.random() < 0.7 else 0)
    return "".join(tokens[:place]) + deep + "".join(tokens[place:])


def _number(text: str, others: Sequence[str], random: Random) -> str:
    tokens = _tokens(text)
    numbers = [index for index, token in enumerate(tokens) if token[0].isdigit()]
    if numbers:
        tokens[random.choice(numbers)] = random.choice(
            ("0", "255", "256", str(2**64), str(2**256), "1_0", "0xG")
        )
    return "".join(tokens)


Mutation = Callable[[str, Sequence[str], Random], str]
_TABLE: tuple[tuple[Mutation, int], ...] = (
    (_drop, 6),
    (_double, 4),
    (_move, 4),
    (_swap, 10),
    (_splice, 6),
    (_splice_lines, 4),
    (_drop_lines, 3),
    (_cut, 1),
    (_odd, 3),
    (_deep, 2),
    (_number, 2),
)
_MUTATIONS = [mutation for mutation, _ in _TABLE]
_WEIGHTS = [weight for _, weight in _TABLE]
