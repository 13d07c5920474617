"""movelite client: the wallet's commands, with the names and flags of `iota client`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from aggregator.rpc_client import ServiceUnreachable
from aggregator.wallet.client_config import Environment
from aggregator.wallet.keystore import WalletError
from cli import client_transactions, output, wallet
from cli.ptb_command import ptb
from cli.show_transaction import show_transaction
from cli.source_verification import verify_source
from cli.wallet import Session, with_session
from proto.crypto import SignatureScheme
from proto.ids import format_address, format_digest, parse_address, parse_digest
from proto.key_derivation import derive_key_pair, generate_mnemonic

app = typer.Typer(no_args_is_help=True)

_SHOW_OBJECT = {
    "showType": True,
    "showOwner": True,
    "showPreviousTransaction": True,
    "showContent": True,
    "showStorageRebate": True,
}


@app.callback()
def group(
    client_config: Annotated[
        Path | None, typer.Option("--client.config", help="client.yaml of the wallet.")
    ] = None,
) -> None:
    """Talk to a network: addresses, objects, transactions."""
    wallet.set_config_path(client_config)


# ---- Addresses and environments


@app.command("active-address")
def active_address() -> None:
    """Print the address in use."""
    _print(format_address(wallet.load_config().active_address))


@app.command("active-env")
def active_env() -> None:
    """Print the environment in use."""
    _print(wallet.load_config().active_environment.alias)


@app.command()
def addresses(sort_by_alias: Annotated[bool, typer.Option("--sort-by-alias", "-s")] = False) -> None:
    """List the addresses of the keystore."""
    config = wallet.load_config()
    listed = [
        (config.keystore.alias(address), format_address(address)) for address in config.keystore.addresses
    ]
    if sort_by_alias:
        listed.sort()
    active = format_address(config.active_address) if listed else None
    rows = [(alias, text, "*" if text == active else "") for alias, text in listed]
    output.result({"activeAddress": active, "addresses": listed}, rows, ("alias", "address", "active"))


@app.command(
    "new-address", epilog="Examples: movelite client new-address ed25519; ... new-address secp256k1 work"
)
def new_address(
    key_scheme: Annotated[str, typer.Argument(help="ed25519, secp256k1 or secp256r1")],
    alias: Annotated[str | None, typer.Argument()] = None,
    word_length: Annotated[str | None, typer.Argument(help="word12, word15, ... word24")] = None,
    derivation_path: Annotated[str | None, typer.Argument()] = None,
) -> None:
    """Make a key from a new mnemonic and keep it."""
    scheme = read_scheme(key_scheme)
    words = generate_mnemonic(read_word_count(word_length))
    config = wallet.load_config()
    address = config.keystore.add(derive_key_pair(words, scheme, derivation_path), alias)
    shown = {
        "alias": config.keystore.alias(address),
        "address": format_address(address),
        "keyScheme": scheme.name,
        "recoveryPhrase": words,
    }
    output.result(shown, list(shown.items()), ("", ""))


@app.command(epilog="Example: movelite client switch --address happy-opal")
def switch(address: str | None = None, env: str | None = None) -> None:
    """Use another address or environment."""
    if address is None and env is None:
        raise typer.BadParameter("name an --address or an --env")
    config = wallet.load_config()
    shown: dict[str, Any] = {"address": None, "env": None}
    if address is not None:
        found = config.keystore.resolve(address)
        config.switch_address(found)
        shown["address"] = format_address(found)
    if env is not None:
        config.switch_environment(env)
        shown["env"] = env
    output.result(shown, [(name, value) for name, value in shown.items() if value], ("active", ""))


@app.command()
def envs() -> None:
    """List the environments."""
    config = wallet.load_config()
    active = config.active_environment.alias
    listed = [environment.as_json() for environment in config.environments]
    rows = [(e["alias"], e["rpc"], e["faucet"] or "", "*" if e["alias"] == active else "") for e in listed]
    output.result([listed, active], rows, ("alias", "rpc", "faucet", "active"))


@app.command("new-env", epilog="Example: movelite client new-env --alias dev --rpc http://host:9000")
def new_env(
    alias: Annotated[str, typer.Option()],
    rpc: Annotated[str, typer.Option()],
    ws: str | None = None,
    basic_auth: str | None = None,
    faucet: str | None = None,
) -> None:
    """Add an environment."""
    environment = Environment(alias=alias, rpc=rpc, ws=ws, basic_auth=basic_auth, faucet=faucet)
    wallet.load_config().put_environment(environment)
    _print(alias)


@app.command("chain-identifier")
def chain_identifier() -> None:
    """Print the identifier of the network."""
    _print(with_session(lambda session: session.rpc.call("iota_getChainIdentifier")))


# ---- Reads


@app.command(epilog="Example: movelite client faucet --address happy-opal")
def faucet(address: str | None = None, url: str | None = None) -> None:
    """Ask the faucet for coins."""

    async def work(session: Session) -> Any:
        place = url or session.config.active_environment.faucet
        if place is None:
            raise WalletError("the environment has no faucet: name one with --url")
        request = {"FixedAmountRequest": {"recipient": format_address(session.address(address))}}
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            try:
                answer = (await http.post(place, json=request)).json()
            except (httpx.HTTPError, ValueError) as error:
                raise ServiceUnreachable(f"the faucet {place} does not answer: {error}") from error
            if answer.get("error"):
                raise ServiceUnreachable(f"the faucet {place} refuses: {answer['error']}")
            while "task" in answer:
                status = (
                    await http.get(f"{place.removesuffix('/v1/gas')}/v1/status/{answer['task']}")
                ).json()
                if status["status"]["status"] == "SUCCEEDED":
                    return {"transferredGasObjects": status["status"]["transferred_gas_objects"]["sent"]}
                if status["status"]["status"] == "DISCARDED":
                    raise ServiceUnreachable(f"the faucet {place} gave up: {status.get('error')}")
                await asyncio.sleep(0.3)
        return answer

    answer = with_session(work)
    coins = answer["transferredGasObjects"]
    rows = [(coin["id"], output.amount(coin["amount"])) for coin in coins]
    output.result(answer, rows, ("coin", "amount"))


@app.command()
def gas(owner: Annotated[str | None, typer.Argument(metavar="ADDRESS")] = None) -> None:
    """List the coins of IOTA that can pay for gas."""

    async def work(session: Session) -> list[Any]:
        return await session.rpc.all_pages("iotax_getCoins", format_address(session.address(owner)), None)

    coins = [
        {
            "gasCoinId": c["coinObjectId"],
            "nanosBalance": int(c["balance"]),
            "iotaBalance": _iota(c["balance"]),
        }
        for c in with_session(work)
    ]
    rows = [(coin["gasCoinId"], coin["nanosBalance"], coin["iotaBalance"]) for coin in coins]
    output.result(coins, rows, ("coin", "nanos", "IOTA"))


@app.command()
def balance(
    owner: Annotated[str | None, typer.Argument(metavar="ADDRESS")] = None,
    coin_type: str | None = None,
    with_coins: bool = False,
) -> None:
    """Print balances by type of coin."""

    async def work(session: Session) -> tuple[list[Any], list[Any]]:
        address = format_address(session.address(owner))
        balances = await session.rpc.call("iotax_getAllBalances", address)
        coins = await session.rpc.all_pages("iotax_getAllCoins", address) if with_coins else []
        return [b for b in balances if coin_type in (None, b["coinType"])], coins

    balances, coins = with_session(work)
    rows = [(b["coinType"], b["coinObjectCount"], b["totalBalance"]) for b in balances]
    rows += [(f"  {c['coinObjectId']}", c["coinType"], c["balance"]) for c in coins]
    output.result({"balances": balances, "coins": coins}, rows, ("coin type", "coins", "balance"))


@app.command()
def objects(owner: Annotated[str | None, typer.Argument(metavar="ADDRESS")] = None) -> None:
    """List the objects of an address."""

    async def work(session: Session) -> list[Any]:
        query = {"options": {"showType": True, "showOwner": True}}
        address = format_address(session.address(owner))
        return await session.rpc.all_pages("iotax_getOwnedObjects", address, query)

    found = with_session(work)
    rows = [(o["data"]["objectId"], o["data"]["version"], o["data"]["type"]) for o in found if "data" in o]
    output.result(found, rows, ("object", "version", "type"))


@app.command("object", epilog="Example: movelite client object 0x6")
def object_(
    object_id: str, bcs: Annotated[bool, typer.Option("--bcs", help="Show its bytes.")] = False
) -> None:
    """Print an object."""
    options = {**_SHOW_OBJECT, "showBcs": bcs, "showContent": not bcs}
    parse_address(object_id)
    answer = with_session(lambda session: session.rpc.call("iota_getObject", object_id, options))
    if "data" not in answer:
        error = answer["error"]
        raise WalletError(f"object {object_id}: {error['code']}")
    data = answer["data"]
    if output.is_json():
        output.show_json(data)
        return
    rows = [(name, value) for name, value in data.items() if name not in ("content", "bcs", "display")]
    shown = data.get("content") or data.get("bcs") or {}
    rows += list((shown.get("fields") or shown.get("disassembled") or shown).items())
    output.table(("", ""), rows)


@app.command("dynamic-field")
def dynamic_field(object_id: str, cursor: str | None = None, limit: int = 50) -> None:
    """List the dynamic fields of an object."""
    page = with_session(lambda session: session.rpc.call("iotax_getDynamicFields", object_id, cursor, limit))
    rows = [(f["name"]["value"], f["type"], f["objectType"], f["objectId"]) for f in page["data"]]
    output.result(page, rows, ("name", "kind", "type", "object"))


@app.command("tx-block", epilog="Example: movelite client tx-block DIGEST --receipt receipt.bin")
def tx_block(
    digest: str,
    receipt: Annotated[Path | None, typer.Option(help="Write its receipt to this file.")] = None,
) -> None:
    """Print a transaction, and who signed for it."""
    try:
        parse_digest(digest)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error

    async def work(session: Session) -> tuple[Any, Any]:
        found = await session.rpc.call("iota_getTransactionBlock", digest, wallet.SHOW_ALL)
        return found, await session.rpc.call("movelite_getReceipt", digest)

    found, proof = with_session(work)
    if receipt is not None:
        receipt.write_bytes(wallet.read_base64(proof["receipt"]))
    show_transaction(found, proof)
    if receipt is not None and not output.is_json():
        output.say(f"  receipt      in {receipt}")


@app.command(
    "verify-receipt",
    epilog="Example: movelite client verify-receipt --receipt receipt.bin --committee committee.json",
)
def verify_receipt(
    receipt: Annotated[Path, typer.Option(help="File of `tx-block --receipt`.")],
    committee: Annotated[Path, typer.Option(help="committee.json of the network.")],
) -> None:
    """Verify offline that a transaction is final, with the committee's keys alone."""
    from aggregator.network import Network
    from proto import bcs
    from proto.messages import Receipt
    from proto.verification import verify_receipt as verify

    network = Network.load(committee)
    read = bcs.decode(Receipt, receipt.read_bytes())
    signers = verify(read, network.committee())
    stake = network.committee().stake_of_all(signers)
    shown = {
        "digest": format_digest(read.transaction.digest()),
        "status": "success" if read.effects.is_success else f"failure: {read.effects.status}",
        "signers": [network.name_of(signer) for signer in signers],
        "stake": stake,
        "totalStake": network.committee().total_stake,
        "valid": True,
    }
    if output.is_json():
        output.show_json(shown)
        return
    names = ", ".join(shown["signers"])  # type: ignore[arg-type]
    output.say(f"valid: transaction {shown['digest']} is final ({shown['status']})", "green")
    output.say(f"  signed by {names}: stake {stake} of {shown['totalStake']}")


def read_scheme(text: str) -> SignatureScheme:
    """A key scheme by name."""
    for scheme in (SignatureScheme.ED25519, SignatureScheme.SECP256K1, SignatureScheme.SECP256R1):
        if scheme.name == text.upper():
            return scheme
    raise typer.BadParameter(f"{text!r} is no key scheme: ed25519, secp256k1 or secp256r1")


def read_word_count(text: str | None) -> int:
    """The number of words of a mnemonic, from word12 and the like; 12 if nothing is said."""
    digits = (text or "word12").removeprefix("word")
    if digits not in ("12", "15", "18", "21", "24"):
        raise typer.BadParameter(f"{text!r} is none of word12, word15, word18, word21, word24")
    return int(digits)


def _iota(nanos: str) -> str:
    return output.amount(nanos).removesuffix(" IOTA")


def _print(text: str) -> None:
    if output.is_json():
        output.show_json(text)
    else:
        output.say(text)


client_transactions.register(app)
app.command("verify-source", epilog="Example: movelite client verify-source path/to/package --verify-deps")(
    verify_source
)
app.command(
    "ptb",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    help="Build, preview and execute a programmable transaction.",
)(ptb)
