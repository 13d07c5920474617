"""What commands of a wallet send is written down first, completed later, and never sent side by side."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from aggregator.rpc_client import ServiceUnreachable
from aggregator.rpc_codes import CALL_FAILED, TRANSIENT_ERROR, RpcError
from aggregator.wallet.client_config import ClientConfig, Environment
from aggregator.wallet.journal import SentTransaction, WalletJournal
from aggregator.wallet.keystore import WalletError
from cli import output
from cli.sending import complete_pending, journal_of, send
from cli.session import Session
from cli.wallet import execute

SENT = SentTransaction(b"transaction", (b"signature",))
FINAL = {"digest": SENT.digest, "effects": {"status": {"status": "success"}}}


class Service:
    """Answers with what it is given, and sees what is in the journal at that moment."""

    url = "http://service"

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.journal: WalletJournal | None = None
        self.kept: list[int] = []

    async def call(self, method: str, *params: Any) -> Any:
        assert method == "iota_executeTransactionBlock"
        assert self.journal is not None
        self.kept.append(len(self.journal.pending()))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def session_of(folder: Path, service: Service) -> Session:
    config = ClientConfig.create(folder / "client.yaml", Environment("local", service.url))
    session = Session(config, service)  # type: ignore[arg-type]
    service.journal = journal_of(session)
    return session


async def test_a_transaction_is_written_down_before_it_is_sent(tmp_path: Path) -> None:
    service = Service(FINAL)
    session = session_of(tmp_path, service)
    assert await send(session, SENT) == FINAL
    assert service.kept == [1]
    assert not journal_of(session).pending()


@pytest.mark.parametrize(
    ("error", "is_kept"),
    [
        (RpcError(TRANSIENT_ERROR, "no quorum"), True),
        (ServiceUnreachable("down"), True),
        (RpcError(CALL_FAILED, "refused"), False),
    ],
)
async def test_only_what_is_refused_for_good_is_dropped(
    error: Exception, is_kept: bool, tmp_path: Path
) -> None:
    session = session_of(tmp_path, Service(error))
    with pytest.raises(type(error)):
        await send(session, SENT)
    assert list(journal_of(session).pending()) == [SENT] * is_kept


async def test_an_answer_about_another_transaction_completes_nothing(tmp_path: Path) -> None:
    session = session_of(tmp_path, Service({**FINAL, "digest": "another"}))
    with pytest.raises(ServiceUnreachable, match=f"another transaction than {SENT.digest}"):
        await send(session, SENT)
    assert list(journal_of(session).pending()) == [SENT]


async def test_what_a_command_keeps_of_a_transaction_is_kept_when_nobody_reads_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def print_into_a_closed_pipe(*_: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("cli.wallet.show_transaction", print_into_a_closed_pipe)
    monkeypatch.setattr(output, "_json", True)
    recorded: list[Any] = []
    with pytest.raises(BrokenPipeError):
        session = session_of(tmp_path, Service(FINAL))
        await execute(session, SENT.raw, SENT.signatures, record=recorded.append)
    assert recorded == [FINAL]


async def test_what_cannot_be_recorded_is_printed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(output, "_json", True)
    with pytest.raises(OSError, match="disk full"):
        await execute(session_of(tmp_path, Service(FINAL)), SENT.raw, SENT.signatures, record=fail)
    assert SENT.digest in capsys.readouterr().out


async def test_who_interrupts_is_told_what_may_become_of_the_transaction(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Slow(Service):
        async def call(self, method: str, *params: Any) -> Any:
            await asyncio.Event().wait()

    session = session_of(tmp_path, Slow())
    sending = asyncio.create_task(send(session, SENT))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert "may still become final" in capsys.readouterr().err
    assert list(journal_of(session).pending()) == [SENT]


async def test_the_next_command_completes_what_was_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service(ServiceUnreachable("down"), RpcError(TRANSIENT_ERROR, "no quorum"), FINAL)
    session = session_of(tmp_path, service)
    for kind in (ServiceUnreachable, RpcError):
        with pytest.raises(kind):
            await (send(session, SENT) if kind is ServiceUnreachable else complete_pending(session))
    assert await complete_pending(session) == [{"digest": SENT.digest, "status": "success"}]
    assert await complete_pending(session) == []
    assert f"transaction {SENT.digest} of an earlier command: success" in capsys.readouterr().err


async def test_a_transaction_of_a_network_that_is_gone_does_not_stop_the_wallet(tmp_path: Path) -> None:
    service = Service(RpcError(CALL_FAILED, "no such object"))
    session = session_of(tmp_path, service)
    journal_of(session).add(SENT)
    assert (await complete_pending(session))[0]["status"] == "refused: no such object"
    assert not journal_of(session).pending()


def test_each_network_has_its_own_journal_and_a_broken_file_is_named(tmp_path: Path) -> None:
    one = WalletJournal.of(tmp_path / "client.yaml", "http://one")
    other = WalletJournal.of(tmp_path / "client.yaml", "http://other")
    one.folder.mkdir(parents=True)
    one.add(SENT)
    assert not other.pending()
    for content in ("{}", "[" * 100_000):
        (one.folder / "x.json").write_text(content)
        with pytest.raises(WalletError, match=r"x\.json holds no transaction"):
            one.pending()


def test_commands_that_send_take_turns(tmp_path: Path) -> None:
    journal = WalletJournal(tmp_path)
    order: list[str] = []

    def second() -> None:
        with journal.locked():
            order.append("second")

    with journal.locked():
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


class SlowService(Service):
    """Takes long, and tells why."""

    async def call(self, method: str, *params: Any) -> Any:
        if method == "movelite_getProgress":
            authorities = [
                {"name": "a", "stake": 2500, "trouble": None},
                {"name": "b", "stake": 2500, "trouble": "has said nothing for 2 seconds"},
            ]
            stakes = {"answeringStake": 7500, "quorumStake": 6667, "totalStake": 10000}
            return {"digest": params[0], "status": "pending", **stakes, "authorities": authorities}
        await asyncio.sleep(0.1)
        return await super().call(method, *params)


async def test_while_a_transaction_takes_long_it_is_told_who_does_not_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.sending.PROGRESS_SECONDS", 0.02)
    assert await send(session_of(tmp_path, SlowService(FINAL)), SENT) == FINAL
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("waiting:") == 1
    assert "is pending, 7500 of 10000 stake answers, 6667 is needed: b has said nothing for 2 seconds" in told


@pytest.mark.parametrize("seconds", ["soon", "-1", "true", "4000"])
def test_a_timeout_in_the_wallet_is_read_and_kept(seconds: str, tmp_path: Path) -> None:
    path = tmp_path / "client.yaml"
    config = ClientConfig.create(path, Environment("local", "http://here", timeout_seconds=2.5))
    assert ClientConfig.load(path).active_environment.timeout_seconds == 2.5
    config.save()
    path.write_text(path.read_text().replace("timeout_seconds: 2.5", f"timeout_seconds: {seconds}"))
    with pytest.raises(WalletError, match="timeout_seconds is no number of seconds up to 3600"):
        ClientConfig.load(path)
