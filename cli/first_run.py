"""The first run of a wallet: a network and a key, asked for as the `iota` command asks for them."""

from __future__ import annotations

import sys
from pathlib import Path

from aggregator.http_json import JsonHttp
from aggregator.wallet.client_config import ClientConfig, Environment
from cli import output
from cli.key_arguments import read_scheme
from proto.crypto import SignatureScheme
from proto.ids import format_address

LOCAL = Environment("local", "http://127.0.0.1:9000")
"""The network that `movelite start` runs."""

_SCHEMES = ("ed25519", "secp256k1", "secp256r1")
"""By the flags that they have in keys and signatures."""


def make_wallet(path: Path, *, asks: bool) -> None:
    """Make client.yaml with a network and, unless the keystore beside it has one, a key.

    asks: which ones, on standard error, and first of all whether; otherwise they are the local network and
    Ed25519. Raises: HttpFailure for a URL that is none; WalletError.
    """
    if asks and _ask(f"There is no wallet {path}. Make one?", "no").lower() not in ("y", "yes"):
        return
    environment = _ask_network() if asks else LOCAL
    config = ClientConfig.create(path, environment)
    output.note(f"made the wallet {path} with the environment {environment.alias}, {environment.rpc}")
    if config.keystore.addresses:
        return
    scheme = _ask_scheme() if asks else SignatureScheme.ED25519
    address, words = config.keystore.generate(scheme)
    alias = config.keystore.alias(address)
    output.note(f"made the address {format_address(address)} ({alias}), {scheme.name.lower()}")
    output.note(f"its recovery phrase, which is kept nowhere: {words}")


def _ask_network() -> Environment:
    url = _ask("URL of the service", LOCAL.rpc)
    JsonHttp(url)  # refuses what is no URL
    if url == LOCAL.rpc:
        return LOCAL
    return Environment(_ask(f"Name of the environment for {url}", "custom"), url)


def _ask_scheme() -> SignatureScheme:
    text = _ask("Key scheme (0 for ed25519, 1 for secp256k1, 2 for secp256r1)", "0")
    by_flag = {str(flag): name for flag, name in enumerate(_SCHEMES)}
    return read_scheme(by_flag.get(text, text))


def _ask(question: str, default: str) -> str:
    """What somebody types. Only results of commands are on standard output, so this is not."""
    print(f"{question} [{default}] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() or default
