/// Everything that a test of tokens needs around them.
#[test_only]
module iota::token_test_utils;

use iota::coin::{Self, TreasuryCap};
use iota::token::{Self, Token, TokenPolicy, TokenPolicyCap};

/// A currency.
public struct TEST has drop {}

/// The context of a transaction of `sender`.
public fun ctx(sender: address): TxContext {
    let digest = *tx_context::dummy().digest();
    tx_context::new(sender, digest, 0, 0, 0)
}

public fun get_treasury_cap(ctx: &mut TxContext): TreasuryCap<TEST> {
    coin::create_treasury_cap_for_testing(ctx)
}

#[allow(lint(share_owned))]
public fun return_treasury_cap(treasury_cap: TreasuryCap<TEST>) {
    transfer::public_share_object(treasury_cap)
}

/// A policy that allows nothing.
public fun get_policy(ctx: &mut TxContext): (TokenPolicy<TEST>, TokenPolicyCap<TEST>) {
    token::new_policy_for_testing(ctx)
}

public fun return_policy(policy: TokenPolicy<TEST>, cap: TokenPolicyCap<TEST>) {
    policy.burn_policy_for_testing(cap)
}

public fun mint(amount: u64, ctx: &mut TxContext): Token<TEST> {
    token::mint_for_testing(amount, ctx)
}

public fun burn(token: Token<TEST>) { token.burn_for_testing() }
