"""The borrow graph by itself."""

from __future__ import annotations

from movelite.bytecode.borrow_graph import BorrowGraph

FIELD, OTHER = 7, 8


def graph(*mutable: bool) -> BorrowGraph:
    made = BorrowGraph()
    for node, is_mutable in enumerate(mutable):
        made.add_node(node, is_mutable)
    return made


def test_edges_say_where_a_child_points() -> None:
    borrows = graph(True, True, False)
    borrows.add_strong_borrow(0, (FIELD,), 1)
    borrows.add_weak_borrow(0, (), 2)
    assert borrows.is_borrowed(0) and not borrows.is_borrowed(1)
    assert borrows.is_borrowed_whole(0)
    assert borrows.is_borrowed_at(0, OTHER)
    assert borrows.is_mutably_borrowed_at(0, FIELD)
    assert not borrows.is_mutably_borrowed_at(0, OTHER)
    assert borrows.size == 3 + 2


def test_a_released_reference_hands_its_borrows_on() -> None:
    borrows = graph(True, True, True)
    borrows.add_strong_borrow(0, (FIELD,), 1)
    borrows.add_strong_borrow(1, (OTHER,), 2)
    assert not borrows.is_borrowed_at(0, OTHER)
    assert borrows.release(1) == 1
    assert borrows.is_borrowed_at(0, FIELD)
    assert borrows.size == 2 + 1


def test_a_strong_borrow_comes_between() -> None:
    borrows = graph(True, True, True)
    borrows.add_strong_borrow(0, (FIELD,), 1)
    borrows.add_strong_borrow(0, (), 2)
    # Node 2 is a copy of node 0, so that the borrow of the field is now from node 2.
    assert borrows.is_borrowed_at(2, FIELD) and not borrows.is_borrowed_at(2, OTHER)
    assert borrows.is_borrowed_whole(0)
    borrows.release(2)
    assert borrows.is_borrowed_at(0, FIELD) and not borrows.is_borrowed_whole(0)


def test_a_copy_is_independent() -> None:
    borrows = graph(True, True)
    copied = borrows.copy()
    copied.add_weak_borrow(0, (), 1)
    assert not borrows.is_borrowed(0) and copied.is_borrowed(0)


def test_unmatched_edges_are_those_that_say_more() -> None:
    weak, strong = graph(True, True), graph(True, True)
    weak.add_weak_borrow(0, (), 1)
    strong.add_strong_borrow(0, (FIELD,), 1)
    assert weak.unmatched_edges(strong) == []
    assert strong.unmatched_edges(weak) == [(0, (False, ()), 1)]
    strong.add_edges(strong.unmatched_edges(weak))
    assert strong.unmatched_edges(weak) == []


def test_too_many_edges_become_one() -> None:
    borrows = graph(True, True)
    for label in range(10):
        borrows.add_weak_borrow(0, (label,), 1)
    assert not borrows.is_borrowed_whole(0)
    borrows.add_weak_borrow(0, (10,), 1)
    assert borrows.is_borrowed_whole(0)
    assert borrows.size == 2 + 1
    borrows.add_weak_borrow(0, (11,), 1)
    assert borrows.size == 2 + 1


def test_renaming() -> None:
    borrows = graph(True, False)
    borrows.add_weak_borrow(0, (FIELD,), 1)
    renamed = borrows.rename({0: 5, 1: 0})
    assert renamed.is_borrowed_at(5, FIELD)
    assert renamed.is_mutable(5) and not renamed.is_mutable(0)
    renamed.release(0)
    assert not renamed.is_borrowed(5)
