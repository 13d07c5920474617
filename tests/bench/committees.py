"""What a transfer alone costs as the committee grows: 4, 10, 25 and 50 authorities.

The network is in this process: one authority is real, the answers of the others are those that it gave,
signed with their keys, and every message passes through its bytes. An authority checks a quorum of signatures
for each certificate; the aggregator checks two of each authority it hears. So the cost should grow with the
number of signatures and no faster.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.safe_client import SafeClient
from authority.key_value import MemoryKeyValueStore
from authority.state import AuthorityState
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair
from proto.messages import CertificatesResponse, Executed, sign_batch_vote, sign_effects_vote
from proto.object import Object
from proto.rpc.authority_pb2 import Response
from proto.rpc.methods import METHODS
from proto.transaction import SenderSignedData
from tests.bench.report import Options, Report
from tests.bench.workload import BenchCommittee, alice_coins, execute, transfer, vote
from tests.support.network import votes_on

SIZES = (4, 10, 25, 50)
ROUNDS = 40
WARM_UP = 3


def run(report: Report, options: Options) -> None:
    """All figures of this file."""
    report.section("Growth of the committee: one transfer alone, simulated network")
    benches = [_Bench(size) for size in (SIZES[:2] if options.quick else SIZES)]
    report.progress(f"committees of {', '.join(str(bench.size) for bench in benches)}")
    for _ in range(options.size(ROUNDS, 1) + WARM_UP):
        for bench in benches:  # in turns, so that a machine that is slower for a while is so for all
            asyncio.run(bench.transfer())
    for bench in benches:
        name = f"committee_{bench.size}"
        text = f"{bench.size} authorities, {bench.committee.quorum} signatures in a certificate"
        report.add(f"{name}_authority_us", _median(bench.at_authority) * 1e6, "µs CPU", f"{text}: authority")
        text = f"{bench.size} authorities, {2 * bench.committee.quorum} votes at least"
        report.add(
            f"{name}_aggregator_us", _median(bench.at_aggregator) * 1e6, "µs CPU", f"{text}: aggregator"
        )
    if not options.quick:
        _report_growth(report, benches)


def _report_growth(report: Report, benches: list[_Bench]) -> None:
    """The cost of one more signature among the larger committees, against among the smaller."""
    for place in ("authority", "aggregator"):
        costs = [_median(getattr(bench, f"at_{place}")) for bench in benches]
        signatures = [bench.committee.quorum for bench in benches]
        first = (costs[2] - costs[0]) / (signatures[2] - signatures[0])
        last = (costs[3] - costs[2]) / (signatures[3] - signatures[2])
        text = f"{place}: one more signature, from 25 to 50 authorities against from 4 to 25"
        report.add(f"committee_growth_{place}", last / first, "ratio", text)


def _median(samples: list[float]) -> float:
    return statistics.median(samples[WARM_UP:])


@dataclass(slots=True)
class _Answers:
    """What an authority of the simulated network will answer, as bytes."""

    vote: bytes = b""
    response: bytes = b""

    async def handle_submit_transactions(self, request: object) -> object:
        """The vote."""
        METHODS["SubmitTransactions"].encode_request(request)
        return METHODS["SubmitTransactions"].read(Response.FromString(self.vote))

    async def handle_submit_certificates(self, request: object) -> object:
        """The effects."""
        METHODS["SubmitCertificates"].encode_request(request)
        return METHODS["SubmitCertificates"].read(Response.FromString(self.response))


@dataclass(slots=True)
class _Bench:
    """A committee, the authority that works, and CPU seconds of transfers: at it, and at the aggregator."""

    size: int
    at_authority: list[float] = field(default_factory=list)
    at_aggregator: list[float] = field(default_factory=list)
    committee: BenchCommittee = field(init=False)
    _authority: AuthorityState = field(init=False)
    _coins: Iterator[Object] = field(init=False)

    def __post_init__(self) -> None:
        coins = list(alice_coins(2 * (ROUNDS + WARM_UP)))
        self.committee = BenchCommittee(self.size)
        self._authority = self.committee.authority(MemoryKeyValueStore(), coins)
        self._coins = iter(coins)

    async def transfer(self) -> None:
        """One transfer by both."""
        raw = transfer(next(self._coins), next(self._coins))
        requests = self.committee.requests([raw])
        begin = time.process_time()
        await vote(self._authority, requests.transactions)
        response = await execute(self._authority, requests.certificates)
        self.at_authority.append(time.process_time() - begin)

        signed = SenderSignedData.from_bytes(raw)
        shown: CertificatesResponse = METHODS["SubmitCertificates"].read(Response.FromString(response))
        services: dict[AuthorityName, Any] = {
            AuthorityName(key.public_key): _answers(key, signed, shown) for key in self.committee.keys
        }
        committee = self.committee.committee
        clients = {name: SafeClient(name, service, committee) for name, service in services.items()}
        aggregator = AuthorityAggregator(committee, clients)
        begin = time.process_time()
        receipts = await aggregator.execute_round(await votes_on(aggregator, [signed]))
        self.at_aggregator.append(time.process_time() - begin)
        if len(receipts) != 1:
            raise RuntimeError("no receipt in the simulated network")
        await aggregator.close()


def _answers(key: Ed25519KeyPair, signed: SenderSignedData, shown: CertificatesResponse) -> _Answers:
    """What the authority with this key would answer."""
    ballot = sign_batch_vote(key, 0, [signed.digest()], [0])
    digests = [result.effects.digest() for result in shown.results if isinstance(result, Executed)]
    response = CertificatesResponse(shown.results, sign_effects_vote(key, 0, digests))
    return _Answers(
        METHODS["SubmitTransactions"].success(ballot).SerializeToString(),
        METHODS["SubmitCertificates"].success(response).SerializeToString(),
    )
