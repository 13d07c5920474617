"""Templates of displays."""

from __future__ import annotations

import pytest

from aggregator.service.display import fill
from aggregator.service.move_layout import UnreadableValue

FIELDS = {"name": "Pump", "size": 3, "used": True, "inner": {"serial": "7"}, "none": None, "list": [1]}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{name} of {size}", "Pump of 3"),
        ("{inner.serial}", "7"),
        ("{used}", "true"),
        ("{none}", ""),
        ("\\{name}", "{name}"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert fill(template, FIELDS) == text


@pytest.mark.parametrize("template", ["{nothing}", "{name.part}", "{inner}", "{list}", "{}"])
def test_a_template_that_names_no_value_is_an_error(template: str) -> None:
    with pytest.raises(UnreadableValue):
        fill(template, FIELDS)
