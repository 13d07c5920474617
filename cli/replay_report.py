"""What `client replay-transaction` tells beside the outcome: --gas-info and --ptb-info.

Source of what is told: iota-replay, displays.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aggregator.service.transaction_json import argument_json, pure_json, transaction_data_json
from cli import output
from cli.commands_text import argument_text, command_parts, input_parts
from movelite.vm.gas import GasMeter
from movelite.vm.observed import Observer
from proto.ids import format_address
from proto.simulation import TypedValue
from proto.type_tag import format_type_tag

if TYPE_CHECKING:
    from cli.replay import Replayed


class WatchedGas(GasMeter):
    """A meter that remembers how high the stack was."""

    max_stack_height = 0

    def charge(self, instructions: int, pushes: int, pops: int, size: int) -> None:
        """Charge a step, as GasMeter does."""
        self.max_stack_height = max(self.max_stack_height, self.stack_height + pushes)
        super().charge(instructions, pushes, pops, size)


class GasWatch(Observer):
    """Gives a transaction its meter. It is an observer, so that each instruction is charged by itself."""

    def __init__(self) -> None:
        self.meter = WatchedGas(0)

    def new_meter(self, budget: int, gas_price: int) -> GasMeter:
        """The meter of the transaction."""
        self.meter = WatchedGas.for_budget(budget, gas_price)
        return self.meter


def show(info: dict[str, Any]) -> None:
    """Print what was asked for, for people."""
    if "gasInfo" in info:
        _show_gas_info(info["gasInfo"])
    if "ptbInfo" in info:
        _show_ptb_info(info["ptbInfo"])


def gas_info(replayed: Replayed, gas: WatchedGas) -> dict[str, Any]:
    """Prices, work, and for each object that changed its size and what its storage pays back."""
    written, before = replayed.replay.result.written, replayed.rebates_before
    objects = [
        {
            "objectId": format_address(id_),
            "bytes": written[id_].metered_size if id_ in written else 0,
            "oldRebate": str(before.get(id_, 0)),
            "newRebate": str(written[id_].storage_rebate if id_ in written else 0),
        }
        for id_ in sorted(before.keys() | written.keys())
    ]
    return {
        "referenceGasPrice": str(replayed.reference_gas_price),
        "gasPrice": str(replayed.final.data.gas_data.price),
        "maxStackHeight": gas.max_stack_height,
        "maxStackSize": gas.stack_size,  # what is popped stays counted
        "instructions": gas.instructions,
        "objects": objects,
    }


def _show_gas_info(info: dict[str, Any]) -> None:
    rows = [
        ("Reference Gas Price", info["referenceGasPrice"]),
        ("Gas Price", info["gasPrice"]),
        ("Max Gas Stack Height", info["maxStackHeight"]),
        ("Max Gas Stack Size", info["maxStackSize"]),
        ("Number of Bytecode Instructions Executed", info["instructions"]),
    ]
    output.table(("", ""), rows, "Gas Info")
    output.table(("Object ID", "Bytes", "Old Rebate", "New Rebate"), [[*o.values()] for o in info["objects"]])


def ptb_info(replayed: Replayed) -> dict[str, Any]:
    """Inputs and commands, and what each command that was done returned and left in its arguments."""
    shown = asyncio.run(transaction_data_json(replayed.final.data, None))["transaction"]
    results = [
        {
            "mutableReferenceOutputs": [
                {"argument": argument_json(one.argument), **_value(one.value)} for one in outcome.mutated
            ],
            "returnValues": [_value(value) for value in outcome.returned],
        }
        for outcome in replayed.recorder.results
    ]
    return {"inputs": shown["inputs"], "commands": shown["transactions"], "results": results}


def _value(value: TypedValue) -> dict[str, Any]:
    known = pure_json(value.type_, value.contents)
    return {
        "type": format_type_tag(value.type_),
        "value": f"0x{value.contents.hex()}" if known is None else known,
    }


def _show_ptb_info(info: dict[str, Any]) -> None:
    output.table(("", "", ""), [(i, *input_parts(one)) for i, one in enumerate(info["inputs"])], "Inputs")
    commands = [(i, *command_parts(one)) for i, one in enumerate(info["commands"])]
    output.table(("", "", ""), commands, "Commands")
    for number, result in enumerate(info["results"]):
        rows = [("returns", one["type"], one["value"]) for one in result["returnValues"]]
        for one in result["mutableReferenceOutputs"]:
            rows.append((f"leaves in {argument_text(one['argument'])}", one["type"], one["value"]))
        if rows:
            output.table(("", "", ""), rows, f"Command {number} Output")
