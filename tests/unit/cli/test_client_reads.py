"""Reads of the wallet from a service that gives too much."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from aggregator.wallet.client_config import ClientConfig, Environment
from cli.main import main
from tests.support.rpc_stub import serving

COIN = {"coinObjectId": "0x7", "version": "1", "digest": "1" * 32, "balance": "5"}


def test_coins_of_ever_more_types_are_described_no_longer_than_the_timeout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(path: str, asked: Any) -> Any:
        if asked["method"] == "iotax_getCoinMetadata":
            time.sleep(0.05)
            return {"id": 1, "result": None}
        coins = [{**COIN, "coinType": f"0x7::m::T{number}"} for number in range(500)]
        return {"id": 1, "result": {"data": coins, "nextCursor": None, "hasNextPage": False}}

    with serving(answer) as stub:
        config = ClientConfig.create(tmp_path / "client.yaml", Environment("local", stub.url))
        with pytest.raises(SystemExit) as ended:
            main(["client", "--client.config", str(config.path), "--timeout", "0.5", "balance", "0x7"])
    assert ended.value.code == 1
    told = f"error: the service {stub.url} does not describe 500 types of coins in time"
    assert told in " ".join(capsys.readouterr().err.split())
