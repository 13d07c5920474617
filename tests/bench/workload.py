"""What the benchmarks of authorities share: committees, coins, transactions, certificates made beforehand.

Only the authority that is measured does an authority's work: the votes of the others are signed here with
their keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from authority.genesis import Genesis, GenesisAccount, GenesisAuthority, build_genesis
from authority.key_value import KeyValueStore
from authority.signature_verifier import InlineVerifier
from authority.state import AuthorityState
from authority.store import AuthorityStore
from proto import bcs
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID
from proto.messages import (
    BatchVote,
    CertificatesRequest,
    NamedBatch,
    TransactionBatch,
    accepting_votes,
    sign_batch_vote,
)
from proto.object import Object, new_gas_coin
from proto.rpc.methods import METHODS
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    NestedResult,
    ObjectInput,
    SenderSignedData,
    SplitCoins,
    TransferObjects,
    pure,
)
from proto.type_tag import parse_type_tag
from tests.support.ledger import (
    ALICE,
    BOB,
    COIN_BALANCE,
    REFERENCE_GAS_PRICE,
    build_transaction,
    framework,
    new_executor,
)

MAX_BATCH = 512

Build = Callable[[Object, Object], bytes]
"""Makes the bytes of a signed transaction from a gas coin and another coin, both Alice's."""


def transfer(gas: Object, value: Object) -> bytes:
    """Transfer an object."""
    inputs = (ObjectInput(ImmOrOwnedObject(value.reference())), pure(Address, BOB.address))
    return _encoded(gas, inputs, (TransferObjects((Input(0),), Input(1)),))


def payment(gas: Object, _: Object) -> bytes:
    """Pay a sum from the gas coin: split it and transfer the part."""
    inputs = (pure(bcs.U64, 5), pure(Address, BOB.address))
    commands = (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1)))
    return _encoded(gas, inputs, commands)


def split_call_transfer(gas: Object, value: Object) -> bytes:
    """Split two parts off a coin, join one to it again by a Move call, transfer the other and the coin."""
    coin: Argument = Input(0)
    inputs = (
        ObjectInput(ImmOrOwnedObject(value.reference())),
        pure(bcs.U64, 5),
        pure(Address, BOB.address),
    )
    iota = (parse_type_tag("0x2::iota::IOTA"),)
    commands = (
        SplitCoins(coin, (Input(1), Input(1))),
        MoveCall(IOTA_FRAMEWORK_ADDRESS, "coin", "join", iota, (coin, NestedResult(0, 0))),
        TransferObjects((NestedResult(0, 1), coin), Input(2)),
    )
    return _encoded(gas, inputs, commands)


def _encoded(gas: Object, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]) -> bytes:
    return build_transaction(ALICE, gas, inputs, commands).to_bytes()


def alice_id(number: int) -> ObjectID:
    """The id of one of Alice's coins."""
    return ObjectID(blake2b(number.to_bytes(8, "big"), digest_size=32).digest())


def alice_coin(number: int) -> Object:
    """A coin of Alice's that no transaction made; there are as many as one likes."""
    return new_gas_coin(alice_id(number), ALICE.address, COIN_BALANCE)


def alice_coins(count: int) -> Iterator[Object]:
    """The first of such coins."""
    return map(alice_coin, range(count))


@dataclass(frozen=True, slots=True)
class Requests:
    """One batch of transactions on the wire: the request for a vote, and that with the certificate."""

    transactions: bytes
    certificates: bytes


@cache
def _keys(size: int) -> tuple[Ed25519KeyPair, ...]:
    return tuple(Ed25519KeyPair.from_seed(number.to_bytes(32, "big")) for number in range(1, size + 1))


@cache
def _genesis(size: int) -> Genesis:
    members = [
        GenesisAuthority(f"authority-{number}", AuthorityName(key.public_key), 1, f"localhost:{number + 1}")
        for number, key in enumerate(_keys(size))
    ]
    accounts = (GenesisAccount(BOB.address, (COIN_BALANCE,)),)
    return build_genesis(new_executor(), framework(), members, accounts, REFERENCE_GAS_PRICE)


class BenchCommittee:
    """Authorities of equal stake. The first is the one that is measured, the others only sign."""

    def __init__(self, size: int = 4) -> None:
        self.keys = _keys(size)
        self.genesis = _genesis(size)
        self.committee: Committee = self.genesis.committee()

    @property
    def quorum(self) -> int:
        """How many signatures certify."""
        return self.committee.quorum_threshold

    def authority(
        self, key_value: KeyValueStore, coins: Sequence[Object] = (), number: int = 0
    ) -> AuthorityState:
        """An authority at genesis with some coins besides, or where its store has got to."""
        store = AuthorityStore(key_value)
        if store.genesis_digest is None:
            unit = store.begin()
            unit.add_objects((*self.genesis.objects, *coins))
            unit.add_genesis(self.genesis.digest())
            unit.commit()
        return AuthorityState(
            self.keys[number],
            self.committee,
            store,
            new_executor(),
            InlineVerifier(),
            REFERENCE_GAS_PRICE,
            MAX_BATCH,
        )

    def requests(self, raw: Sequence[bytes]) -> Requests:
        """A batch on the wire, certified by a quorum to which the measured authority does not belong."""
        digests = [SenderSignedData.from_bytes(data).digest() for data in raw]
        signers = self.keys[-self.quorum :]
        votes = [sign_batch_vote(key, 0, digests, range(len(raw))) for key in signers]
        return Requests(
            METHODS["SubmitTransactions"].encode_request(TransactionBatch(tuple(raw))),
            METHODS["SubmitCertificates"].encode_request(named_certificates(votes, self.committee)),
        )


def named_certificates(votes: Sequence[BatchVote], committee: Committee) -> CertificatesRequest:
    """What the client sends to authorities that have voted: all of a batch is certified by equal votes."""
    vote = votes[0]
    accepting = accepting_votes(votes, committee)
    return CertificatesRequest(NamedBatch(vote.epoch, vote.root, vote.count, vote.accepted, accepting))


async def vote(authority: AuthorityState, request: bytes) -> bytes:
    """What an authority does about a request for votes, from bytes to bytes."""
    method = METHODS["SubmitTransactions"]
    answer = await authority.submit_transactions(method.decode_request(request))
    if answer.refusals:
        raise RuntimeError(f"refused: {answer.refusals[0]}")
    response: bytes = method.success(answer).SerializeToString()
    return response


async def execute(authority: AuthorityState, request: bytes) -> bytes:
    """What an authority does about a request with certificates, from bytes to bytes."""
    method = METHODS["SubmitCertificates"]
    answer = await authority.submit_certificates(method.decode_request(request))
    response: bytes = method.success(answer).SerializeToString()
    return response


def batches(
    committee: BenchCommittee, build: Build, coins: Iterator[Object], size: int, count: int
) -> Iterator[Requests]:
    """Batches of transactions, each with two coins of its own."""
    for _ in range(count):
        yield committee.requests([build(next(coins), next(coins)) for _ in range(size)])
