"""The wallet with an open connection to its network: all that commands which only read need."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.rpc_client import DEFAULT_TIMEOUT_SECONDS, RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError
from aggregator.wallet.client_config import ClientConfig, config_folder
from aggregator.wallet.keystore import WalletError
from cli import output
from cli.wallet_place import FirstRun, config_path, first_run, timeout_seconds
from proto.ids import Address

if TYPE_CHECKING:
    from aggregator.transaction_builder import TransactionBuilder
    from cli.wallet import RpcLedgerView

T = TypeVar("T")


def config_file() -> Path:
    """client.yaml of --client.config, or the default one."""
    return config_path() or config_folder() / "client.yaml"


def load_config() -> ClientConfig:
    """The wallet in use; when there is none, what `first_run` says. Raises: WalletError."""
    path, first = config_file(), first_run()
    if not path.exists() and (first is FirstRun.MAKES or (first is FirstRun.ASKS and sys.stdin.isatty())):
        from cli.first_run import make_wallet  # once in the life of a wallet

        make_wallet(path, asks=first is FirstRun.ASKS)
    return ClientConfig.load(path)


@dataclass
class Session:
    """A wallet with an open connection to its network."""

    config: ClientConfig
    rpc: RpcClient

    @property
    def view(self) -> RpcLedgerView:
        """The ledger, for building."""
        from cli.wallet import RpcLedgerView  # only who builds a transaction needs so much

        return RpcLedgerView(self.rpc)

    def builder(self) -> TransactionBuilder:
        """A new transaction."""
        from aggregator.transaction_builder import TransactionBuilder

        return TransactionBuilder(self.view)

    def address(self, identity: str | None) -> Address:
        """An address by alias or text; the active one if none is named."""
        return self.config.keystore.resolve(identity) if identity else self.config.active_address


def chain_in_use() -> str | None:
    """The identifier of the network that the wallet uses, None if there is no wallet, or no answer.

    Raises: WalletError if --client.config names no wallet.
    """
    try:
        return str(with_session(lambda session: session.rpc.call("iota_getChainIdentifier")))
    except WalletError:
        if config_path() is not None:
            raise
    except (RpcError, ServiceUnreachable) as error:
        output.note(f"warning: what Move.lock says of a network is not used: {error}")
    return None


def with_session(work: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
    """Run work with the wallet and a connection."""

    async def run() -> T:
        config = load_config()
        environment = config.active_environment
        seconds = timeout_seconds() or environment.timeout_seconds or DEFAULT_TIMEOUT_SECONDS
        async with RpcClient(environment.rpc, environment.basic_auth, seconds) as rpc:
            return await work(Session(config, rpc))

    return asyncio.run(run())
