"""A network of authorities in this process: real state, real signatures, no sockets.

The ledger holds gas coins and no framework, so programmable transactions end with a failure that is charged:
enough for everything that is about votes, certificates and finality.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.authority_aggregator import AuthorityAggregator, Submission, VoteRound
from aggregator.drive import DriverPolicy
from aggregator.quorum_driver import QuorumDriver
from aggregator.safe_client import SafeClient
from authority.execution.engine import Executor
from authority.key_value import MemoryKeyValueStore
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.signature_verifier import InlineVerifier
from authority.state import AuthorityState
from authority.store import AuthorityStore
from movelite.facade import ledger_runtime
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair, SignatureScheme, address_of
from proto.errors import AuthorityError, AuthorityErrorKind, Unreachable
from proto.ids import Address, Digest, ObjectID, blake2b_256
from proto.object import Object, ObjectRef, new_gas_coin
from proto.protocol_config import PROTOCOL_CONFIG
from proto.service import AuthorityService
from proto.transaction import (
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.user_signature import signed_transaction

GAS_PRICE = 1000
QUICK = DriverPolicy(
    finality_timeout=3.0,
    no_quorum_timeout=0.1,
    first_pause=0.02,
    longest_pause=0.1,
    conflict_timeout=1.0,
    redrive_pause=0.1,
)
"""Patience of a test."""


class Switch:
    """Stands before an authority: passes calls on, refuses them while off, and may change an answer.

    delay: seconds before a call is passed on. refusal: what every call is answered with instead.
    corrupt: handler name to a function that replaces its answer.
    """

    def __init__(self, service: AuthorityService) -> None:
        self.service = service
        self.is_on = True
        self.delay = 0.0
        self.refusal: AuthorityErrorKind | None = None
        self.corrupt: dict[str, Callable[[Any], Any]] = {}
        self.calls: list[str] = []

    def __getattr__(self, handler: str) -> Callable[[Any], Any]:
        async def call(request: Any) -> Any:
            self.calls.append(handler)
            if not self.is_on:
                raise AuthorityError(Unreachable("switched off"))
            if self.refusal is not None:
                raise AuthorityError(self.refusal)
            if self.delay:
                await asyncio.sleep(self.delay)
            answer = await getattr(self.service, handler)(request)
            return self.corrupt.get(handler, lambda same: same)(answer)

        return call


@dataclass
class Network:
    """Authorities by position in the committee. user owns all coins."""

    size: int = 4
    coins_count: int = 8
    user: Ed25519KeyPair = field(default_factory=lambda: Ed25519KeyPair.from_seed(b"u" * 32))

    def __post_init__(self) -> None:
        keys = [Ed25519KeyPair.from_seed(bytes([i]) * 32) for i in range(1, self.size + 1)]
        keys.sort(key=lambda key: key.public_key)
        self.committee = Committee.of(0, {AuthorityName(key.public_key): 2500 for key in keys})
        self.address = address_of(SignatureScheme.ED25519, self.user.public_key)
        self.coins = [
            new_gas_coin(ObjectID(Address(blake2b_256(bytes([i])))), self.address, 10**12)
            for i in range(self.coins_count)
        ]
        self.states = [self._state(key) for key in keys]
        self.switches = [
            Switch(LocalAuthorityService(state, Digest(b"c" * 32), AuthorityMetrics(), 100))
            for state in self.states
        ]

    def clients(self) -> dict[AuthorityName, SafeClient]:
        """New safe clients of all authorities."""
        return {
            state.name: SafeClient(state.name, switch, self.committee)
            for state, switch in zip(self.states, self.switches, strict=True)
        }

    def aggregator(self) -> AuthorityAggregator:
        """An aggregator over new clients."""
        return AuthorityAggregator(self.committee, self.clients())

    def driver(self, **settings: Any) -> QuorumDriver:
        """A driver with little patience."""
        aggregator = settings.pop("aggregator", None) or self.aggregator()
        return QuorumDriver(aggregator, policy=settings.pop("policy", QUICK), **settings)

    def transfer(self, coin: int, gas: int, recipient: bytes = b"\x77" * 32) -> SenderSignedData:
        """A signed transfer of one coin, paid by another."""
        return self.transfer_of(self.coins[coin].reference(), [self.coins[gas].reference()], recipient)

    def transfers(self, count: int) -> list[SenderSignedData]:
        """So many transfers, of different coins and paid by different ones."""
        return [self.transfer(2 * index, 2 * index + 1) for index in range(count)]

    def transfer_of(
        self, coin: ObjectRef, gas: Sequence[ObjectRef], recipient: bytes = b"\x77" * 32
    ) -> SenderSignedData:
        """A signed transfer of a coin at any version."""
        inputs = (ObjectInput(ImmOrOwnedObject(coin)), pure(Address, Address(recipient)))
        commands = (TransferObjects((Input(0),), Input(1)),)
        gas_data = GasData(tuple(gas), self.address, GAS_PRICE, 5_000_000)
        kind = ProgrammableTransaction(inputs, commands)
        return signed_transaction(TransactionData(kind, self.address, gas_data), self.user)

    def executed_on(self, digest: Digest) -> list[bool]:
        """Which authorities have executed a transaction."""
        return [state.store.is_executed(digest) for state in self.states]

    def _state(self, key: Ed25519KeyPair) -> AuthorityState:
        store = AuthorityStore(MemoryKeyValueStore())
        store.put_genesis_objects(self._genesis())
        executor = Executor(ledger_runtime(), PROTOCOL_CONFIG, 0, 1)
        return AuthorityState(key, self.committee, store, executor, InlineVerifier(), GAS_PRICE, 1000)

    def _genesis(self) -> Sequence[Object]:
        return self.coins


async def votes_on(aggregator: AuthorityAggregator, transactions: Sequence[SenderSignedData]) -> VoteRound:
    """Have a batch voted on."""
    return await aggregator.vote_on(tuple(map(Submission.of, transactions)))


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is so. Raises: TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)
