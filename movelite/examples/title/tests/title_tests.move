#[test_only]
module title::title_tests;

use iota::display::Display;
use iota::package::Publisher;
use iota::test_scenario::{Self as ts, Scenario};
use title::title::{Self, MakerCap, TenantKey, Title};

const MAKER: address = @0xA;
const OWNER: address = @0xB;
const TENANT: address = @0xC;
const BUYER: address = @0xD;

const WEEK_MS: u64 = 7 * 24 * 60 * 60 * 1000;

/// The package is published, and the owner has the title of a machine.
fun begin(): Scenario {
    let mut scenario = ts::begin(MAKER);
    title::init_for_testing(scenario.ctx());
    scenario.next_tx(MAKER);
    let cap: MakerCap = scenario.take_from_sender();
    cap.issue_to(
        b"Mill".to_string(),
        b"M-7".to_string(),
        b"https://example.com/m7.png".to_string(),
        OWNER,
        scenario.ctx(),
    );
    scenario.return_to_sender(cap);
    scenario.next_tx(OWNER);
    scenario
}

fun lease_for_a_week(scenario: &mut Scenario) {
    scenario.next_tx(OWNER);
    let mut title: Title = scenario.take_from_sender();
    title.lease(TENANT, WEEK_MS, scenario.ctx());
    scenario.return_to_sender(title);
}

#[test]
fun the_maker_gets_display_and_publisher() {
    let mut scenario = begin();
    scenario.next_tx(MAKER);
    let display: Display<Title> = scenario.take_from_sender();
    assert!(display.version() == 1);
    assert!(display.fields().contains(&b"image_url".to_string()));
    scenario.return_to_sender(display);
    let publisher: Publisher = scenario.take_from_sender();
    assert!(publisher.from_module<Title>());
    scenario.return_to_sender(publisher);
    scenario.end();
}

#[test]
fun the_key_opens_until_the_lease_ends() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    scenario.next_tx(TENANT);
    let key: TenantKey = scenario.take_from_sender();
    assert!(key.is_valid(scenario.ctx()));
    scenario.return_to_sender(key);

    scenario.later_epoch(WEEK_MS, TENANT);
    let key: TenantKey = scenario.take_from_sender();
    assert!(!key.is_valid(scenario.ctx()));
    key.discard(scenario.ctx());

    scenario.next_tx(OWNER);
    let mut title: Title = scenario.take_from_sender();
    title.end_expired_lease(scenario.ctx());
    assert!(title.tenant().is_none());
    title.destroy();
    scenario.end();
}

#[test]
fun a_key_given_back_ends_the_lease_early() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    scenario.next_tx(TENANT);
    let key: TenantKey = scenario.take_from_sender();
    key.give_back(OWNER);
    scenario.next_tx(OWNER);
    let mut title: Title = scenario.take_from_sender();
    let key: TenantKey = scenario.take_from_sender();
    assert!(key.opens() == object::id(&title));
    title.end_lease(key);
    assert!(title.tenant() == option::none());
    scenario.return_to_sender(title);
    scenario.end();
}

#[test]
fun the_lease_survives_a_sale() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    scenario.next_tx(OWNER);
    let title: Title = scenario.take_from_sender();
    transfer::public_transfer(title, BUYER);
    scenario.next_tx(BUYER);
    let title: Title = scenario.take_from_sender();
    assert!(title.tenant() == option::some(TENANT));
    assert!(title.serial() == b"M-7".to_string());
    scenario.return_to_sender(title);
    scenario.end();
}

#[test, expected_failure(abort_code = title::EAlreadyLeased)]
fun a_leased_device_is_not_leased_again() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    lease_for_a_week(&mut scenario);
    abort 0
}

#[test, expected_failure(abort_code = title::ELeaseRuns)]
fun the_owner_cannot_end_a_running_lease_alone() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    scenario.next_tx(OWNER);
    let mut title: Title = scenario.take_from_sender();
    title.end_expired_lease(scenario.ctx());
    abort 0
}

#[test, expected_failure(abort_code = title::EEndIsPast)]
fun a_lease_ends_in_the_future() {
    let mut scenario = begin();
    scenario.later_epoch(WEEK_MS, OWNER);
    lease_for_a_week(&mut scenario);
    abort 0
}

#[test, expected_failure(abort_code = title::EWrongKey)]
fun the_key_of_another_device_ends_nothing() {
    let mut scenario = begin();
    lease_for_a_week(&mut scenario);
    scenario.next_tx(TENANT);
    let key: TenantKey = scenario.take_from_sender();
    key.give_back(MAKER);
    scenario.next_tx(MAKER);
    let cap: MakerCap = scenario.take_from_sender();
    let mut other = cap.issue(
        b"Mill".to_string(),
        b"M-8".to_string(),
        b"https://example.com/m8.png".to_string(),
        scenario.ctx(),
    );
    other.lease(TENANT, WEEK_MS, scenario.ctx());
    other.end_lease(scenario.take_from_sender());
    abort 0
}
