"""movelite client ptb: commands of the command line to a programmable transaction."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aggregator.transaction_builder import TransactionBuilder
from aggregator.wallet.keystore import WalletError
from cli import output
from cli.ptb.builder import PtbBuilder, shadowed
from cli.ptb.parser import parse
from cli.ptb.program import Program
from cli.ptb.source import PtbError, report, source_of
from cli.ptb.tokens import Kind, tokenize
from cli.session import Session, load_config
from cli.show_transaction import SUMMARY
from cli.wallet import TransactionOptions, transact
from proto.ids import Address, format_address

if TYPE_CHECKING:
    from cli.package_release import Release

FORMS = {
    "--assign": "NAME [VALUE]",
    "--move-call": 'PKG::MODULE::FN ["<TYPES>"] VALUES...',
    "--transfer-objects": '"[OBJECTS]" TO',
    "--split-coins": 'COIN "[AMOUNTS]"',
    "--merge-coins": 'COIN "[COINS]"',
    "--make-move-vec": '"<TYPE>" "[VALUES]"',
    "--publish": "PATH",
    "--upgrade": "PATH @UPGRADE_CAP",
}
"""The values of each command, as help shows them."""

_FORMS = "\n".join(f"  {name} {form}" for name, form in FORMS.items())

HELP = f"""Usage: movelite client ptb COMMANDS [OPTIONS]

Commands (in order; the same syntax as `iota client ptb`; --assign names the last result, or a value):
{_FORMS}
Options:
  --gas-budget NANOS  --gas-coin @ID  --sender @ADDRESS  --file PATH  --preview  --summary  --json
  --dry-run  --dev-inspect  --serialize-unsigned-transaction  --serialize-signed-transaction
  --warn-shadows  --with-unpublished-dependencies
Values: 10, 10u8, 0xff, true, '"text"', @0x2, @alias, alias, name, name.0, gas, vector[a, b], some(a), none

Example:
  movelite client ptb --split-coins gas "[1000, 2000]" --assign coins \\
      --transfer-objects "[coins.0, coins.1]" @happy-opal --gas-budget 10000000
"""


class FileError(Exception):
    """A file of words that cannot be read."""


def ptb(context: typer.Context) -> None:
    """Build, preview and execute a programmable transaction."""
    words = list(context.args)
    if words in ([], ["help"]) or _wants_help(words):
        typer.echo(HELP)
        return
    output.set_json("--json" in words)
    words = with_files(words)
    program = parse(words, _aliases)
    output.set_json("json" in program.switches)
    if "preview" in program.switches:
        rows = program.preview()
        shown = [{"command": name, "values": values} for name, values in rows]
        output.result(shown, rows, ("command", "values"))
        return
    releases: list[Release] = []

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        releases.extend(await build_program(program, source_of(words), session, builder, sender))

    def record(response: dict[str, Any]) -> None:
        for release in releases:
            release.record(response)

    transact(build, replace(_options(program), record=record))


async def build_program(
    program: Program, source: str, session: Session, builder: TransactionBuilder, sender: Address
) -> list[Release]:
    """Put a program on a builder; the packages that it publishes or upgrades.

    Raises: PtbError with every problem; RpcError.
    """
    unpublished = "with-unpublished-dependencies" in program.switches
    ptb_builder = PtbBuilder(session, builder, sender, with_unpublished=unpublished)
    await ptb_builder.run(program.commands)
    if "warn-shadows" in program.switches and (warnings := shadowed(program.commands)):
        output.note(f"warning:\n{report(source, warnings)}")
    if ptb_builder.problems:
        raise PtbError(source, ptb_builder.problems)
    return ptb_builder.releases


def _wants_help(words: Sequence[str]) -> bool:
    asked = ((Kind.COMMAND, "help"), (Kind.FLAG, "h"))
    return any((token.kind, token.text) in asked for token in tokenize(words))


def _options(program: Program) -> TransactionOptions:
    switches = program.switches
    return TransactionOptions(
        [] if program.gas_coin is None else [format_address(program.gas_coin)],
        program.gas_budget,
        print_unsigned="serialize-unsigned-transaction" in switches,
        print_signed="serialize-signed-transaction" in switches,
        dry_run="dry-run" in switches,
        dev_inspect="dev-inspect" in switches,
        sender=program.sender,
        emit=SUMMARY if "summary" in switches else (),
    )


def _aliases(name: str) -> Address | None:
    """The address of an alias of the wallet, or of a package that every ledger has."""
    try:
        return load_config().keystore.resolve(name)
    except WalletError:
        return None


def with_files(words: Sequence[str]) -> list[str]:
    """Words with each --file replaced by the words in the file. Raises: FileError."""
    result: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--file":
            if (path := next(rest, None)) is None:
                raise FileError("--file needs a PATH behind it")
            result += words_of(Path(path))
        else:
            result.append(word)
    return result


def words_of(path: Path) -> list[str]:
    """The words in a file, as a shell would split them; # begins a comment. Raises: FileError."""
    try:
        return shlex.split(path.read_text(), comments=True)
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {error}") from error


app = typer.Typer()
app.command(
    "ptb",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Build, preview and execute a programmable transaction.",
)(ptb)
