"""movelite client replay-transaction and profile-transaction: final transactions, run once more here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.rpc_codes import RpcError
from cli import output
from cli.session import Session, with_session
from cli.wallet import read_base64
from proto import bcs
from proto.effects import TransactionEffects
from proto.ids import format_digest, parse_digest
from proto.transaction import SenderSignedData, TransactionData

if TYPE_CHECKING:
    from authority.replay import Replay
    from movelite.vm.observed import Observer

DigestOption = Annotated[str, typer.Option("--tx-digest", "-t", help="Digest of the transaction.")]


_SAME = "the same effects"


class DifferentEffects(Exception):
    """The replay did not give the effects that are on the ledger."""


@dataclass(frozen=True)
class FinalTransaction:
    """A transaction and its effects, as a node has them; the epoch's begin in ms."""

    data: TransactionData
    effects: TransactionEffects
    epoch_start_ms: int


app = typer.Typer()


@app.command(epilog="Example: movelite client replay-transaction --tx-digest DIGEST")
def replay_transaction(tx_digest: DigestOption) -> None:
    """Run a final transaction again on this machine and compare its effects, byte for byte."""
    final, found = _replay(tx_digest)
    used = found.result.effects.gas_used
    error = found.result.error
    shown = {
        "digest": tx_digest,
        "status": "success" if found.result.effects.is_success else "failure",
        "error": None if error is None else error.source,
        "effectsDigest": format_digest(final.effects.digest()),
        "matches": found.matches,
        "computationCost": str(used.computation_cost),
        "storageCost": str(used.storage_cost),
        "storageRebate": str(used.storage_rebate),
    }
    output.fields(shown)
    if not found.matches:
        digest = format_digest(found.result.effects.digest())
        raise DifferentEffects(f"the replay gives the effects {digest}: other code, or the node lies")


@app.command(epilog="Example: movelite client replay-batch --path digests.txt")
def replay_batch(
    path: Annotated[Path, typer.Option("--path", "-p", help="A file with one digest on each line.")],
    terminate_early: Annotated[
        bool,
        typer.Option("--terminate-early", "-t", help="Stop at the first that cannot be replayed or differs."),
    ] = False,
) -> None:
    """Replay every transaction of a list, and say which gave other effects than the ledger has."""
    digests = [line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    came: list[tuple[str, str]] = []
    for number, digest in enumerate(digests, 1):
        came.append((digest, _outcome(digest)))
        output.note(f"{number} of {len(digests)}  {digest}  {came[-1][1]}")
        if terminate_early and came[-1][1] != _SAME:
            break
    failed = [digest for digest, outcome in came if outcome != _SAME]
    output.result(
        {"replayed": len(came), "same": len(came) - len(failed), "failed": failed}, came, ("digest", "")
    )
    if failed:
        raise DifferentEffects(f"{len(failed)} of {len(came)} were not replayed to the same effects")


def _outcome(digest: str) -> str:
    from authority.replay import ReplayError

    try:
        return _SAME if _replay(digest)[1].matches else "other effects"
    except (RpcError, ReplayError, ValueError) as error:
        return str(error)


@app.command(epilog="Example: movelite client profile-transaction --tx-digest DIGEST")
def profile_transaction(
    tx_digest: DigestOption,
    profile_output: Annotated[
        Path | None, typer.Option("--profile-output", "-p", help="File to write; its name is made unique.")
    ] = None,
) -> None:
    """Show where the gas of a transaction went, and write a flame graph for speedscope."""
    from movelite.vm.gas_profile import GasProfiler

    profiler = GasProfiler(tx_digest)
    final, found = _replay(tx_digest, (profiler,))
    place = profile_output or Path("gas_profile.json")
    path = place.with_name(f"{place.stem}_{tx_digest}_{time.time_ns()}{place.suffix or '.json'}")
    path.write_text(json.dumps(profiler.speedscope()))
    rows = [(f.name, f.calls, f.own_units, f.total_units) for f in profiler.functions()]
    shown = {
        "file": str(path),
        "matches": found.matches,
        "computationCost": str(final.effects.gas_used.computation_cost),
        "functions": [f.as_json() for f in profiler.functions()],
    }
    output.result(shown, rows, ("function", "calls", "gas units of its own", "with what it calls"))
    if not output.is_json():
        output.say(f"flame graph: {path} (open it at speedscope.app, or any viewer of its format)")


def _replay(digest: str, observers: Sequence[Observer] = ()) -> tuple[FinalTransaction, Replay]:
    from authority.execution.engine import Executor
    from authority.replay import replay
    from cli.past_objects import RpcObjectHistory
    from movelite.facade import ledger_runtime
    from proto.protocol_config import PROTOCOL_CONFIG

    parse_digest(digest)

    async def work(session: Session) -> tuple[FinalTransaction, Replay]:
        final = await _final_transaction(session, digest)
        epoch = final.effects.executed_epoch
        executor = Executor(
            ledger_runtime(),
            PROTOCOL_CONFIG,
            epoch,
            final.epoch_start_ms,
            observers=tuple(observers),
            reference_gas_price=int(await session.rpc.call("iotax_getReferenceGasPrice")),
        )
        history = RpcObjectHistory(session.rpc, asyncio.get_running_loop())
        return final, await asyncio.to_thread(replay, executor, history, final.data, final.effects)

    return with_session(work)


async def _final_transaction(session: Session, digest: str) -> FinalTransaction:
    options = {"showRawInput": True, "showRawEffects": True}
    found: dict[str, Any] = await session.rpc.call("iota_getTransactionBlock", digest, options)
    signed = SenderSignedData.from_bytes(read_base64(found["rawTransaction"]))
    effects = bcs.decode(TransactionEffects, bytes(found["rawEffects"]))
    state = await session.rpc.call("iotax_getLatestIotaSystemState")
    return FinalTransaction(signed.transaction_data, effects, int(state["epochStartTimestampMs"]))
