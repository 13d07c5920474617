"""The staking system 0x3, by the tests that somebody who stakes would write (staking_tests.move)."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.unit_test.engine import load_package
from movelite.unit_test.runner import RunOptions, run_tests
from proto.bls import bls_public_key, bls_sign
from proto.ids import address_from_int

SECRET = bytes(31) + b"\x07"
TESTS = Path(__file__).with_name("staking_tests.move")


def test_staking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    key = bls_public_key(SECRET)
    proof = bls_sign(SECRET, bytes([5, 0, 0, 128, 1]) + key + address_from_int(0x4E) + bytes(8))
    text = TESTS.read_text().replace("KEY_OF_NEWCOMER", key.hex()).replace("PROOF_OF_NEWCOMER", proof.hex())
    root = tmp_path / "staker"
    (root / "tests").mkdir(parents=True)
    (root / "Move.toml").write_text(
        '[package]\nname = "Staker"\nedition = "2024.beta"\n[addresses]\nstaker = "0x0"\n'
    )
    (root / "tests" / TESTS.name).write_text(text)
    results = list(run_tests(load_package(root).program, RunOptions()))
    assert [result.name for result in results if result.failed_run is not None] == []
    assert len(results) == 8
