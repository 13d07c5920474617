"""Every vector of the official tools, where the folder of vectors stands beside the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conformance.suites import vectors

PATH = Path(os.environ.get("VECTORS", Path(__file__).parents[4] / "shared" / "vectors"))


def test_all_vectors_hold() -> None:
    if not PATH.is_dir():
        pytest.skip(f"the vectors are not at {PATH}")
    results = list(vectors.run(PATH))
    assert results
    assert [result for result in results if not result.passed] == []
