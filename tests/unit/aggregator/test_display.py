"""Templates of displays."""

from __future__ import annotations

import pytest

from aggregator.service.display import MAX_OUTPUT, MAX_OUTPUT_OF_ALL, fill, fill_all
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


def test_a_template_does_not_become_longer_than_its_bound_on_the_way() -> None:
    class Long:
        """A field that counts how often it is put in."""

        count = 0

        def __str__(self) -> str:
            Long.count += 1
            return "x" * (MAX_OUTPUT // 2)

    with pytest.raises(UnreadableValue):
        fill("{a}" * 1000, {"a": Long()})
    assert Long.count == 3


def test_all_that_an_object_is_shown_with_is_bounded() -> None:
    fields = {"a": "x" * MAX_OUTPUT}
    most = MAX_OUTPUT_OF_ALL // MAX_OUTPUT
    templates = [(f"key {number}", "{a}") for number in range(most)]
    assert len(fill_all(templates, fields)) == most
    with pytest.raises(UnreadableValue):
        fill_all([*templates, ("one more", "x")], fields)
