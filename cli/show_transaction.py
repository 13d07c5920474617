"""Transactions as people read them: what was executed, what a dry run says, what commands return."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cli import output
from cli.commands_text import command_parts, input_parts
from cli.failure_words import sentence_of

LONGEST_VALUE = 400
"""Characters of an input that people are shown; JSON has all."""

SHOW_ALL = {
    "showInput": True,
    "showEffects": True,
    "showEvents": True,
    "showObjectChanges": True,
    "showBalanceChanges": True,
}
"""Options of a read with which everything is shown."""


EMITTED = {
    "effects": "effects",
    "input": "transaction",
    "events": "events",
    "object_changes": "objectChanges",
    "balance_changes": "balanceChanges",
}
"""What --emit names, with the part of a response that it is."""

SUMMARY = frozenset({"effects", "summary"})
"""What --summary shows: how a transaction ended, and what it cost."""


def owner_text(shown: Any) -> str:
    """An owner for people."""
    if isinstance(shown, dict):
        kind, value = next(iter(shown.items()))
        return f"shared from {value['initial_shared_version']}" if kind == "Shared" else str(value)
    return str(shown).lower()


def absence_text(answer: dict[str, Any]) -> str:
    """Why the answer to a read of an object has none."""
    code = str(answer.get("error", {}).get("code", "is unknown"))
    return {"notExists": "does not exist", "deleted": "was deleted"}.get(code, code)


def show_transaction(
    response: dict[str, Any], receipt: dict[str, Any] | None, emit: Collection[str] = ()
) -> None:
    """Print a transaction's response: JSON, or what a person wants to know.

    emit: the parts to show, as in EMITTED; all if empty; or SUMMARY. People see in any case whether it
    succeeded.
    """
    left_out = {part for name, part in EMITTED.items() if emit and name not in emit}
    if output.is_json():
        left = {name: part for name, part in response.items() if name not in left_out}
        output.show_json(_summary(response) if emit == SUMMARY else left)
        return
    output.say(f"Transaction {response['digest']}", "bold")
    _show_status(response)
    if receipt is not None:
        _show_signers("certificate", receipt["transactionSigners"], receipt)
        _show_signers("effects", receipt["effectsSigners"], receipt)
    if "transaction" not in left_out:
        _show_input(response["transaction"]["data"])
    _show_outcome(response, left_out)


def _summary(response: dict[str, Any]) -> dict[str, Any]:
    effects = response["effects"]
    return {"digest": response["digest"], "status": effects["status"], "gas_cost": effects["gasUsed"]}


def show_dry_run(response: dict[str, Any]) -> None:
    """Print what a transaction would do: JSON, or as show_transaction does."""
    if output.is_json():
        output.show_json(response)
        return
    output.say("Dry run: nothing was executed", "bold")
    _show_status(response)
    _show_input(response["input"])
    _show_outcome(response)


def show_inspection(response: dict[str, Any]) -> None:
    """Print what commands would do and return."""
    if output.is_json():
        output.show_json(response)
        return
    output.say("Dev-inspect: nothing was executed", "bold")
    _show_status(response)
    _show_outcome(response)
    for number, outcome in enumerate(response.get("results") or ()):
        for contents, type_text in outcome.get("returnValues", ()):
            output.say(f"  command {number} returns {type_text} 0x{bytes(contents).hex()}")
        for argument, contents, type_text in outcome.get("mutableReferenceOutputs", ()):
            output.say(f"  command {number} leaves {argument} {type_text} 0x{bytes(contents).hex()}")


def failure_text(response: dict[str, Any]) -> str:
    """Why a transaction fails, in a sentence, too, and with the reason behind it if a simulation tells it."""
    error = str(response["effects"]["status"].get("error", ""))
    parts = (error, response.get("executionErrorSource"), sentence_of(error))
    return ": ".join(part for part in parts if part)


def _show_status(response: dict[str, Any]) -> None:
    good = response["effects"]["status"]["status"] == "success"
    output.say(
        "  status   success" if good else f"  status   failure: {failure_text(response)}",
        "green" if good else "red",
    )


def _show_input(data: dict[str, Any]) -> None:
    """Who sent a transaction, who paid for it, and what its commands are."""
    gas, kind = data["gasData"], data["transaction"]
    output.say(f"  sender       {data['sender']}")
    if gas["owner"] != data["sender"]:
        output.say(f"  gas owner    {gas['owner']}")
    output.say(f"  gas budget   {gas['budget']} nanos, {gas['price']} for a unit")
    for number, shown in enumerate(kind.get("inputs", ())):
        name, value = input_parts(shown)
        text = output.text_of(value)
        cut = f"{text[:LONGEST_VALUE]}... ({len(text)} characters)"
        output.say(f"  input {number:<6} {name} {text if len(text) <= LONGEST_VALUE else cut}")
    for number, command in enumerate(kind.get("transactions", ())):
        output.say(f"  command {number:<4} {' '.join(command_parts(command))}")


def _show_outcome(response: dict[str, Any], left_out: Collection[str] = ()) -> None:
    if "effects" not in left_out:
        _show_gas(response)
    shown = {name: () if name in left_out else response.get(name) or () for name in EMITTED.values()}
    for change in shown["objectChanges"]:
        output.say(f"  {change['type']:<12} {_change_text(change)}")
    for change in shown["balanceChanges"]:
        amount = _amount_text(change["coinType"], change["amount"])
        output.say(f"  balance      {owner_text(change['owner'])} {amount}")
    for event in shown["events"]:
        output.say(f"  event        {event['type']} {output.text_of(event['parsedJson'])}")


def _show_gas(response: dict[str, Any]) -> None:
    gas = response["effects"]["gasUsed"]
    spent = int(gas["computationCost"]) + int(gas["storageCost"]) - int(gas["storageRebate"])
    output.say(
        f"  gas      {output.amount(spent)} (computation {gas['computationCost']}, "
        f"storage {gas['storageCost']}, rebate {gas['storageRebate']} nanos)"
    )


def _show_signers(name: str, signers: list[dict[str, Any]], receipt: dict[str, Any]) -> None:
    stake = sum(int(signer["stake"]) for signer in signers)
    names = ", ".join(signer["name"] for signer in signers)
    output.say(f"  {name:<12} signed by {names}: stake {stake} of {receipt['totalStake']}")


def _change_text(change: dict[str, Any]) -> str:
    if change["type"] == "published":
        return f"package {change['packageId']} ({', '.join(change['modules'])})"
    owner = f", {owner_text(change['owner'])}" if "owner" in change else ""
    return f"{change['objectId']} {change['objectType']}{owner}"


def _amount_text(coin_type: str, amount: str) -> str:
    sign = "+" if int(amount) > 0 else ""
    if coin_type == "0x2::iota::IOTA":
        return sign + output.amount(amount)
    return f"{sign}{amount} {coin_type}"
