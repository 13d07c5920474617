#[test_only]
module energy::energy_tests;

use energy::energy::{Self, ENERGY, Issuer, Meter};
use iota::coin::Coin;
use iota::test_scenario::{Self as ts, Scenario};

const UTILITY: address = @0xA;
const HOUSE: address = @0xB;

/// The package is published, and the utility has certified its own meter at 5,000 Wh.
fun begin(): Scenario {
    let mut scenario = ts::begin(UTILITY);
    energy::init_for_testing(scenario.ctx());
    scenario.next_tx(UTILITY);
    let issuer: Issuer = scenario.take_from_sender();
    issuer.certify(b"EM-1".to_string(), 5_000, UTILITY, scenario.ctx());
    scenario.return_to_sender(issuer);
    scenario.next_tx(UTILITY);
    scenario
}

#[test]
fun a_reading_becomes_energy_and_is_redeemed() {
    let mut scenario = begin();
    let mut issuer: Issuer = scenario.take_from_sender();
    let mut meter: Meter = scenario.take_from_sender();
    issuer.issue_to(&mut meter, 7_500, HOUSE, scenario.ctx());
    assert!(meter.reading_wh() == 7_500);
    assert!(meter.serial() == b"EM-1".to_string());
    assert!(issuer.outstanding_wh() == 2_500);
    scenario.return_to_sender(issuer);
    scenario.return_to_sender(meter);

    let effects = scenario.next_tx(HOUSE);
    assert!(effects.num_user_events() == 1);
    let mut energy: Coin<ENERGY> = scenario.take_from_sender();
    let used = energy.split(1_000, scenario.ctx());
    transfer::public_transfer(used, UTILITY);
    scenario.return_to_sender(energy);

    scenario.next_tx(UTILITY);
    let mut issuer: Issuer = scenario.take_from_sender();
    assert!(issuer.redeem(scenario.take_from_sender()) == 1_000);
    assert!(issuer.outstanding_wh() == 1_500);
    scenario.return_to_sender(issuer);
    scenario.end();
}

#[test]
fun redeeming_does_not_raise_the_cap() {
    let mut scenario = begin();
    let mut issuer: Issuer = scenario.take_from_sender();
    let mut meter: Meter = scenario.take_from_sender();
    issuer.set_cap_for_testing(600);
    let energy = issuer.issue(&mut meter, 5_400, scenario.ctx());
    issuer.redeem(energy);
    assert!(issuer.available_wh() == 200);
    scenario.return_to_sender(issuer);
    scenario.return_to_sender(meter);
    scenario.end();
}

#[test, expected_failure(abort_code = energy::ECapReached)]
fun nothing_is_minted_beyond_the_cap() {
    let mut scenario = begin();
    let mut issuer: Issuer = scenario.take_from_sender();
    let mut meter: Meter = scenario.take_from_sender();
    issuer.set_cap_for_testing(600);
    issuer.issue_to(&mut meter, 5_601, HOUSE, scenario.ctx());
    abort 0
}

#[test, expected_failure(abort_code = energy::EReadingNotRising)]
fun the_same_reading_counts_once() {
    let mut scenario = begin();
    let mut issuer: Issuer = scenario.take_from_sender();
    let mut meter: Meter = scenario.take_from_sender();
    issuer.issue_to(&mut meter, 6_000, HOUSE, scenario.ctx());
    issuer.issue_to(&mut meter, 6_000, HOUSE, scenario.ctx());
    abort 0
}

#[test, expected_failure(abort_code = energy::EMeterRetired)]
fun a_retired_meter_issues_nothing() {
    let mut scenario = begin();
    let mut issuer: Issuer = scenario.take_from_sender();
    let mut meter: Meter = scenario.take_from_sender();
    meter.retire();
    issuer.issue_to(&mut meter, 6_000, HOUSE, scenario.ctx());
    abort 0
}

#[test, expected_failure(abort_code = energy::EForeignMeter)]
fun a_foreign_meter_issues_nothing() {
    let mut scenario = begin();
    let mut meter: Meter = scenario.take_from_sender();
    scenario.next_tx(HOUSE);
    energy::init_for_testing(scenario.ctx());
    scenario.next_tx(HOUSE);
    let mut other: Issuer = scenario.take_from_sender();
    other.issue_to(&mut meter, 6_000, HOUSE, scenario.ctx());
    abort 0
}
