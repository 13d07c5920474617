"""Authorities that lose power and come back, and one that lies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from authority.key_value import Batch, MemoryKeyValueStore
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.signature_verifier import InlineVerifier, SignatureCheck
from authority.state import AuthorityState
from authority.store import AuthorityStore
from authority.sync import CertificateSync
from proto import messages
from proto.committee import AuthorityName
from proto.errors import AuthorityError, AuthorityErrorKind, Unreachable
from proto.ids import Digest
from proto.service import AuthorityService
from proto.transaction import SenderSignedData
from tests.support.ledger import (
    AUTHORITY_KEYS,
    REFERENCE_GAS_PRICE,
    new_authority,
    new_executor,
    small_genesis,
)


class PowerCut(Exception):
    """The authority is off in the midst of what it did."""


class Disk(MemoryKeyValueStore):
    """What survives a power cut: the batches that were written.

    cut_after: so many more writes, then the power goes, before or after the last one is on the disk.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cut_after: int | None = None
        self.is_last_written = False


class _Session:
    """A disk as one run of an authority sees it; when that run is over it cannot write any more."""

    def __init__(self, disk: Disk, cut: Callable[[], None]) -> None:
        self._disk = disk
        self._cut = cut
        self.is_over = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)

    def write(self, batch: Batch) -> None:
        """Write, if the power stays on."""
        if self.is_over:
            raise PowerCut
        disk = self._disk
        if disk.cut_after is None or disk.cut_after > 0:
            disk.cut_after = None if disk.cut_after is None else disk.cut_after - 1
            disk.write(batch)
            return
        disk.cut_after = None
        if disk.is_last_written:
            disk.write(batch)
        self._cut()
        raise PowerCut


class SlowVerifier(InlineVerifier):
    """Signatures take some time, in which other requests, and power cuts, come in between."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random

    async def verify(self, checks: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """Check signatures."""
        await asyncio.sleep(self._random.uniform(0, 0.05))
        return await super().verify(checks)


class Node:
    """An honest authority: a disk, and a process that comes and goes."""

    is_honest = True

    def __init__(self, number: int, random: Random, report: Callable[[str], None]) -> None:
        self.number = number
        self.key = AUTHORITY_KEYS[number]
        self.name = AuthorityName(self.key.public_key)
        self.random = random
        self.report = report
        self.peers: Mapping[AuthorityName, AuthorityService] = {}
        self.disk = Disk()
        self.votes: dict[tuple[bytes, int], Digest] = {}
        self.restarts = 0
        self._session: _Session | None = None
        self._service: LocalAuthorityService | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        new_authority(number, self.disk)

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self._service is not None

    def start(self) -> None:
        """Start from what the disk has."""
        self._session = _Session(self.disk, self.crash)
        genesis, metrics = small_genesis(), AuthorityMetrics()
        state = AuthorityState(
            key=self.key,
            committee=genesis.committee(),
            store=AuthorityStore(self._session),
            executor=new_executor(),
            verifier=SlowVerifier(self.random),
            reference_gas_price=REFERENCE_GAS_PRICE,
            max_batch=100,
        )
        self._service = LocalAuthorityService(state, Digest(genesis.digest()), metrics, max_in_flight=50)
        sync = CertificateSync(state, self.peers, metrics)
        state.on_missing_dependency = sync.wake
        self._spawn(_until_cut(sync.run()))

    def crash(self) -> None:
        """Lose all that is not on the disk."""
        if self._session is not None:
            self._session.is_over = True
        self._service = None
        self.restarts += 1
        for task in sorted(self._tasks, key=hash):
            task.cancel()
        self._tasks.clear()

    async def serve(self, handler: str, request: Any) -> Any:
        """Answer a request; no answer if the power goes meanwhile. Raises: AuthorityError."""
        if self._service is None:
            raise AuthorityError(Unreachable("it is off"))
        task = self._spawn(self.answer(self._service, handler, request))
        await asyncio.wait({task})
        if task.cancelled():
            raise AuthorityError(Unreachable("the connection broke"))
        error = task.exception()
        if isinstance(error, PowerCut):
            raise AuthorityError(Unreachable("the connection broke"))
        if error is not None and not isinstance(error, AuthorityError):
            self.report(f"authority {self.number} failed in {handler}: {error!r}")
            raise AuthorityError(Unreachable("it failed"))
        return task.result()

    async def answer(self, service: LocalAuthorityService, handler: str, request: Any) -> Any:
        """What the authority says, watched."""
        answer = await getattr(service, handler)(request)
        if isinstance(answer, messages.BatchVote):
            self._watch(request, answer)
        return answer

    def _watch(self, request: messages.TransactionBatch, vote: messages.BatchVote) -> None:
        """An object version may be promised to one transaction only, whatever happened in between."""
        for index in vote.accepted_indices():
            signed = SenderSignedData.from_bytes(request.transactions[index])
            digest = signed.digest()
            for reference in inputs_of(signed):
                if self.votes.setdefault(reference, digest) != digest:
                    self.report(f"authority {self.number} signed two transactions for {reference}")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class LyingNode(Node):
    """An authority that votes for everything, and tells of effects and transactions whatever it likes."""

    is_honest = False

    async def answer(self, service: LocalAuthorityService, handler: str, request: Any) -> Any:
        """An answer that is often wrong."""
        if isinstance(request, messages.TransactionBatch):
            digests = [SenderSignedData.from_bytes(raw).digest() for raw in request.transactions]
            await getattr(service, handler)(request)
            return messages.sign_batch_vote(self.key, 0, digests, range(len(digests)))
        answer = await getattr(service, handler)(request)
        if self.random.random() < 0.5:
            return answer
        match answer:
            case messages.CertificatesResponse():
                return self._wrong_effects(answer)
            case messages.TransactionInfoResponse(transactions):
                return messages.TransactionInfoResponse((messages.TransactionUnknown(),) * len(transactions))
            case messages.ExecutedAfterResponse(executed, total):
                return messages.ExecutedAfterResponse((Digest(self.random.randbytes(32)), *executed), total)
            case _:
                return answer

    def _wrong_effects(self, answer: messages.CertificatesResponse) -> messages.CertificatesResponse:
        """Effects that were not, signed; now and then with a signature for yet others."""
        results: list[messages.ExecutionResult] = []
        for result in answer.results:
            if isinstance(result, messages.Executed):
                gas = replace(result.effects.gas_used, computation_cost=self.random.randrange(10**6))
                result = messages.Executed(replace(result.effects, gas_used=gas), result.events)
            results.append(result)
        digests = [one.effects.digest() for one in results if isinstance(one, messages.Executed)]
        if not digests:
            return answer
        if self.random.random() < 0.1:
            digests = [Digest(self.random.randbytes(32)) for _ in digests]
        return messages.CertificatesResponse(tuple(results), messages.sign_effects_vote(self.key, 0, digests))


def inputs_of(signed: SenderSignedData) -> list[tuple[bytes, int]]:
    """The object versions that a transaction uses up, payment among them."""
    data = signed.transaction_data
    references = [*data.gas_data.payment]
    for argument in getattr(data.kind, "inputs", ()):
        reference = getattr(getattr(argument, "object", None), "reference", None)
        if reference is not None:
            references.append(reference)
    return [(reference.object_id, reference.version) for reference in references]


async def _until_cut(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except PowerCut:
        return
