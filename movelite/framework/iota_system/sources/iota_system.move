/// The system state, shared object 0x5, and what everybody can ask of it: to stake, to become a
/// validator, to act as one. All of it is done by `iota_system_state_inner`.
///
/// The object itself never changes. The state is a dynamic field of it, under the version of the
/// state's type. A package with a newer type moves the state over when it is next used: in
/// `load_inner_maybe_upgrade`, which every function here goes through.
module iota_system::iota_system;

use iota::balance::Balance;
use iota::coin::Coin;
use iota::dynamic_field;
use iota::iota::{IOTA, IotaTreasuryCap};
use iota::system_admin_cap::IotaSystemAdminCap;
use iota::table::Table;
use iota::vec_map::VecMap;
use iota_system::iota_system_state_inner::{Self, IotaSystemStateV1, SystemParametersV1};
use iota_system::staking_pool::{PoolTokenExchangeRate, StakedIota};
use iota_system::validator::ValidatorV1;
use iota_system::validator_cap::UnverifiedValidatorOperationCap;

#[test_only]
use iota::balance;
#[test_only]
use iota::vec_set::VecSet;
#[test_only]
use iota_system::validator_set::ValidatorSetV1;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;
/// The state is not of the version that the object says.
const EWrongInnerVersion: u64 = 1;

public struct IotaSystemState has key {
    id: UID,
    /// The version of the type of the state.
    version: u64,
}

// === Genesis ===

/// Make the state in epoch 0 and share it.
public(package) fun create(
    id: UID,
    iota_treasury_cap: IotaTreasuryCap,
    validators: vector<ValidatorV1>,
    storage_fund: Balance<IOTA>,
    protocol_version: u64,
    epoch_start_timestamp_ms: u64,
    parameters: SystemParametersV1,
    iota_system_admin_cap: IotaSystemAdminCap,
    ctx: &mut TxContext,
) {
    let inner = iota_system_state_inner::create(
        iota_treasury_cap,
        validators,
        storage_fund,
        protocol_version,
        epoch_start_timestamp_ms,
        parameters,
        iota_system_admin_cap,
        ctx,
    );
    let version = iota_system_state_inner::genesis_system_state_version();
    let mut self = IotaSystemState { id, version };
    dynamic_field::add(&mut self.id, version, inner);
    transfer::share_object(self)
}

// === Joining and leaving ===

/// Become a candidate, on whom people can stake. The proof of possession is the authority key's
/// signature of itself and the sender's address.
public entry fun request_add_validator_candidate(
    wrapper: &mut IotaSystemState,
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
    wrapper.load_system_state_mut().request_add_validator_candidate(
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
    )
}

/// Give up being a candidate; the stakes can still be taken out.
public entry fun request_remove_validator_candidate(
    wrapper: &mut IotaSystemState,
    ctx: &mut TxContext,
) {
    wrapper.load_system_state_mut().request_remove_validator_candidate(ctx)
}

/// As a candidate with stake enough, join the committee with the next epoch.
public entry fun request_add_validator(wrapper: &mut IotaSystemState, ctx: &mut TxContext) {
    wrapper.load_system_state_mut().request_add_validator(ctx)
}

/// Leave the committee with the next epoch.
public entry fun request_remove_validator(wrapper: &mut IotaSystemState, ctx: &mut TxContext) {
    wrapper.load_system_state_mut().request_remove_validator(ctx)
}

// === Gas price and commission ===

/// As a validator, quote a gas price for the next epoch.
public entry fun request_set_gas_price(
    wrapper: &mut IotaSystemState,
    cap: &UnverifiedValidatorOperationCap,
    new_gas_price: u64,
) {
    wrapper.load_system_state_mut().request_set_gas_price(cap, new_gas_price)
}

/// As a candidate, quote another gas price.
public entry fun set_candidate_validator_gas_price(
    wrapper: &mut IotaSystemState,
    cap: &UnverifiedValidatorOperationCap,
    new_gas_price: u64,
) {
    wrapper.load_system_state_mut().set_candidate_validator_gas_price(cap, new_gas_price)
}

/// As a validator, take another commission from the next epoch on.
public entry fun request_set_commission_rate(
    wrapper: &mut IotaSystemState,
    new_commission_rate: u64,
    ctx: &mut TxContext,
) {
    wrapper.load_system_state_mut().request_set_commission_rate(new_commission_rate, ctx)
}

/// As a candidate, take another commission.
public entry fun set_candidate_validator_commission_rate(
    wrapper: &mut IotaSystemState,
    new_commission_rate: u64,
    ctx: &mut TxContext,
) {
    let self = wrapper.load_system_state_mut();
    self.set_candidate_validator_commission_rate(new_commission_rate, ctx)
}

// === Stake ===

/// Stake a coin on a validator.
public entry fun request_add_stake(
    wrapper: &mut IotaSystemState,
    stake: Coin<IOTA>,
    validator_address: address,
    ctx: &mut TxContext,
) {
    let staked = wrapper.request_add_stake_non_entry(stake, validator_address, ctx);
    transfer::public_transfer(staked, ctx.sender())
}

/// Stake a coin on a validator, and get the stake.
public fun request_add_stake_non_entry(
    wrapper: &mut IotaSystemState,
    stake: Coin<IOTA>,
    validator_address: address,
    ctx: &mut TxContext,
): StakedIota {
    wrapper.load_system_state_mut().request_add_stake(stake, validator_address, ctx)
}

/// Stake coins on a validator: all of them, or `stake_amount` nanos, and the change comes back.
public entry fun request_add_stake_mul_coin(
    wrapper: &mut IotaSystemState,
    stakes: vector<Coin<IOTA>>,
    stake_amount: Option<u64>,
    validator_address: address,
    ctx: &mut TxContext,
) {
    let self = wrapper.load_system_state_mut();
    let staked = self.request_add_stake_mul_coin(stakes, stake_amount, validator_address, ctx);
    transfer::public_transfer(staked, ctx.sender())
}

/// Take a stake out, with what it has earned, as a coin.
public entry fun request_withdraw_stake(
    wrapper: &mut IotaSystemState,
    staked_iota: StakedIota,
    ctx: &mut TxContext,
) {
    let paid = wrapper.request_withdraw_stake_non_entry(staked_iota, ctx);
    transfer::public_transfer(paid.into_coin(ctx), ctx.sender())
}

/// Take a stake out, with what it has earned, and get the balance.
public fun request_withdraw_stake_non_entry(
    wrapper: &mut IotaSystemState,
    staked_iota: StakedIota,
    ctx: &mut TxContext,
): Balance<IOTA> {
    wrapper.load_system_state_mut().request_withdraw_stake(staked_iota, ctx)
}

// === Reports ===

/// As a member of the committee, say of another that it works badly. It loses rewards when a
/// quorum says so at the end of an epoch.
public entry fun report_validator(
    wrapper: &mut IotaSystemState,
    cap: &UnverifiedValidatorOperationCap,
    reportee_addr: address,
) {
    wrapper.load_system_state_mut().report_validator(cap, reportee_addr)
}

/// Take a report back.
public entry fun undo_report_validator(
    wrapper: &mut IotaSystemState,
    cap: &UnverifiedValidatorOperationCap,
    reportee_addr: address,
) {
    wrapper.load_system_state_mut().undo_report_validator(cap, reportee_addr)
}

// === What a validator tells of itself ===

/// Get a new capability; the old one is void.
public entry fun rotate_operation_cap(self: &mut IotaSystemState, ctx: &mut TxContext) {
    self.load_system_state_mut().rotate_operation_cap(ctx)
}

/// Have another name.
public entry fun update_validator_name(
    self: &mut IotaSystemState,
    name: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_name(name, ctx)
}

/// Have another description.
public entry fun update_validator_description(
    self: &mut IotaSystemState,
    description: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_description(description, ctx)
}

/// Have another picture.
public entry fun update_validator_image_url(
    self: &mut IotaSystemState,
    image_url: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_image_url(image_url, ctx)
}

/// Have another home page.
public entry fun update_validator_project_url(
    self: &mut IotaSystemState,
    project_url: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_project_url(project_url, ctx)
}

/// Have another network address from the next epoch on.
public entry fun update_validator_next_epoch_network_address(
    self: &mut IotaSystemState,
    network_address: vector<u8>,
    ctx: &TxContext,
) {
    let self = self.load_system_state_mut();
    self.update_validator_next_epoch_network_address(network_address, ctx)
}

/// As a candidate, have another network address.
public entry fun update_candidate_validator_network_address(
    self: &mut IotaSystemState,
    network_address: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_network_address(network_address, ctx)
}

/// Have another address among peers from the next epoch on.
public entry fun update_validator_next_epoch_p2p_address(
    self: &mut IotaSystemState,
    p2p_address: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_next_epoch_p2p_address(p2p_address, ctx)
}

/// As a candidate, have another address among peers.
public entry fun update_candidate_validator_p2p_address(
    self: &mut IotaSystemState,
    p2p_address: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_p2p_address(p2p_address, ctx)
}

/// Have another address for consensus from the next epoch on.
public entry fun update_validator_next_epoch_primary_address(
    self: &mut IotaSystemState,
    primary_address: vector<u8>,
    ctx: &TxContext,
) {
    let self = self.load_system_state_mut();
    self.update_validator_next_epoch_primary_address(primary_address, ctx)
}

/// As a candidate, have another address for consensus.
public entry fun update_candidate_validator_primary_address(
    self: &mut IotaSystemState,
    primary_address: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_primary_address(primary_address, ctx)
}

/// Have another authority key from the next epoch on.
public entry fun update_validator_next_epoch_authority_pubkey(
    self: &mut IotaSystemState,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_validator_next_epoch_authority_pubkey(
        authority_pubkey,
        proof_of_possession,
        ctx,
    )
}

/// As a candidate, have another authority key.
public entry fun update_candidate_validator_authority_pubkey(
    self: &mut IotaSystemState,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_authority_pubkey(
        authority_pubkey,
        proof_of_possession,
        ctx,
    )
}

/// Have another protocol key from the next epoch on.
public entry fun update_validator_next_epoch_protocol_pubkey(
    self: &mut IotaSystemState,
    protocol_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    let self = self.load_system_state_mut();
    self.update_validator_next_epoch_protocol_pubkey(protocol_pubkey, ctx)
}

/// As a candidate, have another protocol key.
public entry fun update_candidate_validator_protocol_pubkey(
    self: &mut IotaSystemState,
    protocol_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_protocol_pubkey(protocol_pubkey, ctx)
}

/// Have another network key from the next epoch on.
public entry fun update_validator_next_epoch_network_pubkey(
    self: &mut IotaSystemState,
    network_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    let self = self.load_system_state_mut();
    self.update_validator_next_epoch_network_pubkey(network_pubkey, ctx)
}

/// As a candidate, have another network key.
public entry fun update_candidate_validator_network_pubkey(
    self: &mut IotaSystemState,
    network_pubkey: vector<u8>,
    ctx: &TxContext,
) {
    self.load_system_state_mut().update_candidate_validator_network_pubkey(network_pubkey, ctx)
}

// === Asking ===

/// The rates of a pool at the beginning of epochs, whatever has become of its validator.
public fun pool_exchange_rates(
    wrapper: &mut IotaSystemState,
    pool_id: &ID,
): &Table<u64, PoolTokenExchangeRate> {
    wrapper.load_system_state_mut().pool_exchange_rates(pool_id)
}

/// The addresses of the committee.
public fun active_validator_addresses(wrapper: &mut IotaSystemState): vector<address> {
    wrapper.load_system_state().active_validator_addresses()
}

/// The same as `active_validator_addresses`: everybody who is active is in the committee.
public fun committee_validator_addresses(wrapper: &mut IotaSystemState): vector<address> {
    wrapper.active_validator_addresses()
}

/// Whose pool it is, whatever has become of the validator.
public fun validator_address_by_pool_id(wrapper: &mut IotaSystemState, pool_id: &ID): address {
    wrapper.load_system_state_mut().validator_address_by_pool_id(pool_id)
}

/// How many nanos there are.
public fun get_total_iota_supply(wrapper: &mut IotaSystemState): u64 {
    wrapper.load_system_state().get_total_iota_supply()
}

/// What the system shows to functions that are for it alone.
public(package) fun load_iota_system_admin_cap(self: &mut IotaSystemState): &IotaSystemAdminCap {
    self.load_system_state().iota_system_admin_cap()
}

/// What the votes of the committee weigh; the node asks for it.
#[allow(unused_function)]
fun validator_voting_powers(wrapper: &mut IotaSystemState): VecMap<address, u64> {
    wrapper.load_system_state().active_validator_voting_powers()
}

// === The end of an epoch ===

/// End an epoch; the system calls it. Returns the rebates for storage, to be burnt. The slashing
/// rate is in basis points.
#[allow(unused_function)]
fun advance_epoch(
    validator_target_reward: u64,
    storage_charge: Balance<IOTA>,
    computation_reward: Balance<IOTA>,
    wrapper: &mut IotaSystemState,
    new_epoch: u64,
    next_protocol_version: u64,
    storage_rebate: u64,
    non_refundable_storage_fee: u64,
    reward_slashing_rate: u64,
    epoch_start_timestamp_ms: u64,
    ctx: &mut TxContext,
): Balance<IOTA> {
    let self = wrapper.load_system_state_mut();
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    self.advance_epoch(
        new_epoch,
        next_protocol_version,
        validator_target_reward,
        storage_charge,
        computation_reward,
        storage_rebate,
        non_refundable_storage_fee,
        reward_slashing_rate,
        epoch_start_timestamp_ms,
        ctx,
    )
}

// === The state within ===

fun load_system_state(self: &mut IotaSystemState): &IotaSystemStateV1 {
    self.load_inner_maybe_upgrade()
}

fun load_system_state_mut(self: &mut IotaSystemState): &mut IotaSystemStateV1 {
    self.load_inner_maybe_upgrade()
}

/// There has been one type of state only, so there is nothing to move over yet.
fun load_inner_maybe_upgrade(self: &mut IotaSystemState): &mut IotaSystemStateV1 {
    let version = self.version;
    let inner: &mut IotaSystemStateV1 = dynamic_field::borrow_mut(&mut self.id, version);
    if (inner.system_state_version() != version) abort EWrongInnerVersion;
    inner
}

// === Testing ===

#[test_only]
public fun validator_voting_powers_for_testing(
    wrapper: &mut IotaSystemState,
): VecMap<address, u64> {
    wrapper.validator_voting_powers()
}

#[test_only]
public fun epoch(wrapper: &mut IotaSystemState): u64 { wrapper.load_system_state().epoch() }

#[test_only]
public fun epoch_start_timestamp_ms(wrapper: &mut IotaSystemState): u64 {
    wrapper.load_system_state().epoch_start_timestamp_ms()
}

#[test_only]
public fun validator_stake_amount(
    wrapper: &mut IotaSystemState,
    validator_addr: address,
): u64 {
    wrapper.load_system_state().validator_stake_amount(validator_addr)
}

#[test_only]
public fun validator_staking_pool_id(
    wrapper: &mut IotaSystemState,
    validator_addr: address,
): ID {
    wrapper.load_system_state().validator_staking_pool_id(validator_addr)
}

#[test_only]
public fun validator_staking_pool_mappings(wrapper: &mut IotaSystemState): &Table<ID, address> {
    wrapper.load_system_state().validator_staking_pool_mappings()
}

#[test_only]
public fun get_reporters_of(wrapper: &mut IotaSystemState, addr: address): VecSet<address> {
    wrapper.load_system_state().get_reporters_of(addr)
}

#[test_only]
public fun validators(wrapper: &mut IotaSystemState): &ValidatorSetV1 {
    wrapper.load_system_state().validators()
}

#[test_only]
public fun active_validator_by_address(
    self: &mut IotaSystemState,
    validator_address: address,
): &ValidatorV1 {
    self.load_system_state().active_validator_by_address(validator_address)
}

#[test_only]
public fun pending_validator_by_address(
    self: &mut IotaSystemState,
    validator_address: address,
): &ValidatorV1 {
    self.load_system_state().pending_validator_by_address(validator_address)
}

#[test_only]
public fun candidate_validator_by_address(
    self: &mut IotaSystemState,
    validator_address: address,
): &ValidatorV1 {
    self.load_system_state().candidate_validator_by_address(validator_address)
}

#[test_only]
public fun set_epoch_for_testing(wrapper: &mut IotaSystemState, epoch_num: u64) {
    wrapper.load_system_state_mut().set_epoch_for_testing(epoch_num)
}

/// As `request_add_validator`, with another stake needed.
#[test_only]
public fun request_add_validator_for_testing(
    wrapper: &mut IotaSystemState,
    min_joining_stake_for_testing: u64,
    ctx: &TxContext,
) {
    let self = wrapper.load_system_state_mut();
    self.request_add_validator_for_testing(min_joining_stake_for_testing, ctx)
}

#[test_only]
public fun get_storage_fund_total_balance(wrapper: &mut IotaSystemState): u64 {
    wrapper.load_system_state().get_storage_fund_total_balance()
}

#[test_only]
public fun get_storage_fund_object_rebates(wrapper: &mut IotaSystemState): u64 {
    wrapper.load_system_state().get_storage_fund_object_rebates()
}

/// As `request_add_validator_candidate`, but nobody checks the metadata.
#[test_only]
public entry fun request_add_validator_candidate_for_testing(
    wrapper: &mut IotaSystemState,
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
    wrapper.load_system_state_mut().request_add_validator_candidate_for_testing(
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
    )
}

/// End an epoch in which so much was charged.
#[test_only]
public(package) fun advance_epoch_for_testing(
    wrapper: &mut IotaSystemState,
    new_epoch: u64,
    next_protocol_version: u64,
    validator_target_reward: u64,
    storage_charge: u64,
    computation_charge: u64,
    storage_rebate: u64,
    non_refundable_storage_fee: u64,
    reward_slashing_rate: u64,
    epoch_start_timestamp_ms: u64,
    ctx: &mut TxContext,
): Balance<IOTA> {
    advance_epoch(
        validator_target_reward,
        balance::create_for_testing(storage_charge),
        balance::create_for_testing(computation_charge),
        wrapper,
        new_epoch,
        next_protocol_version,
        storage_rebate,
        non_refundable_storage_fee,
        reward_slashing_rate,
        epoch_start_timestamp_ms,
        ctx,
    )
}
