/// Everything that a test of kiosks needs around them.
#[test_only]
module iota::kiosk_test_utils;

use iota::coin::{Self, Coin};
use iota::iota::IOTA;
use iota::kiosk::{Self, Kiosk, KioskOwnerCap};
use iota::package::{Self, Publisher};
use iota::transfer_policy::{Self, TransferPolicy, TransferPolicyCap};

public struct OTW has drop {}

/// Something to sell.
public struct Asset has key, store { id: UID }

public fun ctx(): TxContext { tx_context::dummy() }

/// Three addresses: Alice, Bob and Carl.
public fun folks(): (address, address, address) { (@0xA11CE, @0xB0B, @0xCA51) }

public fun get_publisher(ctx: &mut TxContext): Publisher { package::test_claim(OTW {}, ctx) }

/// A policy without rules for `Asset`.
public fun get_policy(ctx: &mut TxContext): (TransferPolicy<Asset>, TransferPolicyCap<Asset>) {
    let publisher = get_publisher(ctx);
    let (policy, cap) = transfer_policy::new(&publisher, ctx);
    publisher.burn();
    (policy, cap)
}

public fun get_iota(amount: u64, ctx: &mut TxContext): Coin<IOTA> {
    coin::mint_for_testing(amount, ctx)
}

public fun get_asset(ctx: &mut TxContext): (Asset, ID) {
    let asset = Asset { id: object::new(ctx) };
    let id = object::id(&asset);
    (asset, id)
}

public fun get_kiosk(ctx: &mut TxContext): (Kiosk, KioskOwnerCap) { kiosk::new(ctx) }

public fun return_publisher(publisher: Publisher) { publisher.burn() }

/// Returns what the policy has collected.
public fun return_policy(
    policy: TransferPolicy<Asset>,
    cap: TransferPolicyCap<Asset>,
    ctx: &mut TxContext,
): u64 {
    policy.destroy_and_withdraw(cap, ctx).burn_for_testing()
}

/// Returns the profits of the kiosk, which must be empty.
public fun return_kiosk(kiosk: Kiosk, cap: KioskOwnerCap, ctx: &mut TxContext): u64 {
    kiosk.close_and_withdraw(cap, ctx).burn_for_testing()
}

public fun return_assets(assets: vector<Asset>) {
    assets.destroy!(|asset| {
        let Asset { id } = asset;
        id.delete()
    })
}
