"""Source text to syntax tree: a recursive descent over tokens, by hand.

Whatever the text, parsing ends, in time linear in its length, with a tree and diagnostics. The classes
build on one another: `TokenStream` (cursor, lists, recovery), `NameParser` (names, types, attributes),
`PatternParser`, `ExpressionParser`, and in items.py the members and the file.
"""

from __future__ import annotations

from ..diagnostics import Diagnostics
from ..editions import PackageConfig
from ..source import SourceFile
from ..syntax_tree import SourceUnit
from .items import FileParser
from .lexer import check_characters


def parse_file(file: SourceFile, package: PackageConfig, diagnostics: Diagnostics) -> SourceUnit:
    """Parse one file; errors go to `diagnostics`."""
    wrong = check_characters(file)
    if wrong is not None:
        diagnostics.add(wrong)
        return SourceUnit(file.id, package, [])
    parser = FileParser(file, package, diagnostics)
    definitions = parser.definitions()
    if not package.is_dependency:
        parser.report_stale_docs()
    return SourceUnit(file.id, package, definitions)


__all__ = ["parse_file"]
