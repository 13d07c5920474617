/// Epochs of a staking system in which chance says what people do. What comes of it is printed,
/// so that two packages of the same interface can be compared.
#[test_only]
module iota_system::staking_history;

use iota::balance::{Self, Balance};
use iota::coin::{Self, Coin};
use iota::event;
use iota::hash;
use iota::iota::IOTA;
use iota::system_admin_cap;
use iota::test_scenario::{Self, Scenario};
use iota::timelock::{Self, TimeLock};
use iota_system::governance_test_utils as utils;
use iota_system::iota_system::{Self, IotaSystemState};
use iota_system::iota_system_state_inner::{Self, SystemEpochInfoEventV1};
use iota_system::staking_pool::StakedIota;
use iota_system::timelocked_staking::{Self, TimelockedStakedIota};
use iota_system::validator::{StakingRequestEvent, UnstakingRequestEvent, ValidatorV1};
use iota_system::validator_cap::UnverifiedValidatorOperationCap;
use iota_system::validator_set::{
    ValidatorEpochInfoEventV1,
    ValidatorJoinEvent,
    ValidatorLeaveEvent
};
use std::bcs;
use std::debug;

const NANOS: u64 = 1_000_000_000;
const STAKERS: u64 = 4;

public struct Chance has drop { state: u64 }

/// A number below `limit`.
fun below(chance: &mut Chance, limit: u64): u64 {
    let next = (chance.state as u128) * 6364136223846793005 + 1442695040888963407;
    chance.state = (next % 18446744073709551616) as u64;
    (chance.state >> 16) % limit
}

fun staker(chance: &mut Chance): address {
    iota::address::from_u256(0x1000 + (chance.below(STAKERS) as u256))
}

fun one_of<T: copy>(chance: &mut Chance, all: &vector<T>): T { all[chance.below(all.length())] }

/// Amounts large and small, rarely round.
fun amount(chance: &mut Chance): u64 {
    let scale = vector[1, 30, 2_000, 1_000_000][chance.below(4)];
    NANOS + chance.below(scale * NANOS)
}

fun print<T>(value: &T) { debug::print(value) }

/// Play `epochs` epochs.
fun play(seed: u64, epochs: u64) {
    let mut chance = Chance { state: seed * 7919 + 17 };
    10u64.do!(|_| { chance.below(2); });
    begin(&mut chance);
    let mut scenario = test_scenario::begin(@0x0);
    let mut newcomers = 0;
    epochs.do!(|_| {
        let requests = chance.below(12);
        requests.do!(|_| request(&mut chance, &mut newcomers, &mut scenario));
        end_epoch(&mut chance, &mut scenario)
    });
    pay_out(&mut scenario);
    scenario.end();
}

fun begin(chance: &mut Chance) {
    let mut scenario = test_scenario::begin(@0x0);
    let count = 1 + chance.below(12);
    let is_even = chance.below(3) == 0;
    let validators = vector::tabulate!(count, |i| {
        let stake = 1 + chance.below(if (is_even) 1 else 1 + 1000 * (i + 1));
        utils::create_validator_for_testing(iota::address::from_u256(i as u256 + 1), stake, scenario.ctx())
    });
    let low = chance.below(2) * chance.below(200);
    create_state(validators, low * NANOS, chance.below(low / 4 + 1) * NANOS, scenario.ctx());
    scenario.end();
}

fun create_state(
    validators: vector<ValidatorV1>,
    low_stake: u64,
    very_low_stake: u64,
    ctx: &mut TxContext,
) {
    let mut treasury = iota::iota::create_for_testing(ctx);
    treasury.mint_balance(1_000_000_000 * NANOS, ctx).destroy_for_testing();
    let fund = treasury.mint_balance(5 * NANOS, ctx);
    let rules = iota_system_state_inner::create_system_parameters(
        42,
        15,
        NANOS,
        low_stake,
        very_low_stake,
        1,
        ctx,
    );
    iota_system::create(
        object::new(ctx),
        treasury,
        validators,
        fund,
        1,
        0,
        rules,
        system_admin_cap::new_system_admin_cap_for_testing(),
        ctx,
    )
}

// === Requests ===

fun request(chance: &mut Chance, newcomers: &mut u64, scenario: &mut Scenario) {
    let mut members = vector[];
    in_state!(@0x0, scenario, |state, _| members = state.active_validator_addresses());
    let kind = chance.below(16);
    if (kind < 5) stake(chance, &members, scenario)
    else if (kind < 7) unstake(chance, scenario)
    else if (kind == 7) split(chance, scenario)
    else if (kind == 8) join(chance, scenario)
    else if (kind < 11) report(chance, &members, scenario)
    else if (kind == 11) set_prices(chance, &members, scenario)
    else if (kind == 12) stake_locked(chance, &members, scenario)
    else if (kind == 13) unstake_locked(chance, scenario)
    else if (kind == 14) leave(chance, &members, scenario)
    else enter(chance, newcomers, scenario)
}

fun stake(chance: &mut Chance, members: &vector<address>, scenario: &mut Scenario) {
    let (who, validator, many) = (chance.staker(), chance.one_of(members), chance.below(3));
    let sum = chance.amount();
    in_state!(who, scenario, |state, ctx| {
        if (many == 0) {
            let coins = vector[new_coin(sum, ctx), new_coin(7, ctx), new_coin(11, ctx)];
            state.request_add_stake_mul_coin(coins, option::some(sum + 3), validator, ctx)
        } else state.request_add_stake(new_coin(sum, ctx), validator, ctx)
    })
}

fun unstake(chance: &mut Chance, scenario: &mut Scenario) {
    let who = chance.staker();
    scenario.next_tx(who);
    let stakes = scenario.ids_for_sender<StakedIota>();
    if (stakes.is_empty()) return;
    let stake = scenario.take_from_sender_by_id<StakedIota>(chance.one_of(&stakes));
    let mut state = scenario.take_shared<IotaSystemState>();
    state.request_withdraw_stake(stake, scenario.ctx());
    test_scenario::return_shared(state)
}

fun split(chance: &mut Chance, scenario: &mut Scenario) {
    let who = chance.staker();
    scenario.next_tx(who);
    let stakes = scenario.ids_for_sender<StakedIota>();
    if (stakes.is_empty()) return;
    let mut stake = scenario.take_from_sender_by_id<StakedIota>(chance.one_of(&stakes));
    let sum = stake.amount();
    if (sum >= 2 * NANOS) {
        let part = NANOS + chance.below(sum - 2 * NANOS + 1);
        stake.split_to_sender(part, scenario.ctx())
    };
    scenario.return_to_sender(stake)
}

fun join(chance: &mut Chance, scenario: &mut Scenario) {
    let who = chance.staker();
    scenario.next_tx(who);
    let stakes = scenario.ids_for_sender<StakedIota>();
    if (stakes.length() < 2) return;
    let mut one = scenario.take_from_sender_by_id<StakedIota>(stakes[0]);
    let other = scenario.take_from_sender_by_id<StakedIota>(stakes[1]);
    if (one.is_equal_staking_metadata(&other)) one.join(other)
    else scenario.return_to_sender(other);
    scenario.return_to_sender(one)
}

fun report(chance: &mut Chance, members: &vector<address>, scenario: &mut Scenario) {
    let reported = members[0];
    let quarters = chance.below(5); // of the others report
    members.do_ref!(|member| {
        if (*member != reported && chance.below(4) < quarters) {
            let reporters = {
                scenario.next_tx(*member);
                let mut state = scenario.take_shared<IotaSystemState>();
                let found = state.get_reporters_of(reported);
                test_scenario::return_shared(state);
                found
            };
            let has_reported = reporters.contains(member);
            with_cap!(*member, scenario, |state, cap| {
                if (has_reported && quarters < 2) state.undo_report_validator(cap, reported)
                else state.report_validator(cap, reported)
            })
        }
    })
}

fun set_prices(chance: &mut Chance, members: &vector<address>, scenario: &mut Scenario) {
    let (member, price, rate) = (chance.one_of(members), chance.below(2_000), chance.below(2_001));
    with_cap!(member, scenario, |state, cap| state.request_set_gas_price(cap, price));
    in_state!(member, scenario, |state, ctx| {
        state.request_set_commission_rate(rate, ctx);
        state.update_validator_name(b"renamed", ctx);
        state.rotate_operation_cap(ctx)
    })
}

fun stake_locked(chance: &mut Chance, members: &vector<address>, scenario: &mut Scenario) {
    let (who, validator, sum) = (chance.staker(), chance.one_of(members), chance.amount());
    let end = 1_000_000 + chance.below(3);
    in_state!(who, scenario, |state, ctx| {
        let lock = timelock::lock(balance::create_for_testing(sum), end, ctx);
        let other = timelock::lock(balance::create_for_testing(sum), end + 1, ctx);
        timelocked_staking::request_add_stake_mul_bal(state, vector[lock, other], validator, ctx)
    })
}

fun unstake_locked(chance: &mut Chance, scenario: &mut Scenario) {
    let who = chance.staker();
    scenario.next_tx(who);
    let stakes = scenario.ids_for_sender<TimelockedStakedIota>();
    if (stakes.is_empty()) return;
    let mut stake = scenario.take_from_sender_by_id<TimelockedStakedIota>(chance.one_of(&stakes));
    if (stake.amount() > 2 * NANOS) stake.split_to_sender(NANOS, scenario.ctx());
    let mut state = scenario.take_shared<IotaSystemState>();
    timelocked_staking::request_withdraw_stake(&mut state, stake, scenario.ctx());
    test_scenario::return_shared(state)
}

/// Two thirds of the members, at least two, stay.
fun leave(chance: &mut Chance, members: &vector<address>, scenario: &mut Scenario) {
    let member = chance.one_of(members);
    if (members.length() < 3 || chance.below(3) != 0) return;
    in_state!(@0x0, scenario, |state, _| print(&state.validators().derive_reference_gas_price()));
    let is_many = members.length() > 6;
    in_state!(member, scenario, |state, ctx| if (is_many) state.request_remove_validator(ctx))
}

/// A newcomer becomes a candidate, who joins, waits or gives up.
fun enter(chance: &mut Chance, newcomers: &mut u64, scenario: &mut Scenario) {
    let number = *newcomers;
    *newcomers = number + 1;
    let who = iota::address::from_u256(0x2000 + (number as u256));
    let name = bcs::to_bytes(&number).map!(|byte| byte % 100 + 27);
    let (rate, price, sum, end) = (chance.below(2_001), chance.below(1_000), chance.amount(), chance.below(4));
    in_state!(who, scenario, |state, ctx| {
        state.request_add_validator_candidate_for_testing(
            bcs::to_bytes(&(number + 1_000)),
            bcs::to_bytes(&(number + 2_000)),
            bcs::to_bytes(&(number + 3_000)),
            b"",
            name,
            b"",
            b"",
            b"",
            bcs::to_bytes(&number).map!(|byte| byte % 100 + 1),
            bcs::to_bytes(&number).map!(|byte| byte % 100 + 2),
            b"",
            price,
            rate,
            ctx,
        );
        state.request_add_stake(new_coin(sum, ctx), who, ctx);
        state.set_candidate_validator_commission_rate(rate / 2, ctx);
        if (end < 2) state.request_add_validator_for_testing(NANOS, ctx)
        else if (end == 2) state.request_remove_validator_candidate(ctx)
    })
}

// === The end ===

fun end_epoch(chance: &mut Chance, scenario: &mut Scenario) {
    scenario.next_tx(@0x0);
    let mut state = scenario.take_shared<IotaSystemState>();
    let epoch = scenario.ctx().epoch() + 1;
    let (target, storage, fees) = (chance.amount(), chance.amount(), chance.amount());
    let slashed = vector[0, 5_000, 10_000][chance.below(3)];
    print(&hash::blake2b256(&bcs::to_bytes(state.validators()))); // some histories end when the first epoch does
    let rebate = state.advance_epoch_for_testing(
        epoch,
        1,
        target,
        storage,
        fees,
        storage / 2,
        storage / 100,
        slashed,
        epoch * 1_000,
        scenario.ctx(),
    );
    print(&rebate.destroy_for_testing());
    print(&event::events_by_type<SystemEpochInfoEventV1>());
    print(&event::events_by_type<ValidatorEpochInfoEventV1>());
    print(&event::events_by_type<ValidatorJoinEvent>());
    print(&event::events_by_type<ValidatorLeaveEvent>());
    print(&event::events_by_type<StakingRequestEvent>());
    print(&hash::blake2b256(&bcs::to_bytes(state.validators())));
    print(&state.validator_voting_powers_for_testing());
    print(&state.get_total_iota_supply());
    test_scenario::return_shared(state);
    scenario.next_epoch(@0x0);
}

/// Everybody takes everything out.
fun pay_out(scenario: &mut Scenario) {
    STAKERS.do!(|i| {
        let who = iota::address::from_u256(0x1000 + (i as u256));
        scenario.next_tx(who);
        let ids = scenario.ids_for_sender<StakedIota>();
        ids.destroy!(|id| {
            let stake = scenario.take_from_sender_by_id<StakedIota>(id);
            let pool = stake.pool_id();
            let mut state = scenario.take_shared<IotaSystemState>();
            let rates = state.pool_exchange_rates(&pool);
            let epoch = scenario.ctx().epoch();
            (epoch + 1).do!(|e| if (rates.contains(e)) print(&rates[e]));
            state.request_withdraw_stake(stake, scenario.ctx());
            print(&event::events_by_type<UnstakingRequestEvent>());
            test_scenario::return_shared(state);
            scenario.next_tx(who);
        });
        let locked = scenario.ids_for_sender<TimeLock<Balance<IOTA>>>();
        print(&locked.length());
        print(&utils::total_iota_balance(who, scenario));
        scenario.ids_for_sender<Coin<IOTA>>().do!(|id| print(&id))
    })
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

macro fun with_cap(
    $sender: address,
    $scenario: &mut Scenario,
    $do: |&mut IotaSystemState, &UnverifiedValidatorOperationCap|,
) {
    let scenario = $scenario;
    scenario.next_tx($sender);
    let cap = scenario.take_from_sender<UnverifiedValidatorOperationCap>();
    let mut state = scenario.take_shared<IotaSystemState>();
    $do(&mut state, &cap);
    scenario.return_to_sender(cap);
    test_scenario::return_shared(state)
}

fun new_coin(amount: u64, ctx: &mut TxContext): Coin<IOTA> { coin::mint_for_testing(amount, ctx) }
