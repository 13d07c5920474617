/// The validators: those in the committee, those who join or leave it with the next epoch,
/// candidates, and those who have left but whose pools still hold stakes.
module iota_system::validator_set;

use iota::bag::{Self, Bag};
use iota::balance::Balance;
use iota::event;
use iota::iota::IOTA;
use iota::priority_queue;
use iota::table::{Self, Table};
use iota::table_vec::{Self, TableVec};
use iota::vec_map::{Self, VecMap};
use iota::vec_set::{Self, VecSet};
use iota_system::staking_pool::{PoolTokenExchangeRate, StakedIota};
use iota_system::validator::ValidatorV1;
use iota_system::validator_cap::{Self, UnverifiedValidatorOperationCap, ValidatorOperationCap};
use iota_system::validator_wrapper::{Self, Validator};
use iota_system::voting_power;

/// Somebody was reported who is not in the committee.
const ENonValidatorInReportRecords: u64 = 0;
#[allow(unused_const)]
const EInvalidStakeAdjustmentAmount: u64 = 1;
/// Another validator has the same address, name, place or key.
const EDuplicateValidator: u64 = 2;
/// There is no such pool.
const ENoPoolFound: u64 = 3;
/// Not in the committee.
const ENotAValidator: u64 = 4;
/// There is not enough stake on the candidate.
const EMinJoiningStakeNotReached: u64 = 5;
/// The address is a candidate already.
const EAlreadyValidatorCandidate: u64 = 6;
/// It has been in the committee before.
const EValidatorNotCandidate: u64 = 7;
/// The address is no candidate.
const ENotValidatorCandidate: u64 = 8;
/// Neither in the committee nor about to join it.
const ENotActiveOrPendingValidator: u64 = 9;
/// Less than a stake may be.
const EStakingBelowThreshold: u64 = 10;
/// It leaves already.
const EValidatorAlreadyRemoved: u64 = 11;
/// Not about to join.
const ENotAPendingValidator: u64 = 12;
/// The committee is empty.
const EValidatorSetEmpty: u64 = 13;
/// The capability is not the validator's latest.
const EInvalidCap: u64 = 101;

// Where to look for a validator; numbers that iota_system_state_inner knows too.
const ACTIVE_VALIDATOR_ONLY: u8 = 1;
const ACTIVE_OR_PENDING_VALIDATOR: u8 = 2;
const ANY_VALIDATOR: u8 = 3;

/// All of it, in basis points.
const BASIS_POINT_DENOMINATOR: u128 = 10000;
/// A stake is at least one IOTA.
const MIN_STAKING_THRESHOLD: u64 = 1_000_000_000;

public struct ValidatorSetV1 has store {
    /// The stake on the committee when the epoch began, in nanos.
    total_stake: u64,
    /// The committee.
    active_validators: vector<ValidatorV1>,
    /// They join with the next epoch.
    pending_active_validators: TableVec<ValidatorV1>,
    /// Indices in the committee: these leave with the next epoch.
    pending_removals: vector<u64>,
    /// By pool: validators that have not left.
    staking_pool_mappings: Table<ID, address>,
    /// By pool: validators that have left, or given up being candidates.
    inactive_validators: Table<ID, Validator>,
    /// By address: those that collect stake to join.
    validator_candidates: Table<address, Validator>,
    /// For how many epochs the stake of members has been too low.
    at_risk_validators: VecMap<address, u64>,
    /// Room for fields to come.
    extra_fields: Bag,
}

/// How a member of the committee did in the epoch that ends.
#[allow(unused_field)]
public struct ValidatorEpochInfoEventV1 has copy, drop {
    epoch: u64,
    validator_address: address,
    reference_gas_survey_quote: u64,
    stake: u64,
    voting_power: u64,
    commission_rate: u64,
    pool_staking_reward: u64,
    pool_token_exchange_rate: PoolTokenExchangeRate,
    tallying_rule_reporters: vector<address>,
    tallying_rule_global_score: u64,
}

/// A validator is in the committee from this epoch on.
public struct ValidatorJoinEvent has copy, drop {
    epoch: u64,
    validator_address: address,
    staking_pool_id: ID,
}

/// A validator is no more in the committee from this epoch on.
public struct ValidatorLeaveEvent has copy, drop {
    epoch: u64,
    validator_address: address,
    staking_pool_id: ID,
    is_voluntary: bool,
}

/// The set at genesis.
public(package) fun new(
    init_active_validators: vector<ValidatorV1>,
    ctx: &mut TxContext,
): ValidatorSetV1 {
    let total_stake = calculate_total_stakes(&init_active_validators);
    let mut staking_pool_mappings = table::new(ctx);
    init_active_validators.do_ref!(|validator| {
        staking_pool_mappings.add(validator.staking_pool_id(), validator.iota_address())
    });
    let mut active_validators = init_active_validators;
    voting_power::set_voting_power(&mut active_validators);
    ValidatorSetV1 {
        total_stake,
        active_validators,
        pending_active_validators: table_vec::empty(ctx),
        pending_removals: vector[],
        staking_pool_mappings,
        inactive_validators: table::new(ctx),
        validator_candidates: table::new(ctx),
        at_risk_validators: vec_map::empty(),
        extra_fields: bag::new(ctx),
    }
}

// === Candidates, joining and leaving ===

/// Take a candidate, on whom people can stake from now on.
public(package) fun request_add_validator_candidate(
    self: &mut ValidatorSetV1,
    validator: ValidatorV1,
    ctx: &mut TxContext,
) {
    self.require_unique(&validator);
    let owner = validator.iota_address();
    if (self.validator_candidates.contains(owner)) abort EAlreadyValidatorCandidate;
    if (!validator.is_preactive()) abort EValidatorNotCandidate;
    self.staking_pool_mappings.add(validator.staking_pool_id(), owner);
    self.validator_candidates.add(owner, validator_wrapper::create_v1(validator, ctx))
}

/// The sender is no more a candidate. Its pool stays for those who have staked.
public(package) fun request_remove_validator_candidate(
    self: &mut ValidatorSetV1,
    ctx: &mut TxContext,
) {
    let validator = self.take_candidate(ctx);
    if (!validator.is_preactive()) abort EValidatorNotCandidate;
    let epoch = ctx.epoch();
    self.retire(validator, epoch, ctx)
}

/// The sender, a candidate with stake enough, joins the committee with the next epoch.
public(package) fun request_add_validator(
    self: &mut ValidatorSetV1,
    min_joining_stake_amount: u64,
    ctx: &TxContext,
) {
    let validator = self.take_candidate(ctx);
    self.require_unique(&validator);
    if (!validator.is_preactive()) abort EValidatorNotCandidate;
    let is_enough = validator.total_stake_amount() >= min_joining_stake_amount;
    if (!is_enough) abort EMinJoiningStakeNotReached;
    self.pending_active_validators.push_back(validator)
}

/// The sender leaves the committee with the next epoch.
public(package) fun request_remove_validator(self: &mut ValidatorSetV1, ctx: &TxContext) {
    let index = index_of(&self.active_validators, ctx.sender());
    if (self.pending_removals.contains(&index)) abort EValidatorAlreadyRemoved;
    self.pending_removals.push_back(index)
}

/// A validator that is or will be in the committee is like nobody there but itself.
public(package) fun assert_no_pending_or_active_duplicates(
    self: &ValidatorSetV1,
    validator: &ValidatorV1,
) {
    let active = count_duplicates_vec(&self.active_validators, validator);
    let pending = count_duplicates_tablevec(&self.pending_active_validators, validator);
    if (active + pending != 1) abort EDuplicateValidator
}

fun require_unique(self: &ValidatorSetV1, validator: &ValidatorV1) {
    let is_duplicate =
        self.is_duplicate_with_active_validator(validator)
            || self.is_duplicate_with_pending_validator(validator);
    if (is_duplicate) abort EDuplicateValidator
}

fun take_candidate(self: &mut ValidatorSetV1, ctx: &TxContext): ValidatorV1 {
    let owner = ctx.sender();
    if (!self.validator_candidates.contains(owner)) abort ENotValidatorCandidate;
    self.validator_candidates.remove(owner).destroy()
}

/// Put a validator among those who only pay out.
fun retire(
    self: &mut ValidatorSetV1,
    mut validator: ValidatorV1,
    epoch: u64,
    ctx: &mut TxContext,
) {
    let pool = validator.staking_pool_id();
    self.staking_pool_mappings.remove(pool);
    validator.deactivate(epoch);
    self.inactive_validators.add(pool, validator_wrapper::create_v1(validator, ctx))
}

// === Stake ===

/// Stake on a candidate or a member of the committee.
public(package) fun request_add_stake(
    self: &mut ValidatorSetV1,
    validator_address: address,
    stake: Balance<IOTA>,
    ctx: &mut TxContext,
): StakedIota {
    if (stake.value() < MIN_STAKING_THRESHOLD) abort EStakingBelowThreshold;
    let staker = ctx.sender();
    self.get_candidate_or_active_validator_mut(validator_address).request_add_stake(
        stake,
        staker,
        ctx,
    )
}

/// Take a stake out with what it has earned, whatever has become of the validator.
public(package) fun request_withdraw_stake(
    self: &mut ValidatorSetV1,
    staked_iota: StakedIota,
    ctx: &TxContext,
): Balance<IOTA> {
    let pool = staked_iota.pool_id();
    let validator = if (self.staking_pool_mappings.contains(pool)) {
        let owner = self.staking_pool_mappings[pool];
        self.get_candidate_or_active_validator_mut(owner)
    } else {
        if (!self.inactive_validators.contains(pool)) abort ENoPoolFound;
        self.inactive_validators[pool].load_validator_maybe_upgrade()
    };
    validator.request_withdraw_stake(staked_iota, ctx)
}

/// The sender, a member of the committee, takes another commission from the next epoch on.
public(package) fun request_set_commission_rate(
    self: &mut ValidatorSetV1,
    new_commission_rate: u64,
    ctx: &TxContext,
) {
    get_validator_mut(&mut self.active_validators, ctx.sender()).request_set_commission_rate(
        new_commission_rate,
    )
}

// === The end of an epoch ===

/// End an epoch: pay out the rewards by voting power, less what the slashed lose; let the
/// requests on pools take effect; let members come and go; weigh the votes anew. What is left of
/// the rewards stays in `total_validator_rewards`.
public(package) fun advance_epoch(
    self: &mut ValidatorSetV1,
    total_validator_rewards: &mut Balance<IOTA>,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
    reward_slashing_rate: u64,
    low_stake_threshold: u64,
    very_low_stake_threshold: u64,
    low_stake_grace_period: u64,
    ctx: &mut TxContext,
) {
    let new_epoch = ctx.epoch() + 1;
    let slashed = self.compute_slashed_validators(*validator_report_records);
    let full_amounts = compute_unadjusted_reward_distribution(
        &self.active_validators,
        voting_power::total_voting_power(),
        total_validator_rewards.value(),
    );
    let amounts = compute_adjusted_reward_distribution(
        &self.active_validators,
        full_amounts,
        get_validator_indices_set(&self.active_validators, &slashed),
        reward_slashing_rate,
    );
    // Rewards first, so that they are in the rate at which new stakes get tokens.
    distribute_reward(&mut self.active_validators, &amounts, total_validator_rewards, ctx);
    adjust_stake_and_gas_price(&mut self.active_validators);
    process_pending_stakes_and_withdraws(&mut self.active_validators, ctx);
    emit_validator_epoch_events(
        new_epoch,
        &self.active_validators,
        &amounts,
        validator_report_records,
        &slashed,
    );
    self.process_pending_validators(new_epoch);
    self.process_pending_removals(validator_report_records, ctx);
    self.update_and_process_low_stake_departures(
        low_stake_threshold,
        very_low_stake_threshold,
        low_stake_grace_period,
        validator_report_records,
        ctx,
    );
    self.total_stake = calculate_total_stakes(&self.active_validators);
    voting_power::set_voting_power(&mut self.active_validators);
    self.effectuate_staged_metadata()
}

// --- Rewards ---

/// Whom a quorum reports.
fun compute_slashed_validators(
    self: &ValidatorSetV1,
    validator_report_records: VecMap<address, VecSet<address>>,
): vector<address> {
    let (mut reported, mut reporters) = validator_report_records.into_keys_values();
    let mut slashed = vector[];
    while (!reported.is_empty()) {
        let validator = reported.pop_back();
        let accusers = reporters.pop_back().into_keys();
        if (!self.is_active_validator_by_iota_address(validator)) {
            abort ENonValidatorInReportRecords
        };
        let votes = sum_voting_power_by_addresses(&self.active_validators, &accusers);
        if (votes >= voting_power::quorum_threshold()) slashed.push_back(validator)
    };
    slashed
}

/// Each one's share of the rewards by its voting power, rounded down.
fun compute_unadjusted_reward_distribution(
    validators: &vector<ValidatorV1>,
    total_voting_power: u64,
    total_staking_reward: u64,
): vector<u64> {
    validators.map_ref!(|validator| {
        let weighed = (total_staking_reward as u128) * (validator.voting_power() as u128);
        (weighed / (total_voting_power as u128)) as u64
    })
}

/// The shares without what the slashed lose.
fun compute_adjusted_reward_distribution(
    validators: &vector<ValidatorV1>,
    unadjusted_staking_reward_amounts: vector<u64>,
    slashed_validator_indices_set: VecSet<u64>,
    reward_slashing_rate: u64,
): vector<u64> {
    vector::tabulate!(validators.length(), |i| {
        let amount = unadjusted_staking_reward_amounts[i];
        if (!slashed_validator_indices_set.contains(&i)) amount
        else amount - part(amount, reward_slashing_rate)
    })
}

/// Pay each its share: the commission as a stake of its own, the rest into its pool.
fun distribute_reward(
    validators: &mut vector<ValidatorV1>,
    adjusted_staking_reward_amounts: &vector<u64>,
    staking_rewards: &mut Balance<IOTA>,
    ctx: &mut TxContext,
) {
    if (validators.is_empty()) abort EValidatorSetEmpty;
    validators.length().do!(|i| {
        let validator = &mut validators[i];
        let owner = validator.iota_address();
        let amount = adjusted_staking_reward_amounts[i];
        let mut reward = staking_rewards.split(amount);
        let commission = reward.split(part(amount, validator.commission_rate()));
        if (commission.value() == 0) commission.destroy_zero()
        else {
            let stake = validator.request_add_stake(commission, owner, ctx);
            transfer::public_transfer(stake, owner)
        };
        validator.deposit_stake_rewards(reward)
    })
}

/// So many basis points of an amount, rounded down.
fun part(amount: u64, basis_points: u64): u64 {
    ((amount as u128) * (basis_points as u128) / BASIS_POINT_DENOMINATOR) as u64
}

fun emit_validator_epoch_events(
    new_epoch: u64,
    vs: &vector<ValidatorV1>,
    pool_staking_reward_amounts: &vector<u64>,
    report_records: &VecMap<address, VecSet<address>>,
    slashed_validators: &vector<address>,
) {
    vs.zip_do_ref!(pool_staking_reward_amounts, |validator, reward| {
        let owner = validator.iota_address();
        let reporters = if (report_records.contains(&owner)) *report_records[&owner].keys()
        else vector[];
        event::emit(ValidatorEpochInfoEventV1 {
            epoch: new_epoch,
            validator_address: owner,
            reference_gas_survey_quote: validator.gas_price(),
            stake: validator.total_stake_amount(),
            voting_power: validator.voting_power(),
            commission_rate: validator.commission_rate(),
            pool_staking_reward: *reward,
            pool_token_exchange_rate: validator.pool_token_exchange_rate_at_epoch(new_epoch),
            tallying_rule_reporters: reporters,
            tallying_rule_global_score: if (slashed_validators.contains(&owner)) 0 else 1,
        })
    })
}

// --- Stakes, prices, metadata ---

fun adjust_stake_and_gas_price(validators: &mut vector<ValidatorV1>) {
    validators.do_mut!(|validator| validator.adjust_stake_and_gas_price())
}

fun process_pending_stakes_and_withdraws(
    validators: &mut vector<ValidatorV1>,
    ctx: &TxContext,
) {
    validators.do_mut!(|validator| validator.process_pending_stakes_and_withdraws(ctx))
}

fun effectuate_staged_metadata(self: &mut ValidatorSetV1) {
    self.active_validators.do_mut!(|validator| validator.effectuate_staged_metadata())
}

fun calculate_total_stakes(validators: &vector<ValidatorV1>): u64 {
    let mut sum = 0;
    validators.do_ref!(|validator| sum = sum + validator.total_stake_amount());
    sum
}

// --- Coming and going ---

/// Those who asked to join are members now, the last who asked first.
fun process_pending_validators(self: &mut ValidatorSetV1, new_epoch: u64) {
    while (!self.pending_active_validators.is_empty()) {
        let mut validator = self.pending_active_validators.pop_back();
        validator.activate(new_epoch);
        event::emit(ValidatorJoinEvent {
            epoch: new_epoch,
            validator_address: validator.iota_address(),
            staking_pool_id: validator.staking_pool_id(),
        });
        self.active_validators.push_back(validator)
    }
}

/// Those who asked to leave are no members any more, from the end of the committee on: so the
/// indices of the others stay right.
fun process_pending_removals(
    self: &mut ValidatorSetV1,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
    ctx: &mut TxContext,
) {
    sort_removal_list(&mut self.pending_removals);
    while (!self.pending_removals.is_empty()) {
        let index = self.pending_removals.pop_back();
        let validator = self.active_validators.remove(index);
        self.process_validator_departure(validator, validator_report_records, true, ctx)
    }
}

fun sort_removal_list(withdraw_list: &mut vector<u64>) {
    withdraw_list.insertion_sort_by!(|a, b| *a <= *b)
}

/// Members with too little stake have to leave: with far too little at once, else when that has
/// lasted longer than the grace period.
fun update_and_process_low_stake_departures(
    self: &mut ValidatorSetV1,
    low_stake_threshold: u64,
    very_low_stake_threshold: u64,
    low_stake_grace_period: u64,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
    ctx: &mut TxContext,
) {
    let mut i = self.active_validators.length();
    while (i > 0) {
        i = i - 1;
        let owner = self.active_validators[i].iota_address();
        let stake = self.active_validators[i].total_stake_amount();
        let has_to_leave = if (stake >= low_stake_threshold) {
            self.forget_risk(owner);
            false
        } else if (stake >= very_low_stake_threshold) {
            self.count_risk(owner) > low_stake_grace_period
        } else true;
        if (has_to_leave) {
            let validator = self.active_validators.remove(i);
            self.process_validator_departure(validator, validator_report_records, false, ctx)
        }
    }
}

/// One more epoch of low stake: how many it has been.
fun count_risk(self: &mut ValidatorSetV1, owner: address): u64 {
    let risks = &mut self.at_risk_validators;
    if (!risks.contains(&owner)) risks.insert(owner, 0);
    let epochs = &mut risks[&owner];
    *epochs = *epochs + 1;
    *epochs
}

fun forget_risk(self: &mut ValidatorSetV1, owner: address) {
    if (self.at_risk_validators.contains(&owner)) {
        self.at_risk_validators.remove(&owner);
    }
}

/// A former member goes among those who only pay out.
fun process_validator_departure(
    self: &mut ValidatorSetV1,
    validator: ValidatorV1,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
    is_voluntary: bool,
    ctx: &mut TxContext,
) {
    let epoch = ctx.epoch() + 1;
    let validator_address = validator.iota_address();
    self.forget_risk(validator_address);
    self.total_stake = self.total_stake - validator.total_stake_amount();
    clean_report_records_leaving_validator(validator_report_records, validator_address);
    event::emit(ValidatorLeaveEvent {
        epoch,
        validator_address,
        staking_pool_id: validator.staking_pool_id(),
        is_voluntary,
    });
    self.retire(validator, epoch, ctx)
}

/// Forget what was said of one who leaves, and what that one said of others.
fun clean_report_records_leaving_validator(
    validator_report_records: &mut VecMap<address, VecSet<address>>,
    leaving_validator_addr: address,
) {
    if (validator_report_records.contains(&leaving_validator_addr)) {
        validator_report_records.remove(&leaving_validator_addr);
    };
    validator_report_records.keys().do!(|reported| {
        let reporters = &mut validator_report_records[&reported];
        if (reporters.contains(&leaving_validator_addr)) {
            reporters.remove(&leaving_validator_addr);
            if (reporters.is_empty()) {
                validator_report_records.remove(&reported);
            }
        }
    })
}

// === Asking ===

/// The gas price for an epoch: the highest quote that as much as a third of the votes is not
/// below.
public fun derive_reference_gas_price(self: &ValidatorSetV1): u64 {
    let enough = voting_power::total_voting_power() - voting_power::quorum_threshold();
    let mut quotes = priority_queue::new(
        self.active_validators.map_ref!(|validator| {
            priority_queue::new_entry(validator.gas_price(), validator.voting_power())
        }),
    );
    let mut votes = 0;
    let mut price = 0;
    while (votes < enough) {
        let (quote, power) = quotes.pop_max();
        price = quote;
        votes = votes + power
    };
    price
}

/// The stake on the committee when the epoch began, in nanos.
public fun total_stake(self: &ValidatorSetV1): u64 { self.total_stake }

/// The stake on a member of the committee, in nanos.
public fun validator_total_stake_amount(
    self: &ValidatorSetV1,
    validator_address: address,
): u64 {
    self.get_active_validator_ref(validator_address).total_stake_amount()
}

/// The same as `validator_total_stake_amount`.
public fun validator_stake_amount(self: &ValidatorSetV1, validator_address: address): u64 {
    self.get_active_validator_ref(validator_address).stake_amount()
}

/// What the vote of a member of the committee weighs.
public fun validator_voting_power(self: &ValidatorSetV1, validator_address: address): u64 {
    self.get_active_validator_ref(validator_address).voting_power()
}

/// The id of the pool of a member of the committee.
public fun validator_staking_pool_id(self: &ValidatorSetV1, validator_address: address): ID {
    self.get_active_validator_ref(validator_address).staking_pool_id()
}

/// By pool: validators that have not left.
public fun staking_pool_mappings(self: &ValidatorSetV1): &Table<ID, address> {
    &self.staking_pool_mappings
}

/// The rates of a pool, whatever has become of its validator.
public(package) fun pool_exchange_rates(
    self: &mut ValidatorSetV1,
    pool_id: &ID,
): &Table<u64, PoolTokenExchangeRate> {
    self.validator_of_pool(pool_id).get_staking_pool_ref().exchange_rates()
}

/// Whose pool it is, whatever has become of the validator.
public(package) fun validator_address_by_pool_id(
    self: &mut ValidatorSetV1,
    pool_id: &ID,
): address {
    self.validator_of_pool(pool_id).iota_address()
}

fun validator_of_pool(self: &mut ValidatorSetV1, pool_id: &ID): &ValidatorV1 {
    if (self.staking_pool_mappings.contains(*pool_id)) {
        let owner = self.staking_pool_mappings[*pool_id];
        self.get_active_or_pending_or_candidate_validator_ref(owner, ANY_VALIDATOR)
    } else {
        self.inactive_validators[*pool_id].load_validator_maybe_upgrade()
    }
}

/// How many members the committee will have.
public(package) fun next_epoch_validator_count(self: &ValidatorSetV1): u64 {
    let staying = self.active_validators.length() - self.pending_removals.length();
    staying + self.pending_active_validators.length()
}

/// The committee.
public fun active_validators(self: &ValidatorSetV1): &vector<ValidatorV1> {
    &self.active_validators
}

/// The addresses of the committee.
public(package) fun active_validator_addresses(self: &ValidatorSetV1): vector<address> {
    self.active_validators.map_ref!(|validator| validator.iota_address())
}

/// Is the address in the committee?
public(package) fun is_active_validator_by_iota_address(
    self: &ValidatorSetV1,
    validator_address: address,
): bool {
    find_validator(&self.active_validators, validator_address).is_some()
}

/// Is the address a candidate?
public fun is_validator_candidate(self: &ValidatorSetV1, addr: address): bool {
    self.validator_candidates.contains(addr)
}

/// Does the pool belong to a validator that has left?
public fun is_inactive_validator(self: &ValidatorSetV1, staking_pool_id: ID): bool {
    self.inactive_validators.contains(staking_pool_id)
}

/// What the votes of some of `vs` weigh together.
public fun sum_voting_power_by_addresses(
    vs: &vector<ValidatorV1>,
    addresses: &vector<address>,
): u64 {
    let mut sum = 0;
    addresses.do_ref!(|owner| sum = sum + get_validator_ref(vs, *owner).voting_power());
    sum
}

// === Finding validators ===

/// The index of the validator of an address.
fun find_validator(validators: &vector<ValidatorV1>, validator_address: address): Option<u64> {
    validators.find_index!(|validator| validator.iota_address() == validator_address)
}

fun find_validator_from_table_vec(
    validators: &TableVec<ValidatorV1>,
    validator_address: address,
): Option<u64> {
    let count = validators.length();
    let mut i = 0;
    while (i < count && validators[i].iota_address() != validator_address) i = i + 1;
    if (i < count) option::some(i) else option::none()
}

fun index_of(validators: &vector<ValidatorV1>, validator_address: address): u64 {
    let found = find_validator(validators, validator_address);
    if (found.is_none()) abort ENotAValidator;
    found.destroy_some()
}

fun get_validator_indices_set(
    validators: &vector<ValidatorV1>,
    validator_addresses: &vector<address>,
): VecSet<u64> {
    let mut indices = vec_set::empty();
    validator_addresses.do_ref!(|owner| indices.insert(index_of(validators, *owner)));
    indices
}

fun get_validator_ref(
    validators: &vector<ValidatorV1>,
    validator_address: address,
): &ValidatorV1 {
    &validators[index_of(validators, validator_address)]
}

/// The validator of an address.
public(package) fun get_validator_mut(
    validators: &mut vector<ValidatorV1>,
    validator_address: address,
): &mut ValidatorV1 {
    let index = index_of(validators, validator_address);
    &mut validators[index]
}

/// A member of the committee.
public fun get_active_validator_ref(
    self: &ValidatorSetV1,
    validator_address: address,
): &ValidatorV1 {
    get_validator_ref(&self.active_validators, validator_address)
}

/// A validator that joins with the next epoch.
public fun get_pending_validator_ref(
    self: &ValidatorSetV1,
    validator_address: address,
): &ValidatorV1 {
    let found = find_validator_from_table_vec(&self.pending_active_validators, validator_address);
    if (found.is_none()) abort ENotAPendingValidator;
    &self.pending_active_validators[found.destroy_some()]
}

#[test_only]
public fun get_candidate_validator_ref(
    self: &ValidatorSetV1,
    validator_address: address,
): &ValidatorV1 {
    self.validator_candidates[validator_address].get_inner_validator_ref()
}

/// Those on whom one can stake.
fun get_candidate_or_active_validator_mut(
    self: &mut ValidatorSetV1,
    validator_address: address,
): &mut ValidatorV1 {
    if (self.validator_candidates.contains(validator_address)) {
        self.validator_candidates[validator_address].load_validator_maybe_upgrade()
    } else get_validator_mut(&mut self.active_validators, validator_address)
}

/// For the validator itself, or who acts for it: wherever it is.
fun get_active_or_pending_or_candidate_validator_mut(
    self: &mut ValidatorSetV1,
    validator_address: address,
    include_candidate: bool,
): &mut ValidatorV1 {
    let active = find_validator(&self.active_validators, validator_address);
    if (active.is_some()) return &mut self.active_validators[active.destroy_some()];
    let pending = find_validator_from_table_vec(
        &self.pending_active_validators,
        validator_address,
    );
    if (pending.is_some()) return &mut self.pending_active_validators[pending.destroy_some()];
    if (!include_candidate) abort ENotActiveOrPendingValidator;
    self.validator_candidates[validator_address].load_validator_maybe_upgrade()
}

/// A validator by its address; `which_validator` says how far to look.
public(package) fun get_active_or_pending_or_candidate_validator_ref(
    self: &mut ValidatorSetV1,
    validator_address: address,
    which_validator: u8,
): &ValidatorV1 {
    let active = find_validator(&self.active_validators, validator_address);
    if (active.is_some() || which_validator == ACTIVE_VALIDATOR_ONLY) {
        return &self.active_validators[active.destroy_some()]
    };
    let pending = find_validator_from_table_vec(
        &self.pending_active_validators,
        validator_address,
    );
    if (pending.is_some() || which_validator == ACTIVE_OR_PENDING_VALIDATOR) {
        return &self.pending_active_validators[pending.destroy_some()]
    };
    self.validator_candidates[validator_address].load_validator_maybe_upgrade()
}

/// The validator for whom a capability acts.
public(package) fun get_validator_mut_with_verified_cap(
    self: &mut ValidatorSetV1,
    verified_cap: &ValidatorOperationCap,
    include_candidate: bool,
): &mut ValidatorV1 {
    let owner = *verified_cap.verified_operation_cap_address();
    self.get_active_or_pending_or_candidate_validator_mut(owner, include_candidate)
}

/// The sender, a member of the committee or about to join it.
public(package) fun get_validator_mut_with_ctx(
    self: &mut ValidatorSetV1,
    ctx: &TxContext,
): &mut ValidatorV1 {
    self.get_active_or_pending_or_candidate_validator_mut(ctx.sender(), false)
}

/// The sender, maybe a candidate.
public(package) fun get_validator_mut_with_ctx_including_candidates(
    self: &mut ValidatorSetV1,
    ctx: &TxContext,
): &mut ValidatorV1 {
    self.get_active_or_pending_or_candidate_validator_mut(ctx.sender(), true)
}

/// See that a capability is the latest of its validator; `which_validator` says how far to look.
public(package) fun verify_cap(
    self: &mut ValidatorSetV1,
    cap: &UnverifiedValidatorOperationCap,
    which_validator: u8,
): ValidatorOperationCap {
    let owner = *cap.unverified_operation_cap_address();
    let validator = if (which_validator == ACTIVE_VALIDATOR_ONLY) {
        self.get_active_validator_ref(owner)
    } else self.get_active_or_pending_or_candidate_validator_ref(owner, which_validator);
    if (validator.operation_cap_id() != &object::id(cap)) abort EInvalidCap;
    validator_cap::new_from_unverified(cap)
}

// === Duplicates ===

fun is_duplicate_with_active_validator(
    self: &ValidatorSetV1,
    new_validator: &ValidatorV1,
): bool {
    is_duplicate_validator(&self.active_validators, new_validator)
}

/// Is one of `validators` too much like another?
public(package) fun is_duplicate_validator(
    validators: &vector<ValidatorV1>,
    new_validator: &ValidatorV1,
): bool {
    count_duplicates_vec(validators, new_validator) > 0
}

fun count_duplicates_vec(validators: &vector<ValidatorV1>, validator: &ValidatorV1): u64 {
    validators.count!(|other| other.is_duplicate(validator))
}

fun is_duplicate_with_pending_validator(
    self: &ValidatorSetV1,
    new_validator: &ValidatorV1,
): bool {
    count_duplicates_tablevec(&self.pending_active_validators, new_validator) > 0
}

fun count_duplicates_tablevec(
    validators: &TableVec<ValidatorV1>,
    validator: &ValidatorV1,
): u64 {
    let mut count = 0;
    validators.length().do!(|i| if (validators[i].is_duplicate(validator)) count = count + 1);
    count
}
