/// The system before its first epoch.
module iota_system::genesis;

use iota::balance;
use iota::iota::{Self, IotaTreasuryCap};
use iota::system_admin_cap::IotaSystemAdminCap;
use iota_system::iota_system;
use iota_system::iota_system_state_inner;
use iota_system::timelocked_staking;
use iota_system::validator::{Self, ValidatorV1};
use iota_system::validator_set;
use std::string::String;

/// The epoch is not 0.
const ENotCalledAtGenesis: u64 = 0;
/// Two validators have the same address, name, place or key.
const EDuplicateValidator: u64 = 1;
/// There is more of the currency, or less, than was said.
const EWrongPreMintedSupply: u64 = 2;

/// A validator of the first committee.
public struct GenesisValidatorMetadata has copy, drop {
    name: vector<u8>,
    description: vector<u8>,
    image_url: vector<u8>,
    project_url: vector<u8>,
    iota_address: address,
    gas_price: u64,
    commission_rate: u64,
    authority_public_key: vector<u8>,
    proof_of_possession: vector<u8>,
    network_public_key: vector<u8>,
    protocol_public_key: vector<u8>,
    network_address: vector<u8>,
    p2p_address: vector<u8>,
    primary_address: vector<u8>,
}

/// The rules of the network.
public struct GenesisChainParameters has copy, drop {
    protocol_version: u64,
    chain_start_timestamp_ms: u64,
    epoch_duration_ms: u64,
    max_validator_count: u64,
    min_validator_joining_stake: u64,
    validator_low_stake_threshold: u64,
    validator_very_low_stake_threshold: u64,
    validator_low_stake_grace_period: u64,
}

/// Who gets what of the currency.
public struct TokenDistributionSchedule {
    /// What there is already.
    pre_minted_supply: u64,
    allocations: vector<TokenAllocation>,
}

/// What one gets: a coin, or a stake, which may be locked up to a time.
public struct TokenAllocation {
    recipient_address: address,
    amount_nanos: u64,
    staked_with_validator: Option<address>,
    /// Milliseconds since 1970.
    staked_with_timelock_expiration: Option<u64>,
}

/// Make the system state; genesis calls it, once.
#[allow(unused_function)]
fun create(
    iota_system_state_id: UID,
    mut iota_treasury_cap: IotaTreasuryCap,
    genesis_chain_parameters: GenesisChainParameters,
    genesis_validators: vector<GenesisValidatorMetadata>,
    token_distribution_schedule: TokenDistributionSchedule,
    timelock_genesis_label: Option<String>,
    iota_system_admin_cap: IotaSystemAdminCap,
    ctx: &mut TxContext,
) {
    if (ctx.epoch() != 0) abort ENotCalledAtGenesis;
    let TokenDistributionSchedule { pre_minted_supply, allocations } = token_distribution_schedule;
    if (iota_treasury_cap.total_supply() != pre_minted_supply) abort EWrongPreMintedSupply;

    let mut validators = vector[];
    genesis_validators.do!(|metadata| {
        let validator = metadata.into_validator(ctx);
        if (validator_set::is_duplicate_validator(&validators, &validator)) {
            abort EDuplicateValidator
        };
        validators.push_back(validator)
    });
    allocate_tokens(
        &mut iota_treasury_cap,
        allocations,
        &mut validators,
        timelock_genesis_label,
        ctx,
    );
    activate_validators(&mut validators);

    let rules = genesis_chain_parameters;
    let parameters = iota_system_state_inner::create_system_parameters(
        rules.epoch_duration_ms,
        rules.max_validator_count,
        rules.min_validator_joining_stake,
        rules.validator_low_stake_threshold,
        rules.validator_very_low_stake_threshold,
        rules.validator_low_stake_grace_period,
        ctx,
    );
    iota_system::create(
        iota_system_state_id,
        iota_treasury_cap,
        validators,
        balance::zero(),
        rules.protocol_version,
        rules.chain_start_timestamp_ms,
        parameters,
        iota_system_admin_cap,
        ctx,
    )
}

fun into_validator(metadata: GenesisValidatorMetadata, ctx: &mut TxContext): ValidatorV1 {
    validator::new(
        metadata.iota_address,
        metadata.authority_public_key,
        metadata.network_public_key,
        metadata.protocol_public_key,
        metadata.proof_of_possession,
        metadata.name,
        metadata.description,
        metadata.image_url,
        metadata.project_url,
        metadata.network_address,
        metadata.p2p_address,
        metadata.primary_address,
        metadata.gas_price,
        metadata.commission_rate,
        ctx,
    )
}

/// Mint what everybody gets, beginning with the last.
fun allocate_tokens(
    iota_treasury_cap: &mut IotaTreasuryCap,
    allocations: vector<TokenAllocation>,
    validators: &mut vector<ValidatorV1>,
    timelock_genesis_label: Option<String>,
    ctx: &mut TxContext,
) {
    allocations.destroy!(|allocation| {
        let TokenAllocation {
            recipient_address: recipient,
            amount_nanos,
            staked_with_validator: validator,
            staked_with_timelock_expiration: expiration,
        } = allocation;
        let amount = iota_treasury_cap.mint_balance(amount_nanos, ctx);
        if (validator.is_none()) iota::transfer(amount.into_coin(ctx), recipient)
        else {
            let validator = validator_set::get_validator_mut(validators, validator.destroy_some());
            if (expiration.is_none()) {
                validator.request_add_stake_at_genesis(amount, recipient, ctx)
            } else {
                timelocked_staking::request_add_stake_at_genesis(
                    validator,
                    amount,
                    recipient,
                    expiration.destroy_some(),
                    timelock_genesis_label,
                    ctx,
                )
            }
        }
    })
}

fun activate_validators(validators: &mut vector<ValidatorV1>) {
    validators.do_mut!(|validator| validator.activate(0))
}
