"""Client commands about receipts: fetched from a service, verified by anyone, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import output
from proto.ids import format_digest

app = typer.Typer()


@app.command(
    "verify-receipt",
    epilog="Example: movelite client verify-receipt --receipt receipt.bin --committee committee.json",
)
def verify_receipt(
    receipt: Annotated[Path, typer.Option(help="File of `tx-block --receipt`.")],
    committee: Annotated[Path, typer.Option(help="committee.json of the network.")],
) -> None:
    """Verify offline that a transaction is final, with the committee's keys alone."""
    from aggregator.network import Network
    from proto import bcs
    from proto.messages import Receipt
    from proto.verification import verify_receipt as verify

    network = Network.load(committee)
    read = bcs.decode(Receipt, receipt.read_bytes())
    signers = verify(read, network.committee())
    stake = network.committee().stake_of_all(signers)
    shown = {
        "digest": format_digest(read.transaction.digest()),
        "status": "success" if read.effects.is_success else f"failure: {read.effects.status}",
        "signers": [network.name_of(signer) for signer in signers],
        "stake": stake,
        "totalStake": network.committee().total_stake,
        "valid": True,
    }
    if output.is_json():
        output.show_json(shown)
        return
    names = ", ".join(shown["signers"])  # type: ignore[arg-type]
    output.say(f"valid: transaction {shown['digest']} is final ({shown['status']})", "green")
    output.say(f"  signed by {names}: stake {stake} of {shown['totalStake']}")
