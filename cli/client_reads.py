"""Client commands that read the ledger."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any

import typer

from aggregator.faucet_client import ask_faucet
from aggregator.rpc_client import ServiceUnreachable
from aggregator.wallet.keystore import WalletError
from cli import output
from cli.abort_text import explain_failure
from cli.session import Session, with_session
from cli.show_transaction import SHOW_ALL, absence_text, owner_text, show_transaction
from proto.ids import GENESIS_MARKER_DIGEST, format_address, parse_address, parse_digest
from proto.type_tag import format_type_tag, parse_type_tag

app = typer.Typer()

Owner = Annotated[
    str | None, typer.Argument(metavar="ADDRESS", help="Address or alias; else the active address.")
]

_SHOW_OBJECT = {
    "showType": True,
    "showOwner": True,
    "showPreviousTransaction": True,
    "showContent": True,
    "showStorageRebate": True,
}


@app.command("chain-identifier")
def chain_identifier() -> None:
    """Print the identifier of the network."""
    output.line(with_session(lambda session: session.rpc.call("iota_getChainIdentifier")))


@app.command(epilog="Example: movelite client faucet --address happy-opal")
def faucet(
    address: Annotated[str | None, typer.Option(help="Who gets them; else the active address.")] = None,
    url: Annotated[str | None, typer.Option(help="Of a faucet; else that of the environment.")] = None,
) -> None:
    """Ask the faucet for coins."""

    async def work(session: Session) -> Any:
        place = url or session.config.active_environment.faucet_url
        if place is None:
            raise WalletError("the environment has no faucet: name one with --url")
        return await ask_faucet(place, session.address(address), session.rpc.timeout_seconds)

    given = with_session(work)
    rows = [(coin["id"], output.amount(coin["amount"])) for coin in given["transferredGasObjects"]]
    output.result(given, rows, ("coin", "amount"))


@app.command()
def gas(owner: Owner = None) -> None:
    """List the coins of IOTA that can pay for gas."""

    async def work(session: Session) -> list[Any]:
        return await session.rpc.all_pages("iotax_getCoins", format_address(session.address(owner)), None)

    coins = [
        {
            "gasCoinId": c["coinObjectId"],
            "nanosBalance": int(c["balance"]),
            "iotaBalance": _rounded(int(c["balance"])),
        }
        for c in with_session(work)
    ]
    rows = [(coin["gasCoinId"], nanos := coin["nanosBalance"], _iota(nanos)) for coin in coins]
    output.result(coins, rows, ("coin", "nanos", "IOTA"), "No gas coins are owned by this address.")


@app.command()
def balance(
    owner: Owner = None,
    coin_type: Annotated[
        str | None, typer.Option(help="Of this type alone, such as 0x2::iota::IOTA.")
    ] = None,
    with_coins: Annotated[bool, typer.Option("--with-coins", help="Each coin, too.")] = False,
) -> None:
    """Print balances by type of coin."""

    async def work(session: Session) -> list[tuple[Any, list[Any]]]:
        address = format_address(session.address(owner))
        wanted = coin_type and format_type_tag(parse_type_tag(coin_type))
        by_type: dict[str, list[Any]] = {}
        for coin in await session.rpc.all_pages("iotax_getAllCoins", address):
            if wanted in (None, coin["coinType"]):
                by_type.setdefault(coin["coinType"], []).append(coin)
        metadata = await _metadata(session, list(by_type))
        return list(zip(metadata, by_type.values(), strict=True))

    found = with_session(work)
    rows: list[tuple[Any, ...]] = []
    for metadata, coins in found:
        total = sum(int(coin["balance"]) for coin in coins)
        rows.append((coins[0]["coinType"], len(coins), total, _in_units(total, metadata)))
        if with_coins:
            balances = ((coin["coinObjectId"], int(coin["balance"])) for coin in coins)
            rows += [(f"  {id_}", "", value, _in_units(value, metadata)) for id_, value in balances]
    columns = ("coin type", "coins", "balance", "amount")
    output.result([found, with_coins], rows, columns, "No coins found for this address.")


@app.command()
def objects(owner: Owner = None) -> None:
    """List the objects of an address."""

    async def work(session: Session) -> list[Any]:
        query = {"options": {"showType": True, "showOwner": True}}
        address = format_address(session.address(owner))
        return await session.rpc.all_pages("iotax_getOwnedObjects", address, query)

    found = with_session(work)
    rows = [(o["data"]["objectId"], o["data"]["version"], o["data"]["type"]) for o in found if "data" in o]
    output.result(found, rows, ("object", "version", "type"), "This address has no owned objects.")


@app.command("object", epilog="Example: movelite client object 0x6")
def object_(
    object_id: Annotated[str, typer.Argument(help="Id of an object or a package.")],
    bcs: Annotated[bool, typer.Option("--bcs", help="Show its bytes.")] = False,
) -> None:
    """Print an object."""
    options = {**_SHOW_OBJECT, "showBcs": bcs, "showContent": not bcs}
    parse_address(object_id)
    answer = with_session(lambda session: session.rpc.call("iota_getObject", object_id, options))
    if "data" not in answer:
        raise WalletError(f"the object {object_id} {absence_text(answer)}")
    data = answer["data"]
    if output.is_json():
        output.show_json(data)
        return
    rows = [(name, value) for name, value in data.items() if name not in ("content", "bcs", "display")]
    rows = [(name, owner_text(value) if name == "owner" else value) for name, value in rows]
    shown = data.get("content") or data.get("bcs") or {}
    rows += list((shown.get("fields") or shown.get("disassembled") or shown).items())
    output.table(("", ""), rows)


@app.command("dynamic-field")
def dynamic_field(
    object_id: Annotated[str, typer.Argument(help="Id of the object.")],
    cursor: Annotated[str | None, typer.Option(help="Behind this id: nextCursor of the last page.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many.")] = 50,
) -> None:
    """List the dynamic fields of an object."""
    page = with_session(lambda session: session.rpc.call("iotax_getDynamicFields", object_id, cursor, limit))
    rows = [(f["name"]["value"], f["type"], f["objectType"], f["objectId"]) for f in page["data"]]
    output.result(page, rows, ("name", "kind", "type", "object"), "This object has no dynamic fields.")


@app.command("tx-block", epilog="Example: movelite client tx-block DIGEST --receipt receipt.bin")
def tx_block(
    digest: Annotated[str, typer.Argument(help="Digest of a transaction.")],
    receipt: Annotated[Path | None, typer.Option(help="Write its receipt to this file.")] = None,
) -> None:
    """Print a transaction, and who signed for it."""
    try:
        is_genesis = parse_digest(digest) == GENESIS_MARKER_DIGEST
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if is_genesis and receipt is not None:
        raise typer.BadParameter("the genesis has no receipt: its own digest is what everybody trusts")

    async def work(session: Session) -> tuple[Any, Any]:
        if is_genesis:
            return await session.rpc.call("iota_getCheckpoint", "0"), None
        found = await session.rpc.call("iota_getTransactionBlock", digest, SHOW_ALL)
        await explain_failure(session.rpc, found)
        return found, await session.rpc.call("movelite_getReceipt", digest)

    found, proof = with_session(work)
    if is_genesis:
        output.fields({"digest": digest, "timestampMs": found["timestampMs"], "checkpoint": "0"})
        if not output.is_json():
            output.say("This stands for the genesis, which made its objects without a transaction.")
        return
    if receipt is not None:
        receipt.write_bytes(b64decode(proof["receipt"]))
    show_transaction(found, proof)
    if receipt is not None and not output.is_json():
        output.say(f"  receipt      in {receipt}")


async def _metadata(session: Session, coin_types: list[str]) -> list[Any]:
    """What is known of each type of coin. Raises: ServiceUnreachable if it is long in coming."""
    try:
        async with asyncio.timeout(session.rpc.timeout_seconds):
            return [await session.rpc.call("iotax_getCoinMetadata", name) for name in coin_types]
    except TimeoutError as error:
        late = f"{len(coin_types)} types of coins in time (--coin-type asks for one)"
        raise ServiceUnreachable(f"the service {session.rpc.url} does not describe {late}") from error


def _in_units(value: int, metadata: dict[str, Any] | None) -> str:
    """A balance as its coin's metadata says, nothing without them."""
    if metadata is None:
        return ""
    return f"{output.decimal(value, metadata['decimals'])} {metadata['symbol']}"


def _iota(nanos: int) -> str:
    return output.amount(nanos).removesuffix(" IOTA")


def _rounded(nanos: int) -> str:
    """IOTA with two decimals, as in the JSON of the `iota` command: above a thousand in thousands."""
    scales = (("B", 9), ("M", 6), ("K", 3))
    found = ((name, output.IOTA_DECIMALS + more) for name, more in scales)
    suffix, decimals = next((one for one in found if nanos > 10 ** one[1]), ("", output.IOTA_DECIMALS))
    whole, hundredths = divmod(nanos // 10 ** (decimals - 2), 100)
    return f"{whole}.{hundredths:02d}{suffix}"
