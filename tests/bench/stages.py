"""Where the CPU of a transfer goes in one authority, as a table of stages.

A timer looks at the stack a thousand times a second while batches run, and the innermost frame that belongs
to a stage counts. Which frame belongs where is a table of files, so nothing in the authority knows that it is
measured.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

from tests.bench.authority import BATCH, measure
from tests.bench.report import Options, Report
from tests.bench.workload import Build, split_call_transfer, transfer

INTERVAL_SECONDS = 0.001
BATCHES = 100

STAGES = ("wire", "decode", "signatures", "load", "check", "execute", "effects", "write", "other")

_FUNCTIONS = {
    ("proto/rpc/methods.py", "encode_request"): "wire",
    ("proto/rpc/methods.py", "decode_request"): "wire",
    ("proto/rpc/methods.py", "success"): "wire",
    ("authority/execution/plain_code.py", "_changes_of_calls"): "effects",
    ("authority/state.py", "_verify_signatures"): "signatures",
    ("authority/state.py", "_verify_batch"): "signatures",
    ("authority/state.py", "_consider"): "check",
    ("authority/state.py", "_check_plain"): "check",
    ("authority/state.py", "_check_fully"): "check",
    ("authority/state.py", "_run_plain"): "execute",
    ("authority/state.py", "_execute"): "execute",
    ("authority/key_value.py", "get"): "load",
    ("authority/key_value.py", "multi_get"): "load",
    ("authority/key_value.py", "last_at_most"): "load",
    ("authority/key_value.py", "first_at_least"): "load",
    ("authority/store.py", "get_object"): "load",
    ("authority/store.py", "get_parts"): "load",
    ("authority/store.py", "_known"): "load",
    ("authority/store.py", "get_object_at"): "load",
    ("authority/store.py", "get_object_at_most"): "load",
    ("authority/store.py", "last_version"): "load",
    ("authority/store.py", "executed"): "load",
    ("authority/store.py", "is_executed"): "load",
}
"""Functions that stand for another stage than their file."""

_FILES = {
    "authority/columns.py": "write",
    "authority/execution_commit.py": "write",
    "authority/signature_verifier.py": "signatures",
    "proto/crypto.py": "signatures",
    "proto/user_signature.py": "signatures",
    "proto/verification.py": "signatures",
    "proto/merkle.py": "signatures",
    "proto/messages.py": "signatures",
    "authority/transaction_input.py": "check",
    "authority/plain_input.py": "check",
    "authority/locks.py": "check",
    "proto/transaction_checks.py": "check",
    "authority/submission.py": "decode",
    "proto/transaction.py": "decode",
    "proto/transaction_layout.py": "decode",
    "proto/effects.py": "effects",
    "proto/effects_writer.py": "effects",
    "authority/execution/results.py": "effects",
    "authority/execution/temporary_store.py": "effects",
    "authority/store.py": "write",
    "authority/key_value.py": "write",
    "authority/records.py": "write",
    "authority/vote_journal.py": "write",
}
_FOLDERS = {"authority/execution/": "execute", "movelite/": "execute"}
ROOT = Path(__file__).resolve().parents[2]


def run(report: Report, options: Options) -> None:
    """The tables."""
    for key, text, build in (
        ("transfer", "object transfer", transfer),
        ("split_call_transfer", "split, Move call and transfer", split_call_transfer),
    ):
        report.section(f"CPU by stage: {text}, batches of {BATCH}")
        samples, microseconds = sample(build, options.size(BATCHES, 1))
        total = max(1, samples.total())
        for stage in STAGES:
            spent = microseconds * samples[stage] / total
            report.add(f"{key}_stage_{stage}_us", spent, "µs CPU", f"{stage} ({samples[stage] / total:.0%})")


def sample(build: Build, count: int) -> tuple[Counter[str], float]:
    """Samples by stage, and the CPU of one transaction in microseconds."""
    samples: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, sampling(samples):
        timings = asyncio.run(measure(Path(folder), build, BATCH, count, 1))
    return samples, statistics.median(t.vote + t.execute for t in timings) * 1e6


@contextmanager
def sampling(samples: Counter[str]) -> Iterator[None]:
    """Count what runs below `vote` and `execute` of the workload, by stage."""

    def look(_: int, frame: FrameType | None) -> None:
        stage = stage_of(frame)
        if stage is not None:
            samples[stage] += 1
        # Once more only now, so that a slow look is never interrupted by the next.
        signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS)

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def stage_of(frame: FrameType | None) -> str | None:
    """The stage of a stack, by its innermost frame that has one; None outside of what is measured."""
    stage: str | None = None
    while frame is not None:
        code = frame.f_code
        if stage is None:
            stage = stage_of_code(code)
        if code.co_name in ("vote", "execute") and code.co_filename.endswith("tests/bench/workload.py"):
            return stage or "other"
        frame = frame.f_back
    return None


@cache
def stage_of_code(code: CodeType) -> str | None:
    """The stage that a function belongs to; None for what serves several, such as the codec."""
    try:
        name = Path(code.co_filename).relative_to(ROOT).as_posix()
    except ValueError:
        return None
    if (name, code.co_name) in _FUNCTIONS:
        return _FUNCTIONS[name, code.co_name]
    if name in _FILES:
        return _FILES[name]
    return next((stage for folder, stage in _FOLDERS.items() if name.startswith(folder)), None)
