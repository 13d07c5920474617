"""Words of the command line to a program; all that is wrong in them is found at once.

    --assign name [value]              --move-call package::module::function [<types>] values...
    --transfer-objects [values] to     --split-coins coin [amounts]     --merge-coins coin [coins]
    --make-move-vec <type> [values]    --publish path                   --upgrade path @capability

Values: 10, 10u8, 0xff, true, "text", 'text', @0x2, name, name.0, gas, vector[a], some(a), none. Grammar and
messages are those of `iota client ptb`; ours alone are aliases behind @, and the options that it has not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cli.ptb import program as ast
from cli.ptb.program import Command, Program, Word
from cli.ptb.reader import WIDTHS, Aliases, ValueReader
from cli.ptb.source import Problem, PtbError, Span, did_you_mean, source_of
from cli.ptb.tokens import Kind, Token, tokenize
from proto.ids import Address

RESERVED = ("address", "bool", "vector", "some", "none", "gas", *WIDTHS)
"""Words that --assign gives no other meaning."""

COMMANDS = (
    "transfer-objects",
    "split-coins",
    "merge-coins",
    "make-move-vec",
    "move-call",
    "publish",
    "upgrade",
    "assign",
    "gas-budget",
    "gas-coin",
    "sender",
    "file",
    *ast.SWITCHES,
)
"""Every word behind two dashes."""


def parse(words: Sequence[str], aliases: Aliases = lambda name: None) -> Program:
    """The program that words are. Raises: PtbError with every problem."""
    return _Parser(words, aliases).program()


class _Parser(ValueReader):
    def __init__(self, words: Sequence[str], aliases: Aliases) -> None:
        super().__init__(tokenize(words), aliases)
        self._source = source_of(words)
        self._commands: list[Command] = []
        self._problems: list[Problem] = []
        self._switches: set[str] = set()
        self._budget: tuple[int, Span] | None = None
        self._gas_coin: Address | None = None
        self._sender: str | None = None

    def program(self) -> Program:
        """All commands. Raises: PtbError."""
        is_done = False
        while not is_done:
            token = self.next()
            is_done = token.is_last
            try:
                self._command(token)
            except Problem as problem:
                self._problems.append(problem)
                self._skip_to_command()
        if self._problems:
            raise PtbError(self._source, self._problems)
        budget = None if self._budget is None else self._budget[0]
        commands, switches = tuple(self._commands), frozenset(self._switches)
        return Program(commands, switches, budget, self._gas_coin, self._sender)

    def _command(self, token: Token) -> None:
        """What begins with a token, which is no command at the end of the input."""
        match token.kind, token.text:
            case Kind.END, _:
                return
            case Kind.PATH_COMMAND, "sender":
                self._sender = token.path.removeprefix("@")
            case Kind.PATH_COMMAND, _:
                self._commands.append(self._package(token))
            case Kind.COMMAND, "gas-coin":
                self._gas_coin = self.address_literal().address
            case Kind.COMMAND, "gas-budget":
                self._set_budget(token)
            case Kind.COMMAND, name if name in ast.SWITCHES:
                self._switches.add(name)
            case Kind.COMMAND, name if name in _READERS:
                self._commands.append(_READERS[name](self))
            case Kind.COMMAND, name:
                hint = did_you_mean(f"--{name}", (f"--{known}" for known in COMMANDS))
                raise Problem(f"Unknown {token}", token.span, hint)
            case _:
                raise Problem(f"Unexpected {token}", token.span, "Expected to find a command here")

    def _package(self, token: Token) -> Command:
        path = Word(token.path, span=token.span)
        return ast.Publish(path) if token.text == "publish" else ast.Upgrade(path, self.value())

    def _set_budget(self, token: Token) -> None:
        value = self.value()
        if not isinstance(value, ast.Number) or value.width not in (None, "u64"):
            raise Problem("Expected a u64 value", value.span)
        if value.value >> 64:
            raise Problem("Value does not fit within a u64", value.span)
        earlier, self._budget = self._budget, (value.value, token.span.to(value.span))
        if earlier is not None:
            first = "Multiple gas budgets found. Gas budget first set here."
            self._problems.append(Problem(first, earlier[1]))
            hint = "PTBs must have exactly one gas budget set."
            raise Problem("Budget set again here.", self._budget[1], hint)

    def transfer_objects(self) -> Command:
        """[OBJECTS] TO"""
        return ast.TransferObjects(self.array()[0], self.value())

    def split_coins(self) -> Command:
        """COIN [AMOUNTS]"""
        return ast.SplitCoins(self.value(), self.array()[0])

    def merge_coins(self) -> Command:
        """COIN [COINS]"""
        return ast.MergeCoins(self.value(), self.array()[0])

    def make_move_vec(self) -> Command:
        """<TYPE> [VALUES]"""
        self.expect(Kind.LEFT_ANGLE)
        tag = self.type()
        self.expect(Kind.RIGHT_ANGLE)
        return ast.MakeMoveVec(tag, self.array()[0])

    def assign(self) -> Command:
        """NAME [VALUE]"""
        token = self.expect(Kind.IDENTIFIER)
        if token.text in RESERVED:
            *names, last = (f"'{name}'" for name in RESERVED)
            message = f"Expected a variable name but found reserved word '{token.text}'."
            raise Problem(message, token.span, f"Reserved words are {', '.join(names)} and {last}.")
        name = Word(token.text, span=token.span)
        return ast.Assign(name, None if self.peek().ends_command else self.value())

    def move_call(self) -> Command:
        """PACKAGE::MODULE::FUNCTION [<TYPES>] VALUES"""
        path = self.call_path()
        types = self.type_arguments()[0] if self.peek().kind is Kind.LEFT_ANGLE else None
        values = []
        while not self.peek().ends_command:
            values.append(self.value())
        return ast.MoveCall(path, types, tuple(values))

    def _skip_to_command(self) -> None:
        while not self.peek().ends_command:
            self.next()


_READERS: dict[str, Callable[[_Parser], Command]] = {
    "transfer-objects": _Parser.transfer_objects,
    "split-coins": _Parser.split_coins,
    "merge-coins": _Parser.merge_coins,
    "make-move-vec": _Parser.make_move_vec,
    "move-call": _Parser.move_call,
    "assign": _Parser.assign,
}
