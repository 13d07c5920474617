"""What is kept between builds: broken, foreign and hostile entries count as none; the folder stays small."""

from __future__ import annotations

import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from movelite.compiler.source import Loc
from movelite.package import cache
from movelite.package.pickling import UnpicklingError, dump, load, stable_dump

pytestmark = pytest.mark.usefixtures("own_cache")


def test_an_entry_comes_back() -> None:
    cache.write("a", {"loc": Loc(1, 2, 3), "names": frozenset({"x"})})
    assert cache.read("a") == {"loc": Loc(1, 2, 3), "names": frozenset({"x"})}
    assert cache.read("b") is None


@pytest.mark.parametrize("damage", [lambda d: d[:-3], lambda d: d[:40] + b"X" + d[41:], lambda d: b""])
def test_a_broken_entry_is_none(damage: object) -> None:
    cache.write("a", ["text"] * 9)
    path = cache.cache_folder() / "a"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert cache.read("a") is None


class _Attack:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("attacked",)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(_Attack()),
        b"cos\nsystem\n(S'touch attacked'\ntR.",
        b"cbuiltins\neval\n(S'1'\ntR.",
        b"cmovelite.package.cache\nwrite\n(tR.",
        b"cmovelite.compiler.source\nsha256\n(tR.",
        b"cmovelite.compiler.codes\nreplace\n(tR.",
    ],
)
def test_a_hostile_entry_never_runs_code(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnpicklingError, match="no class of data"):
        load(data)
    cache.write("a", 1)
    (cache.cache_folder() / "a").write_bytes(sha256(data).digest() + data)
    assert cache.read("a") is None
    assert not (tmp_path / "attacked").exists()


def test_what_others_may_write_is_not_read() -> None:
    cache.write("a", 1)
    (cache.cache_folder() / "a").chmod(0o666)
    assert cache.read("a") is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "file" / "cache"))
    cache.write("a", 1)
    assert cache.read("a") is None


def test_many_writers_leave_one_whole_entry() -> None:
    values = [[number] * 2000 for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda value: cache.write("a", value), values))
    assert cache.read("a") in values
    assert [path.name for path in cache.cache_folder().iterdir()] == ["a"]


def test_the_oldest_entries_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 3000)
    for age, name in ((9000, "old"), (8000, "used"), (7000, "new")):
        cache.write(name, b"x" * 1000)
        os.utime(cache.cache_folder() / name, (1e9 - age, 1e9 - age))
    assert cache.read("used") is not None
    cache.write("more", b"x" * 1000)
    assert cache.read("old") is None and cache.read("used") is not None


def test_stable_bytes_depend_on_the_value_alone() -> None:
    left = ["a" * 3, "aaa", frozenset({"x", "y", "z"})]
    right = ["".join(["a", "a", "a"]), "".join(["aa", "a"]), frozenset({"z", "y", "x"})]
    assert stable_dump(left) == stable_dump(right)
    assert load(stable_dump(left)) == left == load(dump(left))
