"""movelite client pending: transactions of this wallet whose end is not known."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import output
from cli.sending import complete_pending, journal_of
from cli.session import Session, with_session

app = typer.Typer()


@app.command(epilog="Examples: movelite client pending; movelite client pending --complete")
def pending(
    complete: Annotated[bool, typer.Option("--complete", help="Bring them to their end now.")] = False,
    forget: Annotated[
        str | None,
        typer.Option(help="Digest of one to drop. It may still become final; its objects may stay locked."),
    ] = None,
) -> None:
    """List transactions of this wallet that were sent and are not known to be final."""

    async def work(session: Session) -> list[dict[str, Any]]:
        journal = journal_of(session)
        if forget is not None:
            journal.remove(forget)
        if complete:
            with journal.locked():
                return await complete_pending(session)
        return [{"digest": sent.digest, "status": "not final"} for sent in journal.pending()]

    listed = with_session(work)
    rows = [(one["digest"], one["status"]) for one in listed]
    output.result(listed, rows, ("transaction", "status"), "Nothing is pending.")
