"""The options that all commands have which build a transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, Any

import typer

from cli.show_transaction import EMITTED
from cli.wallet import Build, Record, TransactionOptions, transact

GasOption = Annotated[list[str] | None, typer.Option("--gas", help="Coins that pay for gas.")]

_FLAGS = (
    ("print_unsigned", "--serialize-unsigned-transaction", "Only print the transaction, in Base64."),
    ("print_signed", "--serialize-signed-transaction", "Only print it signed, in Base64."),
    ("dry_run", "--dry-run", "Only show what the transaction would do and cost."),
    ("dev_inspect", "--dev-inspect", "Only show what its commands return, by no rules of ownership."),
)
"""Fields of TransactionOptions with the flags that set them."""

_BUDGET = typer.Option("--gas-budget", min=0, max=2**64 - 1, help="Most that gas may cost, in nanos.")

_EMIT = typer.Option(
    "--emit", help=f"What to show of a transaction, separated by commas; else all: {', '.join(EMITTED)}."
)


@dataclass(frozen=True)
class Plan:
    """What a command is about to do.

    gas: coins that pay, if the command names them; of: the object whose owner sends;
    record: is told the response of a transaction that succeeded.
    """

    build: Build
    gas: Sequence[str] = ()
    of: str | None = None
    record: Record | None = None


def with_transaction_options(command: Callable[..., Plan], *, names_gas: bool = False) -> Callable[..., None]:
    """A command line that carries a plan out, with these options behind its own.

    names_gas: the plan names the coins that pay, so there is no --gas.
    """
    own = signature(command, eval_str=True)

    @wraps(command)
    def run(
        *,
        gas: list[str] | None = None,
        gas_budget: int | None = None,
        emit: list[str] | None = None,
        **given: Any,
    ) -> None:
        flags = {name: given.pop(name) for name, _, _ in _FLAGS}
        emitted = _emitted(emit or ())
        plan = command(**given)
        pays = plan.gas or gas or ()
        options = TransactionOptions(pays, gas_budget, **flags, of=plan.of, emit=emitted, record=plan.record)
        transact(plan.build, options)

    shown = [*own.parameters.values(), *([] if names_gas else [_parameter("gas", GasOption, None)])]
    shown.append(_parameter("gas_budget", Annotated[int | None, _BUDGET], None))
    for name, flag, text in _FLAGS:
        shown.append(_parameter(name, Annotated[bool, typer.Option(flag, help=text)], False))
    shown.append(_parameter("emit", Annotated[list[str] | None, _EMIT], None))
    run.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[one.replace(kind=Parameter.KEYWORD_ONLY) for one in shown], return_annotation=None
    )
    run.__annotations__ = {one.name: one.annotation for one in shown}
    return run


def _emitted(words: Sequence[str]) -> frozenset[str]:
    """The parts of a transaction that --emit names."""
    names = frozenset(name.strip() for word in words for name in word.split(","))
    if unknown := sorted(names - EMITTED.keys()):
        raise typer.BadParameter(f"--emit: {', '.join(unknown)} is none of {', '.join(EMITTED)}")
    return names


def _parameter(name: str, annotation: Any, default: object) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
