/// A system state for tests: validators whose metadata nobody checks, epochs that end when one
/// wants it. Amounts are in IOTA, unless a name says rewards to be returned.
#[test_only]
module iota_system::governance_test_utils;

use iota::address;
use iota::balance::{Self, Balance};
use iota::coin::{Self, Coin};
use iota::iota::{Self, IOTA};
use iota::system_admin_cap;
use iota::test_scenario::{Self, Scenario};
use iota::test_utils;
use iota_system::iota_system::{Self, IotaSystemState};
use iota_system::iota_system_state_inner;
use iota_system::staking_pool::{StakedIota, StakingPoolV1};
use iota_system::validator::{Self, ValidatorV1};

const NANOS_PER_IOTA: u64 = 1_000_000_000;

/// Keys that are right, for validators that are checked.
const NETWORK_KEY: vector<u8> = x"3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29";
const PROTOCOL_KEY: vector<u8> = x"8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";

// === Making a state ===

/// A member of the committee with a stake of its own.
public fun create_validator_for_testing(
    addr: address,
    init_stake_amount_in_iota: u64,
    ctx: &mut TxContext,
): ValidatorV1 {
    let stake = balance::create_for_testing(init_stake_amount_in_iota * NANOS_PER_IOTA);
    validator::new_for_testing(
        addr,
        x"AA",
        x"BB",
        x"CC",
        x"DD",
        b"ValidatorName",
        b"description",
        b"image_url",
        b"project_url",
        b"/ip4/127.0.0.1/tcp/80",
        b"/ip4/127.0.0.1/udp/80",
        b"/ip4/127.0.0.1/udp/80",
        option::some(stake),
        1,
        0,
        true,
        ctx,
    )
}

/// Members of the committee at the addresses 0x0, 0x1 and so on.
public fun create_validators_with_stakes(
    stakes: vector<u64>,
    ctx: &mut TxContext,
): vector<ValidatorV1> {
    vector::tabulate!(stakes.length(), |i| {
        create_validator_for_testing(address::from_u256(i as u256), stakes[i], ctx)
    })
}

/// A shared system state in epoch 0.
public fun create_iota_system_state_for_testing(
    validators: vector<ValidatorV1>,
    iota_supply_amount: u64,
    storage_fund_amount: u64,
    ctx: &mut TxContext,
) {
    let parameters = iota_system_state_inner::create_system_parameters(
        42, // milliseconds of an epoch
        150, // validators at most
        1, // stake to join
        1, // low stake
        0, // very low stake
        7, // epochs with low stake
        ctx,
    );
    let mut treasury = iota::create_for_testing(ctx);
    let supply = treasury.mint_balance(iota_supply_amount * NANOS_PER_IOTA, ctx);
    supply.destroy_for_testing(); // that it counts is enough
    let fund = treasury.mint_balance(storage_fund_amount * NANOS_PER_IOTA, ctx);
    iota_system::create(
        object::new(ctx),
        treasury,
        validators,
        fund,
        1,
        0,
        parameters,
        system_admin_cap::new_system_admin_cap_for_testing(),
        ctx,
    )
}

/// A state with validators at these addresses, the last first, each with a stake of 100.
public fun set_up_iota_system_state(addrs: vector<address>) {
    let mut scenario = test_scenario::begin(@0x0);
    let ctx = scenario.ctx();
    let mut validators = vector[];
    addrs.destroy!(|addr| validators.push_back(create_validator_for_testing(addr, 100, ctx)));
    create_iota_system_state_for_testing(validators, 1000, 0, ctx);
    scenario.end();
}

// === Ending an epoch ===

/// End an epoch in which nothing was charged.
public fun advance_epoch(scenario: &mut Scenario) {
    advance_epoch_with_reward_amounts(0, 0, scenario)
}

/// End an epoch whose fees for computation are what validators get.
public fun advance_epoch_with_reward_amounts(
    storage_charge: u64,
    computation_charge: u64,
    scenario: &mut Scenario,
) {
    advance_epoch_with_reward_amounts_and_slashing_rates(
        storage_charge,
        computation_charge,
        0,
        scenario,
    )
}

/// End an epoch in which validators get something else than the fees for computation.
public fun advance_epoch_with_target_reward_amounts(
    validator_target_reward: u64,
    storage_charge: u64,
    computation_charge: u64,
    scenario: &mut Scenario,
) {
    let rebate = advance_epoch_with_reward_amounts_return_rebate(
        validator_target_reward * NANOS_PER_IOTA,
        storage_charge * NANOS_PER_IOTA,
        computation_charge * NANOS_PER_IOTA,
        0,
        0,
        scenario,
    );
    test_utils::destroy(rebate)
}

/// End an epoch whose fees for computation are what validators get, with slashing.
public fun advance_epoch_with_reward_amounts_and_slashing_rates(
    storage_charge: u64,
    computation_charge: u64,
    reward_slashing_rate: u64,
    scenario: &mut Scenario,
) {
    let rebate = end_epoch(
        computation_charge * NANOS_PER_IOTA,
        storage_charge * NANOS_PER_IOTA,
        computation_charge * NANOS_PER_IOTA,
        0,
        0,
        reward_slashing_rate,
        scenario,
    );
    test_utils::destroy(rebate)
}

/// End an epoch with amounts in nanos; returns what the storage fund gives out.
public fun advance_epoch_with_reward_amounts_return_rebate(
    validator_target_reward: u64,
    storage_charge: u64,
    computation_charge: u64,
    storage_rebate: u64,
    non_refundable_storage_rebate: u64,
    scenario: &mut Scenario,
): Balance<IOTA> {
    end_epoch(
        validator_target_reward,
        storage_charge,
        computation_charge,
        storage_rebate,
        non_refundable_storage_rebate,
        0,
        scenario,
    )
}

fun end_epoch(
    validator_target_reward: u64,
    storage_charge: u64,
    computation_charge: u64,
    storage_rebate: u64,
    non_refundable_storage_fee: u64,
    reward_slashing_rate: u64,
    scenario: &mut Scenario,
): Balance<IOTA> {
    scenario.next_tx(@0x0);
    let mut state = scenario.take_shared<IotaSystemState>();
    let new_epoch = scenario.ctx().epoch() + 1;
    let rebate = state.advance_epoch_for_testing(
        new_epoch,
        1,
        validator_target_reward,
        storage_charge,
        computation_charge,
        storage_rebate,
        non_refundable_storage_fee,
        reward_slashing_rate,
        0,
        scenario.ctx(),
    );
    test_scenario::return_shared(state);
    scenario.next_epoch(@0x0);
    rebate
}

// === Requests ===

/// Stake an amount that appears from nowhere.
public fun stake_with(
    staker: address,
    validator: address,
    amount: u64,
    scenario: &mut Scenario,
) {
    in_state!(staker, scenario, |state, ctx| {
        state.request_add_stake(new_coin(amount, ctx), validator, ctx)
    })
}

/// Take out the stake at an index of those that the staker has.
public fun unstake(staker: address, staked_iota_idx: u64, scenario: &mut Scenario) {
    scenario.next_tx(staker);
    let stakes = scenario.ids_for_sender<StakedIota>();
    let stake = scenario.take_from_sender_by_id<StakedIota>(stakes[staked_iota_idx]);
    let mut state = scenario.take_shared<IotaSystemState>();
    state.request_withdraw_stake(stake, scenario.ctx());
    test_scenario::return_shared(state)
}

/// Become a candidate, stake on oneself, and ask to join.
public fun add_validator_full_flow(
    validator: address,
    name: vector<u8>,
    net_addr: vector<u8>,
    init_stake_amount: u64,
    pubkey: vector<u8>,
    pop: vector<u8>,
    scenario: &mut Scenario,
) {
    in_state!(validator, scenario, |state, ctx| {
        request_candidate(state, name, net_addr, pubkey, pop, ctx);
        state.request_add_stake(new_coin(init_stake_amount, ctx), validator, ctx);
        state.request_add_validator_for_testing(0, ctx)
    })
}

/// Become a candidate.
public fun add_validator_candidate(
    validator: address,
    name: vector<u8>,
    net_addr: vector<u8>,
    pubkey: vector<u8>,
    pop: vector<u8>,
    scenario: &mut Scenario,
) {
    in_state!(validator, scenario, |state, ctx| {
        request_candidate(state, name, net_addr, pubkey, pop, ctx)
    })
}

/// Give up being a candidate.
public fun remove_validator_candidate(validator: address, scenario: &mut Scenario) {
    in_state!(validator, scenario, |state, ctx| state.request_remove_validator_candidate(ctx))
}

/// As a candidate, ask to join, with whatever stake.
public fun add_validator(validator: address, scenario: &mut Scenario) {
    in_state!(validator, scenario, |state, ctx| state.request_add_validator_for_testing(0, ctx))
}

/// Ask to leave.
public fun remove_validator(validator: address, scenario: &mut Scenario) {
    in_state!(validator, scenario, |state, ctx| state.request_remove_validator(ctx))
}

fun request_candidate(
    state: &mut IotaSystemState,
    name: vector<u8>,
    net_addr: vector<u8>,
    pubkey: vector<u8>,
    pop: vector<u8>,
    ctx: &mut TxContext,
) {
    state.request_add_validator_candidate(
        pubkey,
        NETWORK_KEY,
        PROTOCOL_KEY,
        pop,
        name,
        b"description",
        b"image_url",
        b"project_url",
        net_addr,
        net_addr,
        net_addr,
        1,
        0,
        ctx,
    )
}

/// A transaction of `$sender` on the system state.
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

fun new_coin(amount: u64, ctx: &mut TxContext): Coin<IOTA> {
    coin::mint_for_testing(amount * NANOS_PER_IOTA, ctx)
}

// === Looking, in nanos ===

/// The own stakes of validators, with what they have earned, are worth so much.
public fun assert_validator_self_stake_amounts(
    validator_addrs: vector<address>,
    stake_amounts: vector<u64>,
    scenario: &mut Scenario,
) {
    validator_addrs.zip_do!(stake_amounts, |addr, amount| {
        let (_, own) = stakes_of(addr, scenario);
        test_utils::assert_eq(own, amount)
    })
}

/// The stakes on validators are worth so much.
public fun assert_validator_total_stake_amounts(
    validator_addrs: vector<address>,
    stake_amounts: vector<u64>,
    scenario: &mut Scenario,
) {
    validator_addrs.zip_do!(stake_amounts, |addr, amount| {
        let (all, _) = stakes_of(addr, scenario);
        assert!(all == amount, all)
    })
}

/// The stakes of others on validators are worth so much.
public fun assert_validator_non_self_stake_amounts(
    validator_addrs: vector<address>,
    stake_amounts: vector<u64>,
    scenario: &mut Scenario,
) {
    validator_addrs.zip_do!(stake_amounts, |addr, amount| {
        let (all, own) = stakes_of(addr, scenario);
        test_utils::assert_eq(all - own, amount)
    })
}

/// What all stakes on a validator are worth, and its own.
fun stakes_of(addr: address, scenario: &mut Scenario): (u64, u64) {
    scenario.next_tx(addr);
    let mut state = scenario.take_shared<IotaSystemState>();
    let own = stake_plus_current_rewards_for_validator(addr, &mut state, scenario);
    let all = state.validator_stake_amount(addr);
    test_scenario::return_shared(state);
    (all, own)
}

/// What a validator's stakes on itself are worth.
public fun stake_plus_current_rewards_for_validator(
    addr: address,
    system_state: &mut IotaSystemState,
    scenario: &mut Scenario,
): u64 {
    let validator = system_state.validators().get_active_validator_ref(addr);
    stake_plus_current_rewards(addr, validator.get_staking_pool_ref(), scenario)
}

/// What all stakes of an address would be worth in a pool.
public fun stake_plus_current_rewards(
    addr: address,
    staking_pool: &StakingPoolV1,
    scenario: &mut Scenario,
): u64 {
    scenario.next_tx(addr);
    let epoch = scenario.ctx().epoch();
    let mut sum = 0;
    scenario.ids_for_sender<StakedIota>().destroy!(|id| {
        let stake = scenario.take_from_sender_by_id<StakedIota>(id);
        sum = sum + staking_pool.calculate_rewards(&stake, epoch);
        scenario.return_to_sender(stake)
    });
    sum
}

/// What the coins of an address are worth.
public fun total_iota_balance(addr: address, scenario: &mut Scenario): u64 {
    scenario.next_tx(addr);
    let mut sum = 0;
    scenario.ids_for_sender<Coin<IOTA>>().do!(|id| {
        let coin = scenario.take_from_sender_by_id<Coin<IOTA>>(id);
        sum = sum + coin.value();
        scenario.return_to_sender(coin)
    });
    sum
}

/// How much of the currency there is.
public fun total_supply(scenario: &mut Scenario): u64 {
    let mut state = scenario.take_shared<IotaSystemState>();
    let supply = state.get_total_iota_supply();
    test_scenario::return_shared(state);
    supply
}
