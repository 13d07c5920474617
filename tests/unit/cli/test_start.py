"""How the processes of a local network are scheduled."""

import os
import sys
from collections.abc import Iterator
from subprocess import DEVNULL, PIPE, Popen

import pytest

from cli.start import let_others_finish

if sys.platform != "linux":
    pytest.skip("scheduling policies are Linux's", allow_module_level=True)


@pytest.fixture
def process_id() -> Iterator[int]:
    with Popen([sys.executable, "-c", "input()"], stdin=PIPE, stdout=DEVNULL) as process:
        yield process.pid
        process.kill()


def test_an_authority_does_not_interrupt_who_wakes_it(process_id: int) -> None:
    let_others_finish(process_id)
    assert os.sched_getscheduler(process_id) == os.SCHED_BATCH


def test_what_somebody_has_chosen_stays(process_id: int) -> None:
    os.sched_setscheduler(process_id, os.SCHED_IDLE, os.sched_param(0))
    let_others_finish(process_id)
    assert os.sched_getscheduler(process_id) == os.SCHED_IDLE


def test_a_process_that_has_ended_is_no_error() -> None:
    with Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    let_others_finish(process.pid)
