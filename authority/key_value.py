"""Ordered keys and values with atomic, synced batches: what the authority needs of a disk.

Two forms: RocksDB, and memory for tests and the simulator. Nothing else in the authority knows which
one it has.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Protocol

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    DBRecoveryMode,
    Options,
    Rdict,
    RdictIter,
    WriteBatch,
    WriteOptions,
)

BLOCK_CACHE_BYTES = 64 * 1024 * 1024
WRITE_BUFFER_BYTES = 32 * 1024 * 1024
"""Each row is put in its place among those in the buffer: with twice the size that takes 3 µs more for each
transaction, with half the size what is written is merged too often."""
BLOB_BYTES = 4096
"""Rows above this size, records above all, are written once and not merged again and again."""
PROBE_BYTES = 1024 * 1024
"""So many bytes a disk has to take before a database that failed is opened again."""


BLOB_FOOTER_BYTES = 32
BLOB_MAGIC = (0x00248F37).to_bytes(4, "little")
"""How the footer of a blob file begins. Source: RocksDB, db/blob/blob_log_format.h."""
LOOKS, LOOK_AGAIN_SECONDS = 5, 0.2
"""How often, and after what pause, files are looked at again: RocksDB may just be replacing them."""
WHAT_TO_DO = (
    "Stop the authority, put the directory back from a backup, or move it away, and start with "
    "`movelite authority run --from-backup`: all that is lost then are votes, the rest comes from the other "
    "authorities"
)


class StorageError(Exception):
    """The disk refused: directory in use, corrupt, full or read-only, or something there cannot be read. Of a
    batch nothing was written."""


@dataclass(slots=True)
class Batch:
    """Deletes, and puts after them, that become visible together or not at all."""

    puts: dict[bytes, bytes] = field(default_factory=dict)
    deletes: list[bytes] = field(default_factory=list)

    def put(self, key: bytes, value: bytes) -> None:
        """Set key to value."""
        self.puts[key] = value

    def delete(self, key: bytes) -> None:
        """Remove key, or take back its put; removing an absent key is no error."""
        self.delete_all((key,))

    def delete_all(self, keys: Sequence[bytes]) -> None:
        """Remove several keys."""
        deque(map(self.puts.pop, keys, repeat(None)), 0)  # a loop that Python does not interpret
        self.deletes += keys


class KeyValueStore(Protocol):
    """An ordered map from bytes to bytes. Whatever reads raises StorageError for what cannot be read."""

    def get(self, key: bytes) -> bytes | None:
        """Value of key, or None."""
        ...

    def multi_get(self, keys: list[bytes]) -> list[bytes | None]:
        """Values of keys, in order."""
        ...

    def last_at_most(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The greatest entry whose key is at most key."""
        ...

    def first_at_least(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The least entry whose key is at least key; RocksDB finds it in half the time of last_at_most."""
        ...

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key begins with prefix and is at least start, in key order."""
        ...

    def write(self, batch: Batch) -> None:
        """Apply batch atomically and durably: it survives a crash once this returns.

        Raises: StorageError if it could not be written.
        """
        ...

    def close(self) -> None:
        """Release the store."""
        ...


class MemoryKeyValueStore:
    """The map in memory."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """Value of key, or None."""
        return self._values.get(key)

    def multi_get(self, keys: list[bytes]) -> list[bytes | None]:
        """Values of keys, in order."""
        return [self._values.get(key) for key in keys]

    def last_at_most(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The greatest entry whose key is at most key."""
        position = bisect_right(self._keys, key)
        if position == 0:
            return None
        found = self._keys[position - 1]
        return found, self._values[found]

    def first_at_least(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The least entry whose key is at least key."""
        position = bisect_left(self._keys, key)
        if position == len(self._keys):
            return None
        found = self._keys[position]
        return found, self._values[found]

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key begins with prefix and is at least start, in key order."""
        position = bisect_left(self._keys, max(prefix, start))
        while position < len(self._keys) and self._keys[position].startswith(prefix):
            key = self._keys[position]
            yield key, self._values[key]
            position = bisect_right(self._keys, key)

    def write(self, batch: Batch) -> None:
        """Apply batch atomically."""
        for key in batch.deletes:
            if self._values.pop(key, None) is not None:
                del self._keys[bisect_left(self._keys, key)]
        for key, value in batch.puts.items():
            if key not in self._values:
                insort(self._keys, key)
            self._values[key] = value

    def close(self) -> None:
        """Nothing to release."""


class RocksKeyValueStore:
    """The map in a RocksDB directory; one process at a time."""

    def __init__(self, path: Path, is_read_only: bool = False) -> None:
        """Open or make the directory. Read-only it may be in use, and is as it was a moment ago.

        Raises: StorageError if it is in use, corrupt or not writable.
        """
        self._is_read_only = is_read_only
        self._access = AccessType.read_only(False) if is_read_only else AccessType.read_write()
        self._write_options = WriteOptions()
        self._write_options.sync = True
        self._path = path
        self._failure: str | None = None
        self._seeker: RdictIter | None = None
        """Sees what was there when it was made, and is kept until something is written: to make one takes as
        long as to seek with it."""
        self._open()

    def _open(self) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(self._path), _options(), access_type=self._access)
        except Exception as error:  # rocksdict raises bare Exception for every cause
            if "lock file" in str(error) or "lock hold" in str(error):  # another process, or this one
                raise StorageError(
                    f"the database {self._path} is in use: the authority that keeps its data there runs"
                ) from error
            reason = " ".join(str(error).split()).rstrip(".")
            raise StorageError(
                f"cannot open the database {self._path}: {reason}{advice_on(reason)}"
            ) from error
        if not self._is_read_only:
            self._check_blob_files()

    def _check_blob_files(self) -> None:
        """Compare the files with large rows with what RocksDB believes to be there: it does so for all others
        itself. Raises: StorageError.
        """
        for look in range(LOOKS):
            if look:
                time.sleep(LOOK_AGAIN_SECONDS)
            expected = int(self._db.property_value("rocksdb.total-blob-file-size") or 0)
            whole, broken = 0, []
            for file in sorted(self._path.glob("*.blob")):
                size = _size_of_whole(file)
                whole += size
                if not size:
                    broken.append(file.name)
            if whole >= expected:
                return
        self._db.close()
        what = f"{', '.join(broken)} cut short" if broken else "a .blob file is missing"
        raise StorageError(
            f"the database {self._path} is damaged: {what} ({whole} of {expected} bytes of large rows are "
            f"there). {WHAT_TO_DO}"
        )

    @property
    def failure(self) -> str | None:
        """Why a write failed; nothing more is written until reopen."""
        return self._failure

    def reopen(self) -> None:
        """Begin anew from what is on the disk, after a write has failed.

        The failed write may be there nonetheless, if only its sync failed: whoever keeps anything of the
        database in memory has to read it again. The database stays as it is while the disk takes nothing.

        Raises: StorageError.
        """
        self._probe_disk()
        self._seeker = None
        with suppress(Exception):  # a database that failed says so again when it is closed
            self._db.close()
        self._open()
        self._failure = None

    def _probe_disk(self) -> None:
        probe = self._path / "probe.tmp"
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StorageError(f"the disk of {self._path} takes nothing: {error.strerror}") from error
        finally:
            with suppress(OSError):
                probe.unlink()

    def get(self, key: bytes) -> bytes | None:
        """Value of key, or None."""
        try:
            value: bytes | None = self._db.get(key)
        except Exception as error:  # rocksdict raises bare Exception for every cause
            raise self._unreadable(error) from error
        return value

    def multi_get(self, keys: list[bytes]) -> list[bytes | None]:
        """Values of keys, in order."""
        try:
            values: list[bytes | None] = self._db.get(keys) if keys else []  # type: ignore[arg-type, assignment]
        except Exception as error:
            raise self._unreadable(error) from error
        return values

    def last_at_most(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The greatest entry whose key is at most key."""
        iterator = self._db.iter()
        iterator.seek_for_prev(key)
        return self._entry(iterator)

    def first_at_least(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The least entry whose key is at least key."""
        iterator = self._seeker
        if iterator is None:
            self._seeker = iterator = self._db.iter()
        iterator.seek(key)
        return self._entry(iterator)

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key begins with prefix and is at least start, in key order."""
        iterator = self._db.iter()
        iterator.seek(max(prefix, start))
        while (entry := self._entry(iterator)) is not None and entry[0].startswith(prefix):
            yield entry
            iterator.next()

    def _entry(self, iterator: RdictIter) -> tuple[bytes, bytes] | None:
        """What an iterator stands at: nothing behind the last entry, and where RocksDB cannot read."""
        try:
            if iterator.valid():
                return iterator.key(), iterator.value()
            iterator.status()
        except Exception as error:
            raise self._unreadable(error) from error
        return None

    def _unreadable(self, error: Exception) -> StorageError:
        return StorageError(f"cannot read the database {self._path}: {error}. {WHAT_TO_DO}")

    def write(self, batch: Batch) -> None:
        """Apply batch atomically and durably.

        Raises: StorageError if it could not be written.
        """
        if self._failure is not None:
            raise StorageError(self._failure)
        self._seeker = None
        writes = WriteBatch(raw_mode=True)
        deque(map(writes.delete, batch.deletes), 0)  # a loop that Python does not interpret
        deque(map(writes.put, batch.puts.keys(), batch.puts.values()), 0)
        try:
            self._db.write(writes, self._write_options)
        except Exception as error:  # rocksdict raises bare Exception for every cause
            self._failure = f"cannot write to the database {self._path}: {error}"
            raise StorageError(self._failure) from error

    def close(self) -> None:
        """Close the database and give its lock back."""
        self._seeker = None
        try:
            self._db.close()
        except Exception:  # a database whose write failed says so again
            if self._failure is None:
                raise


def advice_on(reason: str) -> str:
    """What to do about a database that does not open, if it can be told from what RocksDB says."""
    if "Corruption" in reason or "No such file" in reason:
        return f". {WHAT_TO_DO}"
    if "Permission denied" in reason:
        return ". It belongs to another user: run as that one, or give it all to this one (chown -R)"
    return ""


def _size_of_whole(file: Path) -> int:
    """Bytes of a blob file; 0 if it was not written to its end, or was cut short."""
    with suppress(OSError), file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - BLOB_FOOTER_BYTES))
        return size if opened.read(len(BLOB_MAGIC)) == BLOB_MAGIC else 0
    return 0


def disk_usage(path: Path) -> int:
    """Bytes of the files of a database directory."""
    total = 0
    for entry in os.scandir(path):
        with suppress(FileNotFoundError):  # RocksDB has just removed it
            total += entry.stat(follow_symlinks=False).st_size
    return total


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_enable_blob_files(True)
    options.set_min_blob_size(BLOB_BYTES)
    options.set_enable_blob_gc(True)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_compression_type(DBCompressionType.lz4())
    # Refuse a torn log in the middle, accept a torn last record: that one was never acknowledged.
    options.set_wal_recovery_mode(DBRecoveryMode.tolerate_corrupted_tail_records())
    table = BlockBasedOptions()
    table.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    table.set_bloom_filter(10, False)
    options.set_block_based_table_factory(table)
    return options
