"""movelite client: the wallet's commands, with the names and flags of `iota client`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from cli import wallet_place
from cli.lazy import Place, lazy_group
from cli.wallet_place import FirstRun

COMMANDS = {
    "active-address": Place("cli.client_wallet", "Print the address in use."),
    "active-env": Place("cli.client_wallet", "Print the environment in use."),
    "addresses": Place("cli.client_wallet", "List the addresses of the keystore."),
    "new-address": Place("cli.client_wallet", "Make a key from a new mnemonic and keep it."),
    "switch": Place("cli.client_wallet", "Use another address or environment."),
    "envs": Place("cli.client_wallet", "List the environments."),
    "new-env": Place("cli.client_wallet", "Add an environment; the first one makes the wallet."),
    "chain-identifier": Place("cli.client_reads", "Print the identifier of the network."),
    "faucet": Place("cli.client_reads", "Ask the faucet for coins."),
    "gas": Place("cli.client_reads", "List the coins of IOTA that can pay for gas."),
    "balance": Place("cli.client_reads", "Print balances by type of coin."),
    "objects": Place("cli.client_reads", "List the objects of an address."),
    "object": Place("cli.client_reads", "Print an object."),
    "dynamic-field": Place("cli.client_reads", "List the dynamic fields of an object."),
    "tx-block": Place("cli.client_reads", "Print a transaction, and who signed for it."),
    "pending": Place(
        "cli.client_pending", "List transactions of this wallet that were sent and are not known to be final."
    ),
    "receipt": Place(
        "cli.client_receipts", "Fetch the receipt of a final transaction: proof for anyone, offline."
    ),
    "verify-receipt": Place(
        "cli.client_receipts", "Verify offline that a transaction is final, with the committee's keys alone."
    ),
    "transfer": Place("cli.client_transactions", "Give an object to an address."),
    "transfer-iota": Place("cli.client_transactions", "Send IOTA."),
    "pay": Place("cli.client_transactions", "Pay amounts out of coins of any type to recipients."),
    "pay-iota": Place("cli.client_transactions", "Pay amounts of IOTA to recipients."),
    "pay-all-iota": Place("cli.client_transactions", "Send whole coins, less gas."),
    "split-coin": Place("cli.client_transactions", "Split a coin; the new coins are yours."),
    "merge-coin": Place("cli.client_transactions", "Put a coin into another."),
    "call": Place("cli.client_transactions", "Call a Move function."),
    "publish": Place("cli.client_transactions", "Build a package and publish it; you get its UpgradeCap."),
    "upgrade": Place(
        "cli.client_transactions", "Build a package and publish it as the next version of itself."
    ),
    "execute-signed-tx": Place("cli.client_transactions", "Execute a transaction that was signed elsewhere."),
    "execute-combined-signed-tx": Place(
        "cli.client_transactions", "Execute a transaction that carries its signatures."
    ),
    "ptb": Place("cli.ptb.command", "Build, preview and execute a programmable transaction."),
    "replay-transaction": Place(
        "cli.replay", "Run a final transaction again on this machine and compare its effects, byte for byte."
    ),
    "replay-checkpoint": Place(
        "cli.replay",
        "Replay every transaction of a range of checkpoints, which are one transaction each.",
    ),
    "replay-batch": Place(
        "cli.replay",
        "Replay every transaction of a list, and say which gave other effects than the ledger has.",
    ),
    "profile-transaction": Place(
        "cli.replay", "Show where the gas of a transaction went, and write a flame graph for speedscope."
    ),
    "verify-bytecode-meter": Place(
        "cli.bytecode_meter",
        "Measure what verifying a package costs, against what authorities spend before they refuse.",
    ),
    "verify-source": Place(
        "cli.source_verification",
        "Verify that a published package, and its dependencies, are what the sources compile to.",
    ),
}
"""Where each command is; each module is imported only when one of its commands is used."""

app = typer.Typer(cls=lazy_group(COMMANDS))


@app.callback(invoke_without_command=True)
def group(
    context: typer.Context,
    client_config: Annotated[
        Path | None, typer.Option("--client.config", help="client.yaml of the wallet.")
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.1, max=3600, help="Seconds that the service may take; client.yaml may say too."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Nothing is asked: a wallet that is not there is made.")
    ] = False,
) -> None:
    """Talk to a network: addresses, objects, transactions."""
    wallet_place.set_config_path(client_config)
    wallet_place.set_timeout(timeout)
    wallet_place.set_first_run(FirstRun.MAKES if yes else FirstRun.ASKS)
    if context.invoked_subcommand is None:
        _begin()
        typer.echo(context.get_help())


def _begin() -> None:
    """What `movelite client` alone does before it tells what there is: the first run of a wallet."""
    from aggregator.wallet.keystore import WalletError
    from cli.session import load_config  # only now: help is to come at once

    with suppress(WalletError):  # who wants no wallet yet
        load_config()
