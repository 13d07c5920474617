/// A validator: who it is, what it asks for, and the pool of stakes on it.
#[allow(unused_const)]
module iota_system::validator;

use iota::bag::{Self, Bag};
use iota::balance::Balance;
use iota::event;
use iota::iota::IOTA;
use iota::url::{Self, Url};
use iota_system::staking_pool::{Self, PoolTokenExchangeRate, StakedIota, StakingPoolV1};
use iota_system::validator_cap::{Self, ValidatorOperationCap};
use std::bcs;
use std::string::String;

/// The key's signature of key and address is not right.
const EInvalidProofOfPossession: u64 = 0;
/// Not a key of BLS12-381.
const EMetadataInvalidAuthorityPubkey: u64 = 1;
/// Not a key of Ed25519.
const EMetadataInvalidNetPubkey: u64 = 2;
/// Not a key of Ed25519, or the same as the network's.
const EMetadataInvalidProtocolPubkey: u64 = 3;
/// Not a network address.
const EMetadataInvalidNetAddr: u64 = 4;
/// Not an address to reach over UDP.
const EMetadataInvalidP2pAddr: u64 = 5;
/// Not an address to reach over UDP.
const EMetadataInvalidPrimaryAddr: u64 = 6;
/// More than the highest commission.
const ECommissionRateTooHigh: u64 = 7;
/// A text is longer than 256 bytes.
const EValidatorMetadataExceedingLengthLimit: u64 = 8;
/// For candidates only.
const ENotValidatorCandidate: u64 = 9;
/// Nothing to stake, or stakes that do not add up.
const EInvalidStakeAmount: u64 = 10;
/// For genesis only.
const ECalledDuringNonGenesis: u64 = 11;
/// Only the validator makes itself a new capability.
const ENewCapNotCreatedByValidatorItself: u64 = 100;
/// The capability is another validator's.
const EInvalidCap: u64 = 101;
/// More than the highest gas price.
const EGasPriceHigherThanThreshold: u64 = 102;

/// A fifth, in basis points.
const MAX_COMMISSION_RATE: u64 = 2_000;
const MAX_VALIDATOR_METADATA_LENGTH: u64 = 256;
/// In nanos.
const MAX_VALIDATOR_GAS_PRICE: u64 = 100_000;

/// What a validator tells of itself. The native that checks it reads it as BCS.
public struct ValidatorMetadataV1 has store {
    /// Who made it, and to whom its commission goes.
    iota_address: address,
    /// Its name in the committee.
    authority_pubkey_bytes: vector<u8>,
    /// For TLS.
    network_pubkey_bytes: vector<u8>,
    /// For blocks of consensus.
    protocol_pubkey_bytes: vector<u8>,
    /// Signature by the authority key of itself and the address.
    proof_of_possession: vector<u8>,
    name: String,
    description: String,
    image_url: Url,
    project_url: Url,
    net_address: String,
    p2p_address: String,
    primary_address: String,
    // These replace the ones above when the epoch ends.
    next_epoch_authority_pubkey_bytes: Option<vector<u8>>,
    next_epoch_proof_of_possession: Option<vector<u8>>,
    next_epoch_network_pubkey_bytes: Option<vector<u8>>,
    next_epoch_protocol_pubkey_bytes: Option<vector<u8>>,
    next_epoch_net_address: Option<String>,
    next_epoch_p2p_address: Option<String>,
    next_epoch_primary_address: Option<String>,
    /// Room for fields to come.
    extra_fields: Bag,
}

public struct ValidatorV1 has store {
    metadata: ValidatorMetadataV1,
    /// Of `voting_power::total_voting_power()`; 0 while it is not in the committee.
    voting_power: u64,
    /// The only capability that is valid.
    operation_cap_id: ID,
    /// What it quotes, in nanos.
    gas_price: u64,
    staking_pool: StakingPoolV1,
    /// What it keeps of the rewards of its pool, in basis points.
    commission_rate: u64,
    /// The pool's balance when the requests so far have taken effect.
    next_epoch_stake: u64,
    next_epoch_gas_price: u64,
    next_epoch_commission_rate: u64,
    /// Room for fields to come.
    extra_fields: Bag,
}

/// Somebody staked.
public struct StakingRequestEvent has copy, drop {
    pool_id: ID,
    validator_address: address,
    staker_address: address,
    epoch: u64,
    amount: u64,
}

/// Somebody took a stake out.
public struct UnstakingRequestEvent has copy, drop {
    pool_id: ID,
    validator_address: address,
    staker_address: address,
    stake_activation_epoch: u64,
    unstaking_epoch: u64,
    principal_amount: u64,
    reward_amount: u64,
}

// === Making ===

/// Metadata as given, with nothing set for the next epoch, and not checked.
public(package) fun new_metadata(
    iota_address: address,
    authority_pubkey_bytes: vector<u8>,
    network_pubkey_bytes: vector<u8>,
    protocol_pubkey_bytes: vector<u8>,
    proof_of_possession: vector<u8>,
    name: String,
    description: String,
    image_url: Url,
    project_url: Url,
    net_address: String,
    p2p_address: String,
    primary_address: String,
    extra_fields: Bag,
): ValidatorMetadataV1 {
    ValidatorMetadataV1 {
        iota_address,
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
        next_epoch_authority_pubkey_bytes: option::none(),
        next_epoch_proof_of_possession: option::none(),
        next_epoch_network_pubkey_bytes: option::none(),
        next_epoch_protocol_pubkey_bytes: option::none(),
        next_epoch_net_address: option::none(),
        next_epoch_p2p_address: option::none(),
        next_epoch_primary_address: option::none(),
        extra_fields,
    }
}

/// A candidate with an empty pool, its metadata checked; its capability is sent to it.
public(package) fun new(
    iota_address: address,
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
): ValidatorV1 {
    require_short(&name);
    require_short(&description);
    require_short(&image_url);
    require_short(&project_url);
    require_short(&net_address);
    require_short(&p2p_address);
    require_short(&primary_address);
    require_commission(commission_rate);
    require_gas_price(gas_price);
    let metadata = new_metadata(
        iota_address,
        authority_pubkey_bytes,
        network_pubkey_bytes,
        protocol_pubkey_bytes,
        proof_of_possession,
        ascii(name),
        ascii(description),
        url::new_unsafe_from_bytes(image_url),
        url::new_unsafe_from_bytes(project_url),
        ascii(net_address),
        ascii(p2p_address),
        ascii(primary_address),
        bag::new(ctx),
    );
    validate_metadata(&metadata);
    new_from_metadata(metadata, gas_price, commission_rate, ctx)
}

fun new_from_metadata(
    metadata: ValidatorMetadataV1,
    gas_price: u64,
    commission_rate: u64,
    ctx: &mut TxContext,
): ValidatorV1 {
    let staking_pool = staking_pool::new(ctx);
    let owner = metadata.iota_address;
    let operation_cap_id =
        validator_cap::new_unverified_validator_operation_cap_and_transfer(owner, ctx);
    ValidatorV1 {
        metadata,
        voting_power: 0,
        operation_cap_id,
        gas_price,
        staking_pool,
        commission_rate,
        next_epoch_stake: 0,
        next_epoch_gas_price: gas_price,
        next_epoch_commission_rate: commission_rate,
        extra_fields: bag::new(ctx),
    }
}

/// Abort, with the code of what is wrong, unless keys, proofs and addresses are right.
public fun validate_metadata(metadata: &ValidatorMetadataV1) {
    validate_metadata_bcs(bcs::to_bytes(metadata))
}

/// `validate_metadata` for metadata in BCS.
public native fun validate_metadata_bcs(metadata: vector<u8>);

/// Make a new capability and send it to the validator, who is the sender. The old one is void.
public(package) fun new_unverified_validator_operation_cap_and_transfer(
    self: &mut ValidatorV1,
    ctx: &mut TxContext,
) {
    let owner = self.iota_address();
    if (ctx.sender() != owner) abort ENewCapNotCreatedByValidatorItself;
    self.operation_cap_id =
        validator_cap::new_unverified_validator_operation_cap_and_transfer(owner, ctx)
}

// === Joining and leaving ===

/// Join the committee with an epoch.
public(package) fun activate(self: &mut ValidatorV1, activation_epoch: u64) {
    self.staking_pool.activate_staking_pool(activation_epoch)
}

/// Leave the committee with an epoch, or give up being a candidate.
public(package) fun deactivate(self: &mut ValidatorV1, deactivation_epoch: u64) {
    self.staking_pool.deactivate_staking_pool(deactivation_epoch)
}

// === Stake ===

/// Stake on the validator. On a candidate the stake counts at once, for nothing is earned yet.
public(package) fun request_add_stake(
    self: &mut ValidatorV1,
    stake: Balance<IOTA>,
    staker_address: address,
    ctx: &mut TxContext,
): StakedIota {
    let epoch = ctx.epoch();
    let is_candidate = self.is_preactive();
    let staked = self.take_stake(stake, epoch + 1, is_candidate, ctx);
    event::emit(StakingRequestEvent {
        pool_id: self.staking_pool_id(),
        validator_address: self.iota_address(),
        staker_address,
        epoch,
        amount: staked.amount(),
    });
    staked
}

/// Stake before the network begins; the receipt goes to the staker.
public(package) fun request_add_stake_at_genesis(
    self: &mut ValidatorV1,
    stake: Balance<IOTA>,
    staker_address: address,
    ctx: &mut TxContext,
) {
    let staked = self.request_add_stake_at_genesis_with_receipt(stake, ctx);
    transfer::public_transfer(staked, staker_address)
}

/// Stake before the network begins: the stake earns from the first epoch on.
public(package) fun request_add_stake_at_genesis_with_receipt(
    self: &mut ValidatorV1,
    stake: Balance<IOTA>,
    ctx: &mut TxContext,
): StakedIota {
    if (ctx.epoch() != 0) abort ECalledDuringNonGenesis;
    self.take_stake(stake, 0, true, ctx)
}

fun take_stake(
    self: &mut ValidatorV1,
    stake: Balance<IOTA>,
    activation_epoch: u64,
    counts_at_once: bool,
    ctx: &mut TxContext,
): StakedIota {
    let amount = stake.value();
    if (amount == 0) abort EInvalidStakeAmount;
    let staked = self.staking_pool.request_add_stake(stake, activation_epoch, ctx);
    if (counts_at_once) self.staking_pool.process_pending_stake();
    self.next_epoch_stake = self.next_epoch_stake + amount;
    staked
}

/// Take a stake out with what it has earned.
public(package) fun request_withdraw_stake(
    self: &mut ValidatorV1,
    staked_iota: StakedIota,
    ctx: &TxContext,
): Balance<IOTA> {
    let principal_amount = staked_iota.amount();
    let stake_activation_epoch = staked_iota.stake_activation_epoch();
    let paid = self.staking_pool.request_withdraw_stake(staked_iota, ctx);
    self.next_epoch_stake = self.next_epoch_stake - paid.value();
    event::emit(UnstakingRequestEvent {
        pool_id: self.staking_pool_id(),
        validator_address: self.iota_address(),
        staker_address: ctx.sender(),
        stake_activation_epoch,
        unstaking_epoch: ctx.epoch(),
        principal_amount,
        reward_amount: paid.value() - principal_amount,
    });
    paid
}

/// Put the stakers' part of an epoch's rewards into the pool.
public(package) fun deposit_stake_rewards(self: &mut ValidatorV1, reward: Balance<IOTA>) {
    self.next_epoch_stake = self.next_epoch_stake + reward.value();
    self.staking_pool.deposit_rewards(reward)
}

/// The epoch ends: let the requests on the pool take effect.
public(package) fun process_pending_stakes_and_withdraws(
    self: &mut ValidatorV1,
    ctx: &TxContext,
) {
    self.staking_pool.process_pending_stakes_and_withdraws(ctx);
    if (self.stake_amount() != self.next_epoch_stake) abort EInvalidStakeAmount
}

// === Gas price and commission ===

/// Quote a gas price for the next epoch.
public(package) fun request_set_gas_price(
    self: &mut ValidatorV1,
    verified_cap: ValidatorOperationCap,
    new_price: u64,
) {
    require_gas_price(new_price);
    if (verified_cap.verified_operation_cap_address() != &self.iota_address()) abort EInvalidCap;
    self.next_epoch_gas_price = new_price
}

/// Quote another gas price, as a candidate.
public(package) fun set_candidate_gas_price(
    self: &mut ValidatorV1,
    verified_cap: ValidatorOperationCap,
    new_price: u64,
) {
    self.require_candidate();
    self.request_set_gas_price(verified_cap, new_price);
    self.gas_price = new_price
}

/// Take another commission from the next epoch on.
public(package) fun request_set_commission_rate(
    self: &mut ValidatorV1,
    new_commission_rate: u64,
) {
    require_commission(new_commission_rate);
    self.next_epoch_commission_rate = new_commission_rate
}

/// Take another commission, as a candidate; it lasts until an epoch ends with the validator in
/// the committee, when the one for the next epoch takes its place.
public(package) fun set_candidate_commission_rate(
    self: &mut ValidatorV1,
    new_commission_rate: u64,
) {
    self.require_candidate();
    require_commission(new_commission_rate);
    self.commission_rate = new_commission_rate
}

/// The epoch ends: gas price and commission for the next one.
public(package) fun adjust_stake_and_gas_price(self: &mut ValidatorV1) {
    self.commission_rate = self.next_epoch_commission_rate;
    self.gas_price = self.next_epoch_gas_price
}

// === Metadata that changes at once ===

/// Give it another name.
public(package) fun update_name(self: &mut ValidatorV1, name: vector<u8>) {
    self.metadata.name = short_ascii(name)
}

/// Describe it otherwise.
public(package) fun update_description(self: &mut ValidatorV1, description: vector<u8>) {
    self.metadata.description = short_ascii(description)
}

/// Give it another picture.
public(package) fun update_image_url(self: &mut ValidatorV1, image_url: vector<u8>) {
    require_short(&image_url);
    self.metadata.image_url = url::new_unsafe_from_bytes(image_url)
}

/// Give it another home page.
public(package) fun update_project_url(self: &mut ValidatorV1, project_url: vector<u8>) {
    require_short(&project_url);
    self.metadata.project_url = url::new_unsafe_from_bytes(project_url)
}

// === Metadata that the network works with ===
// What is in the committee changes when the epoch ends; a candidate changes at once.

/// Network address from the next epoch on.
public(package) fun update_next_epoch_network_address(
    self: &mut ValidatorV1,
    net_address: vector<u8>,
) {
    self.metadata.next_epoch_net_address.set(short_ascii(net_address));
    validate_metadata(&self.metadata)
}

/// Network address of a candidate.
public(package) fun update_candidate_network_address(
    self: &mut ValidatorV1,
    net_address: vector<u8>,
) {
    self.require_candidate();
    self.metadata.net_address = short_ascii(net_address);
    validate_metadata(&self.metadata)
}

/// Address among peers from the next epoch on.
public(package) fun update_next_epoch_p2p_address(
    self: &mut ValidatorV1,
    p2p_address: vector<u8>,
) {
    self.metadata.next_epoch_p2p_address.set(short_ascii(p2p_address));
    validate_metadata(&self.metadata)
}

/// Address among peers of a candidate.
public(package) fun update_candidate_p2p_address(
    self: &mut ValidatorV1,
    p2p_address: vector<u8>,
) {
    self.require_candidate();
    self.metadata.p2p_address = short_ascii(p2p_address);
    validate_metadata(&self.metadata)
}

/// Address for consensus from the next epoch on.
public(package) fun update_next_epoch_primary_address(
    self: &mut ValidatorV1,
    primary_address: vector<u8>,
) {
    self.metadata.next_epoch_primary_address.set(short_ascii(primary_address));
    validate_metadata(&self.metadata)
}

/// Address for consensus of a candidate.
public(package) fun update_candidate_primary_address(
    self: &mut ValidatorV1,
    primary_address: vector<u8>,
) {
    self.require_candidate();
    self.metadata.primary_address = short_ascii(primary_address);
    validate_metadata(&self.metadata)
}

/// Authority key, and its proof, from the next epoch on.
public(package) fun update_next_epoch_authority_pubkey(
    self: &mut ValidatorV1,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
) {
    self.metadata.next_epoch_authority_pubkey_bytes.set(authority_pubkey);
    self.metadata.next_epoch_proof_of_possession.set(proof_of_possession);
    validate_metadata(&self.metadata)
}

/// Authority key, and its proof, of a candidate.
public(package) fun update_candidate_authority_pubkey(
    self: &mut ValidatorV1,
    authority_pubkey: vector<u8>,
    proof_of_possession: vector<u8>,
) {
    self.require_candidate();
    self.metadata.authority_pubkey_bytes = authority_pubkey;
    self.metadata.proof_of_possession = proof_of_possession;
    validate_metadata(&self.metadata)
}

/// Network key from the next epoch on.
public(package) fun update_next_epoch_network_pubkey(
    self: &mut ValidatorV1,
    network_pubkey: vector<u8>,
) {
    self.metadata.next_epoch_network_pubkey_bytes.set(network_pubkey);
    validate_metadata(&self.metadata)
}

/// Network key of a candidate.
public(package) fun update_candidate_network_pubkey(
    self: &mut ValidatorV1,
    network_pubkey: vector<u8>,
) {
    self.require_candidate();
    self.metadata.network_pubkey_bytes = network_pubkey;
    validate_metadata(&self.metadata)
}

/// Protocol key from the next epoch on.
public(package) fun update_next_epoch_protocol_pubkey(
    self: &mut ValidatorV1,
    protocol_pubkey: vector<u8>,
) {
    self.metadata.next_epoch_protocol_pubkey_bytes.set(protocol_pubkey);
    validate_metadata(&self.metadata)
}

/// Protocol key of a candidate.
public(package) fun update_candidate_protocol_pubkey(
    self: &mut ValidatorV1,
    protocol_pubkey: vector<u8>,
) {
    self.require_candidate();
    self.metadata.protocol_pubkey_bytes = protocol_pubkey;
    validate_metadata(&self.metadata)
}

/// The epoch ends: what was set for the next one takes effect.
public(package) fun effectuate_staged_metadata(self: &mut ValidatorV1) {
    let m = &mut self.metadata;
    m.next_epoch_net_address.settle(&mut m.net_address);
    m.next_epoch_p2p_address.settle(&mut m.p2p_address);
    m.next_epoch_primary_address.settle(&mut m.primary_address);
    m.next_epoch_authority_pubkey_bytes.settle(&mut m.authority_pubkey_bytes);
    m.next_epoch_proof_of_possession.settle(&mut m.proof_of_possession);
    m.next_epoch_network_pubkey_bytes.settle(&mut m.network_pubkey_bytes);
    m.next_epoch_protocol_pubkey_bytes.settle(&mut m.protocol_pubkey_bytes)
}

use fun set as Option.set;

fun set<T: drop>(next: &mut Option<T>, value: T) { *next = option::some(value) }

use fun settle as Option.settle;

fun settle<T: drop>(next: &mut Option<T>, current: &mut T) {
    if (next.is_some()) *current = next.extract()
}

// === Asking ===

/// Has it never been in the committee?
public fun is_preactive(self: &ValidatorV1): bool { self.staking_pool.is_preactive() }

/// What it tells of itself.
public fun metadata(self: &ValidatorV1): &ValidatorMetadataV1 { &self.metadata }

/// Who it is.
public fun iota_address(self: &ValidatorV1): address { self.metadata.iota_address }

/// How people call it.
public fun name(self: &ValidatorV1): &String { &self.metadata.name }

/// What it is, for people.
public fun description(self: &ValidatorV1): &String { &self.metadata.description }

/// Its picture.
public fun image_url(self: &ValidatorV1): &Url { &self.metadata.image_url }

/// Its home page.
public fun project_url(self: &ValidatorV1): &Url { &self.metadata.project_url }

/// Where clients reach it.
public fun network_address(self: &ValidatorV1): &String { &self.metadata.net_address }

/// Where peers reach it.
public fun p2p_address(self: &ValidatorV1): &String { &self.metadata.p2p_address }

/// Where consensus reaches it.
public fun primary_address(self: &ValidatorV1): &String { &self.metadata.primary_address }

/// Its BLS key.
public fun authority_pubkey_bytes(self: &ValidatorV1): &vector<u8> {
    &self.metadata.authority_pubkey_bytes
}

/// The BLS key's signature of itself and the address.
public fun proof_of_possession(self: &ValidatorV1): &vector<u8> {
    &self.metadata.proof_of_possession
}

/// Its key for TLS.
public fun network_pubkey_bytes(self: &ValidatorV1): &vector<u8> {
    &self.metadata.network_pubkey_bytes
}

/// Its key for consensus.
public fun protocol_pubkey_bytes(self: &ValidatorV1): &vector<u8> {
    &self.metadata.protocol_pubkey_bytes
}

/// Where clients will reach it, if that changes.
public fun next_epoch_network_address(self: &ValidatorV1): &Option<String> {
    &self.metadata.next_epoch_net_address
}

/// Where peers will reach it, if that changes.
public fun next_epoch_p2p_address(self: &ValidatorV1): &Option<String> {
    &self.metadata.next_epoch_p2p_address
}

/// Where consensus will reach it, if that changes.
public fun next_epoch_primary_address(self: &ValidatorV1): &Option<String> {
    &self.metadata.next_epoch_primary_address
}

/// Its next BLS key, if that changes.
public fun next_epoch_authority_pubkey_bytes(self: &ValidatorV1): &Option<vector<u8>> {
    &self.metadata.next_epoch_authority_pubkey_bytes
}

/// The next BLS key's proof, if that changes.
public fun next_epoch_proof_of_possession(self: &ValidatorV1): &Option<vector<u8>> {
    &self.metadata.next_epoch_proof_of_possession
}

/// Its next key for TLS, if that changes.
public fun next_epoch_network_pubkey_bytes(self: &ValidatorV1): &Option<vector<u8>> {
    &self.metadata.next_epoch_network_pubkey_bytes
}

/// Its next key for consensus, if that changes.
public fun next_epoch_protocol_pubkey_bytes(self: &ValidatorV1): &Option<vector<u8>> {
    &self.metadata.next_epoch_protocol_pubkey_bytes
}

/// The only capability that is valid.
public fun operation_cap_id(self: &ValidatorV1): &ID { &self.operation_cap_id }

/// What it quotes for gas from the next epoch on.
public fun next_epoch_gas_price(self: &ValidatorV1): u64 { self.next_epoch_gas_price }

/// What it quotes for gas.
public fun gas_price(self: &ValidatorV1): u64 { self.gas_price }

/// What it keeps of the rewards, in basis points.
public fun commission_rate(self: &ValidatorV1): u64 { self.commission_rate }

/// The stake on it with its rewards, in nanos, as of the beginning of the epoch.
public fun stake_amount(self: &ValidatorV1): u64 { self.staking_pool.iota_balance() }

/// The same as `stake_amount`.
public fun total_stake_amount(self: &ValidatorV1): u64 { self.stake_amount() }

/// The same as `stake_amount`.
public fun total_stake(self: &ValidatorV1): u64 { self.stake_amount() }

/// What its vote weighs in this epoch.
public fun voting_power(self: &ValidatorV1): u64 { self.voting_power }

/// Let its vote weigh so much.
public(package) fun set_voting_power(self: &mut ValidatorV1, new_voting_power: u64) {
    self.voting_power = new_voting_power
}

/// What was staked on it in this epoch, in nanos.
public fun pending_stake_amount(self: &ValidatorV1): u64 {
    self.staking_pool.pending_stake_amount()
}

/// What was taken out in this epoch, in nanos.
public fun pending_stake_withdraw_amount(self: &ValidatorV1): u64 {
    self.staking_pool.pending_stake_withdraw_amount()
}

/// What a token of its pool was worth when an epoch began.
public fun pool_token_exchange_rate_at_epoch(
    self: &ValidatorV1,
    epoch: u64,
): PoolTokenExchangeRate {
    self.staking_pool.pool_token_exchange_rate_at_epoch(epoch)
}

/// The id of its pool.
public fun staking_pool_id(self: &ValidatorV1): ID { object::id(&self.staking_pool) }

/// Its pool.
public(package) fun get_staking_pool_ref(self: &ValidatorV1): &StakingPoolV1 {
    &self.staking_pool
}

/// Do both have something that only one may have: address, name, where they are reached, or a
/// key? What is set for the next epoch counts as well, and network and protocol keys are of one
/// kind.
public fun is_duplicate(self: &ValidatorV1, other: &ValidatorV1): bool {
    let (a, b) = (&self.metadata, &other.metadata);
    let (a_network, b_network) = (&a.network_pubkey_bytes, &b.network_pubkey_bytes);
    let (a_protocol, b_protocol) = (&a.protocol_pubkey_bytes, &b.protocol_pubkey_bytes);
    let a_next_network = &a.next_epoch_network_pubkey_bytes;
    let b_next_network = &b.next_epoch_network_pubkey_bytes;
    let a_next_protocol = &a.next_epoch_protocol_pubkey_bytes;
    let b_next_protocol = &b.next_epoch_protocol_pubkey_bytes;
    a.iota_address == b.iota_address
        || a.name == b.name
        || meet(
            &a.net_address,
            &a.next_epoch_net_address,
            &b.net_address,
            &b.next_epoch_net_address,
        )
        || meet(
            &a.p2p_address,
            &a.next_epoch_p2p_address,
            &b.p2p_address,
            &b.next_epoch_p2p_address,
        )
        || meet(
            &a.authority_pubkey_bytes,
            &a.next_epoch_authority_pubkey_bytes,
            &b.authority_pubkey_bytes,
            &b.next_epoch_authority_pubkey_bytes,
        )
        || meet(a_network, a_next_network, b_network, b_next_network)
        || meet(a_network, a_next_network, b_protocol, b_next_protocol)
        || meet(a_protocol, a_next_protocol, b_network, b_next_network)
        || meet(a_protocol, a_next_protocol, b_protocol, b_next_protocol)
}

/// Is what one has or will have something that the other has or will have?
fun meet<T>(a: &T, a_next: &Option<T>, b: &T, b_next: &Option<T>): bool {
    a == b
        || is_equal_some_and_value(a_next, b)
        || is_equal_some_and_value(b_next, a)
        || is_equal_some(a_next, b_next)
}

fun is_equal_some_and_value<T>(a: &Option<T>, b: &T): bool { a.contains(b) }

fun is_equal_some<T>(a: &Option<T>, b: &Option<T>): bool {
    a.is_some_and!(|value| b.contains(value))
}

// === Requirements ===

fun require_candidate(self: &ValidatorV1) {
    if (!self.is_preactive()) abort ENotValidatorCandidate
}

fun require_gas_price(price: u64) {
    if (price > MAX_VALIDATOR_GAS_PRICE) abort EGasPriceHigherThanThreshold
}

fun require_commission(rate: u64) {
    if (rate > MAX_COMMISSION_RATE) abort ECommissionRateTooHigh
}

fun require_short(text: &vector<u8>) {
    if (text.length() > MAX_VALIDATOR_METADATA_LENGTH) abort EValidatorMetadataExceedingLengthLimit
}

fun ascii(text: vector<u8>): String { text.to_ascii_string().to_string() }

fun short_ascii(text: vector<u8>): String {
    require_short(&text);
    ascii(text)
}

// === Testing ===

/// A validator whose metadata nobody checks, with a stake of its own if one is given.
#[test_only]
public(package) fun new_for_testing(
    iota_address: address,
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
    initial_stake_option: Option<Balance<IOTA>>,
    gas_price: u64,
    commission_rate: u64,
    is_active_at_genesis: bool,
    ctx: &mut TxContext,
): ValidatorV1 {
    let metadata = new_metadata(
        iota_address,
        authority_pubkey_bytes,
        network_pubkey_bytes,
        protocol_pubkey_bytes,
        proof_of_possession,
        ascii(name),
        ascii(description),
        url::new_unsafe_from_bytes(image_url),
        url::new_unsafe_from_bytes(project_url),
        ascii(net_address),
        ascii(p2p_address),
        ascii(primary_address),
        bag::new(ctx),
    );
    let mut validator = new_from_metadata(metadata, gas_price, commission_rate, ctx);
    initial_stake_option.do!(|stake| {
        validator.request_add_stake_at_genesis(stake, iota_address, ctx)
    });
    if (is_active_at_genesis) validator.activate(0);
    validator
}
