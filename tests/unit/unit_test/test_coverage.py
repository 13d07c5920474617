"""Coverage by line, branch and function, also of macros; lcov and the summaries."""

from __future__ import annotations

import pytest

from movelite.unit_test.coverage import FileCoverage, source_coverage
from movelite.unit_test.coverage_files import official_map, read_coverage, write_coverage
from movelite.unit_test.coverage_text import bytecode_text, coverage_table, source_text, summary_text
from movelite.unit_test.engine import LoadedPackage
from movelite.unit_test.gas_report import function_gas
from movelite.unit_test.lcov import lcov_text
from movelite.unit_test.recorders import Counts
from movelite.unit_test.runner import RunOptions, Totals, run_tests

MODULE = (bytes(32), "shop")


@pytest.fixture(scope="module")
def totals(shop: LoadedPackage) -> Totals:
    """Of some of the tests that pass."""
    totals = Totals()
    for name in ("shop_tests::total", "shop_tests::expands_here", "shop_tests::checks", "shop::inside"):
        options = RunOptions(test_filter=name, coverage=True, gas_report=True)
        part = Totals()
        assert all(result.failed_run is None for result in run_tests(shop.program, options, part))
        totals.add([part])
    return totals


@pytest.fixture(scope="module")
def counts(totals: Totals) -> Counts:
    """How often each instruction ran."""
    return totals.coverage


@pytest.fixture(scope="module")
def file(shop: LoadedPackage, counts: Counts) -> FileCoverage:
    """The one file that is not for tests."""
    (file,) = source_coverage(shop.program, counts)
    assert file.path == "sources/shop.move"
    return file


def line_of(shop: LoadedPackage, text: str) -> int:
    """The number of the first line that has the text."""
    source = next(file for file in shop.program.sources.files if file.name == "sources/shop.move")
    return next(n for n, line in enumerate(source.text.splitlines(), 1) if text in line)


def test_lines_of_a_macro_count_wherever_it_was_expanded(shop: LoadedPackage, file: FileCoverage) -> None:
    # In shop::total it ran for two items, in the test expands_here for three.
    assert file.lines[line_of(shop, "let mut i = 0")] == 2
    assert file.lines[line_of(shop, "if (i == 1000)")] == 5
    assert file.lines[line_of(shop, "$f(0)")] == 0
    assert file.lines[line_of(shop, "i = i + 1")] == 5
    assert file.lines[line_of(shop, "while (i < n)")] == 7


def test_lambdas_count_where_they_stand(shop: LoadedPackage, file: FileCoverage) -> None:
    assert file.lines[line_of(shop, "each!(items.length()")] == 2


def test_what_never_ran_has_no_hits(shop: LoadedPackage, file: FileCoverage) -> None:
    assert file.lines[line_of(shop, "purse - item.price")] == 0
    assert file.lines[line_of(shop, "fun never_called") + 1] == 0
    assert file.lines[line_of(shop, "n + 1")] == 0


def test_code_for_tests_is_left_out(shop: LoadedPackage, file: FileCoverage) -> None:
    assert line_of(shop, "item(30)") not in file.lines
    assert line_of(shop, "for_tests();") not in file.lines
    assert {"shop::for_tests", "shop::inside", "shop::small"}.isdisjoint(f.name for f in file.functions)


def test_calls_of_functions_and_macros(file: FileCoverage) -> None:
    calls = {function.name: function.calls for function in file.functions}
    assert calls == {
        "shop::each": 2,
        "shop::nobody_calls": 0,
        "shop::item": 4,
        "shop::pay": 0,
        "shop::total": 1,
        "shop::never_called": 0,
        "shop::checked": 1,
    }


def test_assertions_that_hold_are_covered(shop: LoadedPackage, file: FileCoverage) -> None:
    start = line_of(shop, "price > 0,") - 1
    assert file.lines[start] == file.lines[start + 1] == 1
    assert start + 2 not in file.lines  # the code of an assertion that holds is never looked at
    assert line_of(shop, "    spare: &Item,") not in file.lines


def test_branches_tell_both_ways(shop: LoadedPackage, file: FileCoverage) -> None:
    taken = {(branch.line, branch.block): branch.taken for branch in file.branches}
    assert taken[line_of(shop, "while (i < n)"), 0] == (5, 2)
    assert taken[line_of(shop, "if (i == 1000)"), 0] == (0, 5)
    assert taken[line_of(shop, "match (size)"), 0] == (1, 0)
    assert taken[line_of(shop, "item.price < 100"), 0] is None


def test_lcov_has_consistent_sums(file: FileCoverage) -> None:
    lines = lcov_text([file]).splitlines()
    assert lines[:2] == ["TN:", "SF:sources/shop.move"]
    assert lines[-1] == "end_of_record"
    assert "FN:13,shop::each" in lines and "FNDA:2,shop::each" in lines
    assert "FNF:7" in lines and "FNH:4" in lines

    def values(tag: str) -> list[str]:
        return [line.rpartition(",")[2] for line in lines if line.startswith(f"{tag}:")]

    found = {line.split(":")[0]: line.split(":")[1] for line in lines if ":" in line}
    assert found["LF"] == str(len(values("DA")))
    assert found["LH"] == str(sum(value != "0" for value in values("DA")))
    assert found["BRF"] == str(len(values("BRDA")))
    assert found["BRH"] == str(sum(value not in ("0", "-") for value in values("BRDA")))


def test_tables_and_summaries(shop: LoadedPackage, counts: Counts, file: FileCoverage) -> None:
    assert "57.14% (4/7)" in coverage_table([file])
    summary = summary_text(shop.program, counts, with_functions=True)
    assert f"Module {'0' * 64}::shop" in summary
    assert "\tfun never_called\n\t\ttotal: 2\n\t\tcovered: 0\n\t\t% coverage: 0.00" in summary
    assert "for_tests" not in summary


def test_source_and_bytecode_show_what_ran(shop: LoadedPackage, counts: Counts, file: FileCoverage) -> None:
    modules = sorted(shop.program.items.modules)
    source = source_text(shop.program, counts, file, modules, colors=False)
    assert "5 │         if (i == 1000) {" in source
    assert "0 │     purse - item.price" in source
    painted = source_text(shop.program, counts, file, modules, colors=True)
    assert "\x1b[1;31m1\x1b[0m" in painted  # the body of never_called
    assert "[4]\t0: " in bytecode_text(
        shop.program, counts, MODULE, shop.program.modules[MODULE], colors=False
    )


def test_coverage_is_kept_for_later_commands(shop: LoadedPackage, counts: Counts) -> None:
    write_coverage(shop, counts)
    assert read_coverage(shop) == counts
    assert (shop.folder / ".coverage_map.mvcov").read_bytes() == official_map(shop, counts)


def test_the_gas_report_leaves_tests_out(shop: LoadedPackage, totals: Totals) -> None:
    report = function_gas(shop.program, totals.gas)
    assert list(report) == [MODULE]
    rows = {row.name: row for row in report[MODULE]}
    assert set(rows) == {"checked", "item", "total"}
    assert rows["item"].calls == 4
    assert 0 < rows["item"].least <= rows["item"].median <= rows["item"].most < rows["total"].least
