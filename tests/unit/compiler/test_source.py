"""Places in sources: characters here, bytes in source maps."""

from __future__ import annotations

import pytest

from movelite.compiler.source import SourceFile


@pytest.mark.parametrize("text", ["", "one\ntwo\n", "é\n│ x\r\n\n𝄞𝄞 end", "\né"])
def test_characters_and_bytes(text: str) -> None:
    file = SourceFile(0, "m.move", text)
    for offset in range(len(text) + 1):
        byte_offset = len(text[:offset].encode())
        assert file.byte_offset(offset) == byte_offset
        assert file.character_offset(byte_offset) == offset
