"""Pages of documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.package.documentation import DocOptions, document_package, write_pages
from movelite.package.emit import BuildError

SOURCE = """/// What boxes are.
module docs::boxes;

/// A box.
///  Two spaces stay one.
public struct Box has drop {
    /// What is in it.
    value: u64,
    hidden: bool,
}

/// Way.
public enum Way has drop {
    /// Up.
    Up,
    Down(u64),
}

/// The most.
const MOST: u64 = 7;

/// Makes one.
public fun make(value: u64): Box {
    check(value);
    Box { value, hidden: false }
}

    fun check(value: u64) {
        assert!(value < MOST)
    }

#[test_only]
public fun only_for_tests() {}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "sources").mkdir()
    (tmp_path / "Move.toml").write_text(
        '[package]\nname = "Docs"\nedition = "2024.beta"\n[addresses]\ndocs = "0x0"\n'
    )
    (tmp_path / "sources/boxes.move").write_text(SOURCE)
    return tmp_path


def test_a_page_has_comments_and_declarations(folder: Path) -> None:
    pages = document_package(folder)
    page = pages["boxes.md"]
    assert page.startswith('<a name="docs_boxes"></a>\n\n# Module `docs::boxes`\n\nWhat boxes are.\n')
    assert "-  [Struct `Box`](#docs_boxes_Box)\n" in page
    assert (
        "## Struct `Box`\n\nA box.\n Two spaces stay one.\n\n```move\npublic struct Box has drop {\n" in page
    )
    assert "-  `value`: What is in it.\n" in page and "-  `hidden`" not in page
    assert "Variant `Up`\n\nUp.\n" in page
    assert "```move\nconst MOST: u64 = 7;\n```" in page
    assert "```move\npublic fun make(value: u64): Box\n```\n\n<details>" in page
    assert "```move\nfun check(value: u64) {\n    assert!(value < MOST)\n}\n```" in page
    assert "only_for_tests" not in page


def test_what_is_shown_can_be_chosen(folder: Path) -> None:
    options = DocOptions(first_level=3, shows_private=False, shows_code=False, shows_calls=True)
    page = document_package(folder, None, options)["boxes.md"]
    assert "### Module `docs::boxes`" in page and "#### Function `make`" in page
    assert "MOST" not in page and "`check`" not in page and "<details>" not in page
    assert 'A["make"] --> B0["check"]' in page


def test_templates_are_filled(folder: Path) -> None:
    template = folder / "book.md"
    template.write_text(
        "# Book\n\n> {{move-toc}}\n\n## All\n\n> {{move-index}}\n> {{move-include docs::boxes}}\n"
    )
    pages = document_package(folder, None, DocOptions(references="[x]: y"), [template])
    assert list(pages) == ["book.md", "boxes.md"]
    assert "-  Book\n    -  All\n    -  Module `docs::boxes`\n" in pages["book.md"]
    assert "-  [`docs::boxes`](boxes.md)\n" in pages["book.md"] and "What boxes are." in pages["book.md"]
    assert all(page.endswith("\n\n\n[x]: y") for page in pages.values())
    assert [path.name for path in write_pages(pages, folder / "doc")] == ["book.md", "boxes.md"]


def test_sources_with_errors_have_no_documentation(folder: Path) -> None:
    (folder / "sources/boxes.move").write_text("module docs::boxes; fun f(): u64 { true }")
    with pytest.raises(BuildError):
        document_package(folder)
