"""What has to go on."""

from __future__ import annotations

from typing import Any

from aggregator import fan_out, quorum_driver
from aggregator.tally import VoteTally
from authority.state import AuthorityState
from authority.sync import CertificateSync
from authority.vote_journal import VoteJournal
from tests.simulation.mutations.registry import edit, mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("authorities never catch up from their peers", Rule.DELIVERY)
def _no_sync() -> None:
    async def nothing_new(self: CertificateSync) -> bool:
        self._state.is_asking_peers = False
        return False

    put(CertificateSync, "pull_all", nothing_new)


@mutation("what comes of a transaction that takes long is thrown away", Rule.FINALITY, Rule.DELIVERY)
def _lost_long_runs() -> None:
    put(AuthorityState, "_finish_long_run", nothing)


@mutation("a driver forgets what it began when it stops", Rule.FINALITY, Rule.DELIVERY)
def _forgetful_driver() -> None:
    async def no_recovery(self: Any) -> None:
        return None

    put(quorum_driver.QuorumDriver, "_recover", no_recovery)


@mutation("the others are not asked when one of a quorum fails", Rule.FINALITY)
def _quorum_alone() -> None:
    put(fan_out._Round, "_ask_others", nothing)


@mutation("a driver has no more use for a certificate that was not executed at once", Rule.FINALITY)
def _wasted_certificate() -> None:
    async def no_receipt(self: Any, drive: Any, tally: Any) -> None:
        drive.certified = None

    put(quorum_driver.QuorumDriver, "_receipt", no_receipt)


@mutation("a rival that could still win is not completed", Rule.TRUTH)
def _left_rival() -> None:
    async def pretend(self: Any, rivals: Any) -> Any:
        return rivals[0]

    put(quorum_driver.QuorumDriver, "_complete", pretend)


@mutation("a conflict is called hopeless too early", Rule.TRUTH, Rule.FINALITY)
def _early_despair() -> None:
    put(VoteTally, "is_lost_to_conflict", property(lambda self: bool(self.conflicts)))


@mutation("catching up ends with the first page", Rule.DELIVERY)
def _first_page_only() -> None:
    edit(CertificateSync, "_pull_page", "ExecutedAfterRequest(begin, PAGE)", "ExecutedAfterRequest(0, PAGE)")


@mutation("a peer that failed once is never asked again", Rule.DELIVERY, Rule.FINALITY)
def _grudge() -> None:
    edit(CertificateSync, "_rests", "_now() < peer.rests_until", "True")


@mutation("the votes that are not in memory are not found on the disk", Rule.FINALITY, Rule.TRUTH)
def _votes_in_memory() -> None:
    edit(VoteJournal, "transaction", "raw is None and digest in self.rows", "False")
