"""Modules that the tests of the bytecode room share."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.writer import serialize_module
from tests.support.ir import assemble

EVERYTHING = """
module 0x2.everything {
    friend 0x2.other;
    struct Box<phantom A, B: copy + drop> has copy, drop, store { value: B, next: u64 }
    struct Plain has key { id: address }
    enum Shape<T> has drop { Empty { }, Round { radius: u64 }, Full { item: T } }
    public grow(n: u64): u64 {
    label start:
        jump_if (copy(n) > 5) done;
    label again:
        n = move(n) + 1;
        jump start;
    label done:
        return move(n);
    }
    public(friend) entry wrap<T: copy + drop>(x: T, s: &signer): Self.Box<u8, T> * vector<u8> {
    label b0:
        assert(@0x2 != 0x3, 7);
        return Box<u8, T> { value: move(x), next: Self.grow(0) }, h"c0ffee";
    }
    peek(box: &mut Self.Box<u8, u256>): u256 {
        let r: &mut u256;
    label b0:
        r = &mut copy(box).Box<u8, u256>::value;
        *move(r) = 115792089237316195423570985008687907853269984665640564039457584007913129639935u256;
        return *&move(box).Box<u8, u256>::value;
    }
    area(shape: Self.Shape<bool>): u64 {
        let r: u64;
        let b: bool;
        let v: vector<u64>;
    label b0:
        variant_switch Shape (&shape) { Empty : b1, Round : b2, Full : b3, };
    label b1:
        v = vec_pack_2<u64>(1, 2);
        _ = vec_len<u64>(&v);
        return 0;
    label b2:
        Shape.Round<bool> { radius: r } = move(shape);
        return to_u64(to_u8(move(r)));
    label b3:
        Shape.Full<bool> { item: b } = move(shape);
        return Self.grow(3u64);
    }
    native public hidden<T>(x: &T): u16;
}
"""
"""One module with a row in nearly every table."""


def everything() -> CompiledModule:
    """EVERYTHING, assembled."""
    return assemble(EVERYTHING)


def small() -> CompiledModule:
    """A module of version 6 with one function."""
    return assemble("module 0x1.m { public f(): u64 { label b0: return 1; } }")


def small_bytes() -> bytes:
    """The bytes of `small`."""
    return serialize_module(small())


def compiled_modules() -> dict[str, bytes]:
    """Modules that an official compiler wrote, given the flavor that our format demands."""
    document = json.loads((Path(__file__).parent / "compiled_modules.json").read_text("utf-8"))
    return {
        name: data[:7] + b"\x05" + data[8:]
        for name, data in ((n, base64.b64decode(text)) for n, text in document["modules"].items())
    }
