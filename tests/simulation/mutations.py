"""Shows that the checkers see: each mutation breaks one rule of the production code, and has to be caught.

    python -m tests.simulation.mutations [--seeds 400]

Prints, for each, after how many seeds it was caught and by which rule; exits with 1 if one was not.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aggregator import fan_out, quorum_driver, safe_client
from aggregator.authority_aggregator import AuthorityAggregator, EffectsTally
from aggregator.tally import VoteTally
from authority import state as authority_state
from authority.execution import native_code
from authority.execution.temporary_store import TemporaryStore
from authority.key_value import StorageError
from authority.locks import LockTable
from authority.state import AuthorityState
from authority.store import UnitOfWork
from authority.sync import CertificateSync
from authority.vote_journal import VoteJournal
from proto import committee as proto_committee
from proto import verification
from proto.bitmap import bits_of
from proto.effects import GasCostSummary
from proto.effects_writer import plain_effects_bytes
from proto.errors import AuthorityError, InvalidCertificate
from tests.simulation.disk import PowerCut
from tests.simulation.rules import Rule
from tests.simulation.scenario import draw
from tests.simulation.world import simulate


@dataclass(frozen=True, slots=True)
class Mutation:
    """A broken rule. apply: breaks the code of this process for good; caught: rules that may tell."""

    name: str
    apply: Callable[[], None]
    caught: frozenset[Rule]


_MUTATIONS: list[Mutation] = []


def mutation(name: str, *caught: Rule) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Adds what it decorates to the list."""

    def add(apply: Callable[[], None]) -> Callable[[], None]:
        _MUTATIONS.append(Mutation(name, apply, frozenset(caught)))
        return apply

    return add


def _nothing(*arguments: Any, **named: Any) -> None:
    """In the place of a check or a step that is left out."""


def _put(place: Any, name: str, value: Any) -> None:
    getattr(place, name)  # what is no longer there would not be broken
    setattr(place, name, value)


# ---- Locks and votes


@mutation("locks are never taken", Rule.SIGN_ONCE, Rule.LOCKS_KEPT)
def _no_locks() -> None:
    _put(LockTable, "acquire", _nothing)


@mutation("locks are lost at a restart", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _locks_forgotten() -> None:
    restore = AuthorityState._restore

    def forgetful(self: AuthorityState) -> None:
        restore(self)
        _put(self, "locks", LockTable())

    _put(AuthorityState, "_restore", forgetful)


@mutation("locks are taken after the vote is signed", Rule.SIGN_ONCE, Rule.LOCKS_KEPT, Rule.CRASH)
def _late_locks() -> None:
    acquire = LockTable.acquire

    def later(self: LockTable, references: Any, digest: Any) -> None:
        asyncio.get_running_loop().call_later(0.05, acquire, self, tuple(references), digest)

    _put(LockTable, "acquire", later)


@mutation("a vote leaves before it is on the disk", Rule.DURABLE_VOTE)
def _early_vote() -> None:
    commit = UnitOfWork.commit

    def later(self: UnitOfWork) -> None:
        def finish() -> None:
            with suppress(PowerCut, StorageError):
                commit(self)

        if self.pending:
            asyncio.get_running_loop().call_later(0.02, finish)
        else:
            commit(self)

    _put(UnitOfWork, "commit", later)


@mutation("a disk that is opened again is not read again", Rule.LOCKS_KEPT, Rule.SIGN_ONCE, Rule.CRASH)
def _no_recovery() -> None:
    _put(AuthorityState, "recover", _nothing)


@mutation("a disk that refuses is not noticed", Rule.DURABLE_VOTE)
def _ignored_disk() -> None:
    commit = UnitOfWork.commit

    def careless(self: UnitOfWork) -> None:
        with suppress(StorageError):
            commit(self)

    _put(UnitOfWork, "commit", careless)


@mutation("only the first input is locked", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _first_lock_only() -> None:
    acquire = LockTable.acquire
    _put(LockTable, "acquire", lambda self, references, digest: acquire(self, tuple(references)[:1], digest))


@mutation("signatures of users are not checked", Rule.OWNERS)
def _unsigned() -> None:
    async def trusting(self: AuthorityState, batch: Any) -> dict[Any, Any]:
        return {}

    _put(AuthorityState, "_verify_signatures", trusting)


# ---- Certificates


@mutation("a quorum is one unit of stake too small", Rule.QUORUM, Rule.ONE_CERTIFICATE, Rule.RECEIPT)
def _small_quorum() -> None:
    threshold = proto_committee.quorum_threshold
    _put(proto_committee, "quorum_threshold", lambda stake: threshold(stake) - 1)


@mutation("signatures of certificates are not checked", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _unchecked_votes() -> None:
    _put(verification, "_check_accepting_votes", _nothing)


@mutation("signers may count twice", Rule.QUORUM)
def _double_signers() -> None:
    def only_stake(signers: Any, committee: Any) -> None:
        if any(signer >= len(committee) for signer in signers):
            raise InvalidCertificate("nobody")
        if sum(committee.members[signer].stake for signer in signers) < committee.quorum_threshold:
            raise InvalidCertificate("too little")

    _put(verification, "_check_quorum", only_stake)


@mutation("bitmaps of votes are not looked at", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _ignored_bitmaps() -> None:
    _put(verification, "has_bit", lambda bitmap, index: True)


@mutation("inclusion proofs are not checked", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _ignored_proofs() -> None:
    check = verification.verify_certificate

    def without_proof(certificate: Any, committee: Any, digest: Any) -> None:
        if certificate.count == 1 and not certificate.proof:
            verification._check_epoch(certificate.epoch, committee)
            verification._check_quorum([vote.signer for vote in certificate.votes], committee)
            verification._check_accepting_votes(
                certificate.root, certificate.count, certificate.votes, committee
            )
        else:
            check(certificate, committee, digest)

    _put(authority_state, "verify_certificate", without_proof)


@mutation("votes for a batch that is named are not looked at", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _believed_names() -> None:
    def believe(batch: Any, committee: Any, known_votes: Any) -> tuple[int, ...]:
        return tuple(bits_of(batch.certified))

    _put(authority_state, "verify_named_batch", believe)


# ---- Execution


@mutation("a certificate shown again is executed again", Rule.ONE_COMMIT, Rule.SAME_EFFECTS, Rule.CRASH)
def _executed_twice() -> None:
    def again(self: Any, submission: Any, problem: Any, commit: Any) -> Any:
        return self._execute(submission, commit)

    _put(AuthorityState, "_result", again)


@mutation("an execution takes the votes for other transactions with it", Rule.LOCKS_KEPT, Rule.SIGN_ONCE)
def _votes_forgotten() -> None:
    write = VoteJournal.write

    def hasty(self: VoteJournal, batch: Any, voted: Any, executed: Any) -> None:
        write(self, batch, voted, executed)
        if executed:
            for number in self._left:
                batch.delete(b"p" + number.to_bytes(8, "big"))

    _put(VoteJournal, "write", hasty)


@mutation("gas is one nano short", Rule.CONSERVATION)
def _minted() -> None:
    net: Any = GasCostSummary.__dict__["net_gas_usage"]
    _put(GasCostSummary, "net_gas_usage", property(lambda self: net.fget(self) - 1))


@mutation("effects depend on what was executed before", Rule.SAME_EFFECTS, Rule.PURE)
def _impure() -> None:
    begin, calls = TemporaryStore.__init__, iter(range(10**9))

    def drifting(self: TemporaryStore, *arguments: Any) -> None:
        begin(self, *arguments)
        self.lamport_version += next(calls) % 2

    _put(TemporaryStore, "__init__", drifting)

    def drifting_short(*others: Any) -> bytes:
        *most, version, changes = others
        write: Any = plain_effects_bytes
        encoded: bytes = write(*most, version + next(calls) % 2, changes)
        return encoded

    native_code.NAMES["effects_bytes"] = drifting_short


# ---- Aggregators


@mutation("effects of authorities are not compared", Rule.RECEIPT, Rule.CRASH)
def _uncompared_effects() -> None:
    add = EffectsTally.add

    def mixing(self: EffectsTally, response: Any) -> None:
        add(self, response)
        if len(self.groups) > 1:
            key, *others = self.groups
            for other in others:
                self.groups[key] += self.groups.pop(other)

    _put(EffectsTally, "add", mixing)


@mutation("votes are not verified by the client", Rule.FINALITY, Rule.RECEIPT, Rule.CRASH)
def _unverified_votes() -> None:
    _put(safe_client, "verify_batch_vote", _nothing)


@mutation("effects votes are not verified by the client", Rule.RECEIPT)
def _unverified_effects() -> None:
    _put(safe_client, "verify_effects_vote", _nothing)


@mutation("proofs of what is executed already are not verified by the client", Rule.RECEIPT, Rule.FINALITY)
def _unverified_proofs() -> None:
    _put(safe_client.SafeClient, "_check_executed", _nothing)


@mutation("a quorum is one too small, for aggregators alone", Rule.FINALITY, Rule.RECEIPT)
def _hasty_aggregator() -> None:
    _put(AuthorityAggregator, "_is_quorum", lambda self, executed: bool(executed))


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

    _put(safe_client.SafeClient, "_ask", suspicious)


# ---- Progress


@mutation("authorities never catch up from their peers", Rule.DELIVERY)
def _no_sync() -> None:
    async def nothing_new(self: CertificateSync) -> bool:
        self._state.is_asking_peers = False
        return False

    _put(CertificateSync, "pull_all", nothing_new)


@mutation("what comes of a transaction that takes long is thrown away", Rule.FINALITY, Rule.DELIVERY)
def _lost_long_runs() -> None:
    _put(AuthorityState, "_finish_long_run", _nothing)


@mutation("a driver forgets what it began when it stops", Rule.FINALITY, Rule.DELIVERY)
def _forgetful_driver() -> None:
    async def no_recovery(self: Any) -> None:
        return None

    _put(quorum_driver.QuorumDriver, "_recover", no_recovery)


@mutation("the others are not asked when one of a quorum fails", Rule.FINALITY)
def _quorum_alone() -> None:
    _put(fan_out._Round, "_ask_others", _nothing)


@mutation("a driver has no more use for a certificate that was not executed at once", Rule.FINALITY)
def _wasted_certificate() -> None:
    async def no_receipt(self: Any, drive: Any, tally: Any) -> None:
        drive.certified = None

    _put(quorum_driver.QuorumDriver, "_receipt", no_receipt)


@mutation("a rival that could still win is not completed", Rule.TRUTH)
def _left_rival() -> None:
    async def pretend(self: Any, digest: Any) -> bool:
        return True

    _put(quorum_driver.QuorumDriver, "_complete", pretend)


@mutation("a conflict is called hopeless too early", Rule.TRUTH, Rule.FINALITY)
def _early_despair() -> None:
    _put(VoteTally, "is_lost_to_conflict", property(lambda self: bool(self.conflicts)))


MUTATIONS = tuple(_MUTATIONS)


@dataclass(frozen=True, slots=True)
class Catch:
    """After how many seeds, and by which rule."""

    seeds: int
    rule: Rule


def hunt(mutant: Mutation, seeds: int) -> Catch | None:
    """Break the code of this process, and run seeds until a checker sees it."""
    mutant.apply()
    for seed in range(seeds):
        for violation in simulate(draw(seed)).violations:
            if violation.rule in mutant.caught:
                return Catch(seed + 1, violation.rule)
    return None


def hunt_apart(mutant: Mutation, seeds: int) -> Catch | None:
    """The same in a process of its own, so that this one stays whole."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        found = hunt(mutant, seeds)
        os.write(writer, b"" if found is None else f"{found.seeds} {found.rule.name}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        words = answer.read().split()
    os.waitpid(child, 0)
    return Catch(int(words[0]), Rule[words[1]]) if words else None


def hunt_all(seeds: int) -> Iterator[tuple[Mutation, Catch | None]]:
    """Every mutation, one after the other."""
    for mutant in MUTATIONS:
        yield mutant, hunt_apart(mutant, seeds)


def main() -> int:
    """Print the table; 1 if a mutation lives."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations", description=__doc__)
    parser.add_argument("--seeds", type=int, default=400, help="most seeds for each (default 400)")
    seeds = parser.parse_args().seeds
    logging.disable(logging.CRITICAL)
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (what mutants leave behind)
    for seed in range(3):
        simulate(draw(seed))  # what all need is loaded before the processes part
    caught = 0
    for mutant, found in hunt_all(seeds):
        caught += found is not None
        told = "not caught" if found is None else f"{found.seeds} seeds, {found.rule}"
        print(f"| {mutant.name} | {told} |", flush=True)
    print(f"mutations: {caught}/{len(MUTATIONS)} caught within {seeds} seeds")
    return 0 if caught == len(MUTATIONS) else 1


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "tests.simulation.mutations", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    sys.exit(main())
