"""Checks of answers against an OpenRPC document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.open_rpc import OpenRpc

VALUE = {"$ref": "#/components/schemas/Value"}
DOCUMENT = {
    "methods": [
        {
            "name": "get",
            "result": {
                "schema": {
                    "type": "object",
                    "required": ["id"],
                    "properties": {"id": {"type": "string"}, "kind": {"enum": ["a", "b"]}, "value": VALUE},
                    "additionalProperties": False,
                }
            },
        }
    ],
    "components": {
        "schemas": {
            "Value": {
                "anyOf": [
                    {"type": "integer"},
                    {"type": "array", "items": VALUE, "maxItems": 2},
                    {"anyOf": [VALUE, {"type": "null"}]},
                ]
            }
        }
    },
}


@pytest.fixture
def document(tmp_path: Path) -> OpenRpc:
    """The document above, as a file."""
    path = tmp_path / "openrpc.json"
    path.write_text(json.dumps(DOCUMENT))
    return OpenRpc(path)


@pytest.mark.parametrize("value", [7, None, [1, [2, None]]])
def test_what_the_document_has_is_right(document: OpenRpc, value: Any) -> None:
    assert document.problems("get", {"id": "x", "kind": "a", "value": value}) == []


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        ([], "get: [] is no object"),
        ({}, "get: id is missing"),
        ({"id": True}, "get.id: true is no string"),
        ({"id": "x", "kind": "c"}, "get.kind: \"c\" is none of ['a', 'b']"),
        ({"id": "x", "more": 1}, "get: more is too much"),
        ({"id": "x", "value": "y"}, 'get.value: "y" is no integer'),
        ({"id": "x", "value": [1, 2, 3]}, "get.value: [1, 2, 3] is no integer"),
    ],
)
def test_what_is_not_as_the_document_has_it_is_told_with_its_place(
    document: OpenRpc, result: Any, problem: str
) -> None:
    assert problem in document.problems("get", result)
