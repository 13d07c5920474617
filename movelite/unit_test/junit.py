"""Results as JUnit XML, which CI services read: a suite for each module, a case for each test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import Reason, TestResult

_COLORS = re.compile("\x1b\\[[0-9;]*m")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document may have."""


def junit_xml(package: str, results: Iterable[TestResult], reporter: Reporter) -> bytes:
    """The document, in UTF-8."""
    results = list(results)
    root = ElementTree.Element("testsuites", {"name": package, **_counts(results)})
    for module, group in groupby(results, lambda result: result.module):
        cases = list(group)
        name = reporter.program.module_name(module)
        suite = ElementTree.SubElement(root, "testsuite", {"name": name, **_counts(cases)})
        for result in cases:
            _add_case(suite, name, result, reporter)
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return document + b"\n"


def _counts(results: list[TestResult]) -> dict[str, str]:
    failed = [result.failed_run for result in results if result.failed_run is not None]
    lost = sum(run.reason is Reason.LOST for run in failed)
    return {
        "tests": str(len(results)),
        "failures": str(len(failed) - lost),
        "errors": str(lost),
        "skipped": "0",
        "time": _seconds(sum(result.seconds for result in results)),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"


def _add_case(suite: ElementTree.Element, module: str, result: TestResult, reporter: Reporter) -> None:
    attributes = {"classname": module, "name": result.name, "time": _seconds(result.seconds)}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    run = result.failed_run
    if run is not None:
        kind = "error" if run.reason is Reason.LOST else "failure"
        summary = {"message": _text(reporter.headline(result, run)), "type": result.verdict.value}
        element = ElementTree.SubElement(case, kind, summary)
        element.text = _text(reporter.whole_text(result, run))
    prints = [line for one in result.runs for line in one.outcome.prints]
    if prints:
        ElementTree.SubElement(case, "system-out").text = _text("\n".join(prints))


def _text(text: str) -> str:
    return _NOT_XML.sub("�", _COLORS.sub("", text))
