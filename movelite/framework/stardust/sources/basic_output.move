/// Outputs that held coins, maybe under conditions.
module stardust::basic_output;

use iota::bag::Bag;
use iota::balance::Balance;
use iota::transfer::Receiving;
use stardust::expiration_unlock_condition::ExpirationUnlockCondition;
use stardust::storage_deposit_return_unlock_condition::StorageDepositReturnUnlockCondition;
use stardust::timelock_unlock_condition::TimelockUnlockCondition;

/// `native_tokens` has a balance of each token by the name of its type. The last three fields only tell.
public struct BasicOutput<phantom T> has key {
    id: UID,
    balance: Balance<T>,
    native_tokens: Bag,
    storage_deposit_return_uc: Option<StorageDepositReturnUnlockCondition>,
    timelock_uc: Option<TimelockUnlockCondition>,
    expiration_uc: Option<ExpirationUnlockCondition>,
    metadata: Option<vector<u8>>,
    tag: Option<vector<u8>>,
    sender: Option<address>,
}

/// All coins in the output, which is gone then. Aborts while a condition forbids it; a storage deposit
/// goes back to who made it.
public fun extract_assets<T>(output: BasicOutput<T>, ctx: &mut TxContext): (Balance<T>, Bag) {
    let BasicOutput {
        id,
        mut balance,
        native_tokens,
        storage_deposit_return_uc,
        timelock_uc,
        expiration_uc,
        ..,
    } = output;
    timelock_uc.do!(|condition| condition.unlock(ctx));
    expiration_uc.do!(|condition| condition.unlock(ctx));
    storage_deposit_return_uc.do!(|condition| condition.unlock(&mut balance, ctx));
    id.delete();
    (balance, native_tokens)
}

public(package) fun receive<T>(
    parent: &mut UID,
    output: Receiving<BasicOutput<T>>,
): BasicOutput<T> {
    transfer::receive(parent, output)
}

#[test_only]
public fun create_for_testing<T>(
    balance: Balance<T>,
    native_tokens: Bag,
    storage_deposit_return_uc: Option<StorageDepositReturnUnlockCondition>,
    timelock_uc: Option<TimelockUnlockCondition>,
    expiration_uc: Option<ExpirationUnlockCondition>,
    metadata: Option<vector<u8>>,
    tag: Option<vector<u8>>,
    sender: Option<address>,
    ctx: &mut TxContext,
): BasicOutput<T> {
    BasicOutput {
        id: object::new(ctx),
        balance,
        native_tokens,
        storage_deposit_return_uc,
        timelock_uc,
        expiration_uc,
        metadata,
        tag,
        sender,
    }
}
