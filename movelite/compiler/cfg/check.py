"""All analyses of one function, in order."""

from __future__ import annotations

from ..lowering import ir
from .context import FunctionContext
from .release import release_dead_references
from .usage import infer_usage


def check_body(body: ir.Body, context: FunctionContext) -> None:
    """Settle moves and copies, and release what is no longer needed."""
    live_in = infer_usage(body, context)
    release_dead_references(body, live_in)
