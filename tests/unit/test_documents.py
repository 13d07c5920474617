"""What documents say of the tree: the files that they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("proto", "movelite", "authority", "aggregator", "cli", "tests")
FILES = {str(path.relative_to(ROOT)) for room in ROOMS for path in (ROOT / room).rglob("*.py")}
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *(path for room in (*ROOMS, "deploy") for path in (ROOT / room).rglob("*.md")),
]


def is_there(named: str, folder: str) -> bool:
    """Whether a file ends with that path; folder: where the document is, for paths from there."""
    return any(f"/{path}".endswith((f"/{named}", f"/{folder}/{named}")) for path in FILES)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_files_that_a_document_names_are_there(document: Path) -> None:
    text = document.read_text("utf-8")
    folder = str(document.parent.relative_to(ROOT))
    named = set(re.findall(r"`([\w/]+\.py)`", text))
    assert {name for name in named if not is_there(name, folder)} == set()
    links = set(re.findall(r"\]\(([\w/.]+)\)", text))
    assert {link for link in links if not (document.parent / link).exists()} == set()
