/// A coin of one's own. Rename `MY_COIN` together with the module: the witness has the module's
/// name in capitals.
module my_coin::my_coin;

use iota::coin::{Self, Coin, TreasuryCap};

/// One-time witness; names the coin.
public struct MY_COIN has drop {}

/// Runs once, when the package is published. The publisher gets the right to mint.
fun init(witness: MY_COIN, ctx: &mut TxContext) {
    let (treasury, metadata) = coin::create_currency(
        witness,
        6, // decimals: 1_000_000 is one coin
        b"MYC",
        b"My coin",
        b"What it is for",
        option::none(),
        ctx,
    );
    transfer::public_freeze_object(metadata);
    transfer::public_transfer(treasury, ctx.sender());
}

/// Mint `amount` for `recipient`.
public fun mint(
    treasury: &mut TreasuryCap<MY_COIN>,
    amount: u64,
    recipient: address,
    ctx: &mut TxContext,
) {
    treasury.mint_and_transfer(amount, recipient, ctx)
}

/// Burn a coin; returns what it was worth.
public fun burn(treasury: &mut TreasuryCap<MY_COIN>, coin: Coin<MY_COIN>): u64 {
    treasury.burn(coin)
}

#[test_only]
public fun init_for_testing(ctx: &mut TxContext) { init(MY_COIN {}, ctx) }
