"""How a process that serves, an authority or a client service, keeps its memory.

What it makes for a transaction is freed by counting references, for none of it is in a cycle. The collector
of cycles, as Python sets it, would still walk over young objects ten times a batch, and over all objects
of the process again and again: in an authority that costs more than the checks of a transaction, in a client
service as much as everything else.
"""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 100_000
"""Objects made and not freed before the collector looks at them: some thousand transactions."""


def settle_memory() -> None:
    """Call it when everything is loaded: that stays, and what comes later is looked at less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 50)
