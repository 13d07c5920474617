"""A data directory is of one network and one authority, and says so to everybody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from authority.data_directory import ForeignData, open_store
from authority.key_value import Batch, MemoryKeyValueStore
from authority.store import AuthorityStore, CorruptStore
from proto.committee import AuthorityName
from tests.support.ledger import AUTHORITY_KEYS, small_genesis

FIRST, SECOND = (AuthorityName(key.public_key) for key in AUTHORITY_KEYS[:2])
PLACE = Path("data")


def begun() -> MemoryKeyValueStore:
    """A disk with the data of the first authority."""
    disk = MemoryKeyValueStore()
    open_store(disk, small_genesis(), FIRST, PLACE)
    return disk


def test_it_is_opened_again_by_its_own_authority() -> None:
    store = open_store(begun(), small_genesis(), FIRST, PLACE)
    assert (store.authority, store.genesis_digest) == (FIRST, small_genesis().digest())


def test_with_the_data_of_another_nobody_would_know_what_he_has_signed() -> None:
    with pytest.raises(ForeignData, match=r"data holds the data of the authority .* and the key is of"):
        open_store(begun(), small_genesis(), SECOND, PLACE)


def test_data_of_before_belong_to_who_opens_them_first() -> None:
    disk = MemoryKeyValueStore()
    unit = AuthorityStore(disk).begin()
    unit.add_genesis(small_genesis().digest())
    unit.commit()
    assert open_store(disk, small_genesis(), FIRST, PLACE).authority == FIRST
    with pytest.raises(ForeignData):
        open_store(disk, small_genesis(), SECOND, PLACE)


def test_data_of_another_network_are_not_said_to_be_useless() -> None:
    other = replace(small_genesis(), reference_gas_price=7)
    with pytest.raises(ForeignData, match=r"take the genesis\.blob of the data's network"):
        open_store(begun(), other, FIRST, PLACE)


@pytest.mark.parametrize("format_", [4, 6])
def test_a_version_of_the_format_is_seen_before_anything_is_read(format_: int) -> None:
    disk = begun()
    batch = Batch()
    batch.put(b"mgenesis", bytes([format_]) + small_genesis().digest())
    batch.put(b"p" + bytes(8), b"votes as that version writes them")
    disk.write(batch)
    with pytest.raises(CorruptStore, match=f"data: the data are in the format 0{format_} of another version"):
        open_store(disk, small_genesis(), FIRST, PLACE)
