"""Asks a faucet for coins, ours or IOTA's, and believes it no more than it has to."""

from __future__ import annotations

import asyncio
from typing import Any

from aggregator.answer_shapes import ID, U64, Misshapen, Shape, anything, listed, matching, record, tagged
from aggregator.http_json import HttpFailure, JsonHttp
from aggregator.rpc_client import ServiceUnreachable
from proto.ids import Address, format_address

PAUSE_SECONDS = 0.3
"""Between questions whether a task is done."""

LONGEST_REASON = 500
"""Characters of a refusal that people are told."""

_COINS = listed(record({"id": ID, "amount": U64}))
_GIVEN = record({"transferredGasObjects": _COINS})
_TASK = record({"task": matching(r"[0-9a-zA-Z-]{1,64}", "name of a task")})
_DONE = record({"transferred_gas_objects": record({"sent": _COINS})})
_STATUS = record(
    {"status": tagged("status", {"SUCCEEDED": _DONE, "DISCARDED": anything, "INPROGRESS": anything})}
)


async def ask_faucet(url: str, recipient: Address, timeout_seconds: float) -> dict[str, Any]:
    """What a faucet gave, as {"transferredGasObjects": [{"id", "amount"}]}; a task of it is waited for.

    Raises: ServiceUnreachable, naming the faucet and why it gave nothing.
    """
    try:
        http = JsonHttp(url, timeout_seconds=timeout_seconds)
        async with asyncio.timeout(timeout_seconds):
            return await _ask(http, recipient)
    except HttpFailure as error:
        raise ServiceUnreachable(f"the faucet {url} does not answer: {error}") from error
    except Misshapen as error:
        hint = "the URL of a faucet ends with /gas"
        raise ServiceUnreachable(f"{url} does not answer as a faucet: {error} ({hint})") from error
    except TimeoutError as error:
        late = f"it has sent nothing for {timeout_seconds:g} seconds"
        raise ServiceUnreachable(f"the faucet {url} took on the request, but {late}") from error


async def _ask(http: JsonHttp, recipient: Address) -> dict[str, Any]:
    answer = await http.post({"FixedAmountRequest": {"recipient": format_address(recipient)}})
    if isinstance(answer, dict) and answer.get("error"):
        raise ServiceUnreachable(f"the faucet {http.url} refuses: {_reason(answer)}")
    if not (isinstance(answer, dict) and "task" in answer):
        return _checked(_GIVEN, answer)
    task = _checked(_TASK, answer)["task"]
    while True:
        state = _checked(_STATUS, answer := await http.get(f"/v1/status/{task}"))["status"]
        match state["status"]:
            case "SUCCEEDED":
                return {"transferredGasObjects": state["transferred_gas_objects"]["sent"]}
            case "DISCARDED":
                raise ServiceUnreachable(f"the faucet {http.url} gave up: {_reason(answer)}")
        await asyncio.sleep(PAUSE_SECONDS)


def _checked(shape: Shape, answer: Any) -> dict[str, Any]:
    shape(answer)
    found: dict[str, Any] = answer
    return found


def _reason(answer: dict[str, Any]) -> str:
    return str(answer.get("error"))[:LONGEST_REASON]
