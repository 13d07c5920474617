"""Subscriptions over WebSockets: iotax_subscribeEvent and iotax_subscribeTransaction.

A notification follows each final transaction that comes into the index, in its order. A client that does
not read what it is sent loses its connection, and asks by query for what it missed.
Source: iota-json-rpc, indexer_api; jsonrpsee.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from fastapi import WebSocket, WebSocketDisconnect

from aggregator.rpc_codes import INTERNAL_ERROR, RpcError
from aggregator.service.core import ClientService
from aggregator.service.index import ALL, Condition, SlowQuery, between, both
from aggregator.service.jsonrpc import JsonRpc, as_text, failure, is_request, read_json
from aggregator.service.object_json import Json
from aggregator.service.query_api import FieldCondition, event_subscription, transaction_subscription
from aggregator.service.rpc_error import to_rpc_error
from aggregator.service.transaction_json import effects_json, event_json
from proto.errors import UserInputError
from proto.inbox import Inbox

EVENTS, TRANSACTIONS = "iotax_subscribeEvent", "iotax_subscribeTransaction"
FILTER = "filter"
"""The parameter of both."""
_UNSUBSCRIBE = {name.replace("_subscribe", "_unsubscribe"): name for name in (EVENTS, TRANSACTIONS)}

MAX_SOCKETS, MAX_SOCKETS_OF_HOST = 500, 50
MAX_SUBSCRIPTIONS = 100
"""Subscriptions of all clients together, as in IOTA's nodes."""
MAX_UNREAD = 1000
MAX_UNREAD_CHARACTERS = 16 << 20
"""Messages that may wait to be read by one client, and their characters."""
TRY_AGAIN_LATER = 1013
"""The code with which the WebSocket of a client that reads too slowly is closed, and one too many."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Subscription:
    """number: as the client knows it; fields: what events must hold beside what the index can tell."""

    number: int
    method: str
    condition: Condition
    fields: tuple[FieldCondition, ...] = ()


@dataclass(eq=False, slots=True)
class _Client:
    """An open WebSocket. outgoing: what it is sent, one after the other, and None at the end."""

    outgoing: Inbox[str | None] = field(default_factory=Inbox)
    subscriptions: dict[int, _Subscription] = field(default_factory=dict)
    unread: int = 0
    unread_characters: int = 0

    def send(self, text: str) -> None:
        """Send when its turn comes; who reads too slowly loses the connection."""
        if self.unread >= MAX_UNREAD or self.unread_characters >= MAX_UNREAD_CHARACTERS:
            self.subscriptions.clear()
            self.outgoing.clear()
            self.outgoing.put(None)
        else:
            self.unread += 1
            self.unread_characters += len(text)
            self.outgoing.put(text)


_Place = TypeVar("_Place")
_Wanted = defaultdict[_Place, list[tuple[_Client, _Subscription]]]
"""Who wants what is at a place of the index."""


class Subscriptions:
    """Serves WebSockets; every method can be called over them too."""

    def __init__(self, service: ClientService, rpc: JsonRpc) -> None:
        self._service = service
        self._rpc = rpc
        self._clients: set[_Client] = set()
        self._hosts: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._told = service.index.total()
        self._is_new = asyncio.Event()
        self._methods: dict[str, Callable[[_Client, Any], int | bool]] = {
            EVENTS: self._subscribe_events,
            TRANSACTIONS: self._subscribe_transactions,
            **dict.fromkeys(_UNSUBSCRIBE, self._unsubscribe),
        }
        service.index.on_added = self._is_new.set

    async def run(self) -> None:
        """Tell subscribers what is new, until cancelled."""
        while True:
            await self._is_new.wait()
            self._is_new.clear()
            first, self._told = self._told + 1, self._service.index.total()
            try:
                await self._tell(first, self._told)
            except Exception:
                _log.exception("subscribers were not told of transactions %d to %d", first, self._told)

    async def serve(self, socket: WebSocket) -> None:
        """One connection, until it ends."""
        host = socket.client.host if socket.client else ""
        await socket.accept()
        if len(self._clients) >= MAX_SOCKETS or self._hosts[host] >= MAX_SOCKETS_OF_HOST:
            await socket.close(TRY_AGAIN_LATER, "too many connections")
            return
        client = _Client()
        self._clients.add(client)
        self._hosts[host] += 1
        writing = asyncio.create_task(_write(socket, client))
        try:
            async for text in _texts(socket):
                answer = await self._answer(client, text)
                if answer is not None:
                    client.send(answer)
        finally:
            self._clients.discard(client)
            self._hosts[host] -= 1
            if not self._hosts[host]:
                del self._hosts[host]
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _answer(self, client: _Client, text: str) -> str | None:
        body = text.encode()
        request: Any = None
        with suppress(RpcError):
            request = read_json(body)
        method = self._methods.get(request["method"]) if is_request(request) else None
        if method is None:
            return await self._rpc.answer(body)
        try:
            result = method(client, request)
        except (RpcError, UserInputError) as error:
            return as_text(failure(request.get("id"), to_rpc_error(error)))
        return as_text({"jsonrpc": "2.0", "id": request.get("id"), "result": result})

    # ---- subscribing

    def _subscribe_events(self, client: _Client, request: Json) -> int:
        condition, fields = event_subscription(_only_parameter(request, FILTER))
        return self._add(client, request["method"], condition, fields)

    def _subscribe_transactions(self, client: _Client, request: Json) -> int:
        return self._add(
            client, request["method"], transaction_subscription(_only_parameter(request, FILTER))
        )

    def _add(
        self, client: _Client, method: str, condition: Condition, fields: tuple[FieldCondition, ...] = ()
    ) -> int:
        if sum(len(one.subscriptions) for one in self._clients) >= MAX_SUBSCRIPTIONS:
            raise RpcError(INTERNAL_ERROR, "Resources exhausted")
        number = next(self._numbers)
        client.subscriptions[number] = _Subscription(number, method, condition, fields)
        return number

    def _unsubscribe(self, client: _Client, request: Json) -> bool:
        number = _only_parameter(request, "subscription")
        known = client.subscriptions.get(number) if isinstance(number, int) else None
        if known is None or known.method != _UNSUBSCRIBE[request["method"]]:
            return False
        del client.subscriptions[known.number]
        return True

    # ---- telling

    async def _tell(self, first: int, last: int) -> None:
        """Each transaction and event is shown once, whoever wants it: a hundred may want the same."""
        new, index = between(first, last), self._service.index
        transactions: _Wanted[int] = defaultdict(list)
        events: _Wanted[tuple[int, int]] = defaultdict(list)
        for client in list(self._clients):
            for subscription in list(client.subscriptions.values()):
                condition = both(subscription.condition, new)
                try:
                    if subscription.method == EVENTS:
                        for place in await index.query_events(condition, None, ALL, False):
                            events[place].append((client, subscription))
                    else:
                        for sequence in await index.query(condition, None, ALL, False):
                            transactions[sequence].append((client, subscription))
                except SlowQuery as error:
                    _log.warning("a subscriber was not told of transactions %d to %d: %s", first, last, error)
        for sequence, wanted in sorted(transactions.items(), key=itemgetter(0)):
            found = index.at(sequence)
            if found is not None:
                _send(wanted, effects_json(found.receipt.effects))
        for found, position, event in index.events_at(sorted(events)):
            digest, catalog = found.receipt.effects.transaction_digest, self._service.catalog
            shown = await event_json(event, digest, position, found.timestamp_ms, catalog)
            _send(events[found.sequence, position], shown)


def _send(wanted: Iterable[tuple[_Client, _Subscription]], shown: Json) -> None:
    """Send a notification; its text, which may be long, is made once for all."""
    result = as_text(shown)
    for client, subscription in wanted:
        if all(field.matches(shown["parsedJson"]) for field in subscription.fields):
            params = f'{{"subscription":{subscription.number},"result":{result}}}'
            client.send(f'{{"jsonrpc":"2.0","method":"{subscription.method}","params":{params}}}')


async def _texts(socket: WebSocket) -> AsyncIterator[str]:
    while True:
        try:
            yield await socket.receive_text()
        except (WebSocketDisconnect, KeyError):  # KeyError: bytes, which are no JSON-RPC
            return


async def _write(socket: WebSocket, client: _Client) -> None:
    while (text := await client.outgoing.get()) is not None:
        client.unread -= 1
        client.unread_characters -= len(text)
        await socket.send_text(text)
    await socket.close(TRY_AGAIN_LATER, "notifications are not read")


def _only_parameter(request: Json, name: str) -> Any:
    match request.get("params"):
        case [value]:
            return value
        case {**named} if name in named:
            return named[name]
        case _:
            return None
