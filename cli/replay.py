"""movelite client replay-transaction and profile-transaction: final transactions, run once more here."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.rpc_client import ServiceUnreachable
from aggregator.rpc_codes import RpcError
from cli import output
from cli.session import Session, with_session
from proto import bcs
from proto.effects import TransactionEffects
from proto.ids import ObjectID, format_digest, parse_digest
from proto.transaction import SenderSignedData, TransactionData

if TYPE_CHECKING:
    from authority.execution.recorder import Recorder
    from authority.replay import ObjectHistory, Replay
    from cli.replay_report import GasWatch
    from movelite.vm.observed import Observer

DigestOption = Annotated[str, typer.Option("--tx-digest", "-t", help="Digest of the transaction.")]

TerminateEarly = Annotated[
    bool,
    typer.Option("--terminate-early", "-t", help="Stop at the first that cannot be replayed or differs."),
]

_SAME = "the same effects"


def _check_version(number: int | None, name: str, ours: int) -> None:
    """See that a transaction is to be run by the only rules there are; below 0 means the newest."""
    if number is not None and number >= 0 and number != ours:
        raise typer.BadParameter(
            f"every transaction of this ledger ran by {name} {ours}, and there is no other"
        )


class DifferentEffects(Exception):
    """The replay did not give the effects that are on the ledger."""


@dataclass(frozen=True)
class FinalTransaction:
    """A transaction and its effects, as a node has them; the epoch's begin in ms."""

    data: TransactionData
    effects: TransactionEffects
    epoch_start_ms: int


@dataclass(frozen=True)
class Replayed:
    """A transaction that ran once more; recorder: of what its commands returned.

    rebates_before: of the storage of each object that it changed, where its gas was watched.
    """

    final: FinalTransaction
    replay: Replay
    recorder: Recorder
    reference_gas_price: int
    rebates_before: dict[ObjectID, int]


app = typer.Typer()


@app.command(epilog="Example: movelite client replay-transaction --tx-digest DIGEST")
def replay_transaction(
    tx_digest: DigestOption,
    gas_info: Annotated[
        bool,
        typer.Option("--gas-info", help="Tell prices, instructions, stack and storage of each object."),
    ] = False,
    ptb_info: Annotated[
        bool, typer.Option("--ptb-info", help="Tell inputs, commands and what each command returned.")
    ] = False,
    executor_version: Annotated[
        int | None, typer.Option("--executor-version", "-e", help="Of the executor; there is one.")
    ] = None,
    protocol_version: Annotated[
        int | None, typer.Option("--protocol-version", "-p", help="Of the rules; there is one.")
    ] = None,
) -> None:
    """Run a final transaction again on this machine and compare its effects, byte for byte."""
    from cli import replay_report as report
    from proto.protocol_config import PROTOCOL_CONFIG

    _check_version(executor_version, "executor version", PROTOCOL_CONFIG.execution_version)
    _check_version(protocol_version, "protocol version", PROTOCOL_CONFIG.version)

    watch = report.GasWatch() if gas_info else None
    replayed = _replay(tx_digest, watch=watch)
    final, found = replayed.final, replayed.replay
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
    more = {}
    if watch is not None:
        more["gasInfo"] = report.gas_info(replayed, watch.meter)
    if ptb_info:
        more["ptbInfo"] = report.ptb_info(replayed)
    if output.is_json():
        output.show_json(shown | more)
    else:
        output.fields(shown)
        report.show(more)
    if not found.matches:
        digest = format_digest(found.result.effects.digest())
        raise DifferentEffects(f"the replay gives the effects {digest}: other code, or the node lies")


@app.command(epilog="Example: movelite client replay-batch --path digests.txt")
def replay_batch(
    path: Annotated[Path, typer.Option("--path", "-p", help="A file with one digest on each line.")],
    terminate_early: TerminateEarly = False,
) -> None:
    """Replay every transaction of a list, and say which gave other effects than the ledger has."""
    lines = path.read_text(errors="replace").splitlines()
    _replay_all([line.strip() for line in lines if line.strip()], terminate_early)


@app.command(name="replay-checkpoint", epilog="Example: movelite client replay-checkpoint --start 1 --end 20")
def replay_checkpoint(
    start: Annotated[int, typer.Option("--start", "-s", min=0, help="Number of the first checkpoint.")],
    end: Annotated[int, typer.Option("--end", "-e", min=0, help="Number of the last one.")],
    terminate_early: TerminateEarly = False,
) -> None:
    """Replay every transaction of a range of checkpoints, which are one transaction each."""
    if end < start:
        raise typer.BadParameter(f"--end {end} is before --start {start}")

    async def work(session: Session) -> list[str]:
        numbers = range(max(start, 1), end + 1)  # the genesis is no transaction
        found = [await session.rpc.call("iota_getCheckpoint", str(number)) for number in numbers]
        return [digest for checkpoint in found for digest in checkpoint["transactions"]]

    _replay_all(with_session(work), terminate_early)


def _replay_all(digests: list[str], terminate_early: bool) -> None:
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
        return _SAME if _replay(digest).replay.matches else "other effects"
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
    from movelite.vm.gas import INTERNAL_UNITS
    from movelite.vm.gas_profile import GasProfiler

    profiler = GasProfiler(tx_digest)
    replayed = _replay(tx_digest, profiler)
    place = profile_output or Path("gas_profile.json")
    path = place.with_name(f"{place.stem}_{tx_digest}_{time.time_ns()}{place.suffix or '.json'}")
    path.write_text(json.dumps(profiler.speedscope()))
    rows = [
        (f.name, f.calls, f"{f.own / INTERNAL_UNITS:.3f}", f"{f.total / INTERNAL_UNITS:.3f}")
        for f in profiler.functions()
    ]
    shown = {
        "file": str(path),
        "matches": replayed.replay.matches,
        "computationCost": str(replayed.final.effects.gas_used.computation_cost),
        "functions": [f.as_json() for f in profiler.functions()],
    }
    output.result(shown, rows, ("function", "calls", "gas units of its own", "with what it calls"))
    if not output.is_json():
        output.say(f"flame graph: {path} (open it at speedscope.app, or any viewer of its format)")


def _replay(digest: str, *observers: Observer, watch: GasWatch | None = None) -> Replayed:
    from authority.execution.engine import Executor
    from authority.execution.recorder import Recorder
    from authority.replay import replay
    from cli.past_objects import RpcObjectHistory
    from movelite.facade import ledger_runtime
    from movelite.vm.gas import GasMeter
    from proto.protocol_config import PROTOCOL_CONFIG

    parse_digest(digest)

    async def work(session: Session) -> Replayed:
        final = await _final_transaction(session, digest)
        price = int(await session.rpc.call("iotax_getReferenceGasPrice"))
        executor = Executor(
            ledger_runtime(),
            PROTOCOL_CONFIG,
            final.effects.executed_epoch,
            final.epoch_start_ms,
            observers=observers if watch is None else (*observers, watch),
            reference_gas_price=price,
            new_meter=GasMeter.for_budget if watch is None else watch.new_meter,
        )
        recorder = Recorder()
        history = RpcObjectHistory(session.rpc, asyncio.get_running_loop())
        found = await asyncio.to_thread(replay, executor, history, final.data, final.effects, recorder)
        rebates = {} if watch is None else await asyncio.to_thread(_rebates_before, history, final.effects)
        return Replayed(final, found, recorder, price, rebates)

    return with_session(work)


def _rebates_before(history: ObjectHistory, effects: TransactionEffects) -> dict[ObjectID, int]:
    """What each object that changed would have paid back."""
    before = {id_: history.at(id_, version) for id_, version in effects.modified_at_versions()}
    return {id_: found.storage_rebate for id_, found in before.items() if found is not None}


async def _final_transaction(session: Session, digest: str) -> FinalTransaction:
    options = {"showRawInput": True, "showRawEffects": True}
    found: dict[str, Any] = await session.rpc.call("iota_getTransactionBlock", digest, options)
    try:
        data = SenderSignedData.from_bytes(b64decode(found["rawTransaction"])).transaction_data
        effects = bcs.decode(TransactionEffects, bytes(found["rawEffects"]))
    except bcs.BcsError as error:
        raise ServiceUnreachable(f"{session.rpc.url} shows no transaction for {digest}: {error}") from error
    if format_digest(data.digest()) != digest:
        raise ServiceUnreachable(f"{session.rpc.url} shows another transaction than {digest}")
    state = await session.rpc.call("iotax_getLatestIotaSystemState")
    return FinalTransaction(data, effects, int(state["epochStartTimestampMs"]))
