"""A short run of the fuzz of sources: seeded, so that it is the same run everywhere."""

from __future__ import annotations

import time

import pytest

from tests.fuzz.compiling import Corpus, Host
from tests.fuzz.sources import case

BUDGET_SECONDS = 18
"""CPU time after which no more cases begin; the first MIN_CASES run in any case."""

MIN_CASES = 40
MAX_CASES = 400
SEED = 2026


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_broken_sources_give_diagnostics_or_sound_modules(host: Host) -> None:
    corpus = Corpus.own()
    started = time.process_time()
    for number in range(MAX_CASES):
        if number >= MIN_CASES and time.process_time() - started > BUDGET_SECONDS:
            break
        text, mode = case(corpus, SEED, number)
        try:
            host.take(text, mode)
        except Exception as error:
            raise AssertionError(f"--seed {SEED} --only {number}") from error


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\ufeff",
        "\x00",
        "module",
        "module a::m { fun f() { " + "(" * 5000,
        "module a::m { fun f() { " + "{" * 5000 + "}" * 5000 + " } }",
        "module a::m { fun f(): u64 { " + "1 + " * 20_000 + "1 } }",
        "module a::m { fun f(): bool { " + "!" * 20_000 + "true } }",
        "module a::m { fun f() { " + "if (true) " * 5000 + "() } }",
        "module a::m { fun f(x: " + "vector<" * 3000 + "u8" + ">" * 3000 + ") {} }",
        "module a::m { fun " + "f" * 70_000 + "() {} }",
        "module " + "a" * 300 + "::m { }",
        "/*" * 20_000,
        "module a::m { macro fun f($x: u64): u64 { f!($x) } fun g(): u64 { f!(1) } }",
        "module a::m { macro fun f($x: u64): u64 { $x + $x + $x + $x } fun g(): u64 { "
        + "f!(" * 12
        + "1"
        + ")" * 12
        + " } }",
        "module a::m { struct A<T> { x: T } fun f<T>(): u64 { f<A<T>>() } }",
        "module a::m { " + "".join(f"fun f{n}() {{ f{n + 1}() }} " for n in range(900)) + "fun f900() {} }",
    ],
    ids=range(17),
)
def test_what_is_deep_long_or_endless_ends_with_diagnostics_or_modules(host: Host, text: str) -> None:
    started = time.process_time()
    host.take(text, 1)
    assert time.process_time() - started < 20
