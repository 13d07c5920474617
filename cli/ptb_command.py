"""movelite client ptb: commands of the command line to a programmable transaction."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aggregator.transaction_builder import BuildError, TransactionBuilder
from aggregator.wallet.keystore import WalletError
from cli import output
from cli.ptb_grammar import (
    FORMS,
    At,
    CallPath,
    Items,
    Number,
    Option,
    PtbCommand,
    PtbSyntaxError,
    Text,
    Truth,
    Types,
    Value,
    Variable,
    source_text,
    split_words,
)
from cli.session import Session
from cli.show_transaction import SUMMARY
from cli.wallet import TransactionOptions, transact
from proto import bcs
from proto.ids import Address, InvalidAddress, ObjectID, parse_address
from proto.transaction import Argument, GasCoin, MakeMoveVec, MergeCoins, SplitCoins, TransferObjects
from proto.type_tag import TypeTag, parse_type_tag

if TYPE_CHECKING:
    from cli.package_release import Release

NAMED_PACKAGES = {"std": "0x1", "iota": "0x2", "iota_system": "0x3"}
_SCHEMAS = {"u8": bcs.U8, "u16": bcs.U16, "u32": bcs.U32, "u64": bcs.U64, "u128": bcs.U128, "u256": bcs.U256}

_FORMS = "\n".join(f"  {name} {form}" for name, form in FORMS.items())

HELP = f"""Usage: movelite client ptb COMMANDS [OPTIONS]

Commands (in order; the same syntax as `iota client ptb`; --assign names the last result, or a value):
{_FORMS}
Options:
  --gas-budget NANOS  --gas-coin @ID  --sender @ADDRESS  --file PATH  --preview  --summary  --json
  --dry-run  --dev-inspect  --serialize-unsigned-transaction  --serialize-signed-transaction
  --warn-shadows  --with-unpublished-dependencies
Values: 10, 10u8, 0xff, true, "text", @0x2, @alias, alias, name, name.0, gas, [a, b], some(a), none

Example:
  movelite client ptb --split-coins gas "[1000, 2000]" --assign coins \\
      --transfer-objects "[coins.0, coins.1]" @happy-opal --gas-budget 10000000
"""


def ptb(context: typer.Context) -> None:
    """Build, preview and execute a programmable transaction."""
    words = list(context.args)
    if not words or words[0] in ("--help", "-h", "help"):
        typer.echo(HELP)
        return
    commands, options = split_words(_with_files(words))
    budget = _budget(options["--gas-budget"]) if "--gas-budget" in options else None
    output.set_json("--json" in options)
    if "--warn-shadows" in options:
        for name, numbers in shadowed(commands).items():
            output.note(f"warning: {name} is assigned by commands {', '.join(map(str, numbers))}")
    if "--preview" in options:
        rows = [(number, c.name, " ".join(map(source_text, c.values))) for number, c in enumerate(commands)]
        output.table(("", "command", "values"), rows)
        return

    releases: list[Release] = []

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        unpublished = "--with-unpublished-dependencies" in options
        ptb_builder = PtbBuilder(session, builder, sender, unpublished)
        await ptb_builder.run(commands)
        releases.extend(ptb_builder.releases)

    gas = [options["--gas-coin"].removeprefix("@")] if "--gas-coin" in options else []
    sender = options["--sender"].removeprefix("@") if "--sender" in options else None
    wanted = TransactionOptions(
        gas,
        budget,
        print_unsigned="--serialize-unsigned-transaction" in options,
        print_signed="--serialize-signed-transaction" in options,
        dry_run="--dry-run" in options,
        dev_inspect="--dev-inspect" in options,
        sender=sender,
        emit=SUMMARY if "--summary" in options else (),
    )
    response = transact(build, wanted)
    if response is not None:
        for release in releases:
            release.record(response)


def shadowed(commands: Sequence[PtbCommand]) -> dict[str, list[int]]:
    """Names that are assigned more than once, with the commands that do it, counted from 1."""
    places: dict[str, list[int]] = {}
    for number, command in enumerate(commands, 1):
        if command.name == "--assign":
            places.setdefault(source_text(command.values[0]), []).append(number)
    return {name: numbers for name, numbers in places.items() if len(numbers) > 1}


def _budget(text: str) -> int:
    digits = text.replace("_", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20 and int(digits) < 1 << 64):
        raise PtbSyntaxError(f"--gas-budget: {text!r} is no number of nanos")
    return int(digits)


def _with_files(words: Sequence[str]) -> list[str]:
    """Words with each --file replaced by the words in the file."""
    result: list[str] = []
    position = 0
    while position < len(words):
        if words[position] == "--file" and position + 1 < len(words):
            try:
                result += shlex.split(Path(words[position + 1]).read_text(), comments=True)
            except (OSError, ValueError) as error:
                raise PtbSyntaxError(f"cannot read {words[position + 1]}: {error}") from error
            position += 2
        else:
            result.append(words[position])
            position += 1
    return result


class _Place(str):
    """An address or id behind @, which is no number."""


class PtbBuilder:
    """Carries out commands on a builder, with the variables that they assign.

    releases: the packages that the commands publish or upgrade.
    """

    def __init__(
        self, session: Session, builder: TransactionBuilder, sender: Address, with_unpublished: bool
    ) -> None:
        self._session, self._builder, self._sender = session, builder, sender
        self._with_unpublished = with_unpublished
        self._variables: dict[str, Argument | Value] = {"gas": GasCoin(), "sender": _address_value(sender)}
        self._last: Argument | None = None
        self.releases: list[Release] = []

    async def run(self, commands: Sequence[PtbCommand]) -> None:
        """Carry out all. Raises: BuildError, PtbSyntaxError, naming the command."""
        for number, command in enumerate(commands, 1):
            try:
                await self._one(command)
            except (BuildError, PtbSyntaxError, InvalidAddress) as error:
                raise BuildError(f"command {number}, {command.name}: {error}") from error

    async def _one(self, command: PtbCommand) -> None:
        builder, values = self._builder, command.values
        match command.name, values:
            case "--assign", (Variable((name,)),):
                if self._last is None:
                    raise PtbSyntaxError("there is no result to assign yet")
                self._variables[name] = self._last
            case "--assign", (Variable((name,)), value):
                self._variables[name] = self._resolve(value)
            case "--move-call", (CallPath() as path, *rest):
                self._last = await self._call(path, rest)
            case "--transfer-objects", (Items(items), to):
                objects = tuple([await self._object(item) for item in items])
                builder.add(TransferObjects(objects, await self._address(to)))
                self._last = None
            case "--split-coins", (coin, Items(items)):
                amounts = tuple([await self._number(item) for item in items])
                self._last = builder.add(SplitCoins(await self._object(coin), amounts))
            case "--merge-coins", (coin, Items(items)):
                target = await self._object(coin)
                builder.add(MergeCoins(target, tuple([await self._object(item) for item in items])))
                self._last = None
            case "--make-move-vec", (Types(text), Items(items)):
                self._last = await self._vector(parse_type_tag(text), items)
            case "--publish", (Text(path),):
                self._last = await self._publish(Path(path))
            case "--upgrade", (Text(path), capability):
                await self._upgrade(Path(path), capability)
                self._last = None
            case _:
                raise PtbSyntaxError(f"its values are not {FORMS[command.name]}")

    async def _call(self, path: CallPath, values: Sequence[Value]) -> Argument:
        tags: list[TypeTag] = []
        if values and isinstance(values[0], Types):
            tags = [parse_type_tag(part) for part in _split_types(values[0].text)]
            values = values[1:]
        arguments = [self._plain(value) for value in values]
        return await self._builder.call(
            self._package(path.package), path.module, path.function, tags, arguments
        )

    async def _vector(self, tag: TypeTag, items: Sequence[Value]) -> Argument:
        from aggregator.transaction_builder import encode_argument, layout_of_tag

        layout = layout_of_tag(tag)
        elements: list[Argument] = []
        for item in items:
            plain = self._plain(item)
            if layout is not None and not _is_argument(plain):
                elements.append(self._builder.pure_bytes(encode_argument(layout, plain)))
            else:
                elements.append(await self._object(item))
        return self._builder.add(MakeMoveVec(tag, tuple(elements)))

    async def _publish(self, path: Path) -> Argument:
        from cli.package_release import add_publish

        release, capability = await add_publish(self._session, self._builder, path, self._with_unpublished)
        self.releases.append(release)
        return capability

    async def _upgrade(self, path: Path, capability: Value) -> None:
        from cli.package_release import add_upgrade

        cap = self._plain(capability)
        if not isinstance(cap, str):
            raise PtbSyntaxError("the UpgradeCap is an object on the ledger: write @0x...")
        unpublished = self._with_unpublished
        release = await add_upgrade(self._session, self._builder, path, parse_address(cap), unpublished)
        self.releases.append(release)

    def _resolve(self, value: Value) -> Argument | Value:
        """A variable's meaning, with its parts, or the address of an alias; other values mean themselves."""
        if not isinstance(value, Variable):
            return value
        name, *parts = value.path
        if name not in self._variables:
            with suppress(WalletError):
                return _address_value(self._session.config.keystore.resolve(".".join(value.path)))
            raise PtbSyntaxError(f"nothing is named {name!r} (names: {', '.join(self._variables)})")
        found = self._variables[name]
        for part in parts:
            if isinstance(found, Items) and part.isdigit() and int(part) < len(found.items):
                found = self._resolve(found.items[int(part)])
            elif _is_argument(found) and part.isdigit():
                found = self._builder.nested(found, int(part))  # type: ignore[arg-type]
            else:
                raise PtbSyntaxError(f"{name!r} has no part {part!r}")
        return found

    def _plain(self, value: Value) -> Any:
        """A value as the builder takes arguments: an Argument, or JSON."""
        found = self._resolve(value)
        match found:
            case Number(number):
                return number
            case Text(text):
                return text
            case Truth(truth):
                return truth
            case At(name):
                return _Place(f"0x{self._at(name).hex()}")
            case Items(items):
                return [self._plain(item) for item in items]
            case Option(inner):
                return [] if inner is None else [self._plain(inner)]
            case CallPath() | Types():
                raise PtbSyntaxError(f"{found} is no argument")
            case _:
                return found

    async def _object(self, value: Value) -> Argument:
        plain = self._plain(value)
        if _is_argument(plain):
            return plain  # type: ignore[no-any-return]
        if not isinstance(plain, str):
            raise PtbSyntaxError(f"{plain!r} is no object: write @0x...")
        return await self._builder.object(parse_address(plain))

    async def _address(self, value: Value) -> Argument:
        plain = self._plain(value)
        if _is_argument(plain):
            return plain  # type: ignore[no-any-return]
        if not isinstance(plain, str):
            raise PtbSyntaxError(f"{plain!r} is no address: write @0x... or @alias")
        return self._builder.pure(Address, parse_address(plain))

    async def _number(self, value: Value) -> Argument:
        found = self._resolve(value)
        if isinstance(found, Number):
            return self._builder.pure(_SCHEMAS[found.width or "u64"], found.value)
        plain = self._plain(value)
        if _is_argument(plain):
            return plain  # type: ignore[no-any-return]
        raise PtbSyntaxError(f"{plain!r} is no amount")

    def _package(self, name: str) -> ObjectID:
        if name in self._variables:
            found = self._plain(Variable((name,)))
            if isinstance(found, str):
                return parse_address(found)
        return parse_address(NAMED_PACKAGES.get(name, name))

    def _at(self, name: str) -> Address:
        if name in NAMED_PACKAGES:
            return parse_address(NAMED_PACKAGES[name])
        return self._session.config.keystore.resolve(name)


def _address_value(address: Address) -> Value:
    return At(f"0x{address.hex()}")


def _is_argument(value: object) -> bool:
    from proto.transaction import Input, NestedResult, Result

    return isinstance(value, GasCoin | Input | Result | NestedResult)


def _split_types(text: str) -> list[str]:
    """Types at the top level of a list."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character == "<") - (character == ">")
        if character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    return [*parts, text[start:]]


app = typer.Typer()
app.command(
    "ptb",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Build, preview and execute a programmable transaction.",
)(ptb)
