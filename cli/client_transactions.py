"""Client commands that execute transactions."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from aggregator.transaction_builder import BuildError, TransactionBuilder
from cli.package_options import with_build_options
from cli.session import Session, with_session
from cli.transaction_options import Plan, with_transaction_options
from cli.wallet import execute, read_base64
from proto import bcs
from proto.ids import Address, parse_address
from proto.transaction import GasCoin, SenderSignedData, TransactionData
from proto.type_tag import parse_type_tag

app = typer.Typer()

SPLIT_EQUAL_MAX = 500
U64_MAX = 2**64 - 1

WithUnpublished = Annotated[
    bool,
    typer.Option(
        "--with-unpublished-dependencies", help="Dependencies that are not published become part of it."
    ),
]


def transfer(
    to: Annotated[str, typer.Option(help="Address or alias.")],
    object_id: Annotated[str, typer.Option(help="The object to give.")],
) -> Plan:
    """Give an object to an address."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        value = await builder.object(parse_address(object_id))
        builder.transfer([value], session.address(to))

    return Plan(build, of=object_id)


def transfer_iota(
    to: Annotated[str, typer.Option(help="Address or alias.")],
    iota_coin_object_id: Annotated[str, typer.Option(help="Coin to take from; it also pays for gas.")],
    amount: Annotated[
        int | None, typer.Option(min=0, max=U64_MAX, help="Nanos; all of the coin if not named.")
    ] = None,
) -> Plan:
    """Send IOTA."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        coins = [GasCoin()] if amount is None else builder.split(GasCoin(), [amount])
        builder.transfer(coins, session.address(to))

    return Plan(build, gas=[iota_coin_object_id])


def pay(
    input_coins: Annotated[list[str], typer.Option(help="Coins to pay from, one or more.")],
    recipients: Annotated[list[str], typer.Option(help="Addresses or aliases.")],
    amounts: Annotated[list[int], typer.Option(min=0, max=U64_MAX, help="What each of them gets.")],
) -> Plan:
    """Pay amounts out of coins of any type to recipients."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        coins = [await builder.object(parse_address(text)) for text in input_coins]
        builder.merge(coins[0], coins[1:])
        _pay(session, builder, coins[0], recipients, amounts)

    return Plan(build, of=input_coins[0])


def pay_iota(
    input_coins: Annotated[list[str], typer.Option(help="Coins to pay from; they also pay for gas.")],
    recipients: Annotated[list[str], typer.Option(help="Addresses or aliases.")],
    amounts: Annotated[list[int], typer.Option(min=0, max=U64_MAX, help="What each of them gets.")],
) -> Plan:
    """Pay amounts of IOTA to recipients."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        _pay(session, builder, GasCoin(), recipients, amounts)

    return Plan(build, gas=input_coins)


def pay_all_iota(
    input_coins: Annotated[list[str], typer.Option(help="Coins to send; they also pay for gas.")],
    recipient: Annotated[str, typer.Option(help="Address or alias.")],
) -> Plan:
    """Send whole coins, less gas."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        builder.transfer([GasCoin()], session.address(recipient))

    return Plan(build, gas=input_coins)


def split_coin(
    coin_id: Annotated[str, typer.Option(help="The coin to split.")],
    amounts: Annotated[
        list[int] | None, typer.Option(min=0, max=U64_MAX, help="Amounts of the new coins.")
    ] = None,
    count: Annotated[int | None, typer.Option(help="Or into how many equal coins.")] = None,
) -> Plan:
    """Split a coin; the new coins are yours."""
    if (amounts is None) == (count is None):
        raise typer.BadParameter("name --amounts or --count, and not both")
    if count is not None and not 2 <= count <= SPLIT_EQUAL_MAX:
        raise typer.BadParameter(f"--count is between 2 and {SPLIT_EQUAL_MAX}")

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        coin = await builder.object(parse_address(coin_id))
        parts = amounts
        if count is not None:
            balance = await _balance(session, coin_id)
            parts = [balance // count] * (count - 1)
        builder.transfer(builder.split(coin, parts or ()), sender)

    return Plan(build, of=coin_id)


def merge_coin(
    primary_coin: Annotated[str, typer.Option(help="The coin that stays.")],
    coin_to_merge: Annotated[str, typer.Option(help="The coin that goes into it.")],
) -> Plan:
    """Put a coin into another."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        target = await builder.object(parse_address(primary_coin))
        builder.merge(target, [await builder.object(parse_address(coin_to_merge))])

    return Plan(build, of=primary_coin)


def call(
    package: Annotated[str, typer.Option(help="Id of the package.")],
    module: Annotated[str, typer.Option(help="Name of the module.")],
    function: Annotated[str, typer.Option(help="Name of the function.")],
    type_args: Annotated[
        list[str] | None, typer.Option(help="Types, such as 0x2::iota::IOTA, one or more.")
    ] = None,
    args: Annotated[
        list[str] | None, typer.Option(help="Values and object ids: 7 true text 0x2 '[1, 2]', one or more.")
    ] = None,
) -> Plan:
    """Call a Move function."""

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        tags = [parse_type_tag(text) for text in type_args or ()]
        values = [read_argument(text) for text in args or ()]
        await builder.call(parse_address(package), module, function, tags, values)

    return Plan(build)


@with_build_options(hidden=True)
def publish(
    package_path: Annotated[Path, typer.Argument(help="Folder with a Move.toml.")] = Path("."),
    with_unpublished_dependencies: WithUnpublished = False,
    skip_dependency_verification: Annotated[bool, typer.Option(hidden=True)] = False,
) -> Plan:
    """Build a package and publish it; you get its UpgradeCap."""
    from cli.package_release import Release, add_publish

    releases: list[Release] = []

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        unpublished = with_unpublished_dependencies
        release, capability = await add_publish(session, builder, package_path, unpublished)
        builder.transfer([capability], sender)
        releases.append(release)

    return Plan(build, record=lambda response: releases[0].record(response))


@with_build_options(hidden=True)
def upgrade(
    upgrade_capability: Annotated[str, typer.Option(help="The UpgradeCap of the package.")],
    package_path: Annotated[Path, typer.Argument(help="Folder with a Move.toml.")] = Path("."),
    with_unpublished_dependencies: WithUnpublished = False,
    skip_dependency_verification: Annotated[bool, typer.Option(hidden=True)] = False,
) -> Plan:
    """Build a package and publish it as the next version of itself."""
    from cli.package_release import Release, add_upgrade

    releases: list[Release] = []

    async def build(session: Session, builder: TransactionBuilder, sender: Address) -> None:
        capability, unpublished = parse_address(upgrade_capability), with_unpublished_dependencies
        releases.append(await add_upgrade(session, builder, package_path, capability, unpublished))

    return Plan(build, of=upgrade_capability, record=lambda response: releases[0].record(response))


def execute_signed_tx(
    tx_bytes: Annotated[str, typer.Option(help="Base64 of the transaction.")],
    signatures: Annotated[list[str], typer.Option(help="Base64, one or more.")],
) -> None:
    """Execute a transaction that was signed elsewhere."""
    raw, signed = read_base64(tx_bytes), [read_base64(text) for text in signatures]
    with_session(lambda session: execute(session, raw, signed))


def execute_combined_signed_tx(
    signed_tx_bytes: Annotated[str, typer.Option(help="Base64 of --serialize-signed-transaction.")],
) -> None:
    """Execute a transaction that carries its signatures."""
    signed = SenderSignedData.from_bytes(read_base64(signed_tx_bytes))
    raw = bcs.encode(TransactionData, signed.transaction_data)
    with_session(lambda session: execute(session, raw, signed.tx_signatures))


_EXAMPLES = {
    "transfer": "movelite client transfer --to happy-opal --object-id 0x...",
    "transfer-iota": "movelite client transfer-iota --to 0x... --iota-coin-object-id 0x... --amount 1000",
    "pay": "movelite client pay --input-coins 0x... --recipients bob --amounts 10",
    "pay-iota": "movelite client pay-iota --input-coins 0x... --recipients bob carol --amounts 10 20",
    "pay-all-iota": "movelite client pay-all-iota --input-coins 0x... 0x... --recipient bob",
    "split-coin": "movelite client split-coin --coin-id 0x... --amounts 10 20",
    "merge-coin": "movelite client merge-coin --primary-coin 0x... --coin-to-merge 0x...",
    "call": "movelite client call --package 0x... --module nft --function mint --args hello 7",
    "publish": "movelite client publish path/to/package",
    "upgrade": "movelite client upgrade --upgrade-capability 0x... path/to/package",
    "execute-signed-tx": "movelite client execute-signed-tx --tx-bytes ... --signatures ...",
    "execute-combined-signed-tx": "movelite client execute-combined-signed-tx --signed-tx-bytes ...",
}


def _add(command: Callable[..., None]) -> None:
    name = command.__name__.replace("_", "-")
    app.command(name, epilog=f"Example: {_EXAMPLES[name]}")(command)


def read_argument(text: str) -> Any:
    """An argument as people write it: JSON, or else text (ids and bare words), or a list of such."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        is_list = text.startswith("[") and text.endswith("]")
        return [part.strip() for part in text[1:-1].split(",")] if is_list else text


def _pay(
    session: Session, builder: TransactionBuilder, coin: Any, recipients: list[str], amounts: list[int]
) -> None:
    if len(recipients) != len(amounts):
        raise BuildError(f"{len(recipients)} recipients, but {len(amounts)} amounts")
    for part, recipient in zip(builder.split(coin, amounts), recipients, strict=True):
        builder.transfer([part], session.address(recipient))


async def _balance(session: Session, coin_id: str) -> int:
    answer = await session.rpc.call("iota_getObject", coin_id, {"showContent": True})
    try:
        return int(answer["data"]["content"]["fields"]["balance"])
    except (KeyError, TypeError, ValueError) as error:
        raise BuildError(f"{coin_id} is no coin") from error


_PLANNED: tuple[Callable[..., Plan], ...] = (transfer, pay, split_coin, merge_coin, call, publish, upgrade)
_PLANNED_WITH_GAS: tuple[Callable[..., Plan], ...] = (transfer_iota, pay_iota, pay_all_iota)

for _plan in _PLANNED:
    _add(with_transaction_options(_plan))
for _plan in _PLANNED_WITH_GAS:
    _add(with_transaction_options(_plan, names_gas=True))
_add(execute_signed_tx)
_add(execute_combined_signed_tx)
