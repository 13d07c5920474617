"""How commands send transactions: written down first, and what an earlier command left is completed."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from aggregator.rpc_client import ServiceUnreachable
from aggregator.rpc_codes import RpcError
from aggregator.wallet.journal import SentTransaction, WalletJournal
from cli import output
from cli.session import Session
from cli.show_transaction import SHOW_ALL


def journal_of(session: Session) -> WalletJournal:
    """The journal of the wallet for the network in use."""
    return WalletJournal.of(session.config.path, session.rpc.url)


async def send(session: Session, sent: SentTransaction) -> dict[str, Any]:
    """Execute a transaction and return what the service says of it.

    Raises: RpcError, ServiceUnreachable; unless it is refused for good, the transaction stays in the journal.
    """
    journal = journal_of(session)
    journal.add(sent)
    try:
        response: dict[str, Any] = await session.rpc.call(
            "iota_executeTransactionBlock",
            b64encode(sent.raw).decode(),
            [b64encode(signature).decode() for signature in sent.signatures],
            SHOW_ALL,
            "WaitForLocalExecution",
        )
    except (RpcError, ServiceUnreachable) as error:
        if isinstance(error, RpcError) and not error.retryable:
            journal.remove(sent.digest)
            raise
        output.note(
            f"transaction {sent.digest} may still become final: the next command that sends, or `movelite "
            "client pending --complete`, asks for it again"
        )
        raise
    journal.remove(sent.digest)
    return response


async def complete_pending(session: Session) -> list[dict[str, Any]]:
    """Bring what earlier commands left to its end; a row for each. Raises: RpcError, ServiceUnreachable."""
    done = []
    for sent in journal_of(session).pending():
        try:
            response = await send(session, sent)
            status = response["effects"]["status"]["status"]
        except RpcError as error:
            if error.retryable:
                raise
            status = f"refused: {error}"
        output.note(f"transaction {sent.digest} of an earlier command: {status}")
        done.append({"digest": sent.digest, "status": status})
    return done
