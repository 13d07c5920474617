"""Client commands about receipts: fetched from a service, verified by anyone, offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli import output
from proto.ids import format_digest, parse_digest

app = typer.Typer()

MAX_RECEIPT_BYTES = 4 << 20
"""More than any receipt has: a transaction, its effects and events are bounded."""


class NoReceipt(Exception):
    """A file that holds no receipt."""


@app.command(epilog="Example: movelite client receipt DIGEST --output receipt.bin")
def receipt(
    digest: Annotated[str, typer.Argument(help="Digest of the transaction.")],
    to: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; DIGEST.receipt if not named.")
    ] = None,
) -> None:
    """Fetch the receipt of a final transaction: proof for anyone, offline.

    It is taken from the client service as it is: verify-receipt tells whether it proves anything.
    """
    from base64 import b64decode

    from cli.session import with_session

    try:
        parse_digest(digest)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    found = with_session(lambda session: session.rpc.call("movelite_getReceipt", digest))
    path = to or Path(f"{digest}.receipt")
    path.write_bytes(b64decode(found["receipt"]))
    if output.is_json():
        output.show_json({**found, "file": str(path)})
        return
    output.say(f"receipt of {digest} in {path}")
    output.say(f"  verify it: movelite client verify-receipt --receipt {path} --committee committee.json")


@app.command(
    "verify-receipt",
    epilog="Example: movelite client verify-receipt --receipt receipt.bin --committee committee.json",
)
def verify_receipt(
    receipt: Annotated[Path, typer.Option(help="File of `client receipt`.")],
    committee: Annotated[Path, typer.Option(help="committee.json of the network, from a source you trust.")],
    digest: Annotated[str | None, typer.Option(help="The transaction that it has to be about.")] = None,
) -> None:
    """Verify offline that a transaction is final, with the committee's keys alone.

    Exit code 0: its signers sent it, a quorum accepted it, and a quorum executed it with the effects shown.
    """
    from aggregator.network import Network
    from proto.errors import InvalidCertificate
    from proto.verification import verify_receipt as verify

    network = Network.load(committee)
    read = _read(receipt)
    signers = verify(read, network.committee())
    transaction = format_digest(read.transaction.digest())
    if digest not in (None, transaction):
        raise InvalidCertificate(f"the receipt is about {transaction}, not {digest}")
    stakes = network.committee()
    shown: dict[str, Any] = {
        "digest": transaction,
        "sender": f"0x{read.transaction.transaction_data.sender.hex()}",
        "effectsDigest": format_digest(read.effects.digest()),
        "status": "success" if read.effects.is_success else f"failure: {read.effects.status}",
        "epoch": stakes.epoch,
        "signers": [network.name_of(signer) for signer in signers],
        "stake": stakes.stake_of_all(signers),
        "quorum": stakes.quorum_threshold,
        "totalStake": stakes.total_stake,
        "valid": True,
    }
    if output.is_json():
        output.show_json(shown)
        return
    output.say(f"valid: transaction {transaction} is final ({shown['status']})", "green")
    output.say(f"  sender    {shown['sender']}")
    output.say(f"  effects   {shown['effectsDigest']}, epoch {shown['epoch']}")
    names, stake = ", ".join(shown["signers"]), f"stake {shown['stake']} of {shown['totalStake']}"
    output.say(f"  signed by {names}: {stake}, {shown['quorum']} needed")


def _read(path: Path) -> Any:
    """A receipt from its file. Raises: NoReceipt, OSError."""
    from proto import bcs
    from proto.messages import Receipt

    if path.stat().st_size > MAX_RECEIPT_BYTES:
        raise NoReceipt(f"{path} has more bytes than any receipt")
    try:
        return bcs.decode(Receipt, path.read_bytes())
    except bcs.BcsError as error:
        raise NoReceipt(f"{path} holds no receipt: {error}") from error
