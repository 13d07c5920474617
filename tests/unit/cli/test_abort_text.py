"""What a node says of an abort, in the words of the `iota` command."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any

from aggregator.rpc_codes import CALL_FAILED, RpcError
from cli.abort_text import Abort, explain_failure
from movelite.package.build import build

PLACE = "0x" + "0" * 62 + "77"
SOURCE = """module 0x77::m;
#[error] const ENotFound: vector<u8> = b"there is none";
#[error] const ELimit: u64 = 10;
#[error] const EPlaces: vector<u64> = vector[1, 2];
public fun none() { abort ENotFound }
public fun many() { abort ELimit }
public fun places() { abort EPlaces }
"""


def said(code: int, command: int = 0) -> str:
    location = (
        f'MoveLocation {{ module: ModuleId {{ address: {PLACE[2:]}, name: Identifier("m") }}, '
        'function: 0, instruction: 3, function_name: Some("f") }'
    )
    return f"MoveAbort({location}, {code}) in command {command}"


def clever(line: int, name: int = 0xFFFF, value: int = 0xFFFF) -> int:
    return 1 << 63 | line << 32 | name << 16 | value


class Node:
    """Has one package, or none."""

    def __init__(self, modules: dict[str, bytes]) -> None:
        self._modules = modules

    async def call(self, method: str, *arguments: Any) -> Any:
        if not self._modules:
            raise RpcError(CALL_FAILED, "no such object")
        code = {name: b64encode(raw).decode() for name, raw in self._modules.items()}
        return {"data": {"bcs": {"dataType": "package", "moduleMap": code}}}


def explained(text: str, modules: dict[str, bytes] | None = None) -> str:
    response = {"effects": {"status": {"status": "failure", "error": text}}}
    asyncio.run(explain_failure(Node(modules or {}), response))  # type: ignore[arg-type]
    return response["effects"]["status"]["error"]


def test_a_plain_code_is_shown_with_its_place() -> None:
    function = f"'{PLACE}::m::f'"
    assert explained(said(7)) == (
        f"1st command aborted within function {function} at instruction 3 with code 7"
    )
    assert explained(said(7, 10)).startswith("11th command")
    assert explained(said(7, 21)).startswith("22nd command")


def test_an_abort_without_a_code_has_its_line() -> None:
    assert explained(said(clever(19))) == f"1st command aborted within function '{PLACE}::m::f' at line 19"


def test_an_error_constant_is_shown_with_its_name_and_value(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "Move.toml").write_text('[package]\nname = "m"\nedition = "2024.beta"\n')
    (tmp_path / "sources" / "m.move").write_text(SOURCE)
    modules = {"m": build(tmp_path).modules[0].bytecode}
    texts = {explained(said(clever(5, name, value)), modules) for name in range(6) for value in range(6)}
    endings = {text.partition("Aborted with ")[2] for text in texts}
    assert {"'ENotFound' -- 'there is none'", "'ELimit' -- 10", "'EPlaces' -- [1, 2]"} <= endings


def test_without_the_package_the_line_is_left() -> None:
    assert explained(said(clever(5, 0, 1))).endswith("at line 5")
    assert explained(said(clever(5, 0, 1)), {"m": b"no bytecode"}).endswith("at line 5")


def test_other_failures_stay_as_they_are() -> None:
    assert explained("InsufficientGas") == "InsufficientGas"
    assert Abort.parse("InsufficientCoinBalance in command 1") is None
