/// Amounts of an asset that add up: no `Balance` is made or lost except through the `Supply`.
module iota::balance;

public use fun iota::coin::from_balance as Balance.into_coin;

/// What is to be destroyed is not zero.
const ENonZero: u64 = 0;
/// The supply would exceed 64 bits, or fall below zero.
const EOverflow: u64 = 1;
/// There is less than is to be taken.
const ENotEnough: u64 = 2;
/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 3;
/// This happens at genesis only.
const ENotGenesisEpoch: u64 = 4;

/// How much of `T` there is in all. Who has it may make and destroy balances.
public struct Supply<phantom T> has store {
    value: u64,
}

/// An amount of `T`. It cannot be copied or dropped.
public struct Balance<phantom T> has store {
    value: u64,
}

// === Supply ===

/// How much of `T` there is.
public fun supply_value<T>(supply: &Supply<T>): u64 { supply.value }

/// Begin an asset named by the type of the witness. The caller makes sure that it happens once.
public fun create_supply<T: drop>(_: T): Supply<T> { Supply { value: 0 } }

/// Make `value` more. The greatest possible supply stays one short of the greatest number.
public fun increase_supply<T>(self: &mut Supply<T>, value: u64): Balance<T> {
    if (value >= std::u64::max_value!() - self.value) abort EOverflow;
    self.value = self.value + value;
    Balance { value }
}

/// Destroy `balance`; returns how much it was.
public fun decrease_supply<T>(self: &mut Supply<T>, balance: Balance<T>): u64 {
    let value = balance.unpack();
    if (value > self.value) abort EOverflow;
    self.value = self.value - value;
    value
}

/// Give up the right to make more; returns how much there is.
public(package) fun destroy_supply<T>(self: Supply<T>): u64 {
    let Supply { value } = self;
    value
}

// === Balance ===

/// The amount.
public fun value<T>(self: &Balance<T>): u64 { self.value }

/// Nothing.
public fun zero<T>(): Balance<T> { Balance { value: 0 } }

/// Put `balance` into `self`; returns the sum.
public fun join<T>(self: &mut Balance<T>, balance: Balance<T>): u64 {
    self.value = self.value + balance.unpack();
    self.value
}

/// Take `value` out of `self`.
public fun split<T>(self: &mut Balance<T>, value: u64): Balance<T> {
    if (value > self.value) abort ENotEnough;
    self.value = self.value - value;
    Balance { value }
}

/// Take everything out of `self`.
public fun withdraw_all<T>(self: &mut Balance<T>): Balance<T> {
    let value = self.value;
    self.value = 0;
    Balance { value }
}

/// Get rid of an empty balance.
public fun destroy_zero<T>(balance: Balance<T>) {
    if (balance.unpack() != 0) abort ENonZero;
}

fun unpack<T>(balance: Balance<T>): u64 {
    let Balance { value } = balance;
    value
}

// === For the system package and genesis ===
// These leave the supply as it is: the system keeps the account of it elsewhere.

#[allow(unused_function)]
fun create_staking_rewards<T>(value: u64, ctx: &TxContext): Balance<T> {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    Balance { value }
}

#[allow(unused_function)]
fun destroy_storage_rebates<T>(self: Balance<T>, ctx: &TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    self.unpack();
}

#[allow(unused_function)]
fun destroy_genesis_supply<T>(self: Balance<T>, ctx: &TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    if (ctx.epoch() != 0) abort ENotGenesisEpoch;
    self.unpack();
}

// === For tests ===

#[test_only]
/// An amount out of nothing.
public fun create_for_testing<T>(value: u64): Balance<T> { Balance { value } }

#[test_only]
/// Lose an amount; returns how much it was.
public fun destroy_for_testing<T>(self: Balance<T>): u64 { self.unpack() }

#[test_only]
public fun create_supply_for_testing<T>(): Supply<T> { Supply { value: 0 } }
