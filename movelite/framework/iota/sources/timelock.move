/// Lock a value away until a point in time. A lock belongs to one address for good: it has no
/// `store`. It may bear a label, which only the label's owner can have put on it.
module iota::timelock;

use iota::balance::Balance;
use iota::clock::Clock;
use iota::labeler::LabelerCap;
use iota::system_admin_cap::IotaSystemAdminCap;
use std::string::String;

/// That time has passed.
const EExpireEpochIsPast: u64 = 0;
/// The time has not come.
const ENotExpiredYet: u64 = 1;
/// The locks end at different times.
const EDifferentExpirationTime: u64 = 2;
/// The locks have different labels.
const EDifferentLabels: u64 = 3;

public struct TimeLock<T: store> has key {
    id: UID,
    locked: T,
    /// Milliseconds since 1970, compared with the time when an epoch begins.
    expiration_timestamp_ms: u64,
    /// The name of the label's type, if there is a label.
    label: Option<String>,
}

// === Locking ===

/// Lock a value for the sender.
public fun lock<T: store>(
    locked: T,
    expiration_timestamp_ms: u64,
    ctx: &mut TxContext,
): TimeLock<T> {
    check_expiration_timestamp_ms(expiration_timestamp_ms, ctx);
    pack(locked, expiration_timestamp_ms, option::none(), ctx)
}

/// Lock a value and put the label `L` on it.
public fun lock_with_label<T: store, L>(
    _: &LabelerCap<L>,
    locked: T,
    expiration_timestamp_ms: u64,
    ctx: &mut TxContext,
): TimeLock<T> {
    check_expiration_timestamp_ms(expiration_timestamp_ms, ctx);
    pack(locked, expiration_timestamp_ms, option::some(type_name<L>()), ctx)
}

/// Lock a value for `to`.
public fun lock_and_transfer<T: store>(
    obj: T,
    to: address,
    expiration_timestamp_ms: u64,
    ctx: &mut TxContext,
) {
    transfer(lock(obj, expiration_timestamp_ms, ctx), to)
}

/// Lock a value for `to` and put the label `L` on it.
public fun lock_with_label_and_transfer<T: store, L>(
    labeler: &LabelerCap<L>,
    obj: T,
    to: address,
    expiration_timestamp_ms: u64,
    ctx: &mut TxContext,
) {
    transfer(lock_with_label(labeler, obj, expiration_timestamp_ms, ctx), to)
}

/// The value, once the time has come.
public fun unlock<T: store>(self: TimeLock<T>, ctx: &TxContext): T {
    let (locked, expiration_timestamp_ms, _) = unpack(self);
    if (ctx.epoch_timestamp_ms() < expiration_timestamp_ms) abort ENotExpiredYet;
    locked
}

/// The value, once the time has come by the clock.
public fun unlock_with_clock<T: store>(self: TimeLock<T>, clock: &Clock): T {
    let (locked, expiration_timestamp_ms, _) = unpack(self);
    if (clock.timestamp_ms() < expiration_timestamp_ms) abort ENotExpiredYet;
    locked
}

/// Give the lock to the sender.
public fun transfer_to_sender<T: store>(lock: TimeLock<T>, ctx: &TxContext) {
    transfer(lock, ctx.sender())
}

// === Locked balances ===

/// Put a lock of the same end and label into `self`.
public fun join<T>(self: &mut TimeLock<Balance<T>>, other: TimeLock<Balance<T>>) {
    let (balance, expiration_timestamp_ms, label) = unpack(other);
    if (self.expiration_timestamp_ms != expiration_timestamp_ms) abort EDifferentExpirationTime;
    if (self.label != label) abort EDifferentLabels;
    self.locked.join(balance);
}

/// Put locks of the same end and label into `self`.
public fun join_vec<T>(self: &mut TimeLock<Balance<T>>, others: vector<TimeLock<Balance<T>>>) {
    others.destroy!(|other| self.join(other))
}

/// A lock of `value` out of `self`, of the same end and label.
public fun split<T>(
    self: &mut TimeLock<Balance<T>>,
    value: u64,
    ctx: &mut TxContext,
): TimeLock<Balance<T>> {
    pack(self.locked.split(value), self.expiration_timestamp_ms, self.label, ctx)
}

/// `split`, and give the new lock to the sender.
public entry fun split_balance<T>(
    self: &mut TimeLock<Balance<T>>,
    value: u64,
    ctx: &mut TxContext,
) {
    self.split(value, ctx).transfer_to_sender(ctx)
}

// === For the system package ===

/// A lock of any end and label.
public fun system_pack<T: store>(
    _: &IotaSystemAdminCap,
    locked: T,
    expiration_timestamp_ms: u64,
    label: Option<String>,
    ctx: &mut TxContext,
): TimeLock<T> {
    pack(locked, expiration_timestamp_ms, label, ctx)
}

/// What a lock has, whatever the time.
public fun system_unpack<T: store>(
    _: &IotaSystemAdminCap,
    lock: TimeLock<T>,
): (T, u64, Option<String>) {
    unpack(lock)
}

// === Asking ===

/// What the label `L` is called.
public fun type_name<L>(): String {
    std::type_name::get_with_original_ids<L>().into_string().to_string()
}

/// When the lock ends.
public fun expiration_timestamp_ms<T: store>(self: &TimeLock<T>): u64 {
    self.expiration_timestamp_ms
}

/// Has the time not come?
public fun is_locked<T: store>(self: &TimeLock<T>, ctx: &TxContext): bool {
    self.expiration_timestamp_ms > ctx.epoch_timestamp_ms()
}

/// How many milliseconds are left.
public fun remaining_time<T: store>(self: &TimeLock<T>, ctx: &TxContext): u64 {
    if (self.is_locked(ctx)) self.expiration_timestamp_ms - ctx.epoch_timestamp_ms() else 0
}

/// Has the time not come yet, by the clock and not by the epoch's start?
public fun is_locked_with_clock<T: store>(self: &TimeLock<T>, clock: &Clock): bool {
    self.expiration_timestamp_ms > clock.timestamp_ms()
}

/// How many milliseconds are left by the clock.
public fun remaining_time_with_clock<T: store>(self: &TimeLock<T>, clock: &Clock): u64 {
    let now = clock.timestamp_ms();
    if (self.expiration_timestamp_ms > now) self.expiration_timestamp_ms - now else 0
}

/// The value, to look at.
public fun locked<T: store>(self: &TimeLock<T>): &T { &self.locked }

/// The label, if there is one.
public fun label<T: store>(self: &TimeLock<T>): Option<String> { self.label }

/// Is the label `L` on it?
public fun is_labeled_with<T: store, L>(self: &TimeLock<T>): bool {
    self.label.contains(&type_name<L>())
}

fun pack<T: store>(
    locked: T,
    expiration_timestamp_ms: u64,
    label: Option<String>,
    ctx: &mut TxContext,
): TimeLock<T> {
    TimeLock { id: object::new(ctx), locked, expiration_timestamp_ms, label }
}

fun unpack<T: store>(lock: TimeLock<T>): (T, u64, Option<String>) {
    let TimeLock { id, locked, expiration_timestamp_ms, label } = lock;
    id.delete();
    (locked, expiration_timestamp_ms, label)
}

fun transfer<T: store>(lock: TimeLock<T>, receiver: address) {
    transfer::transfer(lock, receiver)
}

fun check_expiration_timestamp_ms(expiration_timestamp_ms: u64, ctx: &TxContext) {
    if (expiration_timestamp_ms <= ctx.epoch_timestamp_ms()) abort EExpireEpochIsPast;
}
