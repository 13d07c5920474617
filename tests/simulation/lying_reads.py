"""What a liar says of objects, pages and itself: well formed, and not so."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from proto import messages
from proto.ids import Address, Digest
from proto.object import AddressOwner, Object

_THIEF = AddressOwner(Address(b"\x66" * 32))


def lie_about(answer: Any, random: Random) -> Any:
    """Another answer to a read; the same one if nothing is known to say instead."""
    match answer:
        case messages.ObjectInfoResponse(objects):
            return messages.ObjectInfoResponse(tuple(_other_state(info, random) for info in objects))
        case messages.ObjectsPage():
            return _other_page(answer, random)
        case messages.HealthResponse(reference_gas_price=price):
            others = ({"reference_gas_price": price * 1000}, {"chain": Digest(random.randbytes(32))})
            return replace(answer, **random.choice(others))
    return answer


def _other_state(info: messages.ObjectInfo, random: Random) -> messages.ObjectInfo:
    """Of somebody else, newer than it is, gone, never there, locked or not locked."""
    if not isinstance(info, messages.ObjectFound):
        return messages.ObjectUnknown(info.object_id, random.choice((None, 2**60)))
    value, locked_by = info.object, info.locked_by
    return random.choice(
        (
            replace(info, object=_stolen(value)),
            replace(info, object=_newer(value)),
            messages.ObjectGone(value.object_id, value.version + 1, random.random() < 0.5),
            messages.ObjectUnknown(value.object_id, None),
            replace(info, locked_by=Digest(random.randbytes(32)) if locked_by is None else None),
        )
    )


def _other_page(page: messages.ObjectsPage, random: Random) -> messages.ObjectsPage:
    """Without some objects, with such as were not asked for, in another order, or one that never ends."""
    objects = page.objects
    last = objects[-1].object_id if objects else None
    return random.choice(
        (
            messages.ObjectsPage((), None),
            replace(page, objects=objects[:-1]),
            replace(page, objects=tuple(map(_stolen, objects))),
            replace(page, objects=tuple(map(_newer, objects))),
            replace(page, objects=objects[::-1]),
            replace(page, objects=objects * 2),
            replace(page, next_cursor=last),
        )
    )


def _stolen(value: Object) -> Object:
    return replace(value, owner=_THIEF)


def _newer(value: Object) -> Object:
    return replace(value, data=replace(value.data, version=value.version + 1))
