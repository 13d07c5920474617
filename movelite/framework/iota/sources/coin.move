/// Coins: balances that are objects, so that addresses can own them and transactions can take them.
module iota::coin;

use iota::balance::{Self, Balance, Supply};
use iota::deny_list::DenyList;
use iota::url::{Self, Url};
use std::ascii;
use std::string;
use std::type_name;

public use fun iota::pay::split_vec as Coin.split_vec;
public use fun iota::pay::join_vec as Coin.join_vec;
public use fun iota::pay::split_and_transfer as Coin.split_and_transfer;
public use fun iota::pay::divide_and_keep as Coin.divide_and_keep;

/// The witness is not a one-time witness.
const EBadWitness: u64 = 0;
/// The number is out of range.
const EInvalidArg: u64 = 1;
/// The coin is worth less than that.
const ENotEnough: u64 = 2;
/// This currency was made without the right to pause it.
const EGlobalPauseNotAllowed: u64 = 3;

/// Where the deny list keeps what concerns coins.
const DENY_LIST_COIN_INDEX: u64 = 0;

/// A coin of currency `T`.
public struct Coin<phantom T> has key, store {
    id: UID,
    balance: Balance<T>,
}

/// What wallets show of currency `T`. An amount of 10^decimals is one unit as people count.
public struct CoinMetadata<phantom T> has key, store {
    id: UID,
    decimals: u8,
    name: string::String,
    symbol: ascii::String,
    description: string::String,
    icon_url: Option<Url>,
}

/// Says for ever that addresses can be denied the use of `T`, and by which capability.
public struct RegulatedCoinMetadata<phantom T> has key {
    id: UID,
    /// The currency's `CoinMetadata`.
    coin_metadata_object: ID,
    /// Its `DenyCapV1`.
    deny_cap_object: ID,
}

/// The right to mint and burn `T`.
public struct TreasuryCap<phantom T> has key, store {
    id: UID,
    total_supply: Supply<T>,
}

/// The right to deny addresses the use of `T`, and perhaps to stop everyone.
public struct DenyCapV1<phantom T> has key, store {
    id: UID,
    allow_global_pause: bool,
}

// === Currencies ===

/// Begin a currency. `witness` is the one-time witness of the module that declares it. What is
/// returned decides the currency's fate: keep, share or give away the treasury; freeze the
/// metadata unless it shall change.
public fun create_currency<T: drop>(
    witness: T,
    decimals: u8,
    symbol: vector<u8>,
    name: vector<u8>,
    description: vector<u8>,
    icon_url: Option<Url>,
    ctx: &mut TxContext,
): (TreasuryCap<T>, CoinMetadata<T>) {
    if (!iota::types::is_one_time_witness(&witness)) abort EBadWitness;
    let treasury = TreasuryCap {
        id: object::new(ctx),
        total_supply: balance::create_supply(witness),
    };
    let metadata = CoinMetadata {
        id: object::new(ctx),
        decimals,
        name: name.to_string(),
        symbol: symbol.to_ascii_string(),
        description: description.to_string(),
        icon_url,
    };
    (treasury, metadata)
}

/// Begin a currency of which addresses can be denied the use; with `allow_global_pause`, all
/// addresses at once. From the next epoch on, a denied address can no longer receive it; as a
/// sender it is refused at once.
public fun create_regulated_currency_v1<T: drop>(
    witness: T,
    decimals: u8,
    symbol: vector<u8>,
    name: vector<u8>,
    description: vector<u8>,
    icon_url: Option<Url>,
    allow_global_pause: bool,
    ctx: &mut TxContext,
): (TreasuryCap<T>, DenyCapV1<T>, CoinMetadata<T>) {
    let (treasury, metadata) = create_currency(
        witness,
        decimals,
        symbol,
        name,
        description,
        icon_url,
        ctx,
    );
    let deny_cap = DenyCapV1 { id: object::new(ctx), allow_global_pause };
    transfer::freeze_object(RegulatedCoinMetadata<T> {
        id: object::new(ctx),
        coin_metadata_object: object::id(&metadata),
        deny_cap_object: object::id(&deny_cap),
    });
    (treasury, deny_cap, metadata)
}

/// How much of the currency there is.
public fun total_supply<T>(cap: &TreasuryCap<T>): u64 { cap.total_supply.supply_value() }

/// The supply alone, without the object around it.
public fun treasury_into_supply<T>(treasury: TreasuryCap<T>): Supply<T> {
    let TreasuryCap { id, total_supply } = treasury;
    id.delete();
    total_supply
}

/// The supply, borrowed.
public fun supply_immut<T>(treasury: &TreasuryCap<T>): &Supply<T> { &treasury.total_supply }

/// The supply, to be changed.
public fun supply_mut<T>(treasury: &mut TreasuryCap<T>): &mut Supply<T> {
    &mut treasury.total_supply
}

/// A new coin worth `value`.
public fun mint<T>(cap: &mut TreasuryCap<T>, value: u64, ctx: &mut TxContext): Coin<T> {
    let id = object::new(ctx);
    Coin { id, balance: cap.mint_balance(value) }
}

/// A new balance of `value`.
public fun mint_balance<T>(cap: &mut TreasuryCap<T>, value: u64): Balance<T> {
    cap.total_supply.increase_supply(value)
}

/// A new coin worth `amount` for `recipient`.
public entry fun mint_and_transfer<T>(
    c: &mut TreasuryCap<T>,
    amount: u64,
    recipient: address,
    ctx: &mut TxContext,
) {
    transfer::public_transfer(c.mint(amount, ctx), recipient)
}

/// Destroy a coin; returns what it was worth.
public entry fun burn<T>(cap: &mut TreasuryCap<T>, c: Coin<T>): u64 {
    cap.total_supply.decrease_supply(c.into_balance())
}

// === Coins and balances ===

/// What the coin is worth.
public fun value<T>(self: &Coin<T>): u64 { self.balance.value() }

/// The balance in the coin, borrowed.
public fun balance<T>(coin: &Coin<T>): &Balance<T> { &coin.balance }

/// The balance in the coin, to be changed.
public fun balance_mut<T>(coin: &mut Coin<T>): &mut Balance<T> { &mut coin.balance }

/// A coin of this balance.
public fun from_balance<T>(balance: Balance<T>, ctx: &mut TxContext): Coin<T> {
    Coin { id: object::new(ctx), balance }
}

/// The balance alone; the coin ends.
public fun into_balance<T>(coin: Coin<T>): Balance<T> {
    let Coin { id, balance } = coin;
    id.delete();
    balance
}

/// A coin of `value` out of `balance`.
public fun take<T>(balance: &mut Balance<T>, value: u64, ctx: &mut TxContext): Coin<T> {
    let id = object::new(ctx);
    Coin { id, balance: balance.split(value) }
}

/// Put a coin into `balance`; the coin ends.
public fun put<T>(balance: &mut Balance<T>, coin: Coin<T>) { balance.join(coin.into_balance()); }

/// Put coin `c` into `self`; `c` ends.
public entry fun join<T>(self: &mut Coin<T>, c: Coin<T>) { self.balance.join(c.into_balance()); }

/// A coin of `split_amount` out of `self`.
public fun split<T>(self: &mut Coin<T>, split_amount: u64, ctx: &mut TxContext): Coin<T> {
    take(&mut self.balance, split_amount, ctx)
}

/// `n - 1` coins out of `self`, each worth an `n`th of it rounded down. What remains, at least as
/// much, stays in `self`.
public fun divide_into_n<T>(self: &mut Coin<T>, n: u64, ctx: &mut TxContext): vector<Coin<T>> {
    if (n == 0) abort EInvalidArg;
    if (n > self.value()) abort ENotEnough;
    let share = self.value() / n;
    vector::tabulate!(n - 1, |_| self.split(share, ctx))
}

/// A coin worth nothing.
public fun zero<T>(ctx: &mut TxContext): Coin<T> { balance::zero().into_coin(ctx) }

/// Get rid of a coin worth nothing.
public fun destroy_zero<T>(c: Coin<T>) { c.into_balance().destroy_zero() }

// === Denying ===
// A change counts for senders at once and for receivers from the next epoch on.

/// Deny `addr` the use of `T`.
public fun deny_list_v1_add<T>(
    deny_list: &mut DenyList,
    _deny_cap: &mut DenyCapV1<T>,
    addr: address,
    ctx: &mut TxContext,
) {
    deny_list.add(DENY_LIST_COIN_INDEX, currency_key<T>(), addr, ctx)
}

/// Let `addr` use `T` again.
public fun deny_list_v1_remove<T>(
    deny_list: &mut DenyList,
    _deny_cap: &mut DenyCapV1<T>,
    addr: address,
    ctx: &mut TxContext,
) {
    deny_list.remove(DENY_LIST_COIN_INDEX, currency_key<T>(), addr, ctx)
}

/// Is `addr` denied the receipt of `T` in this epoch?
public fun deny_list_v1_contains_current_epoch<T>(
    deny_list: &DenyList,
    addr: address,
    ctx: &TxContext,
): bool {
    deny_list.contains_current_epoch(DENY_LIST_COIN_INDEX, currency_key<T>(), addr, ctx)
}

/// Is `addr` denied the use of `T` as of the latest change?
public fun deny_list_v1_contains_next_epoch<T>(deny_list: &DenyList, addr: address): bool {
    deny_list.contains_next_epoch(DENY_LIST_COIN_INDEX, currency_key<T>(), addr)
}

/// Deny everyone the use of `T`, if the currency was made with that right.
#[allow(unused_mut_parameter)]
public fun deny_list_v1_enable_global_pause<T>(
    deny_list: &mut DenyList,
    deny_cap: &mut DenyCapV1<T>,
    ctx: &mut TxContext,
) {
    if (!deny_cap.allow_global_pause) abort EGlobalPauseNotAllowed;
    deny_list.enable_global_pause(DENY_LIST_COIN_INDEX, currency_key<T>(), ctx)
}

/// End what `deny_list_v1_enable_global_pause` began.
#[allow(unused_mut_parameter)]
public fun deny_list_v1_disable_global_pause<T>(
    deny_list: &mut DenyList,
    deny_cap: &mut DenyCapV1<T>,
    ctx: &mut TxContext,
) {
    if (!deny_cap.allow_global_pause) abort EGlobalPauseNotAllowed;
    deny_list.disable_global_pause(DENY_LIST_COIN_INDEX, currency_key<T>(), ctx)
}

/// Is everyone denied the receipt of `T` in this epoch?
public fun deny_list_v1_is_global_pause_enabled_current_epoch<T>(
    deny_list: &DenyList,
    ctx: &TxContext,
): bool {
    deny_list.is_global_pause_enabled_current_epoch(DENY_LIST_COIN_INDEX, currency_key<T>(), ctx)
}

/// Is everyone denied the use of `T` as of the latest change?
public fun deny_list_v1_is_global_pause_enabled_next_epoch<T>(deny_list: &DenyList): bool {
    deny_list.is_global_pause_enabled_next_epoch(DENY_LIST_COIN_INDEX, currency_key<T>())
}

/// How the deny list calls the currency: by its type's name, which no upgrade changes.
fun currency_key<T>(): vector<u8> {
    type_name::get_with_original_ids<T>().into_string().into_bytes()
}

// === Metadata ===

public entry fun update_name<T>(
    _treasury: &TreasuryCap<T>,
    metadata: &mut CoinMetadata<T>,
    name: string::String,
) {
    metadata.name = name
}

public entry fun update_symbol<T>(
    _treasury: &TreasuryCap<T>,
    metadata: &mut CoinMetadata<T>,
    symbol: ascii::String,
) {
    metadata.symbol = symbol
}

public entry fun update_description<T>(
    _treasury: &TreasuryCap<T>,
    metadata: &mut CoinMetadata<T>,
    description: string::String,
) {
    metadata.description = description
}

public entry fun update_icon_url<T>(
    _treasury: &TreasuryCap<T>,
    metadata: &mut CoinMetadata<T>,
    url: ascii::String,
) {
    metadata.icon_url = option::some(url::new_unsafe(url))
}

public fun get_decimals<T>(metadata: &CoinMetadata<T>): u8 { metadata.decimals }

public fun get_name<T>(metadata: &CoinMetadata<T>): string::String { metadata.name }

public fun get_symbol<T>(metadata: &CoinMetadata<T>): ascii::String { metadata.symbol }

public fun get_description<T>(metadata: &CoinMetadata<T>): string::String { metadata.description }

public fun get_icon_url<T>(metadata: &CoinMetadata<T>): Option<Url> { metadata.icon_url }

// === For tests ===

#[test_only]
/// A coin out of nothing.
public fun mint_for_testing<T>(value: u64, ctx: &mut TxContext): Coin<T> {
    balance::create_for_testing(value).into_coin(ctx)
}

#[test_only]
/// Lose a coin; returns what it was worth.
public fun burn_for_testing<T>(coin: Coin<T>): u64 { coin.into_balance().destroy_for_testing() }

#[test_only]
/// A treasury without a witness.
public fun create_treasury_cap_for_testing<T>(ctx: &mut TxContext): TreasuryCap<T> {
    TreasuryCap { id: object::new(ctx), total_supply: balance::create_supply_for_testing() }
}
