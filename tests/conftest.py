"""For all tests: Python's recursion limit is what the compiler raises it to from the start.

Hypothesis sets a limit of its own around each test and warns if somebody changes it meanwhile.
"""

from __future__ import annotations

import sys

from movelite.compiler.phases import RECURSION_LIMIT

sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION_LIMIT))
