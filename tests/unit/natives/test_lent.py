"""Dynamic fields that are lent for change: a write counts, whatever is written; borrowing alone does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movelite.natives.lent import lend
from movelite.package.build import build
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS, Address, ObjectID
from proto.object import MovePackage, Object, ObjectOwner, new_gas_coin
from proto.transaction import (
    CallArg,
    Command,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    ObjectInput,
    Publish,
    Result,
    TransferObjects,
    pure,
)
from tests.support.ledger import ALICE, build_transaction, framework
from tests.support.memory_ledger import MemoryLedger, make_template


@dataclass
class Borrower:
    is_dirty: bool = False


def swap(value: list[Any]) -> None:
    value[0], value[1] = value[1], value[0]


@pytest.mark.parametrize(
    "write",
    [
        lambda value: value.__setitem__(0, 1),
        lambda value: value[2].__setitem__(0, 3),
        lambda value: value[2].__setitem__(slice(None), [3, [4, 5]]),
        lambda value: value[2][1].append(5),
        lambda value: value[2][1].pop(),
        swap,
    ],
)
def test_every_write_is_told_once(write: Callable[[list[Any]], object]) -> None:
    plain, borrower = [1, 2, [3, [4, 5]]], Borrower()
    lent = lend([1, 2, [3, [4, 5]]], borrower)
    assert lent == plain and lent[2][1][:] == [4, 5] and not borrower.is_dirty
    for _ in range(2):
        write(lent)
        write(plain)
        assert lent == plain and borrower.is_dirty


def test_there_is_no_other_way_to_write() -> None:
    lent = lend([1, 2], Borrower())
    for way in ("extend", "insert", "remove", "reverse", "sort", "clear", "__iadd__", "__delitem__"):
        assert getattr(lent, way) is None


SOURCE = """
module shelf::shelf;
use iota::dynamic_field as field;
public struct Box has store { weight: u64, notes: vector<u8> }
public struct Shelf has key { id: UID }
entry fun make(ctx: &mut TxContext) {
    let mut id = object::new(ctx);
    field::add(&mut id, true, Box { weight: 7, notes: b"old" });
    transfer::transfer(Shelf { id }, ctx.sender())
}
fun box(self: &mut Shelf): &mut Box { field::borrow_mut(&mut self.id, true) }
entry fun weigh(self: &mut Shelf) { assert!(self.box().weight == 7) }
entry fun set_same(self: &mut Shelf) { self.box().weight = 7 }
entry fun swap_same(self: &mut Shelf) { self.box().notes.swap(1, 1) }
entry fun note(self: &mut Shelf) { let notes = &mut self.box().notes; notes.push_back(0); notes.pop_back(); }
"""

COIN = ObjectID(Address(bytes([9]) * 32))


@dataclass
class Shop:
    """A ledger with a shelf, which has a box as dynamic field."""

    ledger: MemoryLedger

    def run(self, inputs: tuple[CallArg, ...], commands: tuple[Command, ...]) -> list[Object]:
        gas = self.ledger.history.get_object(COIN)
        assert gas is not None
        signed = build_transaction(ALICE, gas, inputs, commands, budget=10**9)
        result = self.ledger.execute(signed.transaction_data)
        assert result.error is None
        return list(result.written.values())


def test_a_field_that_gets_the_value_it_has_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shelf.move").write_text(SOURCE)
    (tmp_path / "Move.toml").write_text(
        '[package]\nname = "Shelf"\nedition = "2024.beta"\n[addresses]\nshelf = "0x0"\n'
    )
    shop = Shop(make_template(framework()).ledger([new_gas_coin(COIN, ALICE.address, 10**12)]))
    publish = Publish(
        tuple(module.bytecode for module in build(tmp_path).modules), (STD_ADDRESS, IOTA_FRAMEWORK_ADDRESS)
    )
    owner = pure(Address, ALICE.address)
    written = shop.run((owner,), (publish, TransferObjects((Result(0),), Input(0))))
    package = next(value.object_id for value in written if isinstance(value.data, MovePackage))
    written = shop.run((), (MoveCall(package, "shelf", "make", (), ()),))
    (box,) = [value.object_id for value in written if isinstance(value.owner, ObjectOwner)]
    (shelf,) = [value.object_id for value in written if value.object_id not in (box, COIN)]

    def changes_the_box(function: str) -> bool:
        known = shop.ledger.history.get_object(shelf)
        assert known is not None
        call = MoveCall(package, "shelf", function, (), (Input(0),))
        written = shop.run((ObjectInput(ImmOrOwnedObject(known.reference())),), (call,))
        return box in {value.object_id for value in written}

    assert not changes_the_box("weigh")
    assert changes_the_box("set_same") and changes_the_box("swap_same") and changes_the_box("note")
    assert not changes_the_box("weigh")
