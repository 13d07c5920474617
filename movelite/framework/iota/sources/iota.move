/// IOTA, the coin that pays for gas. One IOTA is 10^9 nanos, in which all amounts are counted.
module iota::iota;

use iota::balance::Balance;
use iota::coin::{Self, Coin, TreasuryCap};
use iota::url;

/// There is already a treasury.
const EAlreadyMinted: u64 = 0;
/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 1;

/// Names the coin.
public struct IOTA has drop {}

/// The right to mint and burn IOTA. The system state has the only one.
public struct IotaTreasuryCap has store {
    inner: TreasuryCap<IOTA>,
}

/// Begin the currency; genesis calls it.
#[allow(unused_function)]
fun new(ctx: &mut TxContext): IotaTreasuryCap {
    require_system(ctx);
    if (ctx.epoch() != 0) abort EAlreadyMinted;
    let (inner, metadata) = coin::create_currency(
        IOTA {},
        9,
        b"IOTA",
        b"IOTA",
        b"The main (gas)token of the IOTA Network.",
        option::some(url::new_unsafe_from_bytes(b"https://iota.org/logo.png")),
        ctx,
    );
    transfer::public_freeze_object(metadata);
    IotaTreasuryCap { inner }
}

/// Give a coin to `recipient`.
public entry fun transfer(c: Coin<IOTA>, recipient: address) {
    transfer::public_transfer(c, recipient)
}

/// A new coin worth `value` nanos.
public fun mint(cap: &mut IotaTreasuryCap, value: u64, ctx: &mut TxContext): Coin<IOTA> {
    require_system(ctx);
    cap.inner.mint(value, ctx)
}

/// A new balance of `value` nanos.
public fun mint_balance(cap: &mut IotaTreasuryCap, value: u64, ctx: &TxContext): Balance<IOTA> {
    require_system(ctx);
    cap.inner.mint_balance(value)
}

/// Destroy a coin; returns what it was worth.
public fun burn(cap: &mut IotaTreasuryCap, c: Coin<IOTA>, ctx: &TxContext): u64 {
    require_system(ctx);
    cap.inner.burn(c)
}

/// Destroy a balance; returns how much it was.
public fun burn_balance(cap: &mut IotaTreasuryCap, b: Balance<IOTA>, ctx: &TxContext): u64 {
    require_system(ctx);
    cap.inner.supply_mut().decrease_supply(b)
}

/// How many nanos there are.
public fun total_supply(cap: &IotaTreasuryCap): u64 { cap.inner.total_supply() }

fun require_system(ctx: &TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
}

#[test_only]
public fun create_for_testing(ctx: &mut TxContext): IotaTreasuryCap { new(ctx) }
