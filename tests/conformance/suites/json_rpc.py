"""Methods of the node's OpenRPC document: served, with its parameters in its order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from aggregator.service.absent import ABSENT
from aggregator.service.jsonrpc import Apis
from aggregator.service.subscriptions import EVENTS, FILTER, TRANSACTIONS
from tests.conformance.case import CaseResult, expect_equal, run_case

DOCUMENT = Path("crates/iota-open-rpc/spec/openrpc.json")


def run(path: Path) -> Iterable[CaseResult]:
    """Every method; path is a checkout."""
    served = Apis(Mock()).methods()
    for method in json.loads((path / DOCUMENT).read_text())["methods"]:
        yield run_case(method["name"], partial(_check, method, served))


def _check(method: dict[str, Any], served: dict[str, Any]) -> None:
    name, wanted = method["name"], [parameter["name"] for parameter in method["params"]]
    if name in (EVENTS, TRANSACTIONS):
        return expect_equal("parameters", [FILTER], wanted)
    if name not in served:
        raise AssertionError(f"not served: {ABSENT.get(name, 'no reason given')}")
    return expect_equal("parameters", list(signature(served[name]).parameters), wanted)
