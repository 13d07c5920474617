/// Outputs that held an NFT together with its coins, maybe under conditions.
module stardust::nft_output;

use iota::bag::Bag;
use iota::balance::Balance;
use iota::dynamic_object_field;
use iota::transfer::Receiving;
use stardust::expiration_unlock_condition::ExpirationUnlockCondition;
use stardust::nft::Nft;
use stardust::storage_deposit_return_unlock_condition::StorageDepositReturnUnlockCondition;
use stardust::timelock_unlock_condition::TimelockUnlockCondition;

/// The name under which the output holds its NFT.
const NFT_NAME: vector<u8> = b"nft";

/// `native_tokens` has a balance of each token by the name of its type.
public struct NftOutput<phantom T> has key {
    id: UID,
    balance: Balance<T>,
    native_tokens: Bag,
    storage_deposit_return_uc: Option<StorageDepositReturnUnlockCondition>,
    timelock_uc: Option<TimelockUnlockCondition>,
    expiration_uc: Option<ExpirationUnlockCondition>,
}

/// Everything that is in the output, which is gone then. Aborts while a condition forbids it; a storage
/// deposit goes back to who made it.
public fun extract_assets<T>(
    mut output: NftOutput<T>,
    ctx: &mut TxContext,
): (Balance<T>, Bag, Nft) {
    let nft = load_nft(&mut output);
    let NftOutput {
        id,
        mut balance,
        native_tokens,
        storage_deposit_return_uc,
        timelock_uc,
        expiration_uc,
    } = output;
    timelock_uc.do!(|condition| condition.unlock(ctx));
    expiration_uc.do!(|condition| condition.unlock(ctx));
    storage_deposit_return_uc.do!(|condition| condition.unlock(&mut balance, ctx));
    id.delete();
    (balance, native_tokens, nft)
}

/// Put an NFT into an output that has none.
public fun attach_nft<T>(output: &mut NftOutput<T>, nft: Nft) {
    dynamic_object_field::add(&mut output.id, NFT_NAME, nft)
}

public(package) fun receive<T>(parent: &mut UID, nft: Receiving<NftOutput<T>>): NftOutput<T> {
    transfer::receive(parent, nft)
}

fun load_nft<T>(output: &mut NftOutput<T>): Nft {
    dynamic_object_field::remove(&mut output.id, NFT_NAME)
}

#[test_only]
public fun create_for_testing<T>(
    balance: Balance<T>,
    native_tokens: Bag,
    storage_deposit_return_uc: Option<StorageDepositReturnUnlockCondition>,
    timelock_uc: Option<TimelockUnlockCondition>,
    expiration_uc: Option<ExpirationUnlockCondition>,
    ctx: &mut TxContext,
): NftOutput<T> {
    NftOutput {
        id: object::new(ctx),
        balance,
        native_tokens,
        storage_deposit_return_uc,
        timelock_uc,
        expiration_uc,
    }
}
