"""Templates of displays."""

from __future__ import annotations

import pytest

from aggregator.service.display import MAX_OUTPUT, MAX_OUTPUT_OF_ALL, fill, fill_all
from aggregator.service.move_layout import UnreadableValue

ID = "0x" + "ab" * 32
FIELDS = {
    "id": {"id": ID},
    "name": "Pump",
    "size": 3,
    "used": True,
    "inner": {"serial": "7"},
    "none": None,
    "list": [1],
    "state": {"type": "0x1::m::State", "variant": "On", "fields": {"since": "9"}},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("{name} of {size}", "Pump of 3"),
        ("{inner.serial}", "7"),
        ("{id}", ID),
        ("{state.since}", "9"),
        ("{used}", "true"),
        ("{none}", ""),
        ("\\{name}", "{name}"),
        ("\\{name\\} is {name}", "{name} is Pump"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert fill(template, FIELDS) == text


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{nothing}", "Field value nothing cannot be found in struct"),
        ("{}", "Field value  cannot be found in struct"),
        ("{name.part}", "Unexpected error: Unexpected move value type for field name.part"),
        ("{list}", "Vector is not supported as a Display value list"),
        ("{inner}", "Struct is not supported as a Display value inner"),
        ("{" + "inner." * 10 + "serial}", "Display template value nested depth cannot exist 10"),
    ],
)
def test_a_template_that_names_no_value_is_an_error(template: str, reason: str) -> None:
    with pytest.raises(UnreadableValue) as error:
        fill(template, FIELDS)
    assert str(error.value) == reason


def test_the_other_templates_are_filled_all_the_same() -> None:
    templates = [("who", "{namee}"), ("name", "{name}"), ("a", "{idd}"), ("link", "https://a.example/{id}")]
    assert fill_all(templates, FIELDS) == {
        "data": {"link": f"https://a.example/{ID}", "name": "Pump"},
        "error": {
            "code": "display",
            "error": "Field value namee cannot be found in struct; Field value idd cannot be found in struct",
        },
    }


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
    assert len(fill_all(templates, fields)["data"]) == most
    with pytest.raises(UnreadableValue):
        fill_all([*templates, ("one more", "x")], fields)
