"""`make demo`: the whole story, in the time that it promises."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.support.local_network import ROOT

pytestmark = pytest.mark.e2e


def test_the_demo_tells_its_whole_story() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.demo"],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    for line in (
        "no quorum: 2 of 4 answer, 3 needed; nothing lost",
        "is final",
        "All done in",
    ):
        assert line in done.stdout
    assert re.search(r"signed by (authority-\d, ){2}authority-\d", done.stdout), (
        "any three make a certificate"
    )
