"""Certificates kept by the batch are those that were shown."""

from __future__ import annotations

import asyncio

from authority.key_value import MemoryKeyValueStore
from authority.store import AuthorityStore
from proto.ids import Address
from proto.transaction import ImmOrOwnedObject, Input, ObjectInput, TransferObjects, pure
from proto.verification import verify_certificate
from tests.property.test_programmable_transactions import certify
from tests.support.certificates import certificate_of
from tests.support.ledger import ALICE, BOB, build_transaction, coins_of, new_authority


def test_each_transaction_of_a_batch_has_its_certificate() -> None:
    key_value = MemoryKeyValueStore()
    authorities = [new_authority(0, key_value), *(new_authority(number) for number in (1, 2))]
    coins = coins_of(ALICE, authorities[0])
    signed = [
        build_transaction(
            ALICE,
            coins[position],
            (ObjectInput(ImmOrOwnedObject(coins[position + 4].reference())), pure(Address, BOB.address)),
            (TransferObjects((Input(0),), Input(1)),),
        )
        for position in range(3)
    ]
    request = asyncio.run(certify(authorities, *signed))
    assert request is not None
    assert request.batch is not None
    asyncio.run(authorities[0].submit_certificates(request))
    store, digests = AuthorityStore(key_value), [one.digest() for one in signed]
    assert store.next_sequence == 3
    in_order = [digest for _, digest in store.executed_from(0)]
    assert sorted(in_order) == sorted(digests)
    assert [digest for _, digest in store.executed_from(1)] == in_order[1:]
    for index, digest in enumerate(digests):
        executed = store.executed(digest)
        assert executed is not None
        certificate = store.certificate(executed)
        assert certificate == certificate_of(0, digests, index, request.batch.votes)
        verify_certificate(certificate, authorities[0].committee, digest)
