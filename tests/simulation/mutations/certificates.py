"""Certificates and signatures."""

from __future__ import annotations

from typing import Any

from authority import state as authority_state
from authority.state import AuthorityState
from proto import committee as proto_committee
from proto import verification
from proto.bitmap import bits_of
from proto.errors import InvalidCertificate
from tests.simulation.mutations.registry import edit, mutation, nothing, put
from tests.simulation.rules import Rule


@mutation("a quorum is one unit of stake too small", Rule.QUORUM, Rule.ONE_CERTIFICATE, Rule.RECEIPT)
def _small_quorum() -> None:
    threshold = proto_committee.quorum_threshold
    put(proto_committee, "quorum_threshold", lambda stake: threshold(stake) - 1)


@mutation("signatures of certificates are not checked", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _unchecked_votes() -> None:
    put(verification, "_check_accepting_votes", nothing)


@mutation("signers may count twice", Rule.QUORUM)
def _double_signers() -> None:
    def only_stake(signers: Any, committee: Any) -> None:
        if any(signer >= len(committee) for signer in signers):
            raise InvalidCertificate("nobody")
        if sum(committee.members[signer].stake for signer in signers) < committee.quorum_threshold:
            raise InvalidCertificate("too little")

    put(verification, "_check_quorum", only_stake)


@mutation("bitmaps of votes are not looked at", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _ignored_bitmaps() -> None:
    put(verification, "has_bit", lambda bitmap, index: True)


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

    put(authority_state, "verify_certificate", without_proof)


@mutation("votes for a batch that is named are not looked at", Rule.QUORUM, Rule.ONE_CERTIFICATE)
def _believed_names() -> None:
    def believe(batch: Any, committee: Any, known_votes: Any) -> tuple[int, ...]:
        return tuple(bits_of(batch.certified))

    put(authority_state, "verify_named_batch", believe)


@mutation("a vote is taken as proof of other signatures of the same transaction", Rule.OWNERS)
def _proof_by_vote() -> None:
    edit(AuthorityState, "_verify_signatures", "voted.get(one.digest) != one.raw", "one.digest not in voted")
