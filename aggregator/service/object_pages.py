"""Pages of objects: of what an account or an object owns, those that are asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from aggregator.service.answer_room import AnswerRoom
from aggregator.service.object_json import Json
from proto.ids import format_address
from proto.object import Object

MOST_LOOKED_AT = 5000
"""Objects looked at for one page: an account may have millions of which none fits a filter."""


async def object_page(
    objects: AsyncIterator[Object], size: int, show: Callable[[Object], Awaitable[Json | None]]
) -> Json:
    """The first objects of which show makes something, as a page.

    It is shorter, or empty, with a cursor behind which others may be, when that was much to look at or is
    much to show.
    """
    data: list[Json] = []
    last_shown: str | None = None
    last: str | None = None
    looked_at, room = 0, AnswerRoom()
    async for value in objects:
        if len(data) == size or looked_at == MOST_LOOKED_AT or room.is_full:
            return {"data": data, "nextCursor": last, "hasNextPage": True}
        looked_at += 1
        shown = await show(value)
        if shown is not None and not room.takes(shown):
            return {"data": data, "nextCursor": last, "hasNextPage": True}
        last = format_address(value.object_id)
        if shown is not None:
            data.append(shown)
            last_shown = last
    return {"data": data, "nextCursor": last_shown, "hasNextPage": False}
