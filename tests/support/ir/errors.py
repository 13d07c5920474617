"""What the assembler says when a text is no module."""

from __future__ import annotations


class IrError(Exception):
    """A text that does not parse or names something that is not there. Its message is the official one."""


def parse_error(message: str) -> IrError:
    """The error of the parser at a token that does not fit."""
    return IrError(f"ParserError: Invalid Token: {message}")
