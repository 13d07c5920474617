"""Breaks modules: bytes at random, and rows, types and instructions within a module that still reads.

Everything follows from the random generator given, so that a seed names a case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from movelite.bytecode.file_format import (
    ALL_ABILITIES,
    CodeUnit,
    CompiledModule,
    Constant,
    Datatype,
    DatatypeInstantiation,
    Instruction,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    VariantJumpTable,
    Vector,
    Visibility,
)
from movelite.bytecode.reader import deserialize_without_bounds_check
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module

_TABLES = [f.name for f in fields(CompiledModule) if f.name not in ("version", "self_module_handle_idx")]
_OPCODES = list(Opcode)
_BOUNDARIES = (0, 1, 2, 127, 128, 255, 256, 1023, 1024, 65535)


def mutate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """One broken relative of a module; others lend it parts."""
    if random.random() < 0.4:
        return _mutate_bytes(data, others, random)
    try:
        module = deserialize_without_bounds_check(data)
        for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
            random.choice(_STRUCTURAL)(module, random)
        return serialize_module(module)
    except VMError:
        # what the writer refuses never becomes bytes
        return _mutate_bytes(data, others, random)


# bytes


def _mutate_bytes(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place = random.randrange(len(broken) + 1)
        match random.randrange(7):
            case 0 if place < len(broken):
                broken[place] ^= 1 << random.randrange(8)
            case 1 if place < len(broken):
                broken[place] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
            case 2:
                broken[place:place] = random.randbytes(random.randrange(1, 9))
            case 3:
                del broken[place : place + random.randrange(1, 9)]
            case 4:
                broken[place:place] = broken[place : place + random.randrange(1, 64)]
            case 5:
                other = random.choice(others)
                start = random.randrange(len(other))
                piece = other[start : start + random.randrange(1, 64)]
                broken[place : place + len(piece)] = piece
            case _:
                if random.random() < 0.2:
                    del broken[place:]
    return bytes(broken)


# rows


def _change_row(module: CompiledModule, random: Random) -> None:
    """Change one column of one row of one table."""
    table = getattr(module, random.choice(_TABLES))
    if table:
        index = random.randrange(len(table))
        table[index] = _change(table[index], random)


def _copy_row(module: CompiledModule, random: Random) -> None:
    table = getattr(module, random.choice(_TABLES))
    if table:
        table.insert(random.randrange(len(table) + 1), random.choice(table))


def _drop_row(module: CompiledModule, random: Random) -> None:
    table = getattr(module, random.choice(_TABLES))
    if table:
        del table[random.randrange(len(table))]


def _swap_rows(module: CompiledModule, random: Random) -> None:
    table = getattr(module, random.choice(_TABLES))
    if table:
        first, second = random.randrange(len(table)), random.randrange(len(table))
        table[first], table[second] = table[second], table[first]


def _change_version(module: CompiledModule, random: Random) -> None:
    module.version = random.choice((6, 7))


def _change_token(module: CompiledModule, random: Random) -> None:
    """Put another type in the place of one in a signature."""
    if module.signatures:
        index = random.randrange(len(module.signatures))
        tokens = list(module.signatures[index])
        tokens.insert(random.randrange(len(tokens) + 1), _token(random))
        if random.random() < 0.7:
            del tokens[random.randrange(len(tokens))]
        module.signatures[index] = tuple(tokens)


def _change_code(module: CompiledModule, random: Random) -> None:
    """Change, insert, delete or move instructions of one function."""
    bodies = [i for i, f in enumerate(module.function_defs) if f.code is not None]
    if not bodies:
        return
    index = random.choice(bodies)
    definition = module.function_defs[index]
    unit = definition.code
    if unit is None:
        return
    code = list(unit.code)
    place = random.randrange(len(code) + 1)
    match random.randrange(6):
        case 0 if place < len(code):
            code[place] = Instruction(random.choice(_OPCODES), code[place].operand, code[place].count)
        case 1 if place < len(code):
            code[place] = _instruction(code[place].opcode, random)
        case 2:
            code.insert(place, _instruction(random.choice(_OPCODES), random))
        case 3 if code:
            del code[place : place + random.randrange(1, 4)]
        case 4 if code:
            code[place:place] = [random.choice(code) for _ in range(random.randrange(1, 6))]
        case _:
            random.shuffle(code)
    module.function_defs[index] = replace(definition, code=replace(unit, code=tuple(code)))


_STRUCTURAL: Sequence[Callable[[CompiledModule, Random], None]] = (
    _change_row,
    _change_row,
    _copy_row,
    _drop_row,
    _swap_rows,
    _change_version,
    _change_token,
    _change_token,
    _change_code,
    _change_code,
    _change_code,
    _change_code,
)


def _instruction(opcode: Opcode, random: Random) -> Instruction:
    return Instruction(opcode, _number(random), random.choice((0, 1, 2, 3, 1000, (1 << 64) - 1)))


def _number(random: Random) -> int:
    return random.randrange(12) if random.random() < 0.8 else random.choice(_BOUNDARIES)


def _token(random: Random, depth: int = 0) -> SignatureToken:
    match random.randrange(6 if depth < 12 else 3):
        case 0:
            return random.choice(list(Primitive))
        case 1:
            return Datatype(_number(random))
        case 2:
            return TypeParameter(random.randrange(4))
        case 3:
            return Vector(_token(random, depth + 1))
        case 4:
            wrapper = random.choice((Reference, MutableReference))
            return wrapper(_token(random, depth + 1))
        case _:
            arguments = tuple(_token(random, depth + 2) for _ in range(random.randrange(1, 4)))
            return DatatypeInstantiation(_number(random), arguments)


def _change(value: Any, random: Random) -> Any:
    """Another value of the same shape."""
    match value:
        case bool():
            return not value
        case Visibility():
            return random.choice(list(Visibility))
        case Primitive() | Vector() | Reference() | MutableReference() | Datatype() | TypeParameter():
            return _token(random)
        case DatatypeInstantiation():
            return _token(random)
        case Constant():
            return Constant(_token(random), random.randbytes(random.choice((0, 1, 8, 9, 32, 33))))
        case CodeUnit() | VariantJumpTable():
            return _change_field(value, random)
        case Instruction():
            return _instruction(value.opcode, random)
        case int():
            return random.randrange(ALL_ABILITIES + 1) if random.random() < 0.3 else _number(random)
        case str():
            return random.choice(("a", "_a", "init", "Self", value + "x", "<SELF>"))
        case bytes():
            return random.randbytes(len(value))
        case None:
            return None
        case tuple():
            return _change_tuple(value, random)
        case _ if is_dataclass(value):
            return _change_field(value, random)
        case _:
            return value


def _change_tuple(value: tuple[Any, ...], random: Random) -> tuple[Any, ...]:
    items = list(value)
    if not items:
        return value
    place = random.randrange(len(items))
    match random.randrange(3):
        case 0:
            items[place] = _change(items[place], random)
        case 1:
            del items[place]
        case _:
            items.insert(place, items[place])
    return tuple(items)


def _change_field(value: Any, random: Random) -> Any:
    name = random.choice(fields(value)).name
    return replace(value, **{name: _change(getattr(value, name), random)})
