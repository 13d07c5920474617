/// How staking goes, as a package of somebody who stakes would test it.
#[test_only]
module staker::staking_tests;

use iota::balance::{Self, Balance};
use iota::coin::Coin;
use iota::iota::IOTA;
use iota::test_scenario::{Self, Scenario};
use iota::timelock::{Self, TimeLock};
use iota_system::governance_test_utils as system;
use iota_system::iota_system::IotaSystemState;
use iota_system::staking_pool::StakedIota;
use iota_system::timelocked_staking::{Self, TimelockedStakedIota};
use iota_system::validator_cap::UnverifiedValidatorOperationCap;

const IOTAS: u64 = 1_000_000_000;
const ALICE: address = @0xa;
/// The test that includes this file puts key and proof of this address here.
const NEWCOMER: address = @0x4e;
const KEY: vector<u8> = x"KEY_OF_NEWCOMER";
const PROOF: vector<u8> = x"PROOF_OF_NEWCOMER";

#[test]
fun rewards_follow_stake_and_time() {
    let mut scenario = begin();
    system::stake_with(ALICE, @0x1, 100, &mut scenario);
    end_epoch(80, &mut scenario); // 20 for each validator, whose own stake alone was active
    assert!(stake_on(@0x1, &mut scenario) == 220 * IOTAS);
    end_epoch(80, &mut scenario); // nobody has more than a quarter of the votes
    let (paid, _) = unstake(ALICE, &mut scenario);
    assert!(paid == 109_090_909_090); // 100 of 220 that are worth 240
    scenario.end();
}

#[test]
fun a_stake_that_is_not_active_yet_earns_nothing() {
    let mut scenario = begin();
    system::stake_with(ALICE, @0x1, 5, &mut scenario);
    let (paid, supply) = unstake(ALICE, &mut scenario);
    assert!(paid == 5 * IOTAS && supply == 1000 * IOTAS);
    scenario.end();
}

#[test]
fun commission_becomes_a_stake_of_the_validator() {
    let mut scenario = begin();
    in_state!(@0x1, &mut scenario, |state, ctx| state.request_set_commission_rate(1_000, ctx));
    end_epoch(80, &mut scenario); // the old rate: none
    end_epoch(80, &mut scenario); // a tenth of 20
    scenario.next_tx(@0x1);
    let commission = scenario.take_from_sender<StakedIota>();
    assert!(commission.amount() == 2 * IOTAS && commission.stake_activation_epoch() == 2);
    scenario.return_to_sender(commission);
    scenario.end();
}

#[test]
fun who_is_reported_by_a_quorum_loses_rewards_and_they_are_burnt() {
    let mut scenario = begin();
    vector[@0x2, @0x3, @0x4].do!(|reporter| {
        scenario.next_tx(reporter);
        let cap = scenario.take_from_sender<UnverifiedValidatorOperationCap>();
        let mut state = scenario.take_shared<IotaSystemState>();
        state.report_validator(&cap, @0x1);
        test_scenario::return_shared(state);
        scenario.return_to_sender(cap);
    });
    system::advance_epoch_with_reward_amounts_and_slashing_rates(0, 80, 5_000, &mut scenario);
    assert!(stake_on(@0x1, &mut scenario) == 110 * IOTAS);
    assert!(stake_on(@0x2, &mut scenario) == 120 * IOTAS);
    scenario.next_tx(ALICE);
    assert!(system::total_supply(&mut scenario) == 990 * IOTAS);
    scenario.end();
}

#[test]
fun the_target_is_minted_or_the_excess_burnt() {
    let mut scenario = begin();
    system::advance_epoch_with_target_reward_amounts(100, 0, 40, &mut scenario);
    scenario.next_tx(ALICE);
    assert!(system::total_supply(&mut scenario) == 1060 * IOTAS);
    system::advance_epoch_with_target_reward_amounts(0, 0, 40, &mut scenario);
    scenario.next_tx(ALICE);
    assert!(system::total_supply(&mut scenario) == 1020 * IOTAS);
    scenario.end();
}

#[test]
fun a_candidate_joins_with_the_next_epoch_and_its_stakers_get_out_after_it_left() {
    let mut scenario = begin();
    enter(PROOF, &mut scenario);
    system::stake_with(ALICE, NEWCOMER, 100, &mut scenario);
    system::add_validator(NEWCOMER, &mut scenario);
    end_epoch(0, &mut scenario);
    assert!(members(&mut scenario) == 5);
    end_epoch(100, &mut scenario);
    system::remove_validator(NEWCOMER, &mut scenario);
    end_epoch(0, &mut scenario);
    assert!(members(&mut scenario) == 4);
    let (paid, _) = unstake(ALICE, &mut scenario);
    assert!(paid == 120 * IOTAS);
    scenario.end();
}

#[test, expected_failure(abort_code = iota_system::validator::EInvalidProofOfPossession)]
fun nobody_enters_with_the_key_of_another() {
    let mut scenario = begin();
    enter(KEY, &mut scenario);
    scenario.end();
}

#[test]
fun the_principal_stays_locked_and_the_reward_is_free() {
    let mut scenario = begin();
    in_state!(ALICE, &mut scenario, |state, ctx| {
        let lock = timelock::lock(balance::create_for_testing<IOTA>(100 * IOTAS), 1_000, ctx);
        timelocked_staking::request_add_stake(state, lock, @0x1, ctx)
    });
    end_epoch(0, &mut scenario);
    end_epoch(80, &mut scenario);
    scenario.next_tx(ALICE);
    let stake = scenario.take_from_sender<TimelockedStakedIota>();
    in_state!(ALICE, &mut scenario, |state, ctx| {
        timelocked_staking::request_withdraw_stake(state, stake, ctx)
    });
    scenario.next_tx(ALICE);
    let lock = scenario.take_from_sender<TimeLock<Balance<IOTA>>>();
    assert!(lock.locked().value() == 100 * IOTAS && lock.is_locked(scenario.ctx()));
    scenario.return_to_sender(lock);
    assert!(system::total_iota_balance(ALICE, &mut scenario) == 10 * IOTAS);
    scenario.end();
}

/// Four validators at 0x1 to 0x4, with a stake of 100 each, and a supply of 1000.
fun begin(): Scenario {
    system::set_up_iota_system_state(vector[@0x1, @0x2, @0x3, @0x4]);
    test_scenario::begin(ALICE)
}

fun end_epoch(rewards: u64, scenario: &mut Scenario) {
    system::advance_epoch_with_reward_amounts(0, rewards, scenario)
}

fun enter(proof: vector<u8>, scenario: &mut Scenario) {
    system::add_validator_candidate(
        NEWCOMER,
        b"newcomer",
        b"/ip4/127.0.0.1/udp/81",
        KEY,
        proof,
        scenario,
    )
}

/// What comes out of the last stake, and the supply after it.
fun unstake(who: address, scenario: &mut Scenario): (u64, u64) {
    system::unstake(who, 0, scenario);
    scenario.next_tx(who);
    let paid = scenario.take_from_sender<Coin<IOTA>>();
    let value = paid.value();
    scenario.return_to_sender(paid);
    (value, system::total_supply(scenario))
}

fun stake_on(validator: address, scenario: &mut Scenario): u64 {
    scenario.next_tx(validator);
    let mut state = scenario.take_shared<IotaSystemState>();
    let stake = state.validator_stake_amount(validator);
    test_scenario::return_shared(state);
    stake
}

fun members(scenario: &mut Scenario): u64 {
    scenario.next_tx(ALICE);
    let mut state = scenario.take_shared<IotaSystemState>();
    let count = state.committee_validator_addresses().length();
    test_scenario::return_shared(state);
    count
}

macro fun in_state(
    $sender: address,
    $scenario: &mut Scenario,
    $do: |&mut IotaSystemState, &mut TxContext|,
) {
    let scenario = $scenario;
    scenario.next_tx($sender);
    let mut state = scenario.take_shared<IotaSystemState>();
    $do(&mut state, scenario.ctx());
    test_scenario::return_shared(state)
}
