/// An output that falls back to another address at some time.
module stardust::expiration_unlock_condition;

/// At this time, somebody else may take the output.
const EWrongSender: u64 = 0;

/// `unix_time` is in seconds since 1970.
public struct ExpirationUnlockCondition has store {
    owner: address,
    return_address: address,
    unix_time: u32,
}

/// Aborts unless the sender may take the output now.
public fun unlock(condition: ExpirationUnlockCondition, ctx: &mut TxContext) {
    assert!(condition.can_be_unlocked_by(ctx) == ctx.sender(), EWrongSender);
    let ExpirationUnlockCondition { .. } = condition;
}

/// Who may take the output in this epoch.
public fun can_be_unlocked_by(condition: &ExpirationUnlockCondition, ctx: &TxContext): address {
    let now = (ctx.epoch_timestamp_ms() / 1000) as u32;
    if (now < condition.unix_time) condition.owner else condition.return_address
}

public fun owner(condition: &ExpirationUnlockCondition): address { condition.owner }

public fun return_address(condition: &ExpirationUnlockCondition): address {
    condition.return_address
}

public fun unix_time(condition: &ExpirationUnlockCondition): u32 { condition.unix_time }

#[test_only]
public fun create_for_testing(
    owner: address,
    return_address: address,
    unix_time: u32,
): ExpirationUnlockCondition {
    ExpirationUnlockCondition { owner, return_address, unix_time }
}
