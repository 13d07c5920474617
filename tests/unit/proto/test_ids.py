"""Addresses as people and clients write them."""

from __future__ import annotations

import pytest

from proto.ids import InvalidAddress, format_address, parse_address

WHOLE = "849d63687330447431a2e76fecca4f3c10f6884ebaa9909674123c6c662612a3"


@pytest.mark.parametrize("text", [f"0x{WHOLE}", f"0X{WHOLE.upper()}", WHOLE])
def test_a_whole_address_may_lack_its_prefix(text: str) -> None:
    assert format_address(parse_address(text)) == f"0x{WHOLE}"


def test_a_short_one_may_not() -> None:
    assert format_address(parse_address("0x2")) == "0x" + "2".rjust(64, "0")
    for text in ("2", WHOLE[1:], f"{WHOLE}0", f"0x{WHOLE}0", "0x", "", "g" * 64):
        with pytest.raises(InvalidAddress):
            parse_address(text)
