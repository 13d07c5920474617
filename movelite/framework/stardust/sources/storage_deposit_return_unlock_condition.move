/// An output of whose coins some go back to who paid for its storage.
module stardust::storage_deposit_return_unlock_condition;

use iota::balance::Balance;

public struct StorageDepositReturnUnlockCondition has store {
    return_address: address,
    return_amount: u64,
}

/// Pay the deposit back out of `funding`. Aborts if that has not enough.
public fun unlock<T>(
    condition: StorageDepositReturnUnlockCondition,
    funding: &mut Balance<T>,
    ctx: &mut TxContext,
) {
    let StorageDepositReturnUnlockCondition { return_address, return_amount } = condition;
    let deposit = funding.split(return_amount).into_coin(ctx);
    transfer::public_transfer(deposit, return_address);
}

public fun return_address(condition: &StorageDepositReturnUnlockCondition): address {
    condition.return_address
}

public fun return_amount(condition: &StorageDepositReturnUnlockCondition): u64 {
    condition.return_amount
}

#[test_only]
public fun create_for_testing(
    return_address: address,
    return_amount: u64,
): StorageDepositReturnUnlockCondition {
    StorageDepositReturnUnlockCondition { return_address, return_amount }
}
