"""What a failing test tells: its frames with source lines, arguments, locals and what was compared."""

from __future__ import annotations

import pytest

from movelite.unit_test.engine import LoadedPackage
from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import Reason, RunOptions, TestResult, Traces, Verdict, run_tests


def run_one(shop: LoadedPackage, name: str, **options: object) -> TestResult:
    """The result of one test with details."""
    chosen = RunOptions(test_filter=f"shop_tests::{name}", details=True, **options)  # type: ignore[arg-type]
    (result,) = run_tests(shop.program, chosen)
    return result


def text_of(shop: LoadedPackage, name: str, **options: object) -> str:
    """The whole report of one failing test."""
    result = run_one(shop, name, **options)
    assert result.failed_run is not None
    return Reporter(shop.program, details=True).whole_text(result, result.failed_run)


def test_every_frame_shows_its_line_its_arguments_and_its_locals(shop: LoadedPackage) -> None:
    text = text_of(shop, "overdrawn")
    assert "gave an arithmetic error originating in the module shop::shop" in text
    trace = text[text.index("stack trace") :]
    assert trace == (
        "stack trace\n"
        "\tshop::shop::pay(sources/shop.move:36)\n"
        "\t  36 │ purse - item.price\n"
        "\t    item: &Item = Item { price: 10, name: 0x746561 }\n"
        "\t    purse: u64 = 9\n"
        "\tshop::shop_tests::overdrawn(tests/shop_tests.move:25)\n"
        "\t  25 │ shop::pay(&shop::item(10), purse);\n"
    )


def test_an_assertion_shows_both_sides(shop: LoadedPackage) -> None:
    text = text_of(shop, "wrong_total")
    assert "shop::total(&vector[shop::item(4)], shop::small()): u64 = 4" in text


def test_the_text_of_an_error_constant_is_shown(shop: LoadedPackage) -> None:
    text = text_of(shop, "dear")
    assert "aborted with error constant 'ETooDear'" in text
    assert "Error message: This costs too much" in text
    assert "item.price: u64 = 200" in text


def test_error_constants_of_other_types_show_their_value(shop: LoadedPackage) -> None:
    assert "Error value: [1, 50]" in text_of(shop, "beyond_limits")


def test_a_test_that_was_to_fail_and_did_not(shop: LoadedPackage) -> None:
    result = run_one(shop, "does_not_fail")
    assert result.failed_run is not None
    assert result.failed_run.reason is Reason.NO_ERROR


def test_gas_that_ran_out_is_located_without_a_second_run(shop: LoadedPackage) -> None:
    result = run_one(shop, "wrong_total", gas_limit=1)
    assert result.verdict in (Verdict.TIMEOUT, Verdict.FAIL)


def test_inputs_are_made_as_simple_as_they_can_be(shop: LoadedPackage) -> None:
    result = run_one(shop, "large_numbers_fail", seed=7)
    assert result.failed_run is not None
    assert result.failed_run.simplest == (1000, [0, 0, 0])
    assert "--seed 7" in text_of(shop, "large_numbers_fail", seed=7)
    assert "v.length(): u64 = 3" in text_of(shop, "large_numbers_fail", seed=7)


def test_prints_are_those_of_the_official_debug_module(shop: LoadedPackage) -> None:
    result = run_one(shop, "prints")
    assert result.runs[0].outcome.prints == ("[debug] 0x0::shop::Item {\n  price: 5,\n  name: 0x746561\n}",)


@pytest.mark.parametrize("traces", [Traces.ALL, Traces.FAILED])
def test_a_call_tree_has_arguments_results_and_gas(shop: LoadedPackage, traces: Traces) -> None:
    result = run_one(shop, "wrong_total", traces=traces)
    assert result.failed_run is not None and result.failed_run.calls is not None
    calls = result.failed_run.calls.calls
    assert [(call.depth, call.name, call.result) for call in calls] == [
        (0, "wrong_total", None),
        (1, "item", "Item { price: 4, name: 0x746561 }"),
        (1, "small", "Size::Small"),
        (1, "total", "4"),
        (2, "is_empty<Item>", "false"),
    ]
    assert calls[3].arguments == "items: [Item { price: 4, name: 0x746561 }], size: Size::Small"
    assert calls[0].failed and calls[0].gas > calls[3].gas > calls[1].gas > 0


def test_observed_runs_use_the_same_gas(shop: LoadedPackage) -> None:
    for name in ("total", "wrong_total", "overdrawn", "expands_here"):
        plain, observed = run_one(shop, name), run_one(shop, name, traces=Traces.ALL, coverage=True)
        assert plain.gas_used == observed.gas_used
        assert plain.verdict is observed.verdict
