"""All analyses of one function, in order."""

from __future__ import annotations

from ..lowering import ir
from .borrows import check_borrows
from .context import FunctionContext
from .locals import check_locals
from .release import release_dead_references
from .usage import drop_unread_stores, infer_usage


def check_body(body: ir.Body, context: FunctionContext) -> None:
    """Settle moves and copies, check them, and release what is no longer needed."""
    live_in = infer_usage(body, context)
    check_locals(body, context)
    drop_unread_stores(body, live_in, context)
    release_dead_references(body, live_in)
    check_borrows(body, context)
