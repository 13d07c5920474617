"""What client commands share: the wallet, the connection, and how a transaction is signed and executed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from aggregator.rpc_client import RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError
from aggregator.transaction_builder import (
    BuildError,
    GasCoinSummary,
    ObjectSummary,
    TransactionBuilder,
)
from aggregator.wallet.journal import SentTransaction
from aggregator.wallet.keystore import WalletError
from cli import output, simulation
from cli.abort_text import explain_failure
from cli.sending import complete_pending, journal_of, send
from cli.session import Session, with_session
from cli.show_transaction import absence_text, show_dry_run, show_inspection, show_transaction
from proto import bcs
from proto.ids import Address, ObjectID, format_address, parse_address, parse_digest
from proto.object import IMMUTABLE, AddressOwner, ObjectOwner, ObjectRef, Owner, Shared
from proto.transaction import SenderSignedData, TransactionData
from proto.user_signature import sign_transaction

MOST_NAMES = 20
"""Functions that are named to who calls one that a module has not."""


class TransactionFailed(Exception):
    """A transaction that was executed and failed: gas is charged, nothing else has changed."""


class RpcLedgerView:
    """What building a transaction asks, over JSON-RPC."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        """The latest version of an object. Raises: BuildError if it is not there, or another one is shown."""
        options = {"showOwner": True, "showType": True}
        answer = await self._rpc.call("iota_getObject", format_address(object_id), options)
        if "data" not in answer:
            raise BuildError(f"the object {format_address(object_id)} {absence_text(answer)}")
        data = answer["data"]
        reference = reference_of(data)
        if reference.object_id != object_id:  # it would be given away in place of the one that was named
            raise BuildError(f"the service shows another object than {format_address(object_id)}")
        return ObjectSummary(reference, owner_of(data["owner"]), data["type"])

    async def gas_coins(self, owner: Address) -> Sequence[GasCoinSummary]:
        """Coins of IOTA of an account."""
        coins = await self._rpc.all_pages("iotax_getCoins", format_address(owner), None)
        return [
            GasCoinSummary(reference_of({**coin, "objectId": coin["coinObjectId"]}), int(coin["balance"]))
            for coin in coins
        ]

    async def reference_gas_price(self) -> int:
        """Nanos for a unit of gas."""
        return int(await self._rpc.call("iotax_getReferenceGasPrice"))

    async def function(self, package: ObjectID, module: str, name: str) -> dict[str, Any]:
        """A function's signature. Raises: BuildError naming those that the module has, if it has another."""
        place = (format_address(package), module)
        try:
            found: dict[str, Any] = await self._rpc.call("iota_getNormalizedMoveFunction", *place, name)
        except RpcError as error:
            if error.retryable:
                raise
            known = (await self._rpc.call("iota_getNormalizedMoveModule", *place))["exposedFunctions"]
            near = get_close_matches(name, known, cutoff=0.5) or list(known)[:MOST_NAMES]
            raise BuildError(f"{error} (there is: {', '.join(near) or 'none'})") from error
        return found


def reference_of(data: dict[str, Any]) -> ObjectRef:
    """A reference from JSON."""
    version, digest = int(data["version"]), parse_digest(data["digest"])
    return ObjectRef(parse_address(data["objectId"]), version, digest)


def owner_of(shown: Any) -> Owner:
    """An owner from JSON."""
    match shown:
        case {"AddressOwner": text}:
            return AddressOwner(parse_address(text))
        case {"ObjectOwner": text}:
            return ObjectOwner(parse_address(text))
        case {"Shared": {"initial_shared_version": version}}:
            return Shared(int(version))
        case _:
            return IMMUTABLE


Record = Callable[[dict[str, Any]], object]


@dataclass(frozen=True)
class TransactionOptions:
    """How to finish a transaction. emit: what to show of it, as show_transaction takes it.

    sender: an address or alias; without it, whoever owns the object `of`, else the first coin in `gas`, and
    else the active address. record: is told the response of a transaction that succeeded.
    """

    gas: Sequence[str] = ()
    gas_budget: int | None = None
    print_unsigned: bool = False
    print_signed: bool = False
    dry_run: bool = False
    dev_inspect: bool = False
    sender: str | None = None
    of: str | None = None
    emit: Collection[str] = ()
    record: Record | None = None

    @property
    def is_signed(self) -> bool:
        """Whether a key is needed."""
        return not (self.print_unsigned or self.dry_run or self.dev_inspect)

    @property
    def is_sent(self) -> bool:
        """Whether the transaction is executed, not only shown."""
        return self.is_signed and not self.print_signed


Build = Callable[[Session, TransactionBuilder, Address], Awaitable[object]]


def transact(build: Build, options: TransactionOptions) -> None:
    """Build, sign and execute a transaction, and print what it did.

    Commands of one wallet that send take turns, and each completes first what an earlier one left.
    Raises: TransactionFailed after printing, if its execution failed; WouldFail if that is foreseen and no
    budget is given; BuildError; RpcError.
    """
    if options.print_unsigned and options.print_signed:
        raise BuildError("--serialize-unsigned-transaction or --serialize-signed-transaction, not both")

    async def work(session: Session) -> None:
        if not options.is_sent:
            await build_and_finish(session)
            return
        with journal_of(session).locked():
            await complete_pending(session)
            await build_and_finish(session)

    async def build_and_finish(session: Session) -> None:
        sender = await _sender(session, options)
        builder = session.builder()
        await build(session, builder, sender)
        if options.dev_inspect:
            found = await simulation.dev_inspect(session.rpc, builder.kind(), sender, options.gas_budget)
            show_inspection(found)
            return
        price = await session.view.reference_gas_price()
        budget = options.gas_budget
        if budget is None:
            kind, is_sent = builder.kind(), options.is_sent
            budget = await simulation.estimate_budget(session.rpc, kind, sender, price, is_sent=is_sent)
        if options.dry_run and not options.gas:
            data = simulation.unpaid(builder.kind(), sender, price, budget)
        else:
            gas = [parse_address(text) for text in options.gas]
            data = await builder.finish(sender, budget, gas, price)
        if options.dry_run:
            show_dry_run(await simulation.dry_run(session.rpc, data))
            return
        if options.is_sent and options.gas_budget is None:
            await simulation.check_gas_coins(session.rpc, data)
        await finish(session, data, options)

    with_session(work)


async def _sender(session: Session, options: TransactionOptions) -> Address:
    """Who sends: an account of several keys, too, which are in no wallet."""
    owned = options.of or next(iter(options.gas), None)
    if options.sender is None and owned is not None:
        owner = (await session.view.object(parse_address(owned))).owner
        if isinstance(owner, AddressOwner):
            if options.is_signed and owner.address not in session.config.keystore.addresses:
                who = format_address(owner.address)
                raise WalletError(f"{owned} is owned by {who}, and this wallet has no key for it")
            return owner.address
    return session.address(options.sender)


async def finish(
    session: Session, data: TransactionData, options: TransactionOptions
) -> dict[str, Any] | None:
    """Sign and execute built data, or print it as options say."""
    raw = bcs.encode(TransactionData, data)
    if options.print_unsigned:
        _print_bytes("unsignedTxBytes", raw)
        return None
    signature = sign_transaction(session.config.keystore.key(data.sender), data)
    if options.print_signed:
        _print_bytes("signedTxBytes", SenderSignedData(data, (signature,)).to_bytes())
        return None
    return await execute(session, raw, [signature], options.emit, options.record)


async def execute(
    session: Session,
    raw: bytes,
    signatures: Sequence[bytes],
    emit: Collection[str] = (),
    record: Record | None = None,
) -> dict[str, Any]:
    """Execute a signed transaction and print what it did. Raises: TransactionFailed, RpcError."""
    response = await send(session, SentTransaction(raw, tuple(signatures)))
    status = response["effects"]["status"]
    try:
        if record is not None and status["status"] == "success":
            record(response)  # before anything is printed: whoever reads that may be gone, as behind `| head`
    finally:
        await _show(session, response, emit)
    if status["status"] != "success":
        raise TransactionFailed(f"transaction {response['digest']} failed: {status.get('error')}")
    return response


async def _show(session: Session, response: dict[str, Any], emit: Collection[str]) -> None:
    """Print what a transaction did, and who signed for it."""
    await explain_failure(session.rpc, response)
    receipt = None if output.is_json() else await _receipt(session, response["digest"])
    show_transaction(response, receipt, emit)


async def _receipt(session: Session, digest: str) -> dict[str, Any] | None:
    """The receipt, if the service gives receipts. The transaction is final, whatever it gives."""
    try:
        found: dict[str, Any] = await session.rpc.call("movelite_getReceipt", digest)
        return found
    except RpcError:
        return None
    except ServiceUnreachable as error:
        output.note(f"no receipt: {error}")
        return None


def _print_bytes(name: str, raw: bytes) -> None:
    text = b64encode(raw).decode()
    if output.is_json():
        output.show_json({name: text})
    else:
        output.say(text)


def read_base64(text: str) -> bytes:
    """Bytes of an argument. Raises: BuildError."""
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BuildError(f"{text[:40]!r} is no Base64: {error}") from error
