"""How commands send transactions: written down first, and what an earlier command left is completed."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

from aggregator.rpc_client import ServiceUnreachable
from aggregator.rpc_codes import RpcError
from aggregator.wallet.journal import SentTransaction, WalletJournal
from cli import output
from cli.session import Session
from cli.show_transaction import SHOW_ALL

PROGRESS_SECONDS = 1.5
"""How often it is said how far a transaction is that takes long."""


def journal_of(session: Session) -> WalletJournal:
    """The journal of the wallet for the network in use."""
    return WalletJournal.of(session.config.path, session.rpc.url)


async def send(session: Session, sent: SentTransaction) -> dict[str, Any]:
    """Execute a transaction and return what the service says of it.

    Raises: RpcError, ServiceUnreachable; unless it is refused for good, the transaction stays in the journal,
    also if the command is interrupted.
    """
    journal = journal_of(session)
    journal.add(sent)
    telling = asyncio.create_task(_tell_progress(session, sent.digest))
    try:
        response: dict[str, Any] = await session.rpc.call(
            "iota_executeTransactionBlock",
            b64encode(sent.raw).decode(),
            [b64encode(signature).decode() for signature in sent.signatures],
            SHOW_ALL,
            "WaitForLocalExecution",
        )
        if not isinstance(response, dict) or response.get("digest") != sent.digest:
            raise ServiceUnreachable(f"{session.rpc.url} answers with another transaction than {sent.digest}")
    except (RpcError, ServiceUnreachable, asyncio.CancelledError) as error:
        if isinstance(error, RpcError) and not error.retryable:
            journal.remove(sent.digest)
            raise
        output.note(
            f"transaction {sent.digest} may still become final: the next command that sends, or `movelite "
            "client pending --complete`, asks for it again"
        )
        raise
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    journal.remove(sent.digest)
    return response


async def _tell_progress(session: Session, digest: str) -> None:
    """Say who does not answer while a transaction takes long; services of others may not know."""
    told: object = None
    while True:
        await asyncio.sleep(PROGRESS_SECONDS)
        try:
            progress = await session.rpc.call("movelite_getProgress", digest)
        except (RpcError, ServiceUnreachable):
            return
        silent = [one["name"] for one in progress.get("authorities", ()) if one["trouble"]]
        if (progress["status"], silent) != told:
            output.note(_progress_text(progress))
            told = (progress["status"], silent)


def _progress_text(progress: dict[str, Any]) -> str:
    if "authorities" not in progress:
        return f"transaction {progress['digest']} is {progress['status']}"
    silent = [f"{one['name']} {one['trouble']}" for one in progress["authorities"] if one["trouble"]]
    who = f": {'; '.join(silent)}" if silent else ""
    stakes = f"{progress['answeringStake']} of {progress['totalStake']} stake"
    return (
        f"waiting: transaction {progress['digest']} is {progress['status']}, {stakes} answers, "
        f"{progress['quorumStake']} is needed{who}"
    )


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
