"""The peers' example packages, unmodified: published and called by command line, on real processes.

Each case is one command of `movelite client`. Functions that need a shared object, or return a reference,
have to be refused with the right words.
"""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from proto.ids import format_address
from proto.key_text import generate_key_pair
from tests.conformance.case import CaseResult, Mismatch, run_case
from tests.support.local_network import ROOT, LocalNetwork

EXAMPLES = Path("examples/move")

SHARED = "shared object inputs need ordering"
REFERENCE = "InvalidPublicFunctionReturnType"


@dataclass(frozen=True)
class Call:
    """Words behind `client ptb`, with {Type} for the id of the last object made of that type.

    refused: what the refusal has to say; None if the call has to succeed.
    """

    words: tuple[str, ...]
    refused: str | None = None


def _call(function: str, *arguments: str, keep: bool = False, refused: str | None = None) -> Call:
    words = ("--move-call", f"{{package}}::{function}", *arguments)
    kept = ("--assign", "made", "--transfer-objects", "[made]", "sender") if keep else ()
    return Call((*words, *kept), refused)


def _commands(text: str, refused: str | None = None) -> Call:
    return Call(tuple(shlex.split(text)), refused)


CALLS: dict[str, tuple[Call, ...]] = {
    "coin": (
        _call("my_coin::mint", "@{TreasuryCap_MY_COIN}", "1000", "sender"),
        _call("regcoin::add_addr_from_deny_list", "@0x403", "@{DenyCapV1}", "@0x1", refused=SHARED),
        _call("regcoin::remove_addr_from_deny_list", "@0x403", "@{DenyCapV1}", "@0x1", refused=SHARED),
    ),
    "nft": (
        _call("testnet_nft::mint_to_sender", '"A"', '"B"', '"https://example.com"'),
        _call("testnet_nft::update_description", "@{TestnetNFT}", '"C"'),
        _call("testnet_nft::name", "@{TestnetNFT}", refused=REFERENCE),
        _call("testnet_nft::description", "@{TestnetNFT}", refused=REFERENCE),
        _call("testnet_nft::url", "@{TestnetNFT}", refused=REFERENCE),
        _call("testnet_nft::transfer", "@{TestnetNFT}", "sender"),
        _call("testnet_nft::burn", "@{TestnetNFT}"),
    ),
    "color_object": (
        _call("example::new", "1u8", "2u8", "3u8", keep=True),
        _call("example::get_color", "@{ColorObject}"),
        _call("example::update", "@{ColorObject}", "4u8", "5u8", "6u8"),
        _commands(
            "--move-call {package}::example::new 7 8 9 --assign other "
            "--move-call {package}::example::copy_into other @{ColorObject} "
            "--move-call {package}::example::delete other",
        ),
        _call("example::delete", "@{ColorObject}"),
    ),
    "first_package": (
        _call("my_module::new_sword", "@{Forge}", "42", "7", keep=True),
        _call("my_module::magic", "@{Sword}"),
        _call("my_module::strength", "@{Sword}"),
        _call("my_module::swords_created", "@{Forge}"),
    ),
    "simple_warrior": (
        _call("example::new_sword", "10u8", keep=True),
        _call("example::new_warrior", keep=True),
        _call("example::equip", "@{Warrior}", "@{Sword}"),
        _call("example::unequip", "@{Warrior}", keep=True),
        _call(
            "example::unequip",
            "@{Warrior}",
            keep=True,
            refused="::example::unequip' at instruction 8 with code 1",
        ),
    ),
    "trusted_swap": (
        _commands(
            "--split-coins gas [1000] --assign fee --move-call {package}::example::new 1u8 1u8 "
            "--assign asset --move-call {package}::example::request_swap asset fee.0 sender",
        ),
        _commands(
            "--split-coins gas [1000] --assign fee --move-call {package}::example::new 1u8 2u8 "
            "--assign asset --move-call {package}::example::request_swap asset fee.0 sender",
        ),
        _commands(
            "--move-call {package}::example::execute_swap @{SwapRequest_1} @{SwapRequest} "
            '--assign fees --move-call iota::coin::from_balance "<0x2::iota::IOTA>" fees '
            "--assign coin --transfer-objects [coin] sender",
        ),
        _commands(
            "--split-coins gas [999] --assign fee --move-call {package}::example::new 1u8 1u8 "
            "--assign asset --move-call {package}::example::request_swap asset fee.0 sender",
            refused="::example::request_swap' at instruction 9 with code 0",
        ),
    ),
    "hero": (
        _call("example::new_game", keep=True),
        _commands(
            "--split-coins gas [1000] --assign payment "
            "--move-call {package}::example::new_sword @{Game} payment.0 "
            "--assign sword --transfer-objects [sword] sender",
            refused=SHARED,
        ),
    ),
    "locked_stake": (
        _commands(
            "--move-call {package}::locked_stake::new 10 --assign lock "
            "--split-coins gas [1000] --assign coin "
            '--move-call iota::coin::into_balance "<0x2::iota::IOTA>" coin.0 --assign balance '
            "--move-call {package}::locked_stake::deposit_iota lock balance "
            "--move-call {package}::locked_stake::unlock lock",
            refused="::epoch_time_lock::destroy' at instruction 10 with code 1",
        ),
    ),
}


def run(path: Path) -> Iterable[CaseResult]:
    """Publish each package and make its calls; path is a checkout."""
    with tempfile.TemporaryDirectory(prefix="movelite-examples-") as folder:
        player = Player(LocalNetwork(Path(folder) / "network"), Path(folder))
        try:
            player.begin()
            for name, calls in CALLS.items():
                yield run_case(f"{name}: publish", partial(player.publish, path / EXAMPLES / name))
                for number, call in enumerate(calls):
                    shown = next(word for word in reversed(call.words) if "{package}" in word)
                    title = f"{name}: {number} {shown.removeprefix('{package}::')}"
                    yield run_case(title, partial(player.play, call))
        finally:
            player.network.close()


@dataclass
class Player:
    """Somebody with a wallet who types commands."""

    network: LocalNetwork
    folder: Path
    made: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Start the network and get coins."""
        asyncio.run(self.network.start())
        address = self.network.wallet().keystore.add(generate_key_pair(), "player")
        body = {"FixedAmountRequest": {"recipient": format_address(address)}}
        httpx.post(
            f"{self.network.faucet_url}/gas", json=body, timeout=60, trust_env=False
        ).raise_for_status()

    def publish(self, source: Path) -> None:
        """Publish a copy of a package: builds write nothing into the checkout."""
        copy = self.folder / source.name
        shutil.copytree(source, copy)
        code, printed, error = self._client("publish", str(copy))
        if code != 0:
            raise Mismatch(error)
        self._remember(json.loads(printed))

    def play(self, call: Call) -> None:
        """Make one call and look at how it ends."""
        words = [self._filled(word) for word in call.words]
        code, printed, error = self._client("ptb", *words)
        if call.refused is None:
            if code != 0:
                raise Mismatch(error)
            self._remember(json.loads(printed))
        elif code != 1 or call.refused not in error:
            raise Mismatch(f"expected the refusal {call.refused!r}, got code {code}: {error}")

    def _filled(self, word: str) -> str:
        for name, id_ in self.made.items():
            word = word.replace(f"{{{name}}}", id_)
        return word

    def _remember(self, response: Any) -> None:
        for change in response["objectChanges"]:
            if change["type"] == "published":
                self.made["package"] = change["packageId"]
            if change["type"] != "created":
                continue
            base, _, argument = change["objectType"].partition("<")
            name = base.rsplit("::", 1)[1]
            if argument:
                self.made[f"{name}_{argument.rstrip('>').rsplit('::', 1)[1]}"] = change["objectId"]
            if name in self.made:
                self.made[f"{name}_1"] = self.made[name]
            self.made[name] = change["objectId"]

    def _client(self, *words: str) -> tuple[int, str, str]:
        config = self.network.folder / "client-wallet" / "client.yaml"
        command = [sys.executable, "-m", "cli", "client", "--client.config", str(config), *words, "--json"]
        environment = {**os.environ, "MOVELITE_CONFIG_DIR": str(self.folder)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr
