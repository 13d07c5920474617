"""The benchmarks run and give their figures, whatever those are: nothing is timed here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from authority.key_value import MemoryKeyValueStore
from authority.store import AuthorityStore
from tests.bench import __main__ as bench
from tests.bench import report as reporting
from tests.bench.fastpay import FastPayFailed, _run_fastpay
from tests.bench.growth import add_coins
from tests.bench.report import Report, quantile
from tests.bench.stages import STAGES, stage_of
from tests.bench.workload import BenchCommittee, alice_coin, alice_coins, execute, transfer, vote


def figures_of(parts: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float | None]:
    monkeypatch.setattr(reporting, "OUTPUT", folder / "bench.json")
    assert bench.main([*parts, "--quick"]) == 0
    figures: dict[str, float | None] = json.loads((folder / "bench.json").read_text())
    return figures


def test_parts_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = figures_of(["authority", "stages", "growth", "committees"], tmp_path, monkeypatch)
    for key in ("transfer", "payment", "split_call_transfer", "single_transfer"):
        ratio = figures[f"{key}_vs_ed25519_limit"]
        assert ratio is not None and 0 < ratio < 1
    assert {f"transfer_stage_{stage}_us" for stage in STAGES} < set(figures)
    assert figures["cost_growth_1e4_to_1e6"]
    assert figures["committee_4_authority_us"] and figures["committee_10_aggregator_us"]


@pytest.mark.e2e
def test_parts_with_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = figures_of(["fastpay", "network"], tmp_path, monkeypatch)
    assert figures["transfer_vs_fastpay"] is None
    assert figures["wire_transfers_per_core"]
    assert figures["latency_vs_rpc_round_trip"] and figures["half_load_p99_ms"]


def test_an_unknown_part_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    assert "no part speed; there are: authority" in capsys.readouterr().err


def test_fastpay_that_does_not_work_gives_no_figure(tmp_path: Path) -> None:
    program = tmp_path / "bench"
    program.write_text(f"#!{sys.executable}\nimport sys\nprint('Received 3 responses', file=sys.stderr)\n")
    program.chmod(0o755)
    with pytest.raises(FastPayFailed, match="did not answer everything"):
        _run_fastpay(program, "tcp", 2)


async def test_coins_written_in_bulk_can_be_spent() -> None:
    store, committee = MemoryKeyValueStore(), BenchCommittee()
    committee.authority(store)
    add_coins(store, 10)
    authority = committee.authority(store)
    assert len(list(AuthorityStore(store).owned_objects(alice_coin(0).owner))) == 10
    requests = committee.requests([transfer(alice_coin(3), alice_coin(7))])
    await vote(authority, requests.transactions)
    await execute(authority, requests.certificates)
    assert authority.store.next_sequence == 1


def test_only_what_is_measured_has_a_stage() -> None:
    assert stage_of(sys._getframe()) is None


def test_quantiles() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0


def test_a_figure_that_could_not_be_measured_is_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reporting, "OUTPUT", tmp_path / "bench.json")
    report = Report()
    report.section("A table")
    report.add("key", None, "times", "something")
    report.show()
    report.save()
    assert json.loads((tmp_path / "bench.json").read_text()) == {"key": None}
    assert "not measured" in capsys.readouterr().out


def test_the_command_says_what_it_can() -> None:
    command = [sys.executable, "-m", "tests.bench", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--fastpay" in text and "committees" in text


def test_coins_are_all_different() -> None:
    assert len({coin.object_id for coin in alice_coins(100)}) == 100
