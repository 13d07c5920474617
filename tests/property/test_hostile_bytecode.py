"""Broken modules: the reader, the verifiers and the VM refuse them, or they are as good as any."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from tests.support.hostile import HostileHost, Reached
from tests.support.mutation import mutate
from tests.unit.bytecode.modules import compiled_modules, everything, small_bytes

CORPUS = [*compiled_modules().values(), serialize_module(everything()), small_bytes()]


@pytest.mark.parametrize("seed", range(8))
def test_broken_modules_never_break_us(seed: int) -> None:
    host = HostileHost([])
    for index in range(60):
        random = Random(f"{seed}/{index}")
        host.take(mutate(random.choice(CORPUS), CORPUS, random))


def test_whole_modules_run() -> None:
    """Most of the corpus itself runs (the rest needs std, or a native), so its relatives are worth a look."""
    reached = [HostileHost([]).take(data) for data in CORPUS]
    assert reached.count(Reached.EXECUTED) == 6
    assert reached.count(Reached.REFUSED_BY_LOADER) == 4


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_any_bytes_after_the_header_are_read_or_refused(tail: bytes) -> None:
    try:
        module = deserialize_module(b"\xa1\x1c\xeb\x0b\x06\0\0\0" + tail)
    except VMError:
        return
    assert deserialize_module(serialize_module(module)) == module
