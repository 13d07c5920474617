"""Execution, and what takes long."""

from __future__ import annotations

from typing import Any

from authority.execution import plain_code
from authority.execution.temporary_store import TemporaryStore
from authority.long_runs import ProcessRuns
from authority.module_checks import ModuleChecks
from authority.state import AuthorityState
from authority.vote_journal import VoteJournal
from proto.effects import GasCostSummary
from proto.effects_writer import plain_effects_bytes
from tests.simulation.mutations.registry import edit, mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("a certificate shown again is executed again", Rule.ONE_COMMIT, Rule.SAME_EFFECTS, Rule.CRASH)
def _executed_twice() -> None:
    def again(self: Any, submission: Any, problem: Any, commit: Any) -> Any:
        return self._execute(submission, commit)

    put(AuthorityState, "_result", again)


@mutation("an execution takes the votes for other transactions with it", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _votes_forgotten() -> None:
    write = VoteJournal.write

    def hasty(self: VoteJournal, batch: Any, voted: Any, executed: Any) -> None:
        write(self, batch, voted, executed)
        if executed:
            for number in self._left:
                batch.delete(b"p" + number.to_bytes(8, "big"))

    put(VoteJournal, "write", hasty)


@mutation("gas is one nano short", Rule.CONSERVATION)
def _minted() -> None:
    net: Any = GasCostSummary.__dict__["net_gas_usage"]
    put(GasCostSummary, "net_gas_usage", property(lambda self: net.fget(self) - 1))


@mutation("effects depend on what was executed before", Rule.SAME_EFFECTS, Rule.PURE)
def _impure() -> None:
    begin, calls = TemporaryStore.__init__, iter(range(10**9))

    def drifting(self: TemporaryStore, *arguments: Any) -> None:
        begin(self, *arguments)
        self.lamport_version += next(calls) % 2

    put(TemporaryStore, "__init__", drifting)

    def drifting_short(*others: Any) -> bytes:
        *most, version, changes = others
        write: Any = plain_effects_bytes
        encoded: bytes = write(*most, version + next(calls) % 2, changes)
        return encoded

    plain_code.NAMES["effects_bytes"] = drifting_short


# ---- What takes long


@mutation("a worker that dies takes with it what it ran", Rule.FINALITY, Rule.DELIVERY)
def _lost_worker() -> None:
    edit(ProcessRuns, "_run", "del self._running[submitted.digest]", "pass")


@mutation("what found no room among the long runs is not tried again", Rule.FINALITY, Rule.DELIVERY)
def _turned_away() -> None:
    edit(
        ProcessRuns,
        "begin",
        "len(self._running) >= MOST_WAITING",
        "len(self._running) >= MOST_WAITING or digest in self._turned_away",
    )


@mutation("modules that took long to verify are forgotten when they are verified", Rule.FINALITY)
def _forgotten_modules() -> None:
    put(ModuleChecks, "_remember", nothing)


@mutation("a worker that dies takes with it the modules that it verified", Rule.FINALITY)
def _lost_check() -> None:
    edit(ModuleChecks, "_verify", "del self._running[digest]", "pass")
