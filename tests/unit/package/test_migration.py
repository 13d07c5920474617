"""Packages of before 2024 become packages of Move 2024."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cli.main import main
from movelite.compiler.editions import Edition
from movelite.package.build import build
from movelite.package.emit import BuildError
from movelite.package.migration import plan_migration, record_edition

OLD = """module old::m {
    friend old::n;
    struct S has drop { f: u64 }
    public(friend) fun grow(type: u64): u64 {
        let s = S { f: type };
        let i = 0;
        while (i < 3) { s.f = s.f + i; i = i + 1 };
        s.f
    }
}
address old {
module n { public fun f(): u64 { old::m::grow(1) } }
}
"""

NEW = """module old::m {
    /* friend old::n; */
    public struct S has drop { f: u64 }
    public(package) fun grow(`type`: u64): u64 {
        let mut s = S { f: `type` };
        let mut i = 0;
        while (i < 3) { s.f = s.f + i; i = i + 1 };
        s.f
    }
}
/* address old { */
module old::n { public fun f(): u64 { old::m::grow(1) } }
/* } */
"""

MANIFEST = '[package]\nname = "Old"\n\n# where it is\n[addresses]\nold = "0x7"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "sources").mkdir()
    (tmp_path / "Move.toml").write_text(MANIFEST)
    (tmp_path / "sources/m.move").write_text(OLD)
    return tmp_path


def test_the_migrated_package_builds_to_the_same_functions(folder: Path) -> None:
    before = build(folder)
    migration = plan_migration(folder)
    assert [file.name for file in migration.files] == ["./sources/m.move"]
    migration.apply()
    record_edition(folder, Edition.E2024_BETA)
    assert (folder / "sources/m.move").read_text() == NEW
    after = build(folder)
    assert [module.name for module in after.modules] == [module.name for module in before.modules]


def test_the_diff_is_a_patch(folder: Path) -> None:
    diff = plan_migration(folder).diff()
    assert diff.startswith(
        "--- ./sources/m.move\n+++ ./sources/m.move\n@@ -2,5 +2,5 @@\n-    friend old::n;\n"
    )


def test_errors_stand_in_the_way(folder: Path) -> None:
    (folder / "sources/m.move").write_text("module old::m { struct S {} fun f(): u64 { true } }")
    with pytest.raises(BuildError) as refused:
        plan_migration(folder)
    assert "E04007" in refused.value.report and "migration" not in refused.value.report


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (MANIFEST, MANIFEST.replace('"Old"\n', '"Old"\nedition = "2024.beta"\n')),
        (
            '[package]\nedition = "legacy" # old\nname = "O"\n',
            '[package]\nedition = "2024.beta" # old\nname = "O"\n',
        ),
        ('[package]\nname = "O"', '[package]\nname = "O"\nedition = "2024.beta"\n'),
        (
            '[package]\nname = "O"\nauthors = [\n  "A",\n]\n# end\n',
            '[package]\nname = "O"\nauthors = [\n  "A",\n]\nedition = "2024.beta"\n# end\n',
        ),
        ('[package]\r\nname = "O"\r\n', '[package]\r\nname = "O"\r\nedition = "2024.beta"\r\n'),
    ],
)
def test_the_edition_is_written_and_nothing_else(folder: Path, before: str, after: str) -> None:
    (folder / "Move.toml").write_bytes(before.encode())
    record_edition(folder, Edition.E2024_BETA)
    assert (folder / "Move.toml").read_bytes().decode() == after


def test_answers_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for answers, edition, text in (
        ("2\n", "legacy", OLD),
        ("1\ny\nn\n", "2024.beta", OLD),
        ("", "2024.beta", NEW),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        with pytest.raises(SystemExit) as stopped:
            main(["move", "migrate", "--path", str(folder)])
        assert not stopped.value.code
        assert f'edition = "{edition}"' in (folder / "Move.toml").read_text()
        assert (folder / "sources/m.move").read_text() == text
    assert (folder / "migration.patch").is_file()
    assert "Changes complete" in capsys.readouterr().out
