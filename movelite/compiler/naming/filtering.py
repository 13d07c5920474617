"""Members that the mode of compilation leaves out: tests, test-only and verify-only items."""

from __future__ import annotations

from collections.abc import Iterable

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import Diagnostics, diag

_TEST_ATTRIBUTES = frozenset({"test", "test_only", "random_test"})
_TESTS = frozenset({"test", "random_test"})


class MemberFilter:
    """Drops what does not belong to the program."""

    def __init__(self, diagnostics: Diagnostics, test_mode: bool) -> None:
        self._diagnostics = diagnostics
        self._test_mode = test_mode

    def drops(self, attributes: st.Attributes, is_source: bool) -> bool:
        """Whether an item with these attributes is left out; tests of dependencies always are."""
        dropped = is_deprecated = False
        for attribute in attributes:
            name = attribute.name.text
            if (name in _TEST_ATTRIBUTES and not self._test_mode) or (name in _TESTS and not is_source):
                dropped = True
            elif name == "verify_only":
                is_first, is_deprecated = not is_deprecated, True
                if is_source and is_first:
                    message = (
                        "The 'verify_only' attribute has been deprecated along with specification blocks"
                    )
                    code = codes.Uncategorized.DeprecatedWillBeRemoved
                    self._diagnostics.add(diag(code, (attribute.loc, message)))
        return dropped or is_deprecated

    def members(self, members: Iterable[st.Member], is_source: bool) -> list[st.Member]:
        """Those that stay."""
        return [
            member
            for member in members
            if not member.attributes
            or isinstance(member, st.SpecBlock)
            or not self.drops(member.attributes, is_source)
        ]
