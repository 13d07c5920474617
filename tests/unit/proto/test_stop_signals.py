"""A process that runs for long ends in order, whoever tells it to."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from proto.stop_signals import on_stop_signal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_stops_when_told_to(number: signal.Signals) -> None:
    stopped = asyncio.Event()
    before = signal.signal(number, signal.SIG_DFL)  # the tests themselves may have been begun with nohup
    try:
        on_stop_signal(stopped.set)
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stopped.wait(), 5)
    finally:
        asyncio.get_running_loop().remove_signal_handler(number)
        signal.signal(number, before)


async def test_what_was_begun_with_nohup_outlives_its_terminal() -> None:
    stopped = asyncio.Event()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        on_stop_signal(stopped.set)
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.05)
        assert not stopped.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
