/// The state of the system: validators, funds, the currency's treasury and the rules. It is kept
/// as a dynamic field of `iota_system::IotaSystemState`, so that its type can change.
module iota_system::iota_system_state_inner;

use iota::bag::{Self, Bag};
use iota::balance::{Self, Balance};
use iota::coin::Coin;
use iota::event;
use iota::iota::{IOTA, IotaTreasuryCap};
use iota::system_admin_cap::IotaSystemAdminCap;
use iota::table::Table;
use iota::vec_map::{Self, VecMap};
use iota::vec_set::{Self, VecSet};
use iota_system::staking_pool::{PoolTokenExchangeRate, StakedIota};
use iota_system::storage_fund::{Self, StorageFundV1};
use iota_system::validator::{Self, ValidatorV1};
use iota_system::validator_cap::{UnverifiedValidatorOperationCap, ValidatorOperationCap};
use iota_system::validator_set::{Self, ValidatorSetV1};

/// Only members of the committee are reported.
const ENotValidator: u64 = 0;
/// The committee would be too large, or too small.
const ELimitExceeded: u64 = 1;
#[allow(unused_const)]
const ENotSystemAddress: u64 = 2;
/// Nobody reports itself.
const ECannotReportOneself: u64 = 3;
/// There is no such report.
const EReportRecordNotFound: u64 = 4;
/// More than all of it.
const EBpsTooLarge: u64 = 5;
/// Something of the time in safe mode is left.
const ESafeModeGasNotProcessed: u64 = 7;
/// Not the epoch that follows.
const EAdvancedToWrongEpoch: u64 = 8;

// Where to look for a validator; numbers that validator_set knows too.
const ACTIVE_VALIDATOR_ONLY: u8 = 1;
const ACTIVE_OR_PENDING_VALIDATOR: u8 = 2;
const ANY_VALIDATOR: u8 = 3;

const SYSTEM_STATE_VERSION_V1: u64 = 1;
const MIN_VALIDATOR_COUNT: u64 = 4;
/// All of it, in basis points.
const BASIS_POINT_DENOMINATOR: u64 = 10000;

/// The rules.
public struct SystemParametersV1 has store {
    epoch_duration_ms: u64,
    /// Members do not leave of their own while there are no more than this.
    min_validator_count: u64,
    /// Nobody joins while there are as many as this.
    max_validator_count: u64,
    /// A candidate needs this stake to join; all stakes are in nanos.
    min_validator_joining_stake: u64,
    /// With less, a member has to leave after the grace period.
    validator_low_stake_threshold: u64,
    /// With less, a member has to leave at once.
    validator_very_low_stake_threshold: u64,
    /// For so many epochs stake may be low.
    validator_low_stake_grace_period: u64,
    /// Room for fields to come.
    extra_fields: Bag,
}

public struct IotaSystemStateV1 has store {
    epoch: u64,
    protocol_version: u64,
    /// The version of this type: the same as that of the object around it.
    system_state_version: u64,
    iota_treasury_cap: IotaTreasuryCap,
    validators: ValidatorSetV1,
    storage_fund: StorageFundV1,
    parameters: SystemParametersV1,
    iota_system_admin_cap: IotaSystemAdminCap,
    /// What gas costs at least in this epoch, in nanos.
    reference_gas_price: u64,
    /// By member of the committee: who reports it. Reports stand until they are taken back.
    validator_report_records: VecMap<address, VecSet<address>>,
    /// Did the end of the last epoch fail? If so, the fields after this collect what it and
    /// those that failed before did not book; the next that succeeds books it.
    safe_mode: bool,
    safe_mode_storage_charges: Balance<IOTA>,
    safe_mode_computation_rewards: Balance<IOTA>,
    safe_mode_storage_rebates: u64,
    safe_mode_non_refundable_storage_fee: u64,
    /// Milliseconds since 1970.
    epoch_start_timestamp_ms: u64,
    /// Room for fields to come.
    extra_fields: Bag,
}

/// An epoch has ended.
public struct SystemEpochInfoEventV1 has copy, drop {
    epoch: u64,
    protocol_version: u64,
    reference_gas_price: u64,
    total_stake: u64,
    storage_charge: u64,
    storage_rebate: u64,
    storage_fund_balance: u64,
    total_gas_fees: u64,
    total_stake_rewards_distributed: u64,
    burnt_tokens_amount: u64,
    minted_tokens_amount: u64,
}

// === Genesis ===

/// The state in epoch 0.
public(package) fun create(
    iota_treasury_cap: IotaTreasuryCap,
    validators: vector<ValidatorV1>,
    initial_storage_fund: Balance<IOTA>,
    protocol_version: u64,
    epoch_start_timestamp_ms: u64,
    parameters: SystemParametersV1,
    iota_system_admin_cap: IotaSystemAdminCap,
    ctx: &mut TxContext,
): IotaSystemStateV1 {
    let validators = validator_set::new(validators, ctx);
    let reference_gas_price = validators.derive_reference_gas_price();
    IotaSystemStateV1 {
        epoch: 0,
        protocol_version,
        system_state_version: genesis_system_state_version(),
        iota_treasury_cap,
        validators,
        storage_fund: storage_fund::new(initial_storage_fund),
        parameters,
        iota_system_admin_cap,
        reference_gas_price,
        validator_report_records: vec_map::empty(),
        safe_mode: false,
        safe_mode_storage_charges: balance::zero(),
        safe_mode_computation_rewards: balance::zero(),
        safe_mode_storage_rebates: 0,
        safe_mode_non_refundable_storage_fee: 0,
        epoch_start_timestamp_ms,
        extra_fields: bag::new(ctx),
    }
}

/// Rules for `create`.
public(package) fun create_system_parameters(
    epoch_duration_ms: u64,
    max_validator_count: u64,
    min_validator_joining_stake: u64,
    validator_low_stake_threshold: u64,
    validator_very_low_stake_threshold: u64,
    validator_low_stake_grace_period: u64,
    ctx: &mut TxContext,
): SystemParametersV1 {
    SystemParametersV1 {
        epoch_duration_ms,
        min_validator_count: MIN_VALIDATOR_COUNT,
        max_validator_count,
        min_validator_joining_stake,
        validator_low_stake_threshold,
        validator_very_low_stake_threshold,
        validator_low_stake_grace_period,
        extra_fields: bag::new(ctx),
    }
}

/// The version of the type of `create`, for good.
public(package) fun genesis_system_state_version(): u64 { SYSTEM_STATE_VERSION_V1 }

// === Joining and leaving ===

/// The sender becomes a candidate, on whom people can stake.
public(package) fun request_add_validator_candidate(
    self: &mut IotaSystemStateV1,
    authority_pubkey_bytes: vector<u8>,
    network_pubkey_bytes: vector<u8>,
    protocol_pubkey_bytes: vector<u8>,
    proof_of_possession: vector<u8>,
    name: vector<u8>,
    description: vector<u8>,
    image_url: vector<u8>,
    project_url: vector<u8>,
    net_address: vector<u8>,
    p2p_address: vector<u8>,
    primary_address: vector<u8>,
    gas_price: u64,
    commission_rate: u64,
    ctx: &mut TxContext,
) {
    let candidate = validator::new(
        ctx.sender(),
        authority_pubkey_bytes,
        network_pubkey_bytes,
        protocol_pubkey_bytes,
        proof_of_possession,
        name,
        description,
        image_url,
        project_url,
        net_address,
        p2p_address,
        primary_address,
        gas_price,
        commission_rate,
        ctx,
    );
    self.validators.request_add_validator_candidate(candidate, ctx)
}

/// The sender is no more a candidate.
public(package) fun request_remove_validator_candidate(
    self: &mut IotaSystemStateV1,
    ctx: &mut TxContext,
) {
    self.validators.request_remove_validator_candidate(ctx)
}

/// The sender, a candidate with stake enough, joins the committee with the next epoch.
public(package) fun request_add_validator(self: &mut IotaSystemStateV1, ctx: &TxContext) {
    let needed = self.parameters.min_validator_joining_stake;
    self.add_validator(needed, ctx)
}

fun add_validator(self: &mut IotaSystemStateV1, needed_stake: u64, ctx: &TxContext) {
    let count = self.validators.next_epoch_validator_count();
    if (count >= self.parameters.max_validator_count) abort ELimitExceeded;
    self.validators.request_add_validator(needed_stake, ctx)
}

/// The sender leaves the committee with the next epoch. A committee that is too small already
/// may become smaller.
public(package) fun request_remove_validator(self: &mut IotaSystemStateV1, ctx: &TxContext) {
    let least = self.parameters.min_validator_count;
    let is_small = self.validators.active_validators().length() < least;
    let has_spare = self.validators.next_epoch_validator_count() > least;
    if (!is_small && !has_spare) abort ELimitExceeded;
    self.validators.request_remove_validator(ctx)
}

// === Gas price and commission ===

/// Quote a gas price for the next epoch.
public(package) fun request_set_gas_price(
    self: &mut IotaSystemStateV1,
    cap: &UnverifiedValidatorOperationCap,
    new_gas_price: u64,
) {
    let verified = self.validators.verify_cap(cap, ACTIVE_OR_PENDING_VALIDATOR);
    let validator = self.validators.get_validator_mut_with_verified_cap(&verified, false);
    validator.request_set_gas_price(verified, new_gas_price)
}

/// Quote another gas price, as a candidate.
public(package) fun set_candidate_validator_gas_price(
    self: &mut IotaSystemStateV1,
    cap: &UnverifiedValidatorOperationCap,
    new_gas_price: u64,
) {
    let verified = self.validators.verify_cap(cap, ANY_VALIDATOR);
    let validator = self.validators.get_validator_mut_with_verified_cap(&verified, true);
    validator.set_candidate_gas_price(verified, new_gas_price)
}

/// Take another commission from the next epoch on.
public(package) fun request_set_commission_rate(
    self: &mut IotaSystemStateV1,
    new_commission_rate: u64,
    ctx: &TxContext,
) {
    self.validators.request_set_commission_rate(new_commission_rate, ctx)
}

/// Take another commission, as a candidate.
public(package) fun set_candidate_validator_commission_rate(
    self: &mut IotaSystemStateV1,
    new_commission_rate: u64,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).set_candidate_commission_rate(new_commission_rate)
}

// === Stake ===

/// Stake a coin on a validator.
public(package) fun request_add_stake(
    self: &mut IotaSystemStateV1,
    stake: Coin<IOTA>,
    validator_address: address,
    ctx: &mut TxContext,
): StakedIota {
    self.validators.request_add_stake(validator_address, stake.into_balance(), ctx)
}

/// Stake coins on a validator: all of them, or an amount of which the sender gets the change.
public(package) fun request_add_stake_mul_coin(
    self: &mut IotaSystemStateV1,
    stakes: vector<Coin<IOTA>>,
    stake_amount: Option<u64>,
    validator_address: address,
    ctx: &mut TxContext,
): StakedIota {
    let stake = extract_coin_balance(stakes, stake_amount, ctx);
    self.validators.request_add_stake(validator_address, stake, ctx)
}

#[allow(lint(self_transfer))]
fun extract_coin_balance(
    mut coins: vector<Coin<IOTA>>,
    amount: Option<u64>,
    ctx: &mut TxContext,
): Balance<IOTA> {
    let mut all = coins.pop_back();
    all.join_vec(coins);
    let mut change = all.into_balance();
    let whole = change.value();
    let stake = change.split(amount.destroy_with_default(whole));
    if (change.value() == 0) change.destroy_zero()
    else transfer::public_transfer(change.into_coin(ctx), ctx.sender());
    stake
}

/// Take a stake out with what it has earned.
public(package) fun request_withdraw_stake(
    self: &mut IotaSystemStateV1,
    staked_iota: StakedIota,
    ctx: &TxContext,
): Balance<IOTA> {
    self.validators.request_withdraw_stake(staked_iota, ctx)
}

// === Reports ===

/// One member of the committee says of another that it works badly. Saying it twice changes
/// nothing.
public(package) fun report_validator(
    self: &mut IotaSystemStateV1,
    cap: &UnverifiedValidatorOperationCap,
    reportee_addr: address,
) {
    let is_member = self.validators.is_active_validator_by_iota_address(reportee_addr);
    if (!is_member) abort ENotValidator;
    let verified = self.validators.verify_cap(cap, ACTIVE_VALIDATOR_ONLY);
    report_validator_impl(verified, reportee_addr, &mut self.validator_report_records)
}

/// Take a report back.
public(package) fun undo_report_validator(
    self: &mut IotaSystemStateV1,
    cap: &UnverifiedValidatorOperationCap,
    reportee_addr: address,
) {
    let verified = self.validators.verify_cap(cap, ACTIVE_VALIDATOR_ONLY);
    undo_report_validator_impl(verified, reportee_addr, &mut self.validator_report_records)
}

fun report_validator_impl(
    verified_cap: ValidatorOperationCap,
    reportee_addr: address,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
) {
    let reporter = *verified_cap.verified_operation_cap_address();
    if (reporter == reportee_addr) abort ECannotReportOneself;
    if (!validator_report_records.contains(&reportee_addr)) {
        validator_report_records.insert(reportee_addr, vec_set::empty())
    };
    let reporters = &mut validator_report_records[&reportee_addr];
    if (!reporters.contains(&reporter)) reporters.insert(reporter)
}

fun undo_report_validator_impl(
    verified_cap: ValidatorOperationCap,
    reportee_addr: address,
    validator_report_records: &mut VecMap<address, VecSet<address>>,
) {
    if (!validator_report_records.contains(&reportee_addr)) abort EReportRecordNotFound;
    let reporters = &mut validator_report_records[&reportee_addr];
    let reporter = verified_cap.verified_operation_cap_address();
    if (!reporters.contains(reporter)) abort EReportRecordNotFound;
    reporters.remove(reporter);
    if (reporters.is_empty()) {
        validator_report_records.remove(&reportee_addr);
    }
}

// === Metadata ===
// Names and pictures change at once. What the network works with changes with the next epoch, or
// at once for candidates.

/// Send the sender a new capability; the old one is void.
public(package) fun rotate_operation_cap(self: &mut IotaSystemStateV1, ctx: &mut TxContext) {
    self.member_or_candidate(ctx).new_unverified_validator_operation_cap_and_transfer(ctx)
}

public(package) fun update_validator_name(
    self: &mut IotaSystemStateV1,
    name: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_name(name)
}

public(package) fun update_validator_description(
    self: &mut IotaSystemStateV1,
    description: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_description(description)
}

public(package) fun update_validator_image_url(
    self: &mut IotaSystemStateV1,
    image_url: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_image_url(image_url)
}

public(package) fun update_validator_project_url(
    self: &mut IotaSystemStateV1,
    project_url: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_project_url(project_url)
}

public(package) fun update_validator_next_epoch_network_address(
    self: &mut IotaSystemStateV1,
    network_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_network_address(network_address);
    self.require_unique(ctx)
}

public(package) fun update_candidate_validator_network_address(
    self: &mut IotaSystemStateV1,
    network_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_network_address(network_address)
}

public(package) fun update_validator_next_epoch_p2p_address(
    self: &mut IotaSystemStateV1,
    p2p_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_p2p_address(p2p_address);
    self.require_unique(ctx)
}

public(package) fun update_candidate_validator_p2p_address(
    self: &mut IotaSystemStateV1,
    p2p_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_p2p_address(p2p_address)
}

/// Several validators may have the same one.
public(package) fun update_validator_next_epoch_primary_address(
    self: &mut IotaSystemStateV1,
    primary_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_primary_address(primary_address)
}

public(package) fun update_candidate_validator_primary_address(
    self: &mut IotaSystemStateV1,
    primary_address: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_primary_address(primary_address)
}

public(package) fun update_validator_next_epoch_authority_pubkey(
    self: &mut IotaSystemStateV1,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_authority_pubkey(authority_pubkey, proof_of_possession);
    self.require_unique(ctx)
}

public(package) fun update_candidate_validator_authority_pubkey(
    self: &mut IotaSystemStateV1,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_authority_pubkey(authority_pubkey, proof_of_possession)
}

public(package) fun update_validator_next_epoch_protocol_pubkey(
    self: &mut IotaSystemStateV1,
    protocol_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_protocol_pubkey(protocol_pubkey);
    self.require_unique(ctx)
}

public(package) fun update_candidate_validator_protocol_pubkey(
    self: &mut IotaSystemStateV1,
    protocol_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_protocol_pubkey(protocol_pubkey)
}

public(package) fun update_validator_next_epoch_network_pubkey(
    self: &mut IotaSystemStateV1,
    network_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.member(ctx).update_next_epoch_network_pubkey(network_pubkey);
    self.require_unique(ctx)
}

public(package) fun update_candidate_validator_network_pubkey(
    self: &mut IotaSystemStateV1,
    network_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.member_or_candidate(ctx).update_candidate_network_pubkey(network_pubkey)
}

/// The sender, a member of the committee or about to join it.
fun member(self: &mut IotaSystemStateV1, ctx: &TxContext): &mut ValidatorV1 {
    self.validators.get_validator_mut_with_ctx(ctx)
}

/// The sender, a candidate maybe.
fun member_or_candidate(self: &mut IotaSystemStateV1, ctx: &TxContext): &mut ValidatorV1 {
    self.validators.get_validator_mut_with_ctx_including_candidates(ctx)
}

/// Nobody else has or will have what the sender has set.
fun require_unique(self: &mut IotaSystemStateV1, ctx: &TxContext) {
    let validator: &ValidatorV1 = self.validators.get_validator_mut_with_ctx(ctx);
    self.validators.assert_no_pending_or_active_duplicates(validator)
}

// === The end of an epoch ===

/// End an epoch. Validators get `validator_target_reward` together: what was paid for
/// computation, with the difference minted or burnt; what they do not get after all is burnt,
/// too. The fund takes the charges for storage and gives the rebates, which are returned to be
/// burnt: senders have had them already.
public(package) fun advance_epoch(
    self: &mut IotaSystemStateV1,
    new_epoch: u64,
    next_protocol_version: u64,
    validator_target_reward: u64,
    storage_charge: Balance<IOTA>,
    computation_reward: Balance<IOTA>,
    storage_rebate_amount: u64,
    non_refundable_storage_fee_amount: u64,
    reward_slashing_rate: u64,
    epoch_start_timestamp_ms: u64,
    ctx: &mut TxContext,
): Balance<IOTA> {
    if (reward_slashing_rate > BASIS_POINT_DENOMINATOR) abort EBpsTooLarge;
    let charges = with_all(storage_charge, &mut self.safe_mode_storage_charges);
    let fees = with_all(computation_reward, &mut self.safe_mode_computation_rewards);
    let rebates = storage_rebate_amount + zeroed(&mut self.safe_mode_storage_rebates);
    let kept = &mut self.safe_mode_non_refundable_storage_fee;
    let kept = non_refundable_storage_fee_amount + zeroed(kept);
    let storage_charge = charges.value();
    let total_gas_fees = fees.value();

    let (mut rewards, minted_tokens_amount, burnt) = match_computation_reward_to_target_reward(
        validator_target_reward,
        fees,
        &mut self.iota_treasury_cap,
        ctx,
    );
    let before = rewards.value();
    self.epoch = self.epoch + 1;
    if (self.epoch != new_epoch) abort EAdvancedToWrongEpoch;
    self.validators.advance_epoch(
        &mut rewards,
        &mut self.validator_report_records,
        reward_slashing_rate,
        self.parameters.validator_low_stake_threshold,
        self.parameters.validator_very_low_stake_threshold,
        self.parameters.validator_low_stake_grace_period,
        ctx,
    );
    let left = rewards.value();
    self.iota_treasury_cap.burn_balance(rewards, ctx);
    let refunded = self.storage_fund.advance_epoch(charges, rebates, kept);

    self.reference_gas_price = self.validators.derive_reference_gas_price();
    self.protocol_version = next_protocol_version;
    self.epoch_start_timestamp_ms = epoch_start_timestamp_ms;
    event::emit(SystemEpochInfoEventV1 {
        epoch: self.epoch,
        protocol_version: self.protocol_version,
        reference_gas_price: self.reference_gas_price,
        total_stake: self.validators.total_stake(),
        storage_charge,
        storage_rebate: rebates,
        storage_fund_balance: self.storage_fund.total_balance(),
        total_gas_fees,
        total_stake_rewards_distributed: before - left,
        burnt_tokens_amount: burnt + left,
        minted_tokens_amount,
    });
    self.leave_safe_mode();
    refunded
}

/// Bring the fees of an epoch to the reward that was aimed at. Returns the reward; what counts
/// as minted, which is all of it; and what counts as burnt, which is all of the fees.
fun match_computation_reward_to_target_reward(
    validator_target_reward: u64,
    mut computation_charges: Balance<IOTA>,
    iota_treasury_cap: &mut IotaTreasuryCap,
    ctx: &TxContext,
): (Balance<IOTA>, u64, u64) {
    let fees = computation_charges.value();
    if (fees > validator_target_reward) {
        let excess = computation_charges.split(fees - validator_target_reward);
        iota_treasury_cap.burn_balance(excess, ctx);
    } else if (fees < validator_target_reward) {
        let lack = validator_target_reward - fees;
        computation_charges.join(iota_treasury_cap.mint_balance(lack, ctx));
    };
    (computation_charges, validator_target_reward, fees)
}

fun with_all(mut balance: Balance<IOTA>, other: &mut Balance<IOTA>): Balance<IOTA> {
    balance.join(other.withdraw_all());
    balance
}

fun zeroed(amount: &mut u64): u64 {
    let was = *amount;
    *amount = 0;
    was
}

fun leave_safe_mode(self: &mut IotaSystemStateV1) {
    let is_booked =
        self.safe_mode_storage_charges.value() == 0
            && self.safe_mode_computation_rewards.value() == 0
            && self.safe_mode_storage_rebates == 0;
    if (!is_booked) abort ESafeModeGasNotProcessed;
    self.safe_mode = false
}

// === Asking ===

/// The epoch, from 0 on.
public(package) fun epoch(self: &IotaSystemStateV1): u64 { self.epoch }

/// The version of the protocol in this epoch.
public(package) fun protocol_version(self: &IotaSystemStateV1): u64 { self.protocol_version }

/// The version of this type.
public(package) fun system_state_version(self: &IotaSystemStateV1): u64 {
    self.system_state_version
}

/// What the system shows to functions that are for it alone.
public(package) fun iota_system_admin_cap(self: &IotaSystemStateV1): &IotaSystemAdminCap {
    &self.iota_system_admin_cap
}

/// When the epoch began, in milliseconds since 1970.
public(package) fun epoch_start_timestamp_ms(self: &IotaSystemStateV1): u64 {
    self.epoch_start_timestamp_ms
}

/// The stake on a member of the committee, in nanos.
public(package) fun validator_stake_amount(
    self: &IotaSystemStateV1,
    validator_addr: address,
): u64 {
    self.validators.validator_total_stake_amount(validator_addr)
}

/// What the votes of the committee weigh, the last member first.
public(package) fun active_validator_voting_powers(
    self: &IotaSystemStateV1,
): VecMap<address, u64> {
    let mut powers = vec_map::empty();
    self.active_validator_addresses().destroy!(|owner| {
        powers.insert(owner, self.validators.validator_voting_power(owner))
    });
    powers
}

/// The id of the pool of a member of the committee.
public(package) fun validator_staking_pool_id(
    self: &IotaSystemStateV1,
    validator_addr: address,
): ID {
    self.validators.validator_staking_pool_id(validator_addr)
}

/// By pool: validators that have not left.
public(package) fun validator_staking_pool_mappings(
    self: &IotaSystemStateV1,
): &Table<ID, address> {
    self.validators.staking_pool_mappings()
}

/// How many nanos there are.
public(package) fun get_total_iota_supply(self: &IotaSystemStateV1): u64 {
    self.iota_treasury_cap.total_supply()
}

/// Who reports a member of the committee.
public(package) fun get_reporters_of(self: &IotaSystemStateV1, addr: address): VecSet<address> {
    self.validator_report_records.try_get(&addr).destroy_or!(vec_set::empty())
}

/// All that is in the storage fund, in nanos.
public(package) fun get_storage_fund_total_balance(self: &IotaSystemStateV1): u64 {
    self.storage_fund.total_balance()
}

/// The rebates of all objects, in nanos.
public(package) fun get_storage_fund_object_rebates(self: &IotaSystemStateV1): u64 {
    self.storage_fund.total_object_storage_rebates()
}

/// The rates of a pool at the beginning of epochs.
public(package) fun pool_exchange_rates(
    self: &mut IotaSystemStateV1,
    pool_id: &ID,
): &Table<u64, PoolTokenExchangeRate> {
    self.validators.pool_exchange_rates(pool_id)
}

/// Whose pool it is, whatever has become of the validator.
public(package) fun validator_address_by_pool_id(
    self: &mut IotaSystemStateV1,
    pool_id: &ID,
): address {
    self.validators.validator_address_by_pool_id(pool_id)
}

/// The addresses of the committee.
public(package) fun active_validator_addresses(self: &IotaSystemStateV1): vector<address> {
    self.validators.active_validator_addresses()
}

// === Testing ===

#[test_only]
public(package) fun validators(self: &IotaSystemStateV1): &ValidatorSetV1 { &self.validators }

#[test_only]
public(package) fun active_validator_by_address(
    self: &IotaSystemStateV1,
    validator_address: address,
): &ValidatorV1 {
    self.validators.get_active_validator_ref(validator_address)
}

#[test_only]
public(package) fun pending_validator_by_address(
    self: &IotaSystemStateV1,
    validator_address: address,
): &ValidatorV1 {
    self.validators.get_pending_validator_ref(validator_address)
}

#[test_only]
public(package) fun candidate_validator_by_address(
    self: &IotaSystemStateV1,
    validator_address: address,
): &ValidatorV1 {
    self.validators.get_candidate_validator_ref(validator_address)
}

#[test_only]
public(package) fun set_epoch_for_testing(self: &mut IotaSystemStateV1, epoch_num: u64) {
    self.epoch = epoch_num
}

/// As `request_add_validator`, with another stake needed.
#[test_only]
public(package) fun request_add_validator_for_testing(
    self: &mut IotaSystemStateV1,
    min_joining_stake_for_testing: u64,
    ctx: &TxContext,
) {
    self.add_validator(min_joining_stake_for_testing, ctx)
}

/// As `request_add_validator_candidate`, but nobody checks the metadata.
#[test_only]
public(package) fun request_add_validator_candidate_for_testing(
    self: &mut IotaSystemStateV1,
    pubkey_bytes: vector<u8>,
    network_pubkey_bytes: vector<u8>,
    protocol_pubkey_bytes: vector<u8>,
    proof_of_possession: vector<u8>,
    name: vector<u8>,
    description: vector<u8>,
    image_url: vector<u8>,
    project_url: vector<u8>,
    net_address: vector<u8>,
    p2p_address: vector<u8>,
    primary_address: vector<u8>,
    gas_price: u64,
    commission_rate: u64,
    ctx: &mut TxContext,
) {
    let candidate = validator::new_for_testing(
        ctx.sender(),
        pubkey_bytes,
        network_pubkey_bytes,
        protocol_pubkey_bytes,
        proof_of_possession,
        name,
        description,
        image_url,
        project_url,
        net_address,
        p2p_address,
        primary_address,
        option::none(),
        gas_price,
        commission_rate,
        false,
        ctx,
    );
    self.validators.request_add_validator_candidate(candidate, ctx)
}
