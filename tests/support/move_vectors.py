"""Move programs compiled by the official compiler, with what the official VM made of 223 calls.

The files are what those tools printed: source, bytecode, arguments, results, abort codes and locations.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from movelite.bytecode.writer import serialize_module
from movelite.vm.types import ModuleId
from proto.ids import STD_ADDRESS
from tests.support.ir import assemble

_FOLDER = Path(__file__).parent / "vectors" / "bytecode"

STD_VECTOR = """
module 0x1.vector {
    public is_empty<T>(v: &vector<T>): bool {
    label b0:
        return vec_len<T>(move(v)) == 0;
    }

    public reverse<T>(v: &mut vector<T>) {
        let front: u64;
        let back: u64;
    label b0:
        back = vec_len<T>(freeze(copy(v)));
        jump_if (copy(back) == 0) b4;
    label b1:
        front = 0;
        back = move(back) - 1;
    label b2:
        jump_if_false (copy(front) < copy(back)) b4;
    label b3:
        vec_swap<T>(copy(v), copy(front), copy(back));
        front = move(front) + 1;
        back = move(back) - 1;
        jump b2;
    label b4:
        return;
    }
}
"""
"""What the programs use of the standard library."""


@dataclass(frozen=True)
class VectorCall:
    """A call and what the official VM gave. An error is (status, sub-status, function, offset), where the
    last two name the frame that called the failing one, or the failing one if nothing called it."""

    module_id: ModuleId
    function: str
    type_arguments: tuple[str, ...]
    arguments: tuple[bytes, ...]
    results: tuple[bytes, ...] | None
    error: tuple[str, int | None, int, int] | None

    def __str__(self) -> str:
        return f"{self.module_id[1]}::{self.function}({', '.join(a.hex()[:16] for a in self.arguments)})"


@cache
def vector_modules() -> dict[ModuleId, bytes]:
    """All programs, and the part of the standard library that they use."""
    modules = {_id(file): base64.b64decode(str(file["bytecode_base64"])) for file in _files()}
    return modules | {(STD_ADDRESS, "vector"): serialize_module(assemble(STD_VECTOR))}


def vector_calls() -> list[VectorCall]:
    """All calls."""
    return [_call(_id(file), call) for file in _files() for call in _dicts(file["calls"])]


def _call(module_id: ModuleId, call: dict[str, object]) -> VectorCall:
    error = call["error"]
    results = call["returns_bcs_hex"]
    return VectorCall(
        module_id,
        str(call["function"]),
        tuple(_texts(call["type_args"])),
        tuple(map(bytes.fromhex, _texts(call["args_bcs_hex"]))),
        tuple(map(bytes.fromhex, _texts(results))) if call["success"] else None,
        (error["major_status"], error["sub_status"], error["function_def"], error["offset"])
        if isinstance(error, dict)
        else None,
    )


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


@cache
def _files() -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted(_FOLDER.glob("*.json"))]


def _id(file: dict[str, object]) -> ModuleId:
    return bytes.fromhex(str(file["package_address"])[2:]), str(file["module"])


def _dicts(value: object) -> list[dict[str, object]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
