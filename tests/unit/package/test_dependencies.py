"""Packages that others depend on: their code runs in tests, and is published along whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.bytecode.reader import deserialize_module
from movelite.compiler.typing import iota_rules
from movelite.package import BuildError, BuildOptions, build
from movelite.package.addresses import resolve_addresses
from movelite.package.graph import resolve_graph
from movelite.unit_test.engine import load_package
from movelite.unit_test.runner import RunOptions, TestResult, run_tests
from movelite.verifier.iota import private_generics
from movelite.verifier.iota.errors import IotaVerificationError

pytestmark = pytest.mark.usefixtures("own_cache")


def package(folder: Path, name: str, dependencies: str = "", **sources: str) -> Path:
    """A package whose address has its own name, and whose files are named by module."""
    folder.mkdir(parents=True)
    (folder / "Move.toml").write_text(
        f'[package]\nname = "{name}"\nedition = "2024.beta"\n[dependencies]\n{dependencies}\n'
        f'[addresses]\n{name.lower()} = "0x0"\n'
    )
    for module, text in sources.items():
        part = "tests" if module.endswith("_tests") else "sources"
        (folder / part).mkdir(exist_ok=True)
        (folder / part / f"{module}.move").write_text(text)
    return folder


LEDGER = """
module ledger::entries;
public struct Entry has drop { amount: u64 }
public fun new(amount: u64): Entry { Entry { amount } }
public fun doubled(entry: &Entry): u64 { entry.amount * 2 }
#[test_only] public fun new_for_testing(): Entry { new(21) }
#[test] fun own_test() { abort 1 }
"""

USER = """
module user::sums;
public fun total(a: u64, b: u64): u64 {
    ledger::entries::new(a).doubled() + ledger::entries::new(b).doubled()
}
"""

USER_TESTS = """
#[test_only] module user::sums_tests;
#[test] fun adds() { assert!(user::sums::total(1, 2) == 6) }
#[test] fun uses_what_the_dependency_has_for_tests() {
    assert!(ledger::entries::new_for_testing().doubled() == 42);
    assert!(ledger::helper_tests::forty_two() == 42);
}
"""

HELPER_TESTS = """
#[test_only] module ledger::helper_tests;
public fun forty_two(): u64 { 42 }
#[test] fun own_test() { abort 1 }
"""


def user_of_ledger(folder: Path) -> Path:
    package(folder / "ledger", "Ledger", entries=LEDGER, helper_tests=HELPER_TESTS)
    dependency = 'Ledger = { local = "../ledger" }'
    return package(folder / "user", "User", dependency, sums=USER, sums_tests=USER_TESTS)


def run(folder: Path) -> list[TestResult]:
    return list(run_tests(load_package(folder).program, RunOptions()))


def test_tests_call_the_code_of_dependencies_and_leave_their_tests_alone(tmp_path: Path) -> None:
    results = run(user_of_ledger(tmp_path))
    assert [(result.name, result.failed_run) for result in results] == [
        ("adds", None),
        ("uses_what_the_dependency_has_for_tests", None),
    ]


def test_dependencies_that_are_published_along_keep_their_code(tmp_path: Path) -> None:
    user = user_of_ledger(tmp_path)
    along = {m.name: m.bytecode for m in build(user, BuildOptions(with_unpublished=True)).modules}
    alone = {m.name: m.bytecode for m in build(tmp_path / "ledger").modules}
    assert along["entries"] == alone["entries"]


def test_a_package_without_addresses_has_its_own_name_as_address(tmp_path: Path) -> None:
    folder = package(tmp_path / "plain", "plain", m="module plain::m;")
    (folder / "Move.toml").write_text('[package]\nname = "plain"\nedition = "2024"\n')
    assert resolve_addresses(resolve_graph(folder))["plain"]["plain"] == 0
    assert [module.name for module in build(folder).modules] == ["m"]


def test_what_the_framework_gained_since() -> None:
    results = run(Path(__file__).parent / "newer_framework")
    assert [result.name for result in results if result.failed_run] == []
    assert len(results) >= 5


THIEF = """
module thief::thief;
use iota::{account, authenticator_function::AuthenticatorFunctionRefV1};
public fun share<A: key>(object: A, f: AuthenticatorFunctionRefV1<A>) {
    account::create_account_v1(object, f)
}
"""


def test_only_the_module_of_a_type_makes_accounts_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thief = package(tmp_path / "thief", "Thief", thief=THIEF)
    with pytest.raises(BuildError) as refused:
        build(thief)
    assert "invalid private account call" in refused.value.report
    monkeypatch.setattr(iota_rules, "PRIVATE_ACCOUNT_CALLS", frozenset())
    (module,) = build(thief).modules
    with pytest.raises(IotaVerificationError, match="must be defined in the current module"):
        private_generics.check(deserialize_module(module.bytecode))


STAKER = """
module staker::staking;
use iota_system::staking_pool::StakedIota;
public fun halve(stake: &mut StakedIota, ctx: &mut TxContext): StakedIota {
    let half = stake.amount() / 2;
    stake.split(half, ctx)
}
"""

STAKER_TESTS = """
#[test_only] module staker::staking_tests;
use iota::test_scenario;
use iota_system::governance_test_utils as system;
use iota_system::staking_pool::StakedIota;
#[test] fun stakes_can_be_halved() {
    system::set_up_iota_system_state(vector[@0x1]);
    let mut scenario = test_scenario::begin(@0x2);
    system::stake_with(@0x2, @0x1, 10, &mut scenario);
    system::advance_epoch_with_reward_amounts(0, 11, &mut scenario);
    scenario.next_tx(@0x2);
    let mut stake = scenario.take_from_sender<StakedIota>();
    let half = staker::staking::halve(&mut stake, scenario.ctx());
    assert!(half.amount() == 5_000_000_000 && stake.amount() == 5_000_000_000);
    scenario.return_to_sender(stake);
    transfer::public_transfer(half, @0x2);
    scenario.end();
}
"""


def test_the_staking_system_need_not_be_named(tmp_path: Path) -> None:
    root = package(tmp_path / "staker", "Staker", staking=STAKER, staking_tests=STAKER_TESTS)
    assert list(build(root).dependency_ids) == ["Iota", "IotaSystem", "MoveStdlib"]
    assert [result.failed_run for result in run(root)] == [None]


def test_who_does_not_stake_does_not_depend_on_it(tmp_path: Path) -> None:
    root = package(tmp_path / "ledger", "Ledger", entries=LEDGER)
    assert list(build(root).dependency_ids) == ["Iota", "MoveStdlib"]


def test_the_staking_system_can_be_named(tmp_path: Path) -> None:
    folder = "crates/iota-framework/packages/iota-system"
    place = f'git = "https://github.com/iotaledger/iota.git", subdir = "{folder}", rev = "framework/testnet"'
    wanted = f"IotaSystem = {{ {place} }}"
    root = package(tmp_path / "staker", "Staker", wanted, staking=STAKER)
    assert list(build(root).dependency_ids) == ["Iota", "IotaSystem", "MoveStdlib"]
