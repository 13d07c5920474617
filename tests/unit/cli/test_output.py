"""Tables on terminals: what people copy out of them stays in one piece."""

from __future__ import annotations

import pytest

from aggregator.rpc_codes import RpcError
from cli import output

ID = "0x" + "ab" * 32


@pytest.fixture(autouse=True)
def for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever tests before have asked for."""
    monkeypatch.setattr(output, "_json", False)


@pytest.fixture(params=[20, 80, 300])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    wide = int(request.param)
    monkeypatch.setattr(output._console(), "_width", wide)
    return wide


@pytest.mark.usefixtures("width")
def test_ids_are_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("coin", "type"), [(ID, f"0x2::coin::Coin<{ID}::gold::GOLD>"), (ID, "")])
    shown = capsys.readouterr().out
    assert shown.count(ID) == 3
    assert f"0x2::coin::Coin<{ID}::gold::GOLD>" in shown


def test_sentences_are_broken_between_words(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("", ""), [("text", "one two three four five six seven eight " * 5)])
    longest = max(map(len, capsys.readouterr().out.splitlines()))
    assert longest <= width


def test_what_has_parts_is_shown_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("", ""), [("owner", {"AddressOwner": "0x5"}), ("running", True), ("none", 0)])
    shown = capsys.readouterr().out
    assert '{"AddressOwner": "0x5"}' in shown
    assert "true" in shown


def test_what_has_many_parts_has_a_line_for_each(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output._console(), "_width", 100)
    members = [{"address": ID, "key": "A" * 44, "weight": weight} for weight in (1, 2)]
    output.table(("", ""), [("multisig", {"threshold": 2, "members": members, "bytes": [7] * 40})])
    shown = [line.split("│")[2].rstrip() for line in capsys.readouterr().out.splitlines()[1:-1]]
    assert shown[:6] == [
        " threshold: 2",
        " members:",
        f"   - address: {ID}",
        f"     key: {'A' * 44}",
        "     weight: 1",
        f"   - address: {ID}",
    ]
    assert shown[8].startswith(" bytes: [7, 7, 7,")


def test_text_of_objects_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("", ""), [("values", "[coin] [/no] :key:")])
    output.say("[coin] [/no] :key:")
    assert capsys.readouterr().out.count("[coin] [/no] :key:") == 2


def test_terminals_do_not_obey_what_objects_hold(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("", ""), [("name", "\x1b[2Jgone\r\x9b"), ("lines", "one\n\ttwo")])
    output.say("\x1b]0;title\x07")
    output.fail(ValueError("\x1b[8mhidden"))
    output.fail(RpcError(0, "", ["\x1b[1mreason"]))
    output.note("\x1b[2mnote")
    said = "".join(capsys.readouterr())
    assert all(
        part in said
        for part in (
            r"\x1b[2Jgone\x0d\x9b",
            r"\x1b]0;title\x07",
            r"\x1b[8mhidden",
            r"\x1b[1mreason",
            r"\x1b[2mnote",
        )
    )
    assert not {"\x1b", "\x07", "\r", "\x9b"} & set(said)


def test_amounts_are_in_whole_coins() -> None:
    assert [output.amount(nanos) for nanos in (0, 1, -1_500_000_000, "5000000000000")] == [
        "0 IOTA",
        "0.000000001 IOTA",
        "-1.5 IOTA",
        "5,000 IOTA",
    ]
    assert output.decimal(1234, 0) == "1,234"


def test_what_the_system_refuses_is_told_without_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    output.fail(PermissionError(13, "Permission denied", "Move.lock"))
    assert capsys.readouterr().err == "error: Move.lock: Permission denied\n"
    output.fail(OSError("nothing more"))
    assert "nothing more" in capsys.readouterr().err


def test_nothing_is_told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    output.result([], [], ("coin",), "There are no coins.")
    assert capsys.readouterr().out == "There are no coins.\n"
    output.result([1], [(1,)], ("coin",), "There are no coins.")
    assert "1" in capsys.readouterr().out


def test_what_takes_long_to_lay_out_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "LONGEST_CELL", 5)
    output.table(("", ""), [("name", "a" * 20)])
    shown = capsys.readouterr().out
    assert "aaaaa... (20 characters)" in shown
    assert "aaaaaa" not in shown


def test_text_that_terminals_obey_or_cannot_show_is_shown_as_its_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.say("\x1b[2Jtxt\u202eexe \ud800")
    assert capsys.readouterr().out.strip() == r"\x1b[2Jtxt\u202eexe \ud800"
