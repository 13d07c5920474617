"""The end of a programmable transaction: what remains where, and what that changes in the ledger.

Source: iota-adapter, programmable_transactions/context, finish.
"""

from __future__ import annotations

from authority.execution.context import ExecutionContext
from authority.execution.deny_list import check_deny_list_of_owners, new_coin_owners
from authority.execution.errors import ExecutionError
from authority.execution.temporary_store import ExecutionResults, WrittenObject
from authority.execution.values import ObjectValue, RawValue, Slot, Usage
from movelite.bytecode.file_format import COPY, DROP
from movelite.natives.object_runtime import CircularOwnership, RuntimeResults
from movelite.vm.values import serialize
from proto.execution_status import (
    CircularObjectOwnership,
    CoinBalanceOverflow,
    MoveObjectTooBig,
    SharedObjectOperationNotAllowed,
    UnusedValueWithoutDrop,
)
from proto.ids import DENY_LIST_ID, ObjectID
from proto.object import AddressOwner, Owner, Shared

MAX_U64 = 2**64 - 1


def collect_results(context: ExecutionContext) -> ExecutionResults:
    """Everything the commands changed. Raises: ExecutionError."""
    results = ExecutionResults()
    by_value_shared = _collect_inputs(context, results)
    if not context.allows_any_value:
        _check_unused_values(context)
    for recipient, value in context.transfers:
        _write_value(context, results, value, AddressOwner(recipient))
    _refund_budget(context, results)
    _collect_runtime(context, results)
    for package in context.packages.new_packages:
        results.created.add(package.id)
        results.written[package.id] = WrittenObject.of_package(package)
    _check_shared(results, by_value_shared)
    results.events.extend(context.events)
    _check_deny_list(context, results)
    return results


def _check_deny_list(context: ExecutionContext, results: ExecutionResults) -> None:
    """Charge for every new owner of a coin that may be regulated, then check that none is denied it."""
    store = context.store
    owners = new_coin_owners((written.type_, written.owner) for written in results.written.values())
    if not owners:
        return
    count = sum(map(len, owners.values()))
    if DENY_LIST_ID not in store.inputs.objects:
        store.reads_deny_list = True
    context.gas.charge_regulated_coin_owners(count)
    check_deny_list_of_owners(owners, context.tx_context.epoch, store.reader)


def _collect_inputs(context: ExecutionContext, results: ExecutionResults) -> list[ObjectID]:
    """Mutable inputs are modified in any case; the shared ones among them that were taken are returned."""
    taken_shared = []
    for slot in [*context.arguments.inputs, context.arguments.gas]:
        metadata = slot.metadata
        if metadata is None or not metadata.is_mutable:
            continue
        results.modified.add(metadata.id)
        if isinstance(slot.value, ObjectValue):
            _write_value(context, results, slot.value, metadata.owner)
        elif isinstance(metadata.owner, Shared):
            taken_shared.append(metadata.id)
    return taken_shared


def _check_unused_values(context: ExecutionContext) -> None:
    for command, slots in enumerate(context.arguments.results):
        for position, slot in enumerate(slots):
            if not _may_be_dropped(slot):
                raise ExecutionError(UnusedValueWithoutDrop(command, position), _why_not_dropped(slot))


def _why_not_dropped(slot: Slot) -> str | None:
    if isinstance(slot.value, RawValue) and slot.value.abilities & COPY:
        return "The value has copy, but not drop. Its last usage must be by-value so it can be taken."
    return None


def _may_be_dropped(slot: Slot) -> bool:
    match slot.value:
        case ObjectValue():
            return False
        case RawValue(_, abilities):
            copied_last = bool(abilities & COPY) and slot.last_usage is Usage.BY_VALUE
            return bool(abilities & DROP) or copied_last
        case _:
            return True


def _write_value(
    context: ExecutionContext, results: ExecutionResults, value: ObjectValue, owner: Owner
) -> None:
    _check_object_size(context, value.contents)
    results.written[value.id] = WrittenObject.of_contents(owner, value.object_type, value.contents)
    if value.id in context.objects.loaded_objects():
        results.modified.add(value.id)


def _refund_budget(context: ExecutionContext, results: ExecutionResults) -> None:
    """The gas coin was shown to commands without the budget; what is left of it comes back."""
    metadata = context.arguments.gas.metadata
    if metadata is None:
        return
    coin = results.written[metadata.id]
    balance = coin.balance + context.gas.budget
    if balance > MAX_U64:
        raise ExecutionError(CoinBalanceOverflow(), "Gas coin too large after returning the max gas budget")
    results.written[metadata.id] = coin.with_balance(balance)


def _collect_runtime(context: ExecutionContext, results: ExecutionResults) -> None:
    try:
        runtime: RuntimeResults = context.objects.finish()
    except CircularOwnership as error:
        raise ExecutionError(CircularObjectOwnership(error.object_id)) from error
    results.created |= runtime.created
    results.deleted |= runtime.deleted
    results.modified |= runtime.modified
    for object_id, written in runtime.writes.items():
        contents = serialize(written.type_, written.value)
        _check_object_size(context, contents)
        results.written[object_id] = WrittenObject.of_contents(
            written.owner, context.object_type(written.type_), contents
        )


def _check_object_size(context: ExecutionContext, contents: bytes) -> None:
    limit = context.config.max_move_object_size
    if len(contents) > limit:
        raise ExecutionError(MoveObjectTooBig(len(contents), limit))


def _check_shared(results: ExecutionResults, taken: list[ObjectID]) -> None:
    """A shared object taken by value has to be shared again or deleted."""
    for object_id in taken:
        written = results.written.get(object_id)
        is_shared = written is not None and isinstance(written.owner, Shared)
        is_deleted = written is None and object_id in results.deleted
        if not is_shared and not is_deleted:
            raise ExecutionError(SharedObjectOperationNotAllowed())
