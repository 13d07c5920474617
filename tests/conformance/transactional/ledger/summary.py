"""What a transaction did, by the names of objects, in the form that the official tests print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice, permutations

from authority.execution.engine import ExecutionResult
from authority.execution.inputs import ObjectReader
from proto.effects import GasCostSummary
from proto.event import Event
from proto.ids import ObjectID
from proto.object import AddressOwner, Immutable, MovePackage, Object, ObjectOwner, Owner, Shared
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag
from tests.conformance.transactional.ledger.contents import type_name
from tests.conformance.transactional.ledger.names import ObjectNames

MAX_LISTED_EVENTS = 50
"""As many events as one query of the official node returns."""


@dataclass(slots=True)
class TieBreaker:
    """In which order new objects of equal type get their names, where the network orders them by id.

    choices: by task, the number of the permutation to take; ties: by task, how many there are.
    """

    choices: dict[int, int] = field(default_factory=dict)
    ties: dict[int, int] = field(default_factory=dict)

    def order(self, task: int, keyed: list[tuple[str, ObjectID]]) -> list[ObjectID]:
        """The ids ordered by key, and within one key by the choice for the task."""
        ordered: list[ObjectID] = []
        choice = self.choices.get(task, 0)
        for _, group in groupby(sorted(keyed), key=lambda pair: pair[0]):
            members = [object_id for _, object_id in group]
            count = 1
            for position in range(2, len(members) + 1):
                count *= position
            self.ties[task] = self.ties.get(task, 1) * count
            choice, here = divmod(choice, count)
            ordered.extend(next(islice(permutations(members), here, None)))
        return ordered


@dataclass(frozen=True, slots=True)
class Summary:
    """Changed objects by kind of change, events and gas."""

    events: tuple[Event, ...]
    created: tuple[ObjectID, ...]
    mutated: tuple[ObjectID, ...]
    unwrapped: tuple[ObjectID, ...]
    deleted: tuple[ObjectID, ...]
    unwrapped_then_deleted: tuple[ObjectID, ...]
    wrapped: tuple[ObjectID, ...]
    unchanged_shared: tuple[ObjectID, ...]
    gas: GasCostSummary
    created_objects: tuple[Object, ...]

    def text(self, names: ObjectNames, *, is_short: bool = False) -> str:
        """The lines; is_short: counts in place of lists."""
        lines = []
        if self.events:
            shown = ", ".join(names.stabilize(render_event(event)) for event in self.events)
            lines.append(f"events: {len(self.events) if is_short else shown}")
        for label in (
            "created",
            "mutated",
            "unwrapped",
            "deleted",
            "unwrapped_then_deleted",
            "wrapped",
            "unchanged_shared",
        ):
            ids: tuple[ObjectID, ...] = getattr(self, label)
            if ids:
                listed = ", ".join(names.text(object_id) for object_id in sorted(ids, key=names.sort_key))
                lines.append(f"{label}: {len(ids) if is_short else listed}")
        gas = self.gas
        lines.append(
            f"gas summary: computation_cost: {gas.computation_cost}, "
            f"computation_cost_burned: {gas.computation_cost_burned}, storage_cost: {gas.storage_cost},  "
            f"storage_rebate: {gas.storage_rebate}, "
            f"non_refundable_storage_fee: {gas.non_refundable_storage_fee}"
        )
        return "\n".join(lines)


def summarize(
    result: ExecutionResult, reader: ObjectReader, names: ObjectNames, tie_breaker: TieBreaker
) -> Summary:
    """What a transaction did; objects seen for the first time get names."""
    effects = result.effects
    created = tuple(reference.object_id for reference, _ in effects.created())
    unwrapped = tuple(reference.object_id for reference, _ in effects.unwrapped())
    fresh = [(_sort_text(object_id, result, names), object_id) for object_id in created + unwrapped]
    for object_id in tie_breaker.order(names.task, fresh):
        names.add(object_id)
    return Summary(
        events=result.events.data[:MAX_LISTED_EVENTS],
        created=created,
        mutated=tuple(reference.object_id for reference, _ in effects.mutated()),
        unwrapped=unwrapped,
        deleted=tuple(reference.object_id for reference in effects.deleted()),
        unwrapped_then_deleted=tuple(r.object_id for r in effects.unwrapped_then_deleted()),
        wrapped=tuple(reference.object_id for reference in effects.wrapped()),
        unchanged_shared=tuple(object_id for object_id, _ in effects.unchanged_shared_objects),
        gas=effects.gas_used,
        created_objects=tuple(result.written[object_id] for object_id in created),
    )


def _sort_text(object_id: ObjectID, result: ExecutionResult, names: ObjectNames) -> str:
    data = result.written[object_id].data
    if isinstance(data, MovePackage):
        return ",".join(sorted(data.module_map))
    return names.stabilize(type_name(data.struct_tag))


def render_owner(owner: Owner) -> str:
    """An owner in words."""
    match owner:
        case AddressOwner(address):
            return f"Account Address ( 0x{address.hex()} )"
        case ObjectOwner(address):
            return f"Object ID: ( 0x{address.hex()} )"
        case Shared(version):
            return f"Shared( {version} )"
        case Immutable():
            return "Immutable"


def render_event(event: Event) -> str:
    """An event in Rust's form for programmers."""
    return (
        f"Event {{ package_id: 0x{event.package_id.hex()}, "
        f'transaction_module: Identifier("{event.transaction_module}"), '
        f"sender: 0x{event.sender.hex()}, type_: {_debug_type(event.type_)}, "
        f"contents: {list(event.contents)} }}"
    )


def _debug_type(tag: TypeTag) -> str:
    match tag:
        case StructTag(address, module, name, arguments):
            return (
                f'StructTag {{ address: {address.hex()}, module: Identifier("{module}"), '
                f'name: Identifier("{name}"), type_params: [{_debug_types(arguments)}] }}'
            )
        case VectorTag(element):
            return f"Vector({_debug_nested(element)})"
        case _:
            return format_type_tag(tag).capitalize()


def _debug_types(tags: Sequence[TypeTag]) -> str:
    return ", ".join(map(_debug_nested, tags))


def _debug_nested(tag: TypeTag) -> str:
    return f"Struct({_debug_type(tag)})" if isinstance(tag, StructTag) else _debug_type(tag)
