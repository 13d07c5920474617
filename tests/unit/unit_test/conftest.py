"""A package with tests that pass and fail, compiled once for all examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.unit_test.engine import LoadedPackage, load_package

MANIFEST = """[package]
name = "shop"
edition = "2024.beta"

[addresses]
shop = "0x0"
"""

SHOP = """module shop::shop;

#[error]
const ETooDear: vector<u8> = b"This costs too much";
const EEmpty: u64 = 7;
#[error]
const ELimits: vector<u64> = vector[1, 50];

public enum Size has copy, drop { Small, Large { factor: u64 } }

public struct Item has copy, drop, store { price: u64, name: vector<u8> }

public macro fun each($n: u64, $f: |u64|) {
    let n = $n;
    let mut i = 0;
    while (i < n) {
        if (i == 1000) {
            $f(0);
        };
        $f(i);
        i = i + 1;
    };
}

public macro fun nobody_calls($n: u64): u64 {
    let n = $n;
    n + 1
}

public fun item(price: u64): Item {
    Item { price, name: b"tea" }
}

public fun pay(item: &Item, purse: u64): u64 {
    assert!(item.price < 100, ETooDear);
    purse - item.price
}

public fun total(items: &vector<Item>, size: Size): u64 {
    assert!(!items.is_empty(), EEmpty);
    let mut total = 0;
    each!(items.length(), |i| total = total + items[i].price);
    match (size) {
        Size::Small => total,
        Size::Large { factor } => total * factor,
    }
}

public fun never_called(): u64 {
    1
}

public fun checked(
    price: u64,
    spare: &Item,
): u64 {
    assert!(
        price > 0,
        EEmpty,
    );
    if (price > 50) abort ELimits;
    spare.price.min(price)
}

#[test_only]
fun for_tests(): Item {
    item(30)
}

#[test]
fun inside() {
    for_tests();
}
"""

TESTS = """#[test_only]
module shop::shop_tests;

use shop::shop;

#[test]
fun total() {
    let items = vector[shop::item(1), shop::item(2)];
    assert!(shop::total(&items, shop::small()) == 3);
}

#[test]
fun wrong_total() {
    assert!(shop::total(&vector[shop::item(4)], shop::small()) == 5);
}

#[test]
fun dear() {
    shop::pay(&shop::item(200), 500);
}

#[test]
fun overdrawn() {
    let purse = 9;
    shop::pay(&shop::item(10), purse);
}

#[test]
fun prints() {
    std::debug::print(&shop::item(5));
}

#[test]
fun expands_here() {
    let mut n = 0;
    shop::each!(3, |i| n = n + i);
    assert!(n == 3);
}

#[test]
fun checks() {
    assert!(shop::checked(7, &shop::item(8)) == 7);
}

#[test]
fun beyond_limits() {
    shop::checked(51, &shop::item(8));
}

#[test, expected_failure]
fun does_not_fail() {}

#[random_test]
fun large_numbers_fail(x: u64, v: vector<u8>) {
    assert!(x < 1000 || v.length() < 3, 5);
}
"""

SMALL = """
#[test_only]
public fun small(): Size { Size::Small }
"""


def write_shop(folder: Path, tests: str = TESTS) -> Path:
    """The package's folder."""
    (folder / "sources").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "Move.toml").write_text(MANIFEST)
    (folder / "sources" / "shop.move").write_text(SHOP + SMALL)
    (folder / "tests" / "shop_tests.move").write_text(tests)
    return folder


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package on disk."""
    return write_shop(tmp_path_factory.mktemp("packages") / "shop")


@pytest.fixture(scope="session")
def shop(shop_folder: Path) -> LoadedPackage:
    """The package, compiled."""
    return load_package(shop_folder)
