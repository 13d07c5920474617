/// The stakes on one validator. A stake is worth a number of the pool's tokens; as rewards come
/// in, a token is worth more IOTA, and so each stake earns by its size and its time without
/// anybody touching it. The rate is written down at every epoch: a stake was worth tokens at the
/// rate of the epoch in which it became active, and is paid out at the rate of today.
#[allow(unused_const)]
module iota_system::staking_pool;

use iota::bag::{Self, Bag};
use iota::balance::{Self, Balance};
use iota::iota::IOTA;
use iota::table::{Self, Table};

/// A stake is not divided into parts of less: one IOTA.
const MIN_STAKING_THRESHOLD: u64 = 1_000_000_000;

// Those that nothing here aborts with are kept for the numbers.
const EInsufficientPoolTokenBalance: u64 = 0;
/// The stake is with another pool.
const EWrongPool: u64 = 1;
const EWithdrawAmountCannotBeZero: u64 = 2;
/// The stake has less.
const EInsufficientIotaTokenBalance: u64 = 3;
const EInsufficientRewardsPoolBalance: u64 = 4;
const EDestroyNonzeroBalance: u64 = 5;
const ETokenTimeLockIsSome: u64 = 6;
const EWrongDelegation: u64 = 7;
const EPendingDelegationDoesNotExist: u64 = 8;
/// Tokens and IOTA of the pool are not in the ratio that was written down.
const ETokenBalancesDoNotMatchExchangeRate: u64 = 9;
/// The validator has left.
const EDelegationToInactivePool: u64 = 10;
/// The validator has left already.
const EDeactivationOfInactivePool: u64 = 11;
/// The stakes are with different pools, or from different epochs.
const EIncompatibleStakedIota: u64 = 12;
const EWithdrawalInSameEpoch: u64 = 13;
/// The pool has become active already.
const EPoolAlreadyActive: u64 = 14;
const EPoolNotPreactive: u64 = 15;
/// A validator that has left does not come back.
const EActivationOfInactivePool: u64 = 16;
/// There is nothing to stake.
const EDelegationOfZeroIota: u64 = 17;
/// A part would be smaller than a stake may be.
const EStakedIotaBelowThreshold: u64 = 18;

/// A pool is pre-active (neither epoch is set) while its validator is a candidate, active while
/// it is one of the committee, and inactive when it has left.
public struct StakingPoolV1 has key, store {
    id: UID,
    activation_epoch: Option<u64>,
    deactivation_epoch: Option<u64>,
    /// Principals and rewards, without what has changed since the epoch began.
    iota_balance: u64,
    rewards_pool: Balance<IOTA>,
    /// The tokens of all stakes.
    pool_token_balance: u64,
    /// By epoch, beginning with that of activation: the rate when the epoch began.
    exchange_rates: Table<u64, PoolTokenExchangeRate>,
    /// What was staked in this epoch.
    pending_stake: u64,
    /// What was taken out in this epoch, principals and rewards.
    pending_total_iota_withdraw: u64,
    /// The tokens of that.
    pending_pool_token_withdraw: u64,
    /// Room for fields to come.
    extra_fields: Bag,
}

/// So many tokens are worth so much IOTA. If either is 0, a token is worth a nano.
public struct PoolTokenExchangeRate has copy, drop, store {
    iota_amount: u64,
    pool_token_amount: u64,
}

/// A stake, in the hands of its owner.
public struct StakedIota has key, store {
    id: UID,
    pool_id: ID,
    /// It earns from this epoch on.
    stake_activation_epoch: u64,
    principal: Balance<IOTA>,
}

public use fun join_staked_iota as StakedIota.join;
public use fun split_staked_iota as StakedIota.split_to_sender;
public use fun staked_iota_amount as StakedIota.amount;
public use fun unwrap_staked_iota as StakedIota.into_balance;

/// A pool without stakes, for a candidate.
public(package) fun new(ctx: &mut TxContext): StakingPoolV1 {
    let exchange_rates = table::new(ctx);
    StakingPoolV1 {
        id: object::new(ctx),
        activation_epoch: option::none(),
        deactivation_epoch: option::none(),
        iota_balance: 0,
        rewards_pool: balance::zero(),
        pool_token_balance: 0,
        exchange_rates,
        pending_stake: 0,
        pending_total_iota_withdraw: 0,
        pending_pool_token_withdraw: 0,
        extra_fields: bag::new(ctx),
    }
}

// === Requests during an epoch ===

/// Take in a stake, which counts from the next epoch on.
public(package) fun request_add_stake(
    pool: &mut StakingPoolV1,
    stake: Balance<IOTA>,
    stake_activation_epoch: u64,
    ctx: &mut TxContext,
): StakedIota {
    if (pool.is_inactive()) abort EDelegationToInactivePool;
    if (stake.value() == 0) abort EDelegationOfZeroIota;
    pool.pending_stake = pool.pending_stake + stake.value();
    StakedIota {
        id: object::new(ctx),
        pool_id: object::id(pool),
        stake_activation_epoch,
        principal: stake,
    }
}

/// Pay out a stake and what it has earned. A stake that is not active yet has earned nothing and
/// is only taken off the pending ones; for others, the pool shrinks at the end of the epoch.
public(package) fun request_withdraw_stake(
    pool: &mut StakingPoolV1,
    staked_iota: StakedIota,
    ctx: &TxContext,
): Balance<IOTA> {
    if (staked_iota.stake_activation_epoch > ctx.epoch()) {
        let unused = staked_iota.into_balance();
        pool.pending_stake = pool.pending_stake - unused.value();
        return unused
    };
    let (tokens, mut paid) = pool.withdraw_from_principal(staked_iota);
    let principal = paid.value();
    paid.join(pool.withdraw_rewards(principal, tokens, ctx.epoch()));
    pool.pending_pool_token_withdraw = pool.pending_pool_token_withdraw + tokens;
    pool.pending_total_iota_withdraw = pool.pending_total_iota_withdraw + paid.value();
    if (pool.is_inactive()) pool.process_pending_stake_withdraw(); // no epoch's end will
    paid
}

/// The tokens that a stake was worth when it became active, and its principal.
public(package) fun withdraw_from_principal(
    pool: &StakingPoolV1,
    staked_iota: StakedIota,
): (u64, Balance<IOTA>) {
    if (staked_iota.pool_id != object::id(pool)) abort EWrongPool;
    let rate = pool.pool_token_exchange_rate_at_epoch(staked_iota.stake_activation_epoch);
    let principal = staked_iota.into_balance();
    (rate.get_token_amount(principal.value()), principal)
}

/// What tokens are worth beyond the principal; never more than there is, for rates are rounded.
fun withdraw_rewards(
    pool: &mut StakingPoolV1,
    principal_withdraw_amount: u64,
    pool_token_withdraw_amount: u64,
    epoch: u64,
): Balance<IOTA> {
    let earned = pool.rewards_of(principal_withdraw_amount, pool_token_withdraw_amount, epoch);
    pool.rewards_pool.split(earned)
}

fun rewards_of(pool: &StakingPoolV1, principal: u64, tokens: u64, epoch: u64): u64 {
    let worth = pool.pool_token_exchange_rate_at_epoch(epoch).get_iota_amount(tokens);
    (worth.max(principal) - principal).min(pool.rewards_pool.value())
}

fun unwrap_staked_iota(staked_iota: StakedIota): Balance<IOTA> {
    let StakedIota { id, principal, .. } = staked_iota;
    id.delete();
    principal
}

// === The end of an epoch ===

/// Put in the rewards of the epoch.
public(package) fun deposit_rewards(pool: &mut StakingPoolV1, rewards: Balance<IOTA>) {
    pool.iota_balance = pool.iota_balance + rewards.value();
    pool.rewards_pool.join(rewards);
}

/// Let the requests of the epoch take effect and write down the rate for the next one.
public(package) fun process_pending_stakes_and_withdraws(
    pool: &mut StakingPoolV1,
    ctx: &TxContext,
) {
    let next = ctx.epoch() + 1;
    pool.process_pending_stake_withdraw();
    pool.process_pending_stake();
    let rate = pool.current_rate();
    pool.exchange_rates.add(next, rate);
    pool.check_balance_invariants(next)
}

fun process_pending_stake_withdraw(pool: &mut StakingPoolV1) {
    pool.iota_balance = pool.iota_balance - pool.pending_total_iota_withdraw;
    pool.pool_token_balance = pool.pool_token_balance - pool.pending_pool_token_withdraw;
    pool.pending_total_iota_withdraw = 0;
    pool.pending_pool_token_withdraw = 0;
}

/// New stakes get tokens at the rate after rewards and withdrawals, which they do not change.
public(package) fun process_pending_stake(pool: &mut StakingPoolV1) {
    let rate = pool.current_rate();
    pool.iota_balance = pool.iota_balance + pool.pending_stake;
    pool.pending_stake = 0;
    pool.pool_token_balance = rate.get_token_amount(pool.iota_balance);
}

fun check_balance_invariants(pool: &StakingPoolV1, epoch: u64) {
    let tokens = pool.pool_token_exchange_rate_at_epoch(epoch).get_token_amount(pool.iota_balance);
    if (tokens != pool.pool_token_balance) abort ETokenBalancesDoNotMatchExchangeRate
}

/// The validator joins the committee.
public(package) fun activate_staking_pool(pool: &mut StakingPoolV1, activation_epoch: u64) {
    if (!pool.is_preactive()) abort EPoolAlreadyActive;
    if (pool.is_inactive()) abort EActivationOfInactivePool;
    pool.activation_epoch.fill(activation_epoch);
    pool.exchange_rates.add(activation_epoch, initial_exchange_rate())
}

/// The validator leaves: stakes earn no more and can only be taken out.
public(package) fun deactivate_staking_pool(pool: &mut StakingPoolV1, deactivation_epoch: u64) {
    if (pool.is_inactive()) abort EDeactivationOfInactivePool;
    pool.deactivation_epoch.fill(deactivation_epoch)
}

// === Stakes ===

/// The pool that a stake is with.
public fun pool_id(staked_iota: &StakedIota): ID { staked_iota.pool_id }

/// What was staked, in nanos.
public fun staked_iota_amount(staked_iota: &StakedIota): u64 { staked_iota.principal.value() }

/// The epoch from which on a stake earns.
public fun stake_activation_epoch(staked_iota: &StakedIota): u64 {
    staked_iota.stake_activation_epoch
}

/// A stake of `split_amount` out of `self`, with the same pool and from the same epoch.
public fun split(self: &mut StakedIota, split_amount: u64, ctx: &mut TxContext): StakedIota {
    let amount = self.amount();
    if (split_amount > amount) abort EInsufficientIotaTokenBalance;
    let smaller = split_amount.min(amount - split_amount);
    if (smaller < MIN_STAKING_THRESHOLD) abort EStakedIotaBelowThreshold;
    StakedIota {
        id: object::new(ctx),
        pool_id: self.pool_id,
        stake_activation_epoch: self.stake_activation_epoch,
        principal: self.principal.split(split_amount),
    }
}

/// `split`, and give the new stake to the sender.
public entry fun split_staked_iota(
    stake: &mut StakedIota,
    split_amount: u64,
    ctx: &mut TxContext,
) {
    transfer::transfer(stake.split(split_amount, ctx), ctx.sender())
}

/// Put a stake with the same pool and from the same epoch into `self`.
public entry fun join_staked_iota(self: &mut StakedIota, other: StakedIota) {
    if (!self.is_equal_staking_metadata(&other)) abort EIncompatibleStakedIota;
    self.principal.join(other.into_balance());
}

/// Are both with the same pool and from the same epoch?
public fun is_equal_staking_metadata(self: &StakedIota, other: &StakedIota): bool {
    self.stake_activation_epoch == other.stake_activation_epoch && self.pool_id == other.pool_id
}

// === Asking ===

/// Principals and rewards in the pool, in nanos, as of the beginning of the epoch.
public fun iota_balance(pool: &StakingPoolV1): u64 { pool.iota_balance }

/// Is the validator still a candidate, or was it one to the end?
public fun is_preactive(pool: &StakingPoolV1): bool { pool.activation_epoch.is_none() }

/// Has the validator left?
public fun is_inactive(pool: &StakingPoolV1): bool { pool.deactivation_epoch.is_some() }

/// What was staked in this epoch, in nanos.
public fun pending_stake_amount(staking_pool: &StakingPoolV1): u64 { staking_pool.pending_stake }

/// What was taken out in this epoch, in nanos.
public fun pending_stake_withdraw_amount(staking_pool: &StakingPoolV1): u64 {
    staking_pool.pending_total_iota_withdraw
}

/// The rates at the beginning of epochs.
public(package) fun exchange_rates(pool: &StakingPoolV1): &Table<u64, PoolTokenExchangeRate> {
    &pool.exchange_rates
}

/// The rate when an epoch began: the last that was written down by then, and before the
/// validator left.
public fun pool_token_exchange_rate_at_epoch(
    pool: &StakingPoolV1,
    epoch: u64,
): PoolTokenExchangeRate {
    if (pool.is_preactive_at_epoch(epoch)) return initial_exchange_rate();
    let first = *pool.activation_epoch.borrow();
    let mut after = pool.deactivation_epoch.get_with_default(epoch).min(epoch) + 1;
    while (after > first) {
        after = after - 1;
        if (pool.exchange_rates.contains(after)) return pool.exchange_rates[after]
    };
    initial_exchange_rate()
}

/// The IOTA side of a rate, in nanos.
public fun iota_amount(exchange_rate: &PoolTokenExchangeRate): u64 { exchange_rate.iota_amount }

/// The token side of a rate.
public fun pool_token_amount(exchange_rate: &PoolTokenExchangeRate): u64 {
    exchange_rate.pool_token_amount
}

fun is_preactive_at_epoch(pool: &StakingPoolV1, epoch: u64): bool {
    pool.activation_epoch.is_none_or!(|activation| *activation > epoch)
}

// === Rates ===

fun initial_exchange_rate(): PoolTokenExchangeRate {
    PoolTokenExchangeRate { iota_amount: 0, pool_token_amount: 0 }
}

fun current_rate(pool: &StakingPoolV1): PoolTokenExchangeRate {
    PoolTokenExchangeRate {
        iota_amount: pool.iota_balance,
        pool_token_amount: pool.pool_token_balance,
    }
}

fun get_iota_amount(exchange_rate: &PoolTokenExchangeRate, token_amount: u64): u64 {
    exchange(token_amount, exchange_rate.pool_token_amount, exchange_rate.iota_amount)
}

fun get_token_amount(exchange_rate: &PoolTokenExchangeRate, iota_amount: u64): u64 {
    exchange(iota_amount, exchange_rate.iota_amount, exchange_rate.pool_token_amount)
}

/// What `amount` is worth if `from` of its kind is worth `to`, rounded down. A pool that was
/// emptied can have dust on one side: it begins again at one to one.
fun exchange(amount: u64, from: u64, to: u64): u64 {
    if (from == 0 || to == 0) amount
    else ((amount as u128) * (to as u128) / (from as u128)) as u64
}

// === Testing ===

/// The principal of a stake and what it has earned up to the beginning of an epoch.
#[test_only]
public fun calculate_rewards(
    pool: &StakingPoolV1,
    staked_iota: &StakedIota,
    current_epoch: u64,
): u64 {
    let principal = staked_iota.amount();
    let rate = pool.pool_token_exchange_rate_at_epoch(staked_iota.stake_activation_epoch);
    principal + pool.rewards_of(principal, rate.get_token_amount(principal), current_epoch)
}
