"""Why code on the ledger aborted, in words: the function, and the `#[error]` constant with its text.

Source: the texts of the `iota` command. What a node says is one line of debug output.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from aggregator.rpc_client import RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError
from proto.ids import format_address, parse_address

_ABORT = re.compile(
    r"MoveAbort\(MoveLocation \{ module: ModuleId \{ address: ([0-9a-f]{1,64}), "
    r'name: Identifier\("(\w+)"\) \}, function: \d+, instruction: (\d{1,5}), '
    r'function_name: Some\("(\w+)"\) \}, (\d{1,20})\) in command (\d{1,5})'
)


@dataclass(frozen=True)
class Abort:
    """Where code aborted: package, module and function; the instruction; the command, counted from 1."""

    package: str
    module: str
    function: str
    instruction: int
    code: int
    command: int

    @classmethod
    def parse(cls, text: str) -> Abort | None:
        """From what a node says of a failure; None if it is another."""
        found = _ABORT.search(text)
        if found is None:
            return None
        package, module, instruction, function, code, command = found.groups()
        place = format_address(parse_address(f"0x{package}"))
        return cls(place, module, function, int(instruction), int(code), int(command) + 1)

    def describe(self, bytecode: bytes | None) -> str:
        """In words; without the module's bytecode, a constant is not named."""
        place = f"{_ordinal(self.command)} command aborted within function "
        place += f"'{self.package}::{self.module}::{self.function}'"
        from movelite.unit_test.clever_errors import clever_error

        clever = clever_error(self.code)
        if clever is None or clever.line is None:
            return f"{place} at instruction {self.instruction} with code {self.code}"
        what = None if bytecode is None else _constant(bytecode, self.code)
        return f"{place} at line {clever.line}{'' if what is None else f'. Aborted with {what}'}"


async def explain_failure(rpc: RpcClient, response: dict[str, Any]) -> None:
    """Put words for people into the status of a transaction whose code aborted; leave other answers alone."""
    status = response["effects"]["status"]
    abort = Abort.parse(status.get("error") or "")
    if abort is not None:
        status["error"] = abort.describe(await _bytecode(rpc, abort))
        response.pop("executionErrorSource", None)  # the same as the VM says it


async def _bytecode(rpc: RpcClient, abort: Abort) -> bytes | None:
    try:
        answer = await rpc.call("iota_getObject", abort.package, {"showBcs": True})
        return b64decode(answer["data"]["bcs"]["moduleMap"][abort.module])
    except (RpcError, ServiceUnreachable, KeyError):
        return None  # a package that was only simulated, or a broken service; the place says enough


def _constant(bytecode: bytes, code: int) -> str | None:
    """The constant that an abort code points to, as 'NAME' -- value; None if it names none."""
    from movelite.bytecode.reader import deserialize_module
    from movelite.bytecode.status import VMError
    from movelite.unit_test.clever_errors import (
        clever_error,
        constant_message,
        constant_name,
        constant_value,
    )

    clever = clever_error(code)
    try:
        module = deserialize_module(bytecode)
    except VMError:
        return None
    name = None if clever is None else constant_name(module, clever)
    if clever is None or name is None or clever.value_index is None:
        return None
    message = constant_message(module, clever)
    value = f"'{message}'" if message is not None else constant_value(module, clever)
    if value is None:
        value = f"'{b64encode(module.constant_pool[clever.value_index].data).decode()}'"
    return f"'{name}' -- {value}"


def _ordinal(number: int) -> str:
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
