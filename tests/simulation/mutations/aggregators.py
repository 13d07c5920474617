"""What aggregators believe, and what they keep."""

from __future__ import annotations

import asyncio
from typing import Any

from aggregator import fan_out, quorum_driver, safe_client
from aggregator.authority_aggregator import AuthorityAggregator, EffectsTally
from aggregator.ledger_reader import LedgerReader
from proto.errors import AuthorityError
from tests.simulation.mutations.registry import edit, mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("effects of authorities are not compared", Rule.RECEIPT, Rule.CRASH)
def _uncompared_effects() -> None:
    add = EffectsTally.add

    def mixing(self: EffectsTally, response: Any) -> None:
        add(self, response)
        if len(self.groups) > 1:
            key, *others = self.groups
            for other in others:
                self.groups[key] += self.groups.pop(other)

    put(EffectsTally, "add", mixing)


@mutation("votes are not verified by the client", Rule.FINALITY, Rule.RECEIPT, Rule.CRASH)
def _unverified_votes() -> None:
    put(safe_client, "verify_batch_vote", nothing)


@mutation("effects votes are not verified by the client", Rule.RECEIPT)
def _unverified_effects() -> None:
    put(safe_client, "verify_effects_vote", nothing)


@mutation("proofs of what is executed already are not verified by the client", Rule.RECEIPT, Rule.FINALITY)
def _unverified_proofs() -> None:
    put(safe_client.SafeClient, "_check_executed", nothing)


@mutation("a quorum is one too small, for aggregators alone", Rule.FINALITY, Rule.RECEIPT)
def _hasty_aggregator() -> None:
    put(AuthorityAggregator, "_is_quorum", lambda self, executed: bool(executed))


@mutation("an honest error is taken for a lie", Rule.NO_FALSE_SUSPICION)
def _paranoid_client() -> None:
    ask = safe_client.SafeClient._ask

    async def suspicious(self: Any, *arguments: Any) -> Any:
        try:
            return await ask(self, *arguments)
        except AuthorityError as error:
            if type(error.kind).__name__ == "StorageFailure":
                raise self._suspect("its disk is full") from error
            raise

    put(safe_client.SafeClient, "_ask", suspicious)


# ---- Journals


@mutation("a transaction is sent before it is in the journal", Rule.JOURNAL)
def _late_journal() -> None:
    keep = quorum_driver.QuorumDriver._keep

    def later(self: Any, drives: Any) -> Any:
        asyncio.get_running_loop().call_later(0.5, keep, self, drives)
        return drives

    put(quorum_driver.QuorumDriver, "_keep", later)


@mutation("what is not final after its first round is not synced", Rule.JOURNAL)
def _unsynced_journal() -> None:
    put(quorum_driver.QuorumDriver, "_sync_pending", nothing)


@mutation("a driver that is closed forgets what it drives", Rule.JOURNAL)
def _closing_forgets() -> None:
    edit(
        quorum_driver.QuorumDriver,
        "_fail",
        "self._drives.pop(drive.digest, None)",
        "self._drives.pop(drive.digest, None); self._forget([drive.digest])",
    )


@mutation("a driver forgets what nobody waits for", Rule.FINALITY)
def _impatient_driver() -> None:
    edit(quorum_driver.QuorumDriver, "_give_up", "tally.is_untouched", "True")


# ---- Reads


@mutation("what one authority says is believed", Rule.READS, Rule.SPEND_ONCE, Rule.CRASH)
def _gullible_reader() -> None:
    edit(LedgerReader, "_agreed", "committee.validity_threshold)\n", "1)\n")


@mutation("who was away is not waited for when it is back", Rule.READS)
def _resigned_reader() -> None:
    edit(fan_out._Round, "_answered", "(is_enough and self._are_silent())", "self._are_silent()")
