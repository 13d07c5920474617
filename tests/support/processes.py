"""What other processes use, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads and descendants so far."""
    return sum(sum(thread_seconds(process).values()) for process in _family(pid))


def thread_seconds(pid: int) -> dict[int, float]:
    """CPU time of each living thread of a process, by its id; that of the first thread is the process's."""
    found = {}
    for folder in (Path("/proc") / str(pid) / "task").iterdir():
        try:
            found[int(folder.name)] = int((folder / "schedstat").read_text().split()[0]) / 1e9
        except OSError:
            continue  # it has ended
    return found


def resident_bytes(pid: int) -> int:
    """Memory that a process holds now, without its descendants."""
    pages = int((Path("/proc") / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    """File descriptors of a process."""
    return len(list((Path("/proc") / str(pid) / "fd").iterdir()))


def is_supported() -> bool:
    """Whether this system counts so."""
    return (Path("/proc") / str(os.getpid()) / "task" / str(os.getpid()) / "schedstat").exists()


def _family(pid: int) -> Iterator[int]:
    yield pid
    for folder in (Path("/proc") / str(pid) / "task").iterdir():
        for child in (folder / "children").read_text().split():
            yield from _family(int(child))
