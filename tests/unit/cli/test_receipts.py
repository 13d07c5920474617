"""`client verify-receipt`: the committee and a file are all it needs, and no forgery passes."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from aggregator.network import Member
from aggregator.network import Network as NetworkFile
from cli.main import main
from proto import bcs
from proto.bcs import BcsError
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair
from proto.effects import TransactionEffects
from proto.errors import VerificationError
from proto.event import TransactionEvents
from proto.ids import Digest, format_digest
from proto.messages import Receipt, effects_certificate_of, sign_effects_vote
from proto.verification import verify_receipt
from tests.support.network import Network, votes_on


class Case(NamedTuple):
    """Two receipts of one batch, so that proofs are not empty, and those who signed them."""

    network: Network
    receipts: tuple[Receipt, Receipt]
    keys: list[Ed25519KeyPair]

    @property
    def receipt(self) -> Receipt:
        return self.receipts[0]


@pytest.fixture(scope="module")
def case() -> Case:
    async def run() -> Case:
        network = Network()
        aggregator = network.aggregator()
        voted = await votes_on(aggregator, [network.transfer(0, 1), network.transfer(2, 3)])
        receipts = await aggregator.execute_round(voted)
        await aggregator.close()
        return Case(network, (receipts[0], receipts[1]), [state.key for state in network.states])

    return asyncio.run(run())


@pytest.fixture
def committee_file(case: Case, tmp_path: Path) -> Path:
    return write_committee(tmp_path, case.network.committee)


def write_committee(folder: Path, committee: Committee) -> Path:
    members = tuple(
        Member(name=f"a{i}", public_key=m.public_key, stake=m.stake, address=f"127.0.0.1:{9000 + i}")
        for i, m in enumerate(committee.members)
    )
    path = folder / "committee.json"
    NetworkFile(chain=b"c" * 32, epoch=committee.epoch, members=members).save(path)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["client", "verify-receipt", *map(str, words)])
    printed = capsys.readouterr()
    return int(caught.value.code or 0), printed.out, printed.err


def test_a_receipt_is_proof_with_the_committee_alone(
    case: Case, committee_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.bin"
    path.write_bytes(bcs.encode(Receipt, case.receipt))
    digest = format_digest(case.receipt.transaction.digest())
    arguments = ("--receipt", path, "--committee", committee_file)
    code, out, _ = run(capsys, *arguments, "--digest", digest)
    assert code == 0
    assert f"valid: transaction {digest} is final" in out
    code, out, _ = run(capsys, *arguments, "--json")
    shown = json.loads(out)
    assert (code, shown["digest"], shown["valid"]) == (0, digest, True)
    assert shown["stake"] >= shown["quorum"] == 6667
    assert shown["effectsDigest"] == format_digest(case.receipt.effects.digest())
    code, _, err = run(capsys, *arguments, "--digest", format_digest(Digest(b"1" * 32)), "--json")
    assert (code, json.loads(err)["error"]["name"]) == (1, "InvalidCertificate")


# ---- Forgeries: what is changed, and the reason that is given

Forge = Callable[[Case], Receipt]


def in_certificate(**changes: Any) -> Forge:
    return lambda case: replace(case.receipt, certificate=replace(case.receipt.certificate, **changes))


def in_proof(change: Callable[[Receipt], dict[str, Any]]) -> Forge:
    def forge(case: Case) -> Receipt:
        proof = case.receipt.effects_certificate
        return replace(case.receipt, effects_certificate=replace(proof, **change(case.receipt)))

    return forge


def votes_of(receipt: Receipt) -> tuple[Any, ...]:
    return receipt.effects_certificate.votes


def signed_by_others(case: Case) -> Receipt:
    """A whole, correct certificate for the effects, by keys of nobody in the committee."""
    strangers = [Ed25519KeyPair.from_seed(bytes([90 + i]) * 32) for i in range(4)]
    effects = case.receipt.effects.digest()
    votes = [sign_effects_vote(key, 0, [effects]) for key in case.keys[:3]]
    good = effects_certificate_of([effects], 0, votes, case.network.committee)
    forged = tuple(
        replace(vote, signature=sign_effects_vote(strangers[i], 0, [effects]).signature)
        for i, vote in enumerate(good.votes)
    )
    return replace(case.receipt, effects_certificate=replace(good, votes=forged))


def flipped(signature: bytes) -> bytes:
    return bytes([signature[5] ^ 1]).join((signature[:5], signature[6:]))


def by_another_user(case: Case) -> Receipt:
    transaction = case.receipt.transaction
    signature = flipped(transaction.tx_signatures[0])
    return replace(case.receipt, transaction=replace(transaction, tx_signatures=(signature,)))


def other_effects(case: Case) -> Receipt:
    gas = replace(case.receipt.effects.gas_used, computation_cost=1)
    return replace(case.receipt, effects=replace(case.receipt.effects, gas_used=gas))


FORGERIES: dict[str, tuple[Forge, str]] = {
    "too little stake for the transaction": (
        lambda case: in_certificate(votes=case.receipt.certificate.votes[:2])(case),
        "InsufficientStake",
    ),
    "too little stake for the effects": (
        in_proof(lambda receipt: {"votes": votes_of(receipt)[:2]}),
        "InsufficientStake",
    ),
    "no votes": (in_proof(lambda receipt: {"votes": ()}), "InsufficientStake"),
    "wrong proof of the transaction": (in_certificate(proof=(bytes(32),)), "InvalidCertificate"),
    "no proof": (in_certificate(proof=()), "InvalidCertificate"),
    "a proof that is too long": (
        lambda case: in_certificate(proof=(*case.receipt.certificate.proof, bytes(32)))(case),
        "InvalidCertificate",
    ),
    "wrong proof of the effects": (in_proof(lambda receipt: {"proof": (bytes(32),)}), "InvalidCertificate"),
    "wrong index": (in_proof(lambda receipt: {"index": 1}), "InvalidCertificate"),
    "wrong count": (in_proof(lambda receipt: {"count": 4}), "InvalidCertificate"),
    "wrong root": (in_certificate(root=bytes(32)), "InvalidCertificate"),
    "another epoch for the transaction": (in_certificate(epoch=1), "WrongEpoch"),
    "another epoch for the effects": (in_proof(lambda receipt: {"epoch": 1}), "WrongEpoch"),
    "a signer twice": (
        in_proof(lambda receipt: {"votes": (*votes_of(receipt)[:2], votes_of(receipt)[1])}),
        "DuplicateSigner",
    ),
    "signers out of order": (
        in_proof(lambda receipt: {"votes": tuple(reversed(votes_of(receipt)))}),
        "InvalidCertificate",
    ),
    "an unknown signer": (
        in_proof(
            lambda receipt: {"votes": (*votes_of(receipt)[:2], replace(votes_of(receipt)[2], signer=9))}
        ),
        "UnknownSigner",
    ),
    "signed by others": (signed_by_others, "InvalidSignature"),
    "a changed signature": (
        in_proof(
            lambda receipt: {
                "votes": (
                    replace(votes_of(receipt)[0], signature=flipped(votes_of(receipt)[0].signature)),
                    *votes_of(receipt)[1:],
                )
            }
        ),
        "InvalidSignature",
    ),
    "other effects": (other_effects, "InvalidCertificate"),
    "effects of another transaction": (
        lambda case: replace(case.receipt, effects=case.receipts[1].effects),
        "InvalidCertificate",
    ),
    "another transaction": (
        lambda case: replace(case.receipt, transaction=case.receipts[1].transaction),
        "InvalidCertificate",
    ),
    "a transaction that nobody voted for": (
        lambda case: replace(case.receipt, transaction=case.network.transfer(4, 5)),
        "InvalidCertificate",
    ),
    "events that were not": (
        lambda case: replace(case.receipt, events=TransactionEvents(())),
        "InvalidCertificate",
    ),
    "a certificate of effects as one of the transaction": (
        lambda case: in_certificate(root=case.receipt.effects_certificate.root)(case),
        "InvalidCertificate",
    ),
    "a changed signature of the sender": (by_another_user, "InvalidSignature"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_receipt_is_refused_with_its_reason(
    forgery: str, case: Case, committee_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge, reason = FORGERIES[forgery]
    path = tmp_path / "receipt.bin"
    path.write_bytes(bcs.encode(Receipt, forge(case)))
    code, out, err = run(capsys, "--receipt", path, "--committee", committee_file, "--json")
    assert (code, out) == (1, "")
    assert json.loads(err)["error"]["name"] == reason


def test_a_committee_with_other_stakes_members_or_epoch_does_not_believe_it(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "receipt.bin"
    path.write_bytes(bcs.encode(Receipt, case.receipt))
    committee = case.network.committee
    silent = {member.public_key for i, member in enumerate(committee.members) if i not in signers_of(case)}
    heavy = {name: 50_000 if name in silent else 2500 for name in committee.names}
    stranger = AuthorityName(Ed25519KeyPair.from_seed(b"s" * 32).public_key)
    replaced = dict.fromkeys((*committee.names[1:], stranger), 2500)
    stakes = dict.fromkeys(committee.names, 2500)
    for other, reasons in (
        (Committee.of(0, heavy), {"InsufficientStake"}),
        (Committee.of(0, replaced), {"InvalidSignature"}),
        (Committee.of(1, stakes), {"WrongEpoch"}),
    ):
        file = write_committee(tmp_path, other)
        code, _, err = run(capsys, "--receipt", path, "--committee", file, "--json")
        assert code == 1
        assert json.loads(err)["error"]["name"] in reasons


def signers_of(case: Case) -> set[int]:
    return {vote.signer for vote in case.receipt.effects_certificate.votes}


def test_bytes_that_are_no_receipt(
    case: Case, committee_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = bcs.encode(Receipt, case.receipt)
    path = tmp_path / "receipt.bin"
    garbage = random.Random(1).randbytes(500)
    for content in (b"", raw[:1], raw[: len(raw) // 2], raw[:-1], raw + b"\0", garbage, b"\xff" * 100):
        path.write_bytes(content)
        code, _, err = run(capsys, "--receipt", path, "--committee", committee_file, "--json")
        assert (code, json.loads(err)["error"]["name"]) == (1, "NoReceipt")
    code, _, err = run(capsys, "--receipt", tmp_path / "none", "--committee", committee_file)
    assert code == 1
    assert "none" in err


def test_no_byte_of_a_receipt_can_be_changed(case: Case) -> None:
    """Every byte is covered by a signature, or by the order of signers that a quorum needs."""
    raw = bcs.encode(Receipt, case.receipt)
    for position in range(0, len(raw), 3):
        changed = bytearray(raw)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises((BcsError, VerificationError)):
            verify_receipt(bcs.decode(Receipt, bytes(changed)), case.network.committee)
    assert isinstance(case.receipt.effects, TransactionEffects)
