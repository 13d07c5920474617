"""Arguments of commands: Move values, and objects by name. Source: iota-transactional-test-runner, args."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from proto.ids import Address, ObjectID
from proto.object import Object, Shared
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    ObjectArg,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Receiving,
    Result,
    SharedObject,
)
from tests.conformance.transactional.directives import DirectiveError
from tests.conformance.transactional.ledger.names import FakeId
from tests.conformance.transactional.runner import TaskError
from tests.conformance.transactional.values import (
    Tokens,
    encode_value,
    parse_integer,
    parse_value,
    tokenize_value,
)

_T = TypeVar("_T")

_OBJECT_WORDS = ("object", "receiving", "immshared")


@dataclass(frozen=True, slots=True)
class NamedObject:
    """`object(1,0)`, `receiving(0x6)@3`, `immshared(2,1)`: by name, perhaps at an old version."""

    kind: str
    name: FakeId | ObjectID
    version: int | None

    @property
    def text(self) -> str:
        """The name as errors show it."""
        if isinstance(self.name, bytes):
            return f"0x{self.name.hex()}"
        return "{},{}".format(*self.name)


@dataclass(frozen=True, slots=True)
class StagedDigest:
    """`digest(package)`: of a package that is staged for an upgrade."""

    package: str


InputValue = bytes | NamedObject | StagedDigest | tuple[NamedObject, ...]
"""BCS of a Move value, one object, a digest, or a vector of objects."""


def parse_input(text: str, names: Mapping[str, bytes]) -> InputValue:
    """One argument of a command. Raises: DirectiveError."""
    tokens = tokenize_value(text)
    match tokens:
        case [("name", "digest"), ("(", _), ("name", package), (")", _)]:
            return StagedDigest(package)
        case [("name", word), ("(", _), *_] if word in _OBJECT_WORDS:
            return _only(_named_object(tokens), tokens, text)
        case [("name", "vector"), ("[", _), ("name", word), ("(", _), *_] if word in _OBJECT_WORDS:
            return _object_vector(tokens, text)
        case _:
            return encode_value(parse_value(text, names))


def parse_object_name(text: str) -> FakeId | ObjectID:
    """`1,0` or a number, as commands take it without `object(...)`. Raises: DirectiveError."""
    first, comma, second = text.partition(",")
    if comma:
        return parse_integer(first).value, parse_integer(second).value
    return ObjectID(Address(parse_integer(first).value.to_bytes(32, "big")))


def _object_vector(tokens: Tokens, text: str) -> tuple[NamedObject, ...]:
    del tokens[:2]
    found = []
    while tokens and tokens[0][0] != "]":
        found.append(_named_object(tokens))
        if tokens and tokens[0][0] == ",":
            tokens.pop(0)
    return _only(tuple(found), tokens[1:], text)


def _named_object(tokens: Tokens) -> NamedObject:
    kind = tokens.pop(0)[1]
    inside = []
    tokens.pop(0)
    while tokens and tokens[0][0] != ")":
        inside.append(tokens.pop(0)[1])
    if not tokens:
        raise DirectiveError("an object's name is not closed")
    tokens.pop(0)
    version = None
    if tokens and tokens[0][0] == "@":
        version = parse_integer(tokens[1][1]).value
        del tokens[:2]
    return NamedObject(kind, parse_object_name("".join(inside)), version)


def _only(value: _T, tokens: Tokens, text: str) -> _T:
    if tokens:
        raise DirectiveError(f"unexpected end of {text}")
    return value


FindObject = Callable[[NamedObject], Object]
"""Loads an object by name. Raises: TaskError."""


class TransactionBuilder:
    """Collects inputs, equal ones once, and commands."""

    def __init__(self, find_object: FindObject, digests: Mapping[str, bytes]) -> None:
        self._find_object = find_object
        self._digests = digests
        self.inputs: list[CallArg] = []
        self.commands: list[Command] = []

    def pure(self, data: bytes) -> Input:
        """A Move value as input."""
        return self._add(Pure(data))

    def call_arg(self, value: InputValue) -> CallArg:
        """The input of a value, without adding it. Raises: TaskError."""
        match value:
            case bytes():
                return Pure(value)
            case NamedObject():
                return ObjectInput(self._object_arg(value))
            case StagedDigest(package):
                digest = self._digests.get(package)
                if digest is None:
                    raise TaskError(f"Unbound staged package '{package}'")
                return Pure(bytes([len(digest)]) + digest)
            case tuple():
                raise TaskError("obj vec is not supported as an input")

    def argument(self, value: InputValue) -> Argument:
        """Add a value as input; of a vector of objects, a command that makes it."""
        if isinstance(value, tuple):
            elements = tuple(self._add(self.call_arg(item)) for item in value)
            return self.command(MakeMoveVec(None, elements))
        return self._add(self.call_arg(value))

    def command(self, command: Command) -> Result:
        """Add a command."""
        self.commands.append(command)
        return Result(len(self.commands) - 1)

    def build(self) -> ProgrammableTransaction:
        """The transaction so far."""
        return ProgrammableTransaction(tuple(self.inputs), tuple(self.commands))

    def _add(self, call_arg: CallArg) -> Input:
        for index, known in enumerate(self.inputs):
            merged = _merged(known, call_arg)
            if merged is not None:
                self.inputs[index] = merged
                return Input(index)
        self.inputs.append(call_arg)
        return Input(len(self.inputs) - 1)

    def _object_arg(self, named: NamedObject) -> ObjectArg:
        found = self._find_object(named)
        if named.kind == "receiving":
            return Receiving(found.reference())
        is_mutable = named.kind == "object"
        if isinstance(found.owner, Shared):
            return SharedObject(found.object_id, found.owner.initial_shared_version, is_mutable)
        if not is_mutable:
            raise TaskError(f"{named.text} is not a shared object.")
        return ImmOrOwnedObject(found.reference())


def _merged(known: CallArg, added: CallArg) -> CallArg | None:
    """One input for both, if they are the same value or the same object."""
    if known == added:
        return known
    match known, added:
        case ObjectInput(SharedObject() as first), ObjectInput(SharedObject() as second) if (
            first.id == second.id
        ):
            return ObjectInput(replace(first, mutable=first.mutable or second.mutable))
        case _:
            return None
