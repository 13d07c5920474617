"""A program as it is written to a transaction: names to what they stand for, values to inputs.

What a value becomes depends on where it is used: @0x5 is an object for a function that takes one, else an
address. The first use of a name decides, as with `iota client ptb`; one that changes an object decides again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from aggregator.transaction_builder import BuildError, TransactionBuilder, pure_layout, without_reference
from cli.ptb import program as ast
from cli.ptb.functions import (
    RECEIVING,
    lacks_type,
    parameters_of,
    struct_name,
    tag_of,
)
from cli.ptb.program import At, Command, Gas, Name, Part, Value, Vector, Word, value_text
from cli.ptb.pure import ID, is_pure, pure_bytes
from cli.ptb.reader import MAX_DEPTH, address_of
from cli.ptb.source import Problem, Span, did_you_mean
from cli.session import Session
from movelite.package.errors import PackageError
from proto.ids import Address, ObjectID, parse_address, short_address
from proto.transaction import (
    Argument,
    GasCoin,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    Result,
    SplitCoins,
    TransferObjects,
)
from proto.type_tag import ADDRESS, U64, InvalidTypeTag, TypeTag, format_type_tag, parse_type_tag

if TYPE_CHECKING:
    from cli.package_release import Release

NAMED_PACKAGES = {"std": "0x1", "iota": "0x2", "iota_system": "0x3", "stardust": "0x107a", "bridge": "0xb"}
"""Names of addresses that types and functions have everywhere."""


@dataclass(frozen=True, slots=True)
class _ToPure:
    """A pure value of a type. is_strict: an address is one only where the type is."""

    tag: TypeTag
    is_strict: bool = False


@dataclass(frozen=True, slots=True)
class _ToObject:
    """An object, or a pure value that shows its type."""

    is_mutable: bool = True
    is_receiving: bool = False


_Wanted = _ToPure | _ToObject


class PtbBuilder:
    """Carries out commands on a builder.

    problems: what is wrong with them; releases: the packages that they publish or upgrade.
    """

    def __init__(
        self, session: Session, builder: TransactionBuilder, sender: Address, *, with_unpublished: bool
    ) -> None:
        self._session, self._builder = session, builder
        self._with_unpublished = with_unpublished
        keystore = session.config.keystore
        self._addresses = {keystore.alias(address): address for address in keystore.addresses}
        self._addresses["sender"] = sender
        self._values: dict[str, Value] = {}
        self._arguments: dict[str, Argument] = {}
        self._open: list[str] = []
        self._last: Argument | None = None
        self.problems: list[Problem] = []
        self.releases: list[Release] = []

    async def run(self, commands: Sequence[Command]) -> None:
        """Carry out all, those behind a problem, too. Raises: RpcError."""
        for command in commands:
            try:
                await self._one(command)
            except Problem as problem:
                self.problems.append(problem)

    async def _one(self, command: Command) -> None:
        builder = self._builder
        match command:
            case ast.Assign(name, value):
                self._assign_last(name) if value is None else self._assign(name.text, value)
            case ast.MoveCall():
                self._last = builder.add(await self._call(command))
            case ast.TransferObjects(objects, to):
                recipient = await self._resolve(to, _ToPure(ADDRESS))
                self._last = builder.add(TransferObjects(await self._objects(objects), recipient))
            case ast.SplitCoins(coin, amounts):
                source = await self._resolve(coin, _ToObject())
                values = [await self._resolve(amount, _ToPure(U64)) for amount in amounts]
                self._last = builder.add(SplitCoins(source, tuple(values)))
            case ast.MergeCoins(coin, coins):
                target = await self._resolve(coin, _ToObject())
                self._last = builder.add(MergeCoins(target, await self._objects(coins)))
            case ast.MakeMoveVec(written, items):
                tag = _tag(written)
                wanted = _ToPure(tag) if is_pure(tag) else _ToObject()
                elements = [await self._resolve(item, wanted) for item in items]
                self._last = builder.add(MakeMoveVec(tag, tuple(elements)))
            case ast.Publish(path):
                self._last = await self._publish(path)
            case ast.Upgrade(path, capability):
                await self._upgrade(path, capability)
                self._last = None
            case _:
                assert_never(command)

    def _assign(self, name: str, value: Value) -> None:
        self._values[name] = value
        self._arguments.pop(name, None)
        match value:
            case At(address):
                self._addresses[name] = address
            case Name(other) if other in self._addresses:
                self._addresses[name] = self._addresses[other]
            case Part() if value.name in self._addresses:
                self._addresses[name] = self._addresses[value.name]

    def _assign_last(self, name: Word) -> None:
        if self._last is None:
            hint = "The command before has no result, or it has a name already."
            raise Problem("Cannot assign a value to this variable.", name.span, hint)
        self._values.pop(name.text, None)
        self._arguments[name.text], self._last = self._last, None

    async def _objects(self, values: Sequence[Value]) -> tuple[Argument, ...]:
        return tuple([await self._resolve(value, _ToObject()) for value in values])

    async def _resolve(self, value: Value, wanted: _Wanted) -> Argument:
        match value:
            case Gas():
                return GasCoin()
            case Name(name):
                return await self._named(name, value.span, wanted)
            case Part():
                return await self._part(value, wanted)
            case At():
                return await self._place(value, wanted)
            case _:
                tag = wanted.tag if isinstance(wanted, _ToPure) else None
                return self._builder.pure_bytes(pure_bytes(value, tag))

    async def _named(self, name: str, span: Span, wanted: _Wanted) -> Argument:
        if name in self._arguments:
            is_decided_again = isinstance(wanted, _ToObject) and wanted.is_mutable
            if not is_decided_again or name not in self._values:
                return self._arguments[name]
        elif name not in self._values:
            if name not in self._addresses:
                raise Problem(f"Unresolved identifier: '{name}'", span, self._near(name))
            address = self._addresses[name]
            self._values[name] = At(address, short_address(address), span=span)
        if name in self._open:
            raise Problem(f"Variable '{name}' stands for itself", span)
        if len(self._open) == MAX_DEPTH:
            raise Problem(f"More than {MAX_DEPTH} variables stand for each other", span)
        self._open.append(name)
        try:
            self._arguments[name] = await self._resolve(self._values[name], wanted)
        finally:
            self._open.pop()
        return self._arguments[name]

    async def _part(self, part: Part, wanted: _Wanted) -> Argument:
        if part.index is None or part.name in self._addresses:
            return await self._named(part.name, part.span, wanted)
        if isinstance(self._values.get(part.head), Name):
            await self._named(part.head, part.head_span, wanted)
        whole = self._arguments.get(part.head)
        match whole:
            case Result(command):
                return NestedResult(command, part.index)
            case None:
                message = f"Tried to access an unresolved identifier: {part.head}"
                raise Problem(message, part.head_span, self._near(part.head))
            case _:
                raise Problem(f"'{part.head}' is no result of a command, and has no parts", part.span)

    async def _place(self, place: At, wanted: _Wanted) -> Argument:
        if isinstance(wanted, _ToPure):
            if wanted.is_strict and wanted.tag not in (ADDRESS, ID):
                shown = format_type_tag(wanted.tag)
                raise Problem(f"Unable to serialize '{value_text(place)}' as a {shown} value", place.span)
            return self._builder.pure(Address, place.address)
        with _located(place.span):
            if wanted.is_receiving:
                return await self._builder.receive(place.address)
            return await self._builder.object(place.address, wanted.is_mutable)

    def _near(self, name: str) -> str:
        return did_you_mean(name, dict.fromkeys((*self._arguments, *self._values, *self._addresses)))

    async def _call(self, call: ast.MoveCall) -> MoveCall:
        path = call.path
        types = tuple(map(_tag, call.types or ()))
        package = self._package(path.package)
        parameters = await parameters_of(self._session, package, path)
        if len(parameters) != len(call.values):
            span = call.values[0].span.to(call.values[-1].span) if call.values else path.span
            noun = "argument" if len(parameters) == 1 else "arguments"
            raise Problem(f"Expected {len(parameters)} {noun}, but got {len(call.values)}", span)
        pairs = zip(parameters, call.values, strict=True)
        arguments = [await self._argument(parameter, value, types) for parameter, value in pairs]
        return MoveCall(package, path.module.text, path.function.text, types, tuple(arguments))

    async def _argument(self, parameter: Any, value: Value, types: Sequence[TypeTag]) -> Argument:
        layout = pure_layout(parameter, types)
        if layout is not None:
            return await self._resolve(value, _ToPure(tag_of(layout), is_strict=True))
        if lacks_type(parameter, len(types)):
            raise Problem("Not enough type parameters supplied for Move call", value.span)
        if isinstance(value, Vector) and "Vector" in without_reference(parameter):
            return self._builder.add(MakeMoveVec(None, await self._objects(value.items)))
        is_mutable = not (isinstance(parameter, dict) and "Reference" in parameter)
        return await self._resolve(value, _ToObject(is_mutable, struct_name(parameter) == RECEIVING))

    def _package(self, word: Word) -> ObjectID:
        found = address_of(word) or self._addresses.get(word.text)
        if found is None and word.text in NAMED_PACKAGES:
            found = parse_address(NAMED_PACKAGES[word.text])
        if found is None:
            hint = f"Assign the address to {word.text}, or write the address."
            raise Problem(f"Unbound named address: '{word.text}'", word.span, hint)
        return found

    async def _publish(self, path: Word) -> Argument:
        from cli.package_release import add_publish

        folder, unpublished = _folder(path), self._with_unpublished
        with _located(path.span):
            release, capability = await add_publish(self._session, self._builder, folder, unpublished)
        self.releases.append(release)
        return capability

    async def _upgrade(self, path: Word, capability: Value) -> None:
        from cli.package_release import add_upgrade

        if isinstance(capability, Name):
            capability = self._values.get(capability.name, capability)
        if not isinstance(capability, At):
            raise Problem("Expected upgrade capability object ID", capability.span)
        folder, cap, unpublished = _folder(path), capability.address, self._with_unpublished
        with _located(path.span):
            self.releases.append(await add_upgrade(self._session, self._builder, folder, cap, unpublished))


def _folder(path: Word) -> Path:
    folder = Path(path.text)
    try:
        folder.stat()
    except OSError as error:
        raise Problem(f"{error.strerror} (os error {error.errno})", path.span) from error
    return folder


def _tag(word: Word) -> TypeTag:
    try:
        return parse_type_tag(word.text)
    except InvalidTypeTag as error:
        raise Problem(str(error), word.span) from error


@contextmanager
def _located(span: Span) -> Iterator[None]:
    """Say where in the source it is that building fails."""
    try:
        yield
    except (BuildError, PackageError) as error:
        message, _, hint = str(error).partition("\n")
        raise Problem(message, span, hint.strip()) from error


def shadowed(commands: Sequence[Command]) -> list[Problem]:
    """Names that are assigned more than once, each time that they are."""
    places: dict[str, list[Span]] = {}
    for command in commands:
        if isinstance(command, ast.Assign):
            places.setdefault(command.name.text, []).append(command.name.span)
    warnings = []
    for name, spans in sorted(places.items()):
        if len(spans) > 1:
            warnings.append(Problem(f"Variable '{name}' first declared here", spans[0]))
            warnings += [_again(name, number, span) for number, span in enumerate(spans[1:], 2)]
    return warnings


def _again(name: str, number: int, span: Span) -> Problem:
    is_teen = number % 100 in (11, 12, 13)
    ordinal = f"{number}{'th' if is_teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
    message = f"Variable '{name}' used again here (shadowed) for the {ordinal} time."
    return Problem(message, span, "Give it another name, or leave out --warn-shadows.")
