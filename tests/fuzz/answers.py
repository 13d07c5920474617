"""Breaks answers of JSON-RPC: values of other kinds, parts that are missing, what is no JSON at all.

Everything follows from the random generator given, so that a seed names a case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any


def _deep(levels: int) -> Any:
    value: Any = []
    for level in range(levels):
        value = [value] if level % 2 else {"fields": value}
    return value


_NUMBERS = (0, -1, 255, 256, 1 << 63, 1 << 64, 1 << 300, 10**400, 1.5, 1e308, float("inf"))
_DIGITS = ("", " ", "0", "-1", "7", "1" * 25, "9" * 5000, "٣", "1e9", "0x", "0xzz", "0x7", "0x" + "f" * 65)
_CODES = ("1" * 44, "0OIl" * 11, "z" * 44, "====", "AAAA", "A" * 5, "\ud800", "\x00", "\x1b[2J", "\u202e")
_NAMES = ("Immutable", "moveObject", "package", "success", "failure", "GasCoin", "U8", "0x2::iota::IOTA")
_LONG = ("0x2::a::B<" * 200, "vector<" * 5000, "a" * 100_000, "MoveAbort(" * 1000, ["x"] * 1001)
_PARTS: Any = ([], {}, [[]], [None], [0], [{}], {"": 0}, {"data": None}, {"error": {}}, [256], {"Struct": {}})
_VARIANTS: Any = (
    *({"AddressOwner": 7}, {"Shared": {}}, {"Shared": None, "AddressOwner": "0x7"}),
    *({"Vector": {"Vector": 0}}, {"TypeParameter": -1}, {"NestedResult": [0]}, {"Input": "x"}),
)
_DEEP = (_deep(200), _deep(295), _deep(350), _deep(900))
_KINDS = (_NUMBERS, _DIGITS, _CODES, _NAMES, _LONG, _PARTS, _VARIANTS, _DEEP, (None, True, False))

_VALUES = [json.dumps(value) for kind in _KINDS for value in kind]

_WHOLE = [
    *(b"", b"{", b"null", b"[]", b"{}", b"7", b'"text"', b"\xff\xfe", b"<html>busy</html>", b"NaN", b"\x00"),
    *(b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b'{"result":' + b"[" * 2000 + b"]" * 2000 + b"}"),
    *(b'{"error": null}', b'{"error": []}', b'{"error": {}}', b'{"error": {"code": "x", "message": 7}}'),
    *(b'{"error": {"code": 1, "message": "\\ud800\\u001b[2J"}}', b'{"error": {"code": -1, "message": ""}}'),
    b'{"error": {"code": -32050, "message": "busy", "data": [["x"]]}}',
    b'{"error": {"code": 1, "message": "m", "data": ["\\ud800"]}}',
    *(b'{"result": null}', b'{"result": []}', b'{"result": {}}', b'{"result": "x"}', b'{"result": 1e999}'),
]


def broken(answer: Any, random: Random) -> bytes:
    """One broken relative of an answer."""
    if random.random() < 0.1:
        return random.choice(_WHOLE)
    changed = json.loads(json.dumps(answer))
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        if places := list(_places(changed)):
            _change(*random.choice(places), random)
    return json.dumps(changed).encode()


def _places(value: Any, levels: int = 12) -> Iterator[tuple[Any, Any]]:
    """Every part with what holds it, so many levels down; of long lists the first parts."""
    names: Any = ()
    if isinstance(value, dict | list) and levels:
        names = value if isinstance(value, dict) else range(min(len(value), 3))
    for name in names:
        yield value, name
        yield from _places(value[name], levels - 1)


def _change(holder: Any, name: Any, random: Random) -> None:
    value = holder[name]
    match random.randrange(6):
        case 0:
            del holder[name]
        case 1 if isinstance(value, dict):
            holder[name] = [[key, part] for key, part in value.items()]
        case 1 if isinstance(value, list):
            holder[name] = {str(place): part for place, part in enumerate(value)}
        case 2:
            holder[name] = [deepcopy(value) for _ in range(random.choice((1, 2, 3)))]
        case 3 if isinstance(value, str):
            holder[name] = random.choice((value[:-1], value + value, value.upper(), f" {value}"))
        case _:
            holder[name] = json.loads(random.choice(_VALUES))
