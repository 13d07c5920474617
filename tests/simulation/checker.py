"""What must be true after every step: the invariants of the design, seen from outside.

The checker looks at what leaves honest authorities (votes, effects), at what is on their disks, and at what
clients are shown. It counts votes and stake by itself and shares no code with what it checks but the formats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from authority.records import ExecutedTransaction
from authority.signature_verifier import SignatureCheck
from authority.store import AuthorityStore
from proto import bcs, messages
from proto.bitmap import bits_of
from proto.effects import TransactionEffects
from proto.errors import TooMuchAtOnce, VerificationError
from proto.ids import Digest, ObjectID, format_digest
from proto.merkle import merkle_root
from proto.transaction import SenderSignedData, TransactionData
from proto.verification import verify_receipt
from tests.simulation import ledger
from tests.simulation.memory import verify_user
from tests.simulation.rules import Rule, Violation
from tests.simulation.scenario import Scenario, faulty_stake

if TYPE_CHECKING:
    from tests.simulation.nodes import Node


@lru_cache(maxsize=20_000)
def read_transaction(raw: bytes) -> SenderSignedData:
    """A signed transaction from its bytes."""
    return SenderSignedData.from_bytes(raw)


@lru_cache(maxsize=20_000)
def read_digest(raw: bytes) -> Digest:
    """The digest of a signed transaction from its bytes."""
    return read_transaction(raw).digest()


@lru_cache(maxsize=20_000)
def read_effects(raw: bytes) -> TransactionEffects:
    """Effects from their bytes."""
    return bcs.decode(TransactionEffects, raw)


@lru_cache(maxsize=20_000)
def _signatures(raw: bytes) -> SignatureCheck:
    """What has to be signed, the signatures, and who has to sign."""
    data = read_transaction(raw).transaction_data
    return bcs.encode(TransactionData, data), read_transaction(raw).tx_signatures, data.signers


@dataclass(slots=True)
class _Seen:
    """How far the checker has looked at the disk of one authority, since a backup was put back, if ever.

    backup: how much that had executed; votes: what there was a vote for at some time; kept: the same when
    the authority noted that it had lost others.
    """

    backup: int = 0
    executed: int = 0
    writes: int = -1
    votes: set[Digest] = field(default_factory=set)
    kept: frozenset[Digest] | None = None


class Checker:
    """Sees a whole run.

    executed: every transaction that an honest authority executed, with its effects. news_at: when the last of
    these was executed by the first of them.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.violations: list[Violation] = []
        self.executed: dict[Digest, bytes] = {}
        self.news_at = 0.0
        self.receipts: dict[Digest, messages.Receipt] = {}
        self.clock: Callable[[], float] = lambda: 0.0
        self.steps = 0
        self.executions = 0
        self.stakes = scenario.stakes
        self._dishonest = scenario.dishonest
        self._restored = scenario.restored
        self._forgetful = scenario.forgetful
        self.quorum = sum(self.stakes) - faulty_stake(self.stakes)
        self._committee = ledger.committee(self.stakes)
        self._votes: dict[tuple[int, ObjectID, int], Digest] = {}
        self._accepted: dict[Digest, set[int]] = {}
        self._executors: dict[Digest, set[int]] = {}
        self._batches: dict[tuple[bytes, int], list[Digest]] = {}
        self._spent: dict[tuple[ObjectID, int], Digest] = {}
        self._seen: dict[int, _Seen] = {}

    def report(self, rule: Rule, text: str) -> None:
        """Note a violation; each rule's first ones are enough."""
        if len(self.violations) < 50:
            self.violations.append(Violation(rule, text, self.clock()))

    # ---- Votes

    def saw_vote(self, node: Node, request: messages.TransactionBatch, vote: messages.BatchVote) -> None:
        """A vote is about to leave an honest authority."""
        self.steps += 1
        store, kept = self._look(node), self._seen[node.number].kept
        digests = [read_digest(raw) for raw in request.transactions]
        self._batches[merkle_root(digests), len(digests)] = digests
        for index in vote.accepted_indices():
            transaction = read_transaction(request.transactions[index])
            digest = read_digest(request.transactions[index])
            self._accepted.setdefault(digest, set()).add(node.number)
            if not node.has_promised(digest) and not store.is_executed(digest):
                self.report(Rule.DURABLE_VOTE, f"{node} votes for {_name(digest)}, which is not on its disk")
            if kept is not None and digest not in kept:
                self.report(Rule.LOST_VOTES, f"{node} votes for {_name(digest)} after it has lost votes")
            for reference in ledger.consumed(transaction):
                key = (node.number, *ledger.object_key(reference))
                if self._votes.setdefault(key, digest) != digest:
                    self.report(Rule.SIGN_ONCE, f"{node} signed two transactions for {reference}")
        for _, refusal in vote.refusals:
            if isinstance(refusal, messages.AlreadyExecuted):
                self._check_shown(node, refusal.executed.effects)
        self.check_locks(node)

    def has_voted(self, node: Node, digest: Digest) -> bool:
        """Whether a vote for a transaction has ever left an authority."""
        return node.number in self._accepted.get(digest, set())

    def check_locks(self, node: Node) -> None:
        """Whatever an authority promised, or finds promised on its disk, is locked for that transaction."""
        state = node.state
        if state is None:
            return
        promised = {
            (object_id, version, digest)
            for (number, object_id, version), digest in self._votes.items()
            if number == node.number and not node.store_on_disk.is_executed(digest)
        }
        if node.number in self._restored:
            promised.clear()  # it cannot know of them
        for digest, raw in node.promises():
            for reference in ledger.consumed(read_transaction(raw)):
                promised.add((*ledger.object_key(reference), digest))
        for object_id, version, digest in sorted(promised):
            live = node.store_on_disk.get_object_at_most(object_id, 2**64 - 1)
            if live is None or live.version != version:
                continue  # used up by another transaction, or not here yet
            if state.locks.holder(live.reference()) != digest:
                self.report(Rule.LOCKS_KEPT, f"{node} lost the lock of {object_id.hex()} at {version}")

    def saw_put_back(self, node: Node) -> None:
        """An older disk was put in the place of an authority's own.

        Who is told so signs nothing new, so none of its votes may be contradicted. Who is not may contradict
        those that its backup does not have, but for what was final: it asks its peers before it votes.
        """
        self._seen[node.number] = _Seen(backup=len(list(node.store_on_disk.executed_from(0))))
        if node.number not in self._forgetful:
            return
        known = self.receipts.keys() | {digest for digest, _ in node.promises()}
        self._votes = {
            key: digest for key, digest in self._votes.items() if key[0] != node.number or digest in known
        }

    # ---- Execution

    def saw_effects(
        self, node: Node, request: messages.CertificatesRequest, response: messages.CertificatesResponse
    ) -> None:
        """Effects are about to leave an honest authority."""
        self.steps += 1
        store = self._look(node)
        digests = [*self._certified(node, request), *(single.digest() for single in request.singles)]
        for result, digest in zip(response.results, digests, strict=True):
            if isinstance(result, messages.Executed):
                self._check_shown(node, result.effects)
            elif store.is_executed(digest) and not isinstance(result.error, TooMuchAtOnce):
                self.report(Rule.ONE_COMMIT, f"{node} refuses {_name(digest)}, which it has executed")

    def _certified(self, node: Node, request: messages.CertificatesRequest) -> list[Digest]:
        """The digests of what a batch certifies, shown or named."""
        match request.batch:
            case None:
                return []
            case messages.CertificateBatch(entries=entries):
                whole = (one for one in entries if isinstance(one, messages.WholeTransaction))
                return [read_digest(one.transaction) for one in whole]
            case messages.NamedBatch() as batch:
                digests = self._batches.get((batch.root, batch.count))
                if digests is None:
                    self.report(Rule.QUORUM, f"{node} takes the name of a batch that nobody voted on")
                    return []
                return [digests[index] for index in bits_of(batch.certified)]

    def saw_disk(self, node: Node) -> None:
        """An honest authority wrote something, or started."""
        self.steps += 1
        self._look(node)

    def _check_shown(self, node: Node, effects: TransactionEffects) -> None:
        record = node.store_on_disk.executed(effects.transaction_digest)
        if record is None:
            self.report(
                Rule.DURABLE_VOTE,
                f"{node} shows effects of {_name(effects.transaction_digest)}, not on its disk",
            )
        elif record.effects != effects.encoded:
            self.report(
                Rule.SAME_EFFECTS,
                f"{node} shows other effects of {_name(effects.transaction_digest)} than it wrote",
            )

    def _look(self, node: Node) -> AuthorityStore:
        """Check what has come on the disk since the last look."""
        seen, store = self._seen.setdefault(node.number, _Seen()), node.store_on_disk
        if seen.writes == node.disk.writes:
            return store
        seen.writes = node.disk.writes
        if node.number in self._restored:
            seen.votes.update(digest for digest, _ in node.promises())
            if seen.kept is None and node.has_lost_votes:
                seen.kept = frozenset(seen.votes)
        for sequence, digest in list(store.executed_from(seen.executed)):
            record = store.executed(digest)
            if sequence != seen.executed or record is None or record.sequence != sequence:
                self.report(Rule.ONE_COMMIT, f"{node} has a hole or a double at {sequence} in its sequence")
            self.executions += 1
            seen.executed = sequence + 1
            if record is not None:
                self._check_executed(node, store, digest, record)
                self._check_noticed(node, seen, digest, record)
        return store

    def _check_executed(
        self, node: Node, store: AuthorityStore, digest: Digest, record: ExecutedTransaction
    ) -> None:
        self._executors.setdefault(digest, set()).add(node.number)
        if not self._may_be_quorum(self._accepted.get(digest, set())):
            self.report(Rule.QUORUM, f"{node} executed {_name(digest)}, which no quorum accepted")
        transaction = read_transaction(record.transaction)
        if verify_user(_signatures(record.transaction)) is not None:
            self.report(Rule.OWNERS, f"{node} executed {_name(digest)} with a false signature")
        for reference in ledger.consumed(transaction):
            if self._spent.setdefault(ledger.object_key(reference), digest) != digest:
                self.report(Rule.ONE_CERTIFICATE, f"{node}: two executed transactions spend {reference}")
        effects = read_effects(record.effects)
        if digest not in self.executed:
            self.news_at = self.clock()
        if self.executed.setdefault(digest, record.effects) != record.effects:
            self.report(Rule.SAME_EFFECTS, f"{node} has other effects of {_name(digest)} than others have")
        self._check_conserved(node, store, effects)

    def _check_noticed(self, node: Node, seen: _Seen, digest: Digest, record: ExecutedTransaction) -> None:
        """Who executes a certificate with a vote of its own that its disk has never had has lost that."""
        if node.number not in self._restored or seen.kept is not None or digest in seen.votes:
            return
        position = self._committee.index_of(node.name)
        signers = [vote.signer for vote in node.store_on_disk.certificate(record).votes]
        if record.sequence >= seen.backup and position in signers:
            self.report(Rule.LOST_VOTES, f"{node} has not noticed that its vote for {_name(digest)} is lost")

    def _may_be_quorum(self, honest: set[int]) -> bool:
        """Whether these, and all who may lie, are a quorum."""
        return sum(self.stakes[number] for number in honest | self._dishonest) >= self.quorum

    def _check_conserved(self, node: Node, store: AuthorityStore, effects: TransactionEffects) -> None:
        """What the changed objects were worth before is what they are worth now, and the burnt gas."""
        before = after = 0
        for object_id, version in effects.modified_at_versions():
            before += ledger.worth(store.get_object_at(object_id, version))
        for reference, _ in effects.all_changed():
            value = store.get_object_at(reference.object_id, reference.version)
            after += ledger.worth(value)
            if value is None or value.digest() != reference.digest:
                self.report(Rule.SAME_EFFECTS, f"{node} holds not what its effects say for {reference}")
        gas = effects.gas_used
        if before != after + gas.computation_cost + gas.non_refundable_storage_fee:
            name = _name(effects.transaction_digest)
            self.report(Rule.CONSERVATION, f"{name}: {before} nanos before, {after} after, on {node}")

    # ---- Clients

    def saw_receipt(self, receipt: messages.Receipt) -> None:
        """A client was told that a transaction is final."""
        self.steps += 1
        digest = receipt.transaction.digest()
        self.receipts[digest] = receipt
        try:
            verify_receipt(receipt, self._committee)
        except VerificationError as error:
            self.report(Rule.RECEIPT, f"the receipt of {_name(digest)} does not verify: {error}")
        if verify_user(_signatures(receipt.transaction.to_bytes())) is not None:
            self.report(Rule.OWNERS, f"the receipt of {_name(digest)} has a false signature")
        if not self._may_be_quorum(self._executors.get(digest, set())):
            self.report(Rule.RECEIPT, f"{_name(digest)} has a receipt, and no quorum executed it")
        known = self.executed.get(digest)
        if known is not None and known != receipt.effects.encoded:
            self.report(Rule.RECEIPT, f"the receipt of {_name(digest)} shows other effects than were")

    # ---- The end

    def check_end(self, nodes: list[Node]) -> None:
        """Honest authorities are equal, and the supply is what it was but for gas."""
        if not nodes:
            return
        for node in nodes:
            self._look(node)
            self.check_locks(node)
        first = nodes[0]
        for node in nodes:
            if node.has_lost_votes and node.number not in self._restored:
                self.report(Rule.LOCKS_KEPT, f"{node} believes that it has lost votes")
            for digest in self._wanted(nodes):
                if not node.store_on_disk.is_executed(digest):
                    self.report(Rule.DELIVERY, f"{node} has not executed {_name(digest)}, which others have")
            if self._objects(node) != self._objects(first) and not self.violations:
                self.report(Rule.SAME_EFFECTS, f"{node} and {first} hold different objects")
        missing = ledger.supply() - self._supply(first) - self._burnt(first)
        if missing:
            self.report(Rule.CONSERVATION, f"{missing} nanos are missing on {first}")

    def is_settled(self, nodes: Collection[Node]) -> bool:
        """Whether every honest authority has executed what any of them has, and what has a receipt."""
        wanted = self._wanted(nodes)
        return all(node.store_on_disk.is_executed(digest) for node in nodes for digest in wanted)

    def is_left(self, digest: Digest, nodes: Collection[Node]) -> bool:
        """Whether a transaction has a receipt, or somebody has still executed it."""
        return digest in self.receipts or any(node.store_on_disk.is_executed(digest) for node in nodes)

    def _wanted(self, nodes: Collection[Node]) -> list[Digest]:
        """What some authority has executed, and what has a receipt.

        What only those had executed that were started from a backup since may be gone.
        """
        have = (digest for digest in self.executed if self.is_left(digest, nodes))
        return [*have, *(digest for digest in self.receipts if digest not in self.executed)]

    @staticmethod
    def _objects(node: Node) -> list[tuple[bytes, bytes]]:
        return [entry for table in (b"o", b"a", b"c") for entry in node.disk.scan(table)]

    def _burnt(self, node: Node) -> int:
        here = node.store_on_disk.is_executed
        gas = [read_effects(raw).gas_used for digest, raw in self.executed.items() if here(digest)]
        return sum(one.computation_cost + one.non_refundable_storage_fee for one in gas)

    @staticmethod
    def _supply(node: Node) -> int:
        store = AuthorityStore(node.disk)
        ids = {key[1:33] for key, _ in node.disk.scan(b"o")}
        return sum(ledger.worth(store.get_object(ObjectID(one))) for one in sorted(ids))


def _name(digest: Digest) -> str:
    return format_digest(digest)[:8]
