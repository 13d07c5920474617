"""Entry of `movelite`: finds the group of commands, reads what all share, and turns errors into exit codes.

Exit codes: 0 done; 1 refused or failed, with the reason on standard error; 2 a wrong command line;
130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from cli import output
from cli.lazy import Place, lazy_group

GROUPS = {
    "start": Place(
        "cli.start", "Start authorities, the client service and the faucet; state is kept across restarts."
    ),
    "genesis": Place(
        "cli.genesis", "Make genesis.blob and committee.json, and keys and configurations of the authorities."
    ),
    "authority": Place("cli.authority", "Make and run one authority."),
    "service": Place("cli.service", "Run the client service of a network."),
    "client": Place("cli.client", "Talk to a network: addresses, objects, transactions."),
    "keytool": Place("cli.keytool", "Keys: generate, import, sign, convert."),
    "move": Place("cli.move", "Make, build and test Move packages."),
}
"""Groups and single commands, imported only when used, so that each starts quickly."""

ABSENT = {
    "console": "every command is one of the shell, and --json anywhere prints JSON",
    "validator": "nobody stakes, and authorities are those of the genesis; `movelite authority` makes one",
    "genesis-ceremony": "it is `movelite authority init` and `movelite genesis --authority-info`",
    "bridge-committee-init": "there is no bridge",
    "analyzer": "there is no language server; `movelite move build --json-errors` is for editors",
    "fire-drill": "the committee does not change, so an authority keeps its key",
}
"""Groups of the `iota` command that are not there, and why."""

MANY_VALUES = {
    "--args",
    "--type-args",
    "--amounts",
    "--input-coins",
    "--recipients",
    "--signatures",
    "--pks",
    "--sigs",
    "--weights",
    "--host",
    "--gas",
    "--emit",
}
"""Options that take one value or more, as in the iota CLI: --args 1 2 3."""

_OURS = ("proto.", "movelite.", "authority.", "aggregator.", "cli.")

_EPILOG = "--json anywhere prints JSON. Examples: movelite start --faucet; movelite client gas"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    # gRPC's C++ core writes to standard error; what matters of it comes as an exception.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    output.set_json("--json" in words and not _is_ptb(words))
    if output.is_json():
        words.remove("--json")
    if "help" in words[:2]:  # as in `movelite help client`
        words.remove("help")
        words.append("--help")
    words = words if _is_ptb(words) else spread(words)
    try:
        make_app()(words, prog_name="movelite")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:
        # Errors of ours say what is wrong in words for people; anything else is a bug and keeps its trace.
        if is_bug(error):
            raise
        output.fail(error)
        sys.exit(1)


def is_bug(error: Exception) -> bool:
    """Whether an error is a fault of this program, and none that it tells in words."""
    from proto.errors import InvariantViolation  # only now: it loads half of proto

    if isinstance(error, InvariantViolation):
        return True
    return not isinstance(error, OSError) and not type(error).__module__.startswith(_OURS)


def make_app() -> typer.Typer:
    """The application, which imports a group when it is used."""
    app = typer.Typer(
        name="movelite",
        cls=lazy_group(GROUPS, ABSENT),
        help="A validator platform for a Move object ledger.",
        epilog=_EPILOG,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.callback()
    def root(
        version: Annotated[
            bool, typer.Option("--version", "-V", is_eager=True, callback=_show_version, help="Print it.")
        ] = False,
    ) -> None:
        pass

    return app


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version  # only now: it takes longer than a whole overview

    typer.echo(f"movelite {version('movelite')}")
    raise typer.Exit


def spread(words: Sequence[str]) -> list[str]:
    """Repeat an option of many values before each of them: --args 1 2 becomes --args 1 --args 2."""
    result: list[str] = []
    option: str | None = None
    for word in words:
        if word in MANY_VALUES:
            option = word
        elif word.startswith("--") or (word[:1] == "-" and len(word) == 2 and not word[1].isdigit()):
            option = None
            result.append(word)
        elif option is not None:
            result += [option, word]
        else:
            result.append(word)
    return result


def _is_ptb(words: Sequence[str]) -> bool:
    """Whether the command is `client ptb`, which reads its words itself."""
    place = 1
    while words[place : place + 1] and words[place].startswith("-"):
        place += 2 if words[place] in ("--client.config", "--timeout") else 1
    return list(words[:1]) == ["client"] and list(words[place : place + 1]) == ["ptb"]
