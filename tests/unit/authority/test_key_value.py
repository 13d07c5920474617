"""Both key-value stores behave alike."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from authority.key_value import (
    Batch,
    KeyValueStore,
    MemoryKeyValueStore,
    RocksKeyValueStore,
    StorageError,
    advice_on,
)


@pytest.fixture(params=["memory", "rocksdb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyValueStore:
    if request.param == "memory":
        return MemoryKeyValueStore()
    return RocksKeyValueStore(tmp_path / "db")


def put(store: KeyValueStore, **values: str) -> None:
    batch = Batch()
    for key, value in values.items():
        batch.put(key.encode(), value.encode())
    store.write(batch)


def test_a_batch_is_seen_whole(store: KeyValueStore) -> None:
    put(store, a="1", b="2")
    assert store.multi_get([b"a", b"b", b"c"]) == [b"1", b"2", None]


def test_the_last_entry_for_a_key_wins(store: KeyValueStore) -> None:
    batch = Batch()
    batch.put(b"a", b"1")
    batch.delete(b"a")
    store.write(batch)
    assert store.get(b"a") is None


def test_scan_is_ordered_and_bounded_by_the_prefix(store: KeyValueStore) -> None:
    put(store, xa="1", xb="2", xc="3", y="4")
    assert [key for key, _ in store.scan(b"x", b"xb")] == [b"xb", b"xc"]


def test_last_at_most(store: KeyValueStore) -> None:
    put(store, a="1", c="3")
    assert store.last_at_most(b"b") == (b"a", b"1")
    assert store.last_at_most(b"c") == (b"c", b"3")
    assert store.last_at_most(b"A") is None


def test_first_at_least(store: KeyValueStore) -> None:
    put(store, a="1", c="3")
    assert store.first_at_least(b"b") == (b"c", b"3")
    assert store.first_at_least(b"a") == (b"a", b"1")
    assert store.first_at_least(b"d") is None
    put(store, d="4")
    assert store.first_at_least(b"d") == (b"d", b"4")


def test_a_store_that_was_sought_in_can_be_closed(tmp_path: Path) -> None:
    for value in (b"1", b"2"):
        store = RocksKeyValueStore(tmp_path / "db")
        batch = Batch()
        batch.put(b"a", value)
        store.write(batch)
        assert store.first_at_least(b"") == (b"a", value)
        store.close()


def test_a_directory_is_used_by_one_process(tmp_path: Path) -> None:
    first = RocksKeyValueStore(tmp_path / "db")
    with pytest.raises(StorageError, match="is in use: the authority that keeps its data there runs"):
        RocksKeyValueStore(tmp_path / "db")
    first.close()


def test_a_file_in_the_way_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "db").write_text("no directory")
    with pytest.raises(StorageError):
        RocksKeyValueStore(tmp_path / "db")


def test_after_a_failed_write_nothing_is_written_until_the_disk_takes_it(tmp_path: Path) -> None:
    """A limit of file sizes stands for a full disk: both make RocksDB's log fail."""
    store = RocksKeyValueStore(tmp_path / "db")
    put(store, a="1")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(StorageError, match="cannot write"):
            put(store, b="x" * 8192)
        with pytest.raises(StorageError, match="takes nothing"):
            store.reopen()
        assert store.failure is not None
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    with pytest.raises(StorageError, match="cannot write"):
        put(store, c="3")
    assert store.get(b"a") == b"1"
    store.reopen()
    assert store.failure is None
    put(store, d="4")
    assert store.multi_get([b"a", b"b", b"c", b"d"]) == [b"1", None, None, b"4"]
    store.close()


def test_what_cannot_be_read_is_not_taken_for_absent(tmp_path: Path) -> None:
    """Of rows that hold locks none may be missed, and an object that cannot be read is not deleted."""
    store = RocksKeyValueStore(tmp_path / "db")
    batch = Batch()
    for number in range(1000):
        batch.put(b"k%04d" % number, number.to_bytes(8, "big") * 16)
    store.write(batch)
    store._db.flush()
    store.close()
    (file,) = (tmp_path / "db").glob("*.sst")
    rows = bytearray(file.read_bytes())
    rows[: len(rows) // 2] = bytes(len(rows) // 2)
    file.write_bytes(rows)

    store = RocksKeyValueStore(tmp_path / "db")
    for read in (
        lambda: store.get(b"k0000"),
        lambda: store.multi_get([b"k0000"]),
        lambda: store.first_at_least(b"k0000"),
        lambda: store.last_at_most(b"k0000"),
        lambda: list(store.scan(b"k")),
    ):
        with pytest.raises(StorageError, match="cannot read the database"):
            read()
    assert store.first_at_least(b"k0999") is not None
    store.close()


def test_a_store_that_is_in_use_can_be_read(tmp_path: Path) -> None:
    store = RocksKeyValueStore(tmp_path / "db")
    put(store, a="1")
    reader = RocksKeyValueStore(tmp_path / "db", is_read_only=True)
    assert reader.get(b"a") == b"1"
    with pytest.raises(StorageError):
        put(reader, b="2")
    reader.close()
    put(store, b="2")
    store.close()


LARGE = "x" * 100_000


def large_rows(path: Path) -> list[Path]:
    """A database with large rows in two files of their own, which it has just been closed."""
    for rows in ({"a": LARGE}, {"b": LARGE, "c": LARGE}):
        opened = RocksKeyValueStore(path)
        put(opened, **rows)
        opened.close()
    RocksKeyValueStore(path).close()  # what is in the log goes into a file when it is opened again
    return sorted(path.glob("*.blob"))


def test_what_is_whole_is_opened(tmp_path: Path) -> None:
    assert len(large_rows(tmp_path / "db")) == 2
    opened = RocksKeyValueStore(tmp_path / "db")
    assert opened.get(b"b") == LARGE.encode()
    opened.close()


@pytest.mark.parametrize("left", [0, 1, 1000, -1])
def test_a_file_of_large_rows_that_was_cut_short_is_noticed_at_start(tmp_path: Path, left: int) -> None:
    file = large_rows(tmp_path / "db")[0]
    os.truncate(file, left if left >= 0 else file.stat().st_size + left)
    with pytest.raises(StorageError, match=f"{file.name} cut short.*--from-backup"):
        RocksKeyValueStore(tmp_path / "db")


def test_a_file_of_large_rows_that_is_missing_is_noticed_at_start(tmp_path: Path) -> None:
    large_rows(tmp_path / "db")[1].unlink()
    with pytest.raises(StorageError, match=r"a \.blob file is missing.*move it away"):
        RocksKeyValueStore(tmp_path / "db")


def test_what_a_crash_left_of_a_file_that_was_never_finished_does_not_matter(tmp_path: Path) -> None:
    first = large_rows(tmp_path / "db")[0]
    (tmp_path / "db" / "000999.blob").write_bytes(first.read_bytes()[:500])
    opened = RocksKeyValueStore(tmp_path / "db")
    assert opened.get(b"a") == LARGE.encode()
    opened.close()


@pytest.mark.parametrize("suffix", [".sst", "MANIFEST"])
def test_other_damage_is_told_with_what_to_do(tmp_path: Path, suffix: str) -> None:
    large_rows(tmp_path / "db")
    file = next(one for one in (tmp_path / "db").iterdir() if suffix in one.name)
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(StorageError, match=r"cannot open.*--from-backup"):
        RocksKeyValueStore(tmp_path / "db")


@pytest.mark.parametrize("content", [None, "", "{"])
def test_the_configuration_of_the_library_is_made_again(tmp_path: Path, content: str | None) -> None:
    large_rows(tmp_path / "db")
    file = tmp_path / "db" / "rocksdict-config.json"
    file.unlink() if content is None else file.write_text(content)
    opened = RocksKeyValueStore(tmp_path / "db")
    assert opened.get(b"a") == LARGE.encode()
    opened.close()


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ("Corruption: bad block", "--from-backup"),
        ("IO error: No such file or directory: While open: 000008.sst", "--from-backup"),
        ("Permission denied (os error 13)", "run as that one"),
    ],
)
def test_what_can_be_done_about_a_database_is_told(reason: str, advice: str) -> None:
    assert advice in advice_on(reason)


def test_a_read_only_disk_is_no_damage() -> None:
    assert advice_on("Read-only file system (os error 30)") == ""
