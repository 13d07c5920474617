/// An output that nobody may take before some time.
module stardust::timelock_unlock_condition;

/// It is not yet time.
const ETimelockNotExpired: u64 = 0;

/// `unix_time` is in seconds since 1970.
public struct TimelockUnlockCondition has store {
    unix_time: u32,
}

/// Aborts before the time.
public fun unlock(condition: TimelockUnlockCondition, ctx: &TxContext) {
    assert!(!condition.is_timelocked(ctx), ETimelockNotExpired);
    let TimelockUnlockCondition { .. } = condition;
}

/// Whether it is still too early in this epoch.
public fun is_timelocked(condition: &TimelockUnlockCondition, ctx: &TxContext): bool {
    condition.unix_time > ((ctx.epoch_timestamp_ms() / 1000) as u32)
}

public fun unix_time(condition: &TimelockUnlockCondition): u32 { condition.unix_time }

#[test_only]
public fun create_for_testing(unix_time: u32): TimelockUnlockCondition {
    TimelockUnlockCondition { unix_time }
}
