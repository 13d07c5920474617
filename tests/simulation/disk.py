"""A disk in memory that loses power, refuses, fills up, and is slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from authority.key_value import Batch, MemoryKeyValueStore, StorageError
from authority.store import AuthorityStore
from proto.ids import ObjectID
from proto.object import Object
from tests.simulation.scenario import FaultKind


class PowerCut(BaseException):
    """The authority is off in the midst of what it did. No handler of errors sees that: it is off, too."""


class Disk(MemoryKeyValueStore):
    """What survives a power cut.

    cut_after: so many more writes, then the power goes within one, of which all or nothing is left;
    error_probability: of a write that is refused; is_full: all are; slowness: most seconds of a write.
    writes: how many there were.
    """

    def __init__(self, random: Random, like: MemoryKeyValueStore, counts: Counter[str]) -> None:
        """like: what it holds at first; counts: how often each kind of fault struck."""
        super().__init__()
        self._counts = counts
        self._values = dict(like._values)
        self._keys = list(like._keys)
        self._random = random
        self.cut_after: int | None = None
        self.error_probability = 0.0
        self.is_full = False
        self.slowness = 0.0
        self._ghost: Batch | None = None
        self.writes = 0

    @property
    def is_broken(self) -> bool:
        """Whether it has to be opened again before it takes anything."""
        return self._ghost is not None

    def heal(self) -> None:
        """From now on it works."""
        self.cut_after = None
        self.error_probability = self.slowness = 0.0
        self.is_full = False

    def copy(self) -> dict[bytes, bytes]:
        """A backup."""
        return dict(self._values)

    def put_back(self, backup: dict[bytes, bytes]) -> None:
        """Hold what a backup has, and nothing else."""
        self.writes += 1
        self._ghost = None
        self._values, self._keys = dict(backup), sorted(backup)

    def write(self, batch: Batch) -> None:
        """Apply a batch."""
        self.writes += 1
        super().write(batch)

    def try_write(self, batch: Batch) -> bool:
        """Write; False if the power went meanwhile. Raises: StorageError, and nothing is written."""
        if self._ghost is not None:
            raise StorageError("the log is broken until it is opened again")
        if self.is_full:
            self._counts[FaultKind.DISK_FULL] += 1
            raise StorageError("no space left on device")
        if self.error_probability and self._random.random() < self.error_probability:
            self._counts[FaultKind.DISK_ERROR] += 1
            if self._random.random() < 0.3:
                # It is in the log, and only the sync failed: the next start finds it there.
                self._ghost = batch
            raise StorageError("input/output error")
        self._counts[FaultKind.SLOW_DISK] += self.slowness > 0
        if self.cut_after is None or self.cut_after > 0:
            self.cut_after = None if self.cut_after is None else self.cut_after - 1
            self.write(batch)
            return True
        self.cut_after = None
        self._counts[FaultKind.CRASH_AT_WRITE] += 1
        if self._random.random() < 0.5:
            self.write(batch)
        return False

    def reopen(self) -> None:
        """Start again from the log."""
        if self._ghost is not None:
            ghost, self._ghost = self._ghost, None
            self.write(ghost)


class DiskStore(AuthorityStore):
    """What is on a disk, read apart from the process that writes it."""

    def reload(self) -> None:
        """Forget what is in memory."""
        super().reload()
        self._votes.rows.clear()  # it would not see that they are executed

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object, read anew each time: what is kept in memory would not be what others write."""
        return self.get_object_at_most(object_id, 2**64 - 1)


class Session:
    """A disk as one run of an authority sees it; when that run is over it cannot read or write any more."""

    def __init__(self, disk: Disk, on_cut: Callable[[], None], on_write: Callable[[], None]) -> None:
        self._disk = disk
        self._on_cut = on_cut
        self._on_write = on_write
        self.is_over = False
        disk.reopen()

    def __getattr__(self, name: str) -> Any:
        if self.is_over:
            raise PowerCut
        value = getattr(self._disk, name)
        setattr(self, name, value)
        return value

    def end(self) -> None:
        """The run is over: what is left of it may not see what the next one finds on the disk."""
        self.is_over = True
        for name in vars(self).keys() - {"_disk", "_on_cut", "_on_write", "is_over"}:
            delattr(self, name)

    def write(self, batch: Batch) -> None:
        """Write, if the power stays on. Raises: StorageError, PowerCut."""
        if self.is_over:
            raise PowerCut
        is_on = self._disk.try_write(batch)
        self._on_write()
        if not is_on:
            self._on_cut()
            raise PowerCut

    def close(self) -> None:
        """Nothing to release."""
