/// What transactions have paid for storage. Most of it goes back to whoever deletes the objects.
module iota_system::storage_fund;

use iota::balance::{Self, Balance};
use iota::iota::IOTA;

public struct StorageFundV1 has store {
    /// The rebates of all objects there are.
    total_object_storage_rebates: Balance<IOTA>,
    /// What stays for good.
    non_refundable_balance: Balance<IOTA>,
}

/// A fund at genesis, when no object has a rebate.
public(package) fun new(initial_fund: Balance<IOTA>): StorageFundV1 {
    StorageFundV1 {
        total_object_storage_rebates: balance::zero(),
        non_refundable_balance: initial_fund,
    }
}

/// Book an epoch: what was charged comes in, the part of old rebates that is kept moves over, and
/// what senders got back already in their gas coins goes out, to be burnt.
public(package) fun advance_epoch(
    self: &mut StorageFundV1,
    storage_charges: Balance<IOTA>,
    storage_rebate_amount: u64,
    non_refundable_storage_fee_amount: u64,
): Balance<IOTA> {
    let rebates = &mut self.total_object_storage_rebates;
    rebates.join(storage_charges);
    self.non_refundable_balance.join(rebates.split(non_refundable_storage_fee_amount));
    rebates.split(storage_rebate_amount)
}

/// The rebates of all objects, in nanos.
public fun total_object_storage_rebates(self: &StorageFundV1): u64 {
    self.total_object_storage_rebates.value()
}

/// All that is in the fund, in nanos.
public fun total_balance(self: &StorageFundV1): u64 {
    self.non_refundable_balance.value() + self.total_object_storage_rebates.value()
}
