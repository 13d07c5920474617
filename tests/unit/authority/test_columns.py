"""Rows of many byte strings: they come back as they were, and broken rows are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authority.columns import BrokenColumn, pack_column, read_columns


@given(st.lists(st.lists(st.binary(max_size=40), max_size=5), max_size=4))
def test_columns_come_back(columns: list[list[bytes]]) -> None:
    assert read_columns(b"".join(map(pack_column, columns))) == columns


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(b"\x01\x00\x00", id="half a count"),
        pytest.param(b"\xff\xff\xff\xff", id="a count of four billion"),
        pytest.param(b"\x01\x00\x00\x00\x05\x00\x00", id="half a length"),
        pytest.param(b"\x01\x00\x00\x00\x05\x00\x00\x00abcd", id="a part that is cut off"),
        pytest.param(pack_column([b"whole"]) + b"\x01", id="something behind the last"),
    ],
)
def test_broken_rows_are_refused(row: bytes) -> None:
    with pytest.raises(BrokenColumn):
        read_columns(row)
