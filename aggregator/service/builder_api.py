"""Transactions made ready to be signed, by a service that is trusted with that: the methods `unsafe_*`.

Commands and inputs are those of the official node, so that both give the same bytes for the same ledger.
Source: iota-json-rpc, transaction_builder_api; iota-transaction-builder; iota-types,
programmable_transaction_builder.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from typing import Annotated, Any, Literal, ParamSpec, assert_never

from pydantic import Field

from aggregator.account.ledger import DirectLedger
from aggregator.rpc_codes import INTERNAL_ERROR, RpcError
from aggregator.service.core import ClientService
from aggregator.service.object_json import CamelModel, Json, reference_json
from aggregator.service.parameters import (
    MOST_ARGUMENTS,
    MOST_LISTED,
    AddressesParam,
    AddressParam,
    AmountsParam,
    Base64Param,
    TypeParam,
    U64Param,
)
from aggregator.transaction_builder import BuildError, ObjectSummary, TransactionBuilder
from proto import bcs
from proto.errors import UserInputError
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID, format_address
from proto.object import ObjectRef
from proto.protocol_config import PROTOCOL_CONFIG
from proto.transaction import (
    Argument,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    MoveCall,
    ObjectInput,
    SplitCoins,
    TransactionData,
    TransferObjects,
)
from proto.transaction_checks import (
    InputObjectKind,
    OwnedInput,
    PackageInput,
    SharedInput,
    input_objects,
    kind_input_objects,
)
from proto.type_tag import StructTag, TypeTag, parse_type_tag
from proto.user_input_error import EmptyInputCoins, InvalidBatchTransaction

_P = ParamSpec("_P")

BuilderMode = Literal["Commit", "DevInspect"]

ArgumentsParam = Annotated[list[Any], MOST_ARGUMENTS]
TypesParam = Annotated[list[TypeParam], MOST_ARGUMENTS]
"""Arguments of a Move call as JSON."""


class TransferObjectParams(CamelModel):
    """One transfer of a batch."""

    recipient: AddressParam
    object_id: AddressParam


class MoveCallParams(CamelModel):
    """One call of a batch."""

    package_object_id: AddressParam
    module: str
    function: str
    type_arguments: TypesParam = Field(default_factory=list)
    arguments: ArgumentsParam


class TransferRequest(CamelModel):
    """A transfer in a batch."""

    transfer_object_request_params: TransferObjectParams


class MoveCallRequest(CamelModel):
    """A call in a batch."""

    move_call_request_params: MoveCallParams


BatchParam = Annotated[
    list[TransferRequest | MoveCallRequest], Field(max_length=PROTOCOL_CONFIG.max_programmable_tx_commands)
]
"""Transfers and calls, one command each."""


def _told(method: Callable[_P, Awaitable[TransactionData]]) -> Callable[_P, Awaitable[Json]]:
    """The method's transaction as JSON; what cannot be built is an internal error, as the node says."""

    @wraps(method)
    async def call(*arguments: _P.args, **named: _P.kwargs) -> Json:
        try:
            return _transaction_json(await method(*arguments, **named))
        except (BuildError, UserInputError) as error:
            raise RpcError(INTERNAL_ERROR, str(error)) from error

    # Parameters are read by the signature, results are not.
    call.__annotations__ = {**method.__annotations__, "return": Json}
    return call


class BuilderApi:
    """Builds transactions; a gas coin that is not named is the first that suffices and is no input."""

    def __init__(self, service: ClientService) -> None:
        self._ledger = _NodeView(service)

    @_told
    async def transfer_object(
        self,
        signer: AddressParam,
        object_id: AddressParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
        recipient: AddressParam,
    ) -> TransactionData:
        """Give an object to an address."""
        builder = TransactionBuilder(self._ledger)
        await self._transfer(builder, object_id, recipient)
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def transfer_iota(
        self,
        signer: AddressParam,
        iota_object_id: AddressParam,
        gas_budget: U64Param,
        recipient: AddressParam,
        amount: U64Param | None = None,
    ) -> TransactionData:
        """Send an amount out of a coin that also pays for gas, or all of it."""
        coin = await self._ledger.object(iota_object_id)
        builder = TransactionBuilder(self._ledger)
        to = builder.pure(Address, recipient)
        sent: Argument = GasCoin()
        if amount is not None:
            sent = builder.add(SplitCoins(GasCoin(), (builder.pure(bcs.U64, amount),)))
        builder.add(TransferObjects((sent,), to))
        return await self._paid_by(builder, signer, (coin.reference,), gas_budget)

    @_told
    async def pay(
        self,
        signer: AddressParam,
        input_coins: AddressesParam,
        recipients: AddressesParam,
        amounts: AmountsParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Pay amounts out of coins of any type to recipients."""
        if gas is not None and gas in input_coins:
            raise BuildError(
                "Gas coin is in input coins of Pay transaction, use PayIota transaction instead!"
            )
        if not input_coins:
            raise BuildError("coins vector is empty")
        builder = TransactionBuilder(self._ledger)
        coins = [await self._owned(builder, coin) for coin in input_coins]
        builder.merge(coins[0], coins[1:])
        _split_and_send(builder, coins[0], recipients, amounts)
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def pay_iota(
        self,
        signer: AddressParam,
        input_coins: AddressesParam,
        recipients: AddressesParam,
        amounts: AmountsParam,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Pay amounts of IOTA to recipients; the coins pay for gas too."""
        coins = await self._coins(input_coins)
        builder = TransactionBuilder(self._ledger)
        _split_and_send(builder, GasCoin(), recipients, amounts)
        return await self._paid_by(builder, signer, coins, gas_budget)

    @_told
    async def pay_all_iota(
        self,
        signer: AddressParam,
        input_coins: AddressesParam,
        recipient: AddressParam,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Send whole coins, less gas."""
        coins = await self._coins(input_coins)
        builder = TransactionBuilder(self._ledger)
        builder.transfer([GasCoin()], recipient)
        return await self._paid_by(builder, signer, coins, gas_budget)

    @_told
    async def move_call(
        self,
        signer: AddressParam,
        package_object_id: AddressParam,
        module: str,
        function: str,
        type_arguments: TypesParam,
        arguments: ArgumentsParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
        execution_mode: BuilderMode | None = None,
    ) -> TransactionData:
        """Call a Move function with arguments as JSON. The mode changes nothing, as in the node."""
        builder = TransactionBuilder(self._ledger)
        await builder.call(package_object_id, module, function, type_arguments, arguments)
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def split_coin(
        self,
        signer: AddressParam,
        coin_object_id: AddressParam,
        split_amounts: Annotated[list[U64Param], MOST_LISTED],
        gas: AddressParam | None,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Split amounts off a coin."""
        builder = TransactionBuilder(self._ledger)
        coin, kind = await self._coin(builder, coin_object_id)
        amounts = builder.pure(tuple[bcs.U64, ...], tuple(split_amounts))
        builder.add(_framework_call("pay", "split_vec", kind, coin, amounts))
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def split_coin_equal(
        self,
        signer: AddressParam,
        coin_object_id: AddressParam,
        split_count: U64Param,
        gas: AddressParam | None,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Split a coin into so many equal ones."""
        builder = TransactionBuilder(self._ledger)
        coin, kind = await self._coin(builder, coin_object_id)
        count = builder.pure(bcs.U64, split_count)
        builder.add(_framework_call("pay", "divide_and_keep", kind, coin, count))
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def merge_coins(
        self,
        signer: AddressParam,
        primary_coin: AddressParam,
        coin_to_merge: AddressParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Put a coin into another."""
        builder = TransactionBuilder(self._ledger)
        primary, kind = await self._coin(builder, primary_coin)
        other = await self._owned(builder, coin_to_merge)
        builder.add(_framework_call("coin", "join", kind, primary, other))
        return await self._pay(builder, signer, gas, gas_budget)

    @_told
    async def publish(
        self,
        sender: AddressParam,
        compiled_modules: Annotated[list[Base64Param], MOST_LISTED],
        dependencies: AddressesParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
    ) -> TransactionData:
        """Publish a package; the sender gets its UpgradeCap."""
        builder = TransactionBuilder(self._ledger)
        builder.publish(compiled_modules, dependencies, sender)
        return await self._pay(builder, sender, gas, gas_budget)

    @_told
    async def batch_transaction(
        self,
        signer: AddressParam,
        single_transaction_params: BatchParam,
        gas: AddressParam | None,
        gas_budget: U64Param,
        txn_builder_mode: BuilderMode | None = None,
    ) -> TransactionData:
        """Transfers and calls, one after the other in one transaction."""
        if not single_transaction_params:
            raise UserInputError(InvalidBatchTransaction("Batch Transaction cannot be empty"))
        builder = TransactionBuilder(self._ledger)
        for request in single_transaction_params:
            match request:
                case TransferRequest(transfer_object_request_params=transfer):
                    await self._transfer(builder, transfer.object_id, transfer.recipient)
                case MoveCallRequest(move_call_request_params=called):
                    place = called.package_object_id, called.module, called.function
                    await builder.call(*place, called.type_arguments, called.arguments)
                case _:
                    assert_never(request)
        return await self._pay(builder, signer, gas, gas_budget)

    # ---- parts

    async def _transfer(self, builder: TransactionBuilder, object_id: ObjectID, recipient: Address) -> None:
        to = builder.pure(Address, recipient)
        builder.add(TransferObjects((await self._owned(builder, object_id),), to))

    async def _owned(self, builder: TransactionBuilder, object_id: ObjectID) -> Argument:
        """An object as an owned input, whoever owns it: the authorities check that."""
        found = await self._ledger.object(object_id)
        return builder.input(ObjectInput(ImmOrOwnedObject(found.reference)))

    async def _coins(self, input_coins: Sequence[ObjectID]) -> tuple[ObjectRef, ...]:
        if not input_coins:
            raise UserInputError(EmptyInputCoins())
        return tuple([(await self._ledger.object(coin)).reference for coin in input_coins])

    async def _coin(self, builder: TransactionBuilder, object_id: ObjectID) -> tuple[Argument, TypeTag]:
        """A coin as an owned input, and what it is a coin of."""
        found = await self._ledger.object(object_id)
        return builder.input(ObjectInput(ImmOrOwnedObject(found.reference))), _coin_type(found)

    async def _pay(
        self, builder: TransactionBuilder, signer: Address, gas: ObjectID | None, budget: int
    ) -> TransactionData:
        """The transaction with one coin that pays."""
        price = await self._ledger.reference_gas_price()
        if budget < price:
            raise BuildError(
                f"Gas budget {budget} is less than the reference gas price {price}. "
                f"The gas budget must be at least the current reference gas price of {price}."
            )
        if gas is not None:
            payment = (await self._ledger.object(gas)).reference
        else:
            payment = await self._first_gas_coin(builder, signer, budget)
        gas_data = GasData((payment,), signer, price, budget)
        return TransactionData(builder.kind(), signer, gas_data)

    async def _first_gas_coin(self, builder: TransactionBuilder, signer: Address, budget: int) -> ObjectRef:
        unpaid = TransactionData(builder.kind(), signer, GasData((), signer, 0, budget))
        used = {one.object_id for one in kind_input_objects(unpaid) if isinstance(one, OwnedInput)}
        for coin in await self._ledger.gas_coins(signer):
            if coin.reference.object_id not in used and coin.balance >= budget:
                return coin.reference
        raise BuildError(
            f"Cannot find gas coin for signer address {format_address(signer)} with amount sufficient for "
            f"the required gas budget {budget}. If you are using the pay or transfer commands, you can use "
            "pay-iota or transfer-iota commands instead, which will use the only object as gas payment."
        )

    async def _paid_by(
        self, builder: TransactionBuilder, signer: Address, coins: tuple[ObjectRef, ...], budget: int
    ) -> TransactionData:
        price = await self._ledger.reference_gas_price()
        return TransactionData(builder.kind(), signer, GasData(coins, signer, price, budget))


class _NodeView(DirectLedger):
    """The ledger, with the node's words for what is not there."""

    def __init__(self, service: ClientService) -> None:
        super().__init__(service.authorities, service.reader)

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        """The latest version of an object. Raises: BuildError, NoQuorum."""
        try:
            return await super().object(object_id)
        except BuildError as error:
            raise BuildError(f"Object {format_address(object_id)} does not exist") from error


def _split_and_send(
    builder: TransactionBuilder, coin: Argument, recipients: Sequence[Address], amounts: Sequence[int]
) -> None:
    """Split amounts off a coin, and give each recipient theirs in one command."""
    if len(recipients) != len(amounts):
        raise BuildError(
            f"Recipients and amounts mismatch. Got {len(recipients)} recipients but {len(amounts)} amounts"
        )
    if not amounts:
        return
    coins = builder.split(coin, amounts)
    shares: dict[Address, list[Argument]] = {}
    for recipient, part in zip(recipients, coins, strict=True):
        shares.setdefault(recipient, []).append(part)
    for recipient, parts in shares.items():
        builder.transfer(parts, recipient)


def _framework_call(module: str, function: str, kind: TypeTag, *arguments: Argument) -> MoveCall:
    return MoveCall(ObjectID(IOTA_FRAMEWORK_ADDRESS), module, function, (kind,), arguments)


def _coin_type(coin: ObjectSummary) -> TypeTag:
    if coin.type_text == "package":
        raise BuildError('Type error while binding function arguments: "Object must be a Move object".')
    tag = parse_type_tag(coin.type_text)
    if not isinstance(tag, StructTag) or len(tag.type_args) != 1:
        raise BuildError(
            'Type error while binding function arguments: "Move object struct must have one type parameter".'
        )
    return tag.type_args[0]


def _transaction_json(data: TransactionData) -> Json:
    return {
        "txBytes": b64encode(bcs.encode(TransactionData, data)).decode(),
        "gas": [reference_json(reference) for reference in data.gas_data.payment],
        "inputObjects": [_input_json(one) for one in input_objects(data)],
    }


def _input_json(one: InputObjectKind) -> Json:
    """An input as the node writes it, names as in Rust."""
    match one:
        case PackageInput(object_id):
            return {"MovePackage": format_address(object_id)}
        case OwnedInput(reference):
            return {"ImmOrOwnedMoveObject": reference_json(reference)}
        case SharedInput(object_id, version, mutable):
            place = {"id": format_address(object_id), "initial_shared_version": str(version)}
            return {"SharedMoveObject": {**place, "mutable": mutable}}
