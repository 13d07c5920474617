"""Ordered keys and values with atomic, synced batches: what the authority needs of a disk.

Two forms: RocksDB, and memory for tests and the simulator. Nothing else in the authority knows which
one it has.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    DBRecoveryMode,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

BLOCK_CACHE_BYTES = 64 * 1024 * 1024
WRITE_BUFFER_BYTES = 64 * 1024 * 1024


class StorageError(Exception):
    """The disk refused: directory in use, corrupt, full or read-only. Nothing of the batch was written."""


@dataclass(slots=True)
class Batch:
    """Puts and deletes that become visible together or not at all; a later entry for a key wins."""

    puts: dict[bytes, bytes | None] = field(default_factory=dict)

    def put(self, key: bytes, value: bytes) -> None:
        """Set key to value."""
        self.puts[key] = value

    def delete(self, key: bytes) -> None:
        """Remove key; removing an absent key is no error."""
        self.puts[key] = None


class KeyValueStore(Protocol):
    """An ordered map from bytes to bytes."""

    def get(self, key: bytes) -> bytes | None:
        """Value of key, or None."""
        ...

    def multi_get(self, keys: list[bytes]) -> list[bytes | None]:
        """Values of keys, in order."""
        ...

    def last_at_most(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The greatest entry whose key is at most key."""
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

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key begins with prefix and is at least start, in key order."""
        position = bisect_left(self._keys, max(prefix, start))
        while position < len(self._keys) and self._keys[position].startswith(prefix):
            key = self._keys[position]
            yield key, self._values[key]
            position = bisect_right(self._keys, key)

    def write(self, batch: Batch) -> None:
        """Apply batch atomically."""
        for key, value in batch.puts.items():
            if value is None:
                if self._values.pop(key, None) is not None:
                    del self._keys[bisect_left(self._keys, key)]
            else:
                if key not in self._values:
                    insort(self._keys, key)
                self._values[key] = value

    def close(self) -> None:
        """Nothing to release."""


class RocksKeyValueStore:
    """The map in a RocksDB directory; one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or make the directory.

        Raises: StorageError if it is in use, corrupt or not writable.
        """
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(path), _options())
        except Exception as error:  # rocksdict raises bare Exception for every cause
            raise StorageError(f"cannot open the database {path}: {error}") from error
        self._write_options = WriteOptions()
        self._write_options.sync = True
        self._path = path

    def get(self, key: bytes) -> bytes | None:
        """Value of key, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def multi_get(self, keys: list[bytes]) -> list[bytes | None]:
        """Values of keys, in order."""
        values: list[bytes | None] = self._db.get(keys) if keys else []  # type: ignore[arg-type, assignment]
        return values

    def last_at_most(self, key: bytes) -> tuple[bytes, bytes] | None:
        """The greatest entry whose key is at most key."""
        iterator = self._db.iter()
        iterator.seek_for_prev(key)
        return (iterator.key(), iterator.value()) if iterator.valid() else None

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key begins with prefix and is at least start, in key order."""
        iterator = self._db.iter()
        iterator.seek(max(prefix, start))
        while iterator.valid():
            key: bytes = iterator.key()
            if not key.startswith(prefix):
                return
            yield key, iterator.value()
            iterator.next()

    def write(self, batch: Batch) -> None:
        """Apply batch atomically and durably.

        Raises: StorageError if it could not be written.
        """
        writes = WriteBatch(raw_mode=True)
        for key, value in batch.puts.items():
            if value is None:
                writes.delete(key)
            else:
                writes.put(key, value)
        try:
            self._db.write(writes, self._write_options)
        except Exception as error:  # rocksdict raises bare Exception for every cause
            raise StorageError(f"cannot write to the database {self._path}: {error}") from error

    def close(self) -> None:
        """Close the database and give its lock back."""
        self._db.close()


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
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
