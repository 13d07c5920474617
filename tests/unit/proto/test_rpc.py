"""The gRPC stubs and the table of methods are those of the .proto file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from proto import bcs
from proto.bcs import BcsError
from proto.crypto import Ed25519KeyPair
from proto.effects import GasCostSummary, Success, TransactionEffects
from proto.errors import AuthorityError, TransactionExpired, Unreachable
from proto.ids import Digest, address_from_int
from proto.messages import (
    AcceptingVote,
    Certificate,
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    CertifiedTransaction,
    DigestOnly,
    DynamicFieldsRequest,
    Executed,
    ExecutedAfterRequest,
    HealthRequest,
    NotExecuted,
    ObjectInfoRequest,
    ObjectInfoResponse,
    ObjectQuery,
    ObjectUnknown,
    OwnedObjectsRequest,
    TransactionInfoRequest,
    WholeTransaction,
    sign_effects_vote,
)
from proto.object import AddressOwner
from proto.rpc import authority_pb2, authority_pb2_grpc
from proto.rpc.methods import LARGEST_READ, METHODS, refusal
from proto.service import AuthorityService
from proto.transaction import GasData, ProgrammableTransaction, SenderSignedData, TransactionData
from tests.support.generate_stubs import compile_descriptors


def test_committed_stubs_are_fresh(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    compiled = {file.name: file for file in compile_descriptors(tmp_path).file}
    for message in compiled["proto/rpc/authority.proto"].message_type:
        for field in message.field:
            field.ClearField("json_name")  # stubs leave it out
    committed = descriptor_pb2.FileDescriptorProto.FromString(authority_pb2.DESCRIPTOR.serialized_pb)
    assert compiled["proto/rpc/authority.proto"] == committed, "run `make proto`"


def test_every_method_of_the_service_has_a_handler_and_a_stub() -> None:
    service = authority_pb2.DESCRIPTOR.services_by_name["Authority"]
    assert [method.name for method in service.methods] == list(METHODS)
    for method in METHODS.values():
        assert hasattr(authority_pb2_grpc.AuthorityServicer, method.name)
        assert callable(getattr(AuthorityService, method.handler))


def test_a_request_crosses_the_wire() -> None:
    request = ObjectInfoRequest((ObjectQuery(address_from_int(6), 3), ObjectQuery(address_from_int(7))))
    method = METHODS["ObjectInfo"]
    assert method.decode_request(method.encode_request(request)) == request


def test_a_refusal_crosses_the_wire() -> None:
    response = authority_pb2.Response.FromString(
        refusal(AuthorityError(TransactionExpired())).SerializeToString()
    )
    with pytest.raises(AuthorityError) as caught:
        METHODS["Health"].read(response)
    assert caught.value.kind == TransactionExpired()
    assert not caught.value.retryable


def test_a_malformed_answer_is_the_authoritys_fault() -> None:
    with pytest.raises(AuthorityError) as caught:
        METHODS["Health"].read(authority_pb2.Response(bcs=b"\xff"))
    assert caught.value.name == "ByzantineAuthoritySuspicion"


def test_bytes_that_are_no_response_are_the_authoritys_fault() -> None:
    nothing = None  # what gRPC hands on when it cannot read an answer
    with pytest.raises(AuthorityError) as caught:
        METHODS["Health"].read(nothing)
    assert caught.value.name == "ByzantineAuthoritySuspicion"


def test_an_empty_message_is_no_bytes() -> None:
    assert METHODS["Health"].encode_request(HealthRequest()) == b""


def test_answers_to_certificates_are_read_as_their_bcs_says() -> None:
    """What several authorities say alike is read once; no answer is read differently for that."""
    gas = GasCostSummary(1, 1, 0, 0, 0)
    effects = TransactionEffects(Success(), 0, gas, Digest(b"t" * 32), None, None, (), 1, ())
    key = Ed25519KeyPair.from_seed(b"k" * 32)
    vote = sign_effects_vote(key, 0, [effects.digest()])
    results = (Executed(effects, None), NotExecuted(Unreachable("later")))
    method = METHODS["SubmitCertificates"]
    for answer in (
        CertificatesResponse(results, vote),
        CertificatesResponse(results * 20, vote),
        CertificatesResponse((), vote),
        CertificatesResponse(results * 20, None),
        CertificatesResponse((), None),
    ):
        raw = bcs.encode(CertificatesResponse, answer)
        assert method.decode_response(raw) == method.decode_response(raw) == answer
        for wrong in (raw[:-1], raw + b"\0", raw[1:], b""):
            assert _outcome(method.decode_response, wrong) == _outcome(
                lambda data: bcs.decode(CertificatesResponse, data), wrong
            )


def test_a_message_to_all_authorities_is_written_once() -> None:
    method = METHODS["TransactionInfo"]
    first, second = (TransactionInfoRequest((Digest(bytes([i]) * 32),)) for i in (1, 2))
    assert method.encode_request(first) is method.encode_request(first)
    assert method.decode_request(method.encode_request(second)) == second


def _outcome(read: Callable[[bytes], object], data: bytes) -> object:
    try:
        return read(data)
    except BcsError:
        return BcsError


VOTE = AcceptingVote(0, b"\x01", bytes(64))
SINGLE = CertifiedTransaction(
    SenderSignedData(
        TransactionData(
            ProgrammableTransaction((), ()), address_from_int(1), GasData((), address_from_int(1), 1000, 1)
        ),
        (),
    ),
    Certificate(0, bytes(32), 1, 0, (), (VOTE,) * 4),
)


def test_what_authorities_say_of_objects_in_the_same_bytes_is_read_once() -> None:
    method = METHODS["ObjectInfo"]
    unknown = ObjectInfoResponse((ObjectUnknown(address_from_int(1), None),))
    known = ObjectInfoResponse((ObjectUnknown(address_from_int(1), 5),))
    first, other, again = (method.success(one).SerializeToString() for one in (unknown, known, unknown))
    answers = [method.read(authority_pb2.Response.FromString(data)) for data in (first, other, again)]
    assert answers == [unknown, known, unknown]
    assert answers[0] is answers[2]


def test_single_certificates_are_read_only_up_to_a_bound() -> None:
    method = METHODS["SubmitCertificates"]
    count = LARGEST_READ // len(bcs.encode(CertifiedTransaction, SINGLE))
    many = CertificatesRequest(None, (SINGLE,) * (count - 1))
    assert method.decode_request(bcs.encode(CertificatesRequest, many)) == many
    more = bcs.encode(CertificatesRequest, CertificatesRequest(None, (SINGLE,) * (count + 1)))
    with pytest.raises(BcsError, match="bytes of certificates are too many"):
        method.decode_request(more)


@pytest.mark.parametrize("part", ["votes", "singles"])
def test_what_stands_beside_the_transactions_of_a_batch_has_the_same_bound(part: str) -> None:
    method = METHODS["SubmitCertificates"]
    entries = (WholeTransaction(bytes(200_000)),) * 3 + (DigestOnly(Digest(bytes(32))),)

    def request(votes: int, singles: int) -> bytes:
        batch = CertificateBatch(0, entries, (VOTE,) * votes)
        return bcs.encode(CertificatesRequest, CertificatesRequest(batch, (SINGLE,) * singles))

    assert method.decode_request(request(100, 1)).batch.entries == entries
    with pytest.raises(BcsError, match="bytes of certificates are too many"):
        method.decode_request(request(4000, 0) if part == "votes" else request(4, 2000))


def test_a_large_batch_that_ends_early_is_refused() -> None:
    batch = CertificateBatch(0, (WholeTransaction(bytes(200_000)),) * 3, (VOTE,))
    raw = bcs.encode(CertificatesRequest, CertificatesRequest(batch))
    with pytest.raises(BcsError):
        METHODS["SubmitCertificates"].decode_request(raw[:400_000])


def _answered(data: bytes) -> authority_pb2.Response:
    return authority_pb2.Response(bcs=data)


@pytest.mark.parametrize(
    ("method", "answer", "problem"),
    [
        ("Health", bytes(1 << 20), "1048576 bytes"),
        ("ExecutedAfter", bytes(1 << 20), "1048576 bytes"),
        ("OwnedObjects", bytes(20 << 20), "20971520 bytes"),
        ("ObjectInfo", bytes(20 << 20), "20971520 bytes"),
    ],
)
def test_an_answer_that_is_too_long_for_an_honest_one_is_not_read(
    method: str, answer: bytes, problem: str
) -> None:
    with pytest.raises(AuthorityError, match=f"malformed answer to {method}: {problem}"):
        METHODS[method].read(_answered(answer))


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("TransactionInfo", TransactionInfoRequest((Digest(bytes(32)),) * 2)),
        ("ObjectInfo", ObjectInfoRequest((ObjectQuery(address_from_int(6)),) * 2)),
        ("OwnedObjects", OwnedObjectsRequest(AddressOwner(address_from_int(1)), None, 2)),
        ("DynamicFields", DynamicFieldsRequest(address_from_int(1), None, 2)),
        ("ExecutedAfter", ExecutedAfterRequest(0, 2)),
        ("SubmitCertificates", CertificatesRequest(None, (SINGLE,) * 2)),
    ],
)
def test_more_entries_than_were_asked_for_are_not_read(method: str, request_: object) -> None:
    """A byte each would become a thousand times as much memory."""
    assert METHODS[method].outcome(_answered(b"\x02"), request_) == b"\x02"
    with pytest.raises(AuthorityError, match="3 entries where 2 were asked for") as caught:
        METHODS[method].outcome(_answered(b"\x03" + bytes(100)), request_)
    assert caught.value.name == "ByzantineAuthoritySuspicion"


def test_a_reason_has_a_bound() -> None:
    long = AuthorityError(Unreachable("x" * (1 << 20)))
    with pytest.raises(AuthorityError, match="a reason of 10485"):
        METHODS["Health"].read(refusal(long))
