"""Four authorities with the framework and the client service over them, all in this process."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from aggregator.network import Member
from aggregator.network import Network as NetworkFile
from aggregator.service.core import ClientService, ServiceSettings
from aggregator.service.jsonrpc import Apis, JsonRpc
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from proto import bcs
from proto.ids import format_address
from proto.transaction import ProgrammableTransaction, TransactionData, TransactionKind
from tests.support.ledger import ALICE, new_authority, small_genesis
from tests.support.network import QUICK, Switch


class ServedLedger:
    """Four authorities of one genesis, and the service over them; close the service at the end."""

    def __init__(self) -> None:
        self.states = [new_authority(number) for number in range(4)]
        chain = small_genesis().digest()
        self.switches = [
            Switch(LocalAuthorityService(state, chain, AuthorityMetrics(), 10)) for state in self.states
        ]
        members = tuple(
            Member(name=f"a{i}", public_key=s.name, stake=s.committee.stake_of(s.name), address="a:1")
            for i, s in enumerate(self.states)
        )
        services = {s.name: w for s, w in zip(self.states, self.switches, strict=True)}
        file = NetworkFile(chain=chain, members=members)
        self.service = ClientService(file, services, ServiceSettings(policy=QUICK))
        self.rpc = JsonRpc(Apis(self.service).methods())

    async def dry_run(self, data: TransactionData) -> Any:
        """What the service foresees."""
        raw = b64encode(bcs.encode(TransactionData, data)).decode()
        return await self.rpc.call("iota_dryRunTransactionBlock", [raw])

    async def dev_inspect(self, kind: ProgrammableTransaction, *more: Any) -> Any:
        """What commands of Alice return."""
        raw = b64encode(bcs.encode(TransactionKind, kind)).decode()
        sender = format_address(ALICE.address)
        return await self.rpc.call("iota_devInspectTransactionBlock", [sender, raw, *more])
