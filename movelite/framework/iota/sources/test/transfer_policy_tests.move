/// Everything that a test of a rule for sales needs around it.
#[test_only]
module iota::transfer_policy_tests;

use iota::kiosk_test_utils;
use iota::package;
use iota::transfer_policy::{Self, TransferPolicy, TransferPolicyCap};

public struct OTW has drop {}

/// Something to sell.
public struct Asset has key, store { id: UID }

/// A policy without rules for `Asset`.
public fun prepare(ctx: &mut TxContext): (TransferPolicy<Asset>, TransferPolicyCap<Asset>) {
    let publisher = package::test_claim(OTW {}, ctx);
    let (policy, cap) = transfer_policy::new(&publisher, ctx);
    kiosk_test_utils::return_publisher(publisher);
    (policy, cap)
}

/// End the policy; returns what its rules have collected.
public fun wrapup(
    policy: TransferPolicy<Asset>,
    cap: TransferPolicyCap<Asset>,
    ctx: &mut TxContext,
): u64 {
    policy.destroy_and_withdraw(cap, ctx).burn_for_testing()
}

/// An ID that no object has.
public fun fresh_id(ctx: &mut TxContext): ID { ctx.fresh_object_address().to_id() }
