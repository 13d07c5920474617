/// Staking for locked balances: the stake stays locked up to the same time. What it earns is free.
module iota_system::timelocked_staking;

use iota::balance::Balance;
use iota::iota::IOTA;
use iota::timelock::{Self, TimeLock};
use iota_system::iota_system::IotaSystemState;
use iota_system::staking_pool::StakedIota;
use iota_system::validator::ValidatorV1;
use std::string::String;

/// The lock has run out: it can be opened and staked as any balance.
const ETimeLockShouldNotBeExpired: u64 = 0;
/// The stakes differ in pool, epoch, end or label.
const EIncompatibleTimelockedStakedIota: u64 = 1;

/// A stake out of a lock. It has no `store`, as the lock: it belongs to one address for good.
public struct TimelockedStakedIota has key {
    id: UID,
    staked_iota: StakedIota,
    /// Milliseconds since 1970.
    expiration_timestamp_ms: u64,
    /// The name of the label's type, if there is a label.
    label: Option<String>,
}

public use fun join_staked_iota as TimelockedStakedIota.join;
public use fun split_staked_iota as TimelockedStakedIota.split_to_sender;
public use fun staked_iota_amount as TimelockedStakedIota.amount;

// === For the sender ===

/// Stake a locked balance on a validator.
public entry fun request_add_stake(
    iota_system: &mut IotaSystemState,
    timelocked_balance: TimeLock<Balance<IOTA>>,
    validator_address: address,
    ctx: &mut TxContext,
) {
    request_add_stake_non_entry(
        iota_system,
        timelocked_balance,
        validator_address,
        ctx,
    ).transfer_to_sender(ctx)
}

/// Stake locked balances on a validator, each on its own, for their locks may differ.
public entry fun request_add_stake_mul_bal(
    iota_system: &mut IotaSystemState,
    timelocked_balances: vector<TimeLock<Balance<IOTA>>>,
    validator_address: address,
    ctx: &mut TxContext,
) {
    request_add_stake_mul_bal_non_entry(
        iota_system,
        timelocked_balances,
        validator_address,
        ctx,
    ).transfer_to_sender_multiple(ctx)
}

/// Take a stake out: the lock again, and what was earned, if anything, as a coin.
public entry fun request_withdraw_stake(
    iota_system: &mut IotaSystemState,
    timelocked_staked_iota: TimelockedStakedIota,
    ctx: &mut TxContext,
) {
    let (principal, reward) =
        request_withdraw_stake_non_entry(iota_system, timelocked_staked_iota, ctx);
    principal.transfer_to_sender(ctx);
    if (reward.value() == 0) reward.destroy_zero()
    else transfer::public_transfer(reward.into_coin(ctx), ctx.sender())
}

// === For other modules ===

/// Stake a locked balance on a validator.
public fun request_add_stake_non_entry(
    iota_system: &mut IotaSystemState,
    timelocked_balance: TimeLock<Balance<IOTA>>,
    validator_address: address,
    ctx: &mut TxContext,
): TimelockedStakedIota {
    if (!timelocked_balance.is_locked(ctx)) abort ETimeLockShouldNotBeExpired;
    let cap = iota_system.load_iota_system_admin_cap();
    let (balance, expiration_timestamp_ms, label) = timelock::system_unpack(
        cap,
        timelocked_balance,
    );
    let stake = balance.into_coin(ctx);
    let staked = iota_system.request_add_stake_non_entry(stake, validator_address, ctx);
    pack(staked, expiration_timestamp_ms, label, ctx)
}

/// Stake locked balances on a validator. The stakes come in the opposite order.
public fun request_add_stake_mul_bal_non_entry(
    iota_system: &mut IotaSystemState,
    timelocked_balances: vector<TimeLock<Balance<IOTA>>>,
    validator_address: address,
    ctx: &mut TxContext,
): vector<TimelockedStakedIota> {
    let mut staked = vector[];
    timelocked_balances.destroy!(|balance| {
        staked.push_back(
            request_add_stake_non_entry(iota_system, balance, validator_address, ctx),
        )
    });
    staked
}

/// Take a stake out: the lock again, and what was earned.
public fun request_withdraw_stake_non_entry(
    iota_system: &mut IotaSystemState,
    timelocked_staked_iota: TimelockedStakedIota,
    ctx: &mut TxContext,
): (TimeLock<Balance<IOTA>>, Balance<IOTA>) {
    let (staked, expiration_timestamp_ms, label) = timelocked_staked_iota.unpack();
    let amount = staked.amount();
    let mut reward = iota_system.request_withdraw_stake_non_entry(staked, ctx);
    let principal = reward.split(amount);
    let cap = iota_system.load_iota_system_admin_cap();
    (timelock::system_pack(cap, principal, expiration_timestamp_ms, label, ctx), reward)
}

// === Stakes ===

/// A stake of `split_amount` out of `self`, alike in everything else.
public fun split(
    self: &mut TimelockedStakedIota,
    split_amount: u64,
    ctx: &mut TxContext,
): TimelockedStakedIota {
    let part = self.staked_iota.split(split_amount, ctx);
    pack(part, self.expiration_timestamp_ms, self.label, ctx)
}

/// `split`, and give the new stake to the sender.
public entry fun split_staked_iota(
    stake: &mut TimelockedStakedIota,
    split_amount: u64,
    ctx: &mut TxContext,
) {
    stake.split(split_amount, ctx).transfer_to_sender(ctx)
}

/// Put a stake of the same pool, epoch, end and label into `self`.
public entry fun join_staked_iota(self: &mut TimelockedStakedIota, other: TimelockedStakedIota) {
    if (!self.is_equal_staking_metadata(&other)) abort EIncompatibleTimelockedStakedIota;
    let (staked, _, _) = other.unpack();
    self.staked_iota.join(staked)
}

/// Give a stake to the sender.
public fun transfer_to_sender(stake: TimelockedStakedIota, ctx: &TxContext) {
    transfer(stake, ctx.sender())
}

/// Give stakes to the sender.
public fun transfer_to_sender_multiple(stakes: vector<TimelockedStakedIota>, ctx: &TxContext) {
    transfer_multiple(stakes, ctx.sender())
}

use fun transfer_to_sender_multiple as vector.transfer_to_sender_multiple;

// === Asking ===

/// Are both alike in pool, epoch, end and label?
public fun is_equal_staking_metadata(
    self: &TimelockedStakedIota,
    other: &TimelockedStakedIota,
): bool {
    self.expiration_timestamp_ms == other.expiration_timestamp_ms
        && self.label == other.label
        && self.staked_iota.is_equal_staking_metadata(&other.staked_iota)
}

/// The pool that a stake is with.
public fun pool_id(self: &TimelockedStakedIota): ID { self.staked_iota.pool_id() }

/// What was staked, in nanos.
public fun staked_iota_amount(self: &TimelockedStakedIota): u64 { self.staked_iota.amount() }

/// The epoch from which on a stake earns.
public fun stake_activation_epoch(self: &TimelockedStakedIota): u64 {
    self.staked_iota.stake_activation_epoch()
}

/// Up to when it is locked, in milliseconds since 1970.
public fun expiration_timestamp_ms(self: &TimelockedStakedIota): u64 {
    self.expiration_timestamp_ms
}

/// The name of the label's type, if there is a label.
public fun label(self: &TimelockedStakedIota): Option<String> { self.label }

/// Is the label `L` on it?
public fun is_labeled_with<L>(self: &TimelockedStakedIota): bool {
    self.label.contains(&timelock::type_name<L>())
}

// === Genesis ===

/// Stake before the network begins; the receipt goes to the staker.
public(package) fun request_add_stake_at_genesis(
    validator: &mut ValidatorV1,
    stake: Balance<IOTA>,
    staker_address: address,
    expiration_timestamp_ms: u64,
    label: Option<String>,
    ctx: &mut TxContext,
) {
    let staked = validator.request_add_stake_at_genesis_with_receipt(stake, ctx);
    transfer(pack(staked, expiration_timestamp_ms, label, ctx), staker_address)
}

fun pack(
    staked_iota: StakedIota,
    expiration_timestamp_ms: u64,
    label: Option<String>,
    ctx: &mut TxContext,
): TimelockedStakedIota {
    TimelockedStakedIota { id: object::new(ctx), staked_iota, expiration_timestamp_ms, label }
}

fun unpack(self: TimelockedStakedIota): (StakedIota, u64, Option<String>) {
    let TimelockedStakedIota { id, staked_iota, expiration_timestamp_ms, label } = self;
    id.delete();
    (staked_iota, expiration_timestamp_ms, label)
}

fun transfer(stake: TimelockedStakedIota, receiver: address) {
    transfer::transfer(stake, receiver)
}

fun transfer_multiple(stakes: vector<TimelockedStakedIota>, receiver: address) {
    stakes.destroy!(|stake| transfer(stake, receiver))
}
