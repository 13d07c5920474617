"""The gRPC stubs and the table of methods are those of the .proto file."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from proto.errors import AuthorityError, TransactionExpired
from proto.ids import address_from_int
from proto.messages import HealthRequest, ObjectInfoRequest, ObjectQuery
from proto.rpc import authority_pb2, authority_pb2_grpc
from proto.rpc.methods import METHODS, refusal
from proto.service import AuthorityService
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
    assert [method.name for method in service.methods] == [*METHODS, "Converse"]
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
