/// The time, from the shared object at 0x6.
module iota::clock;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;

/// Transactions may read it, never change it.
public struct Clock has key {
    id: UID,
    timestamp_ms: u64,
}

/// Milliseconds since 1970: when consensus settled the order of what it settled last. It never
/// goes back.
public fun timestamp_ms(clock: &Clock): u64 { clock.timestamp_ms }

/// Make the clock; genesis calls it.
#[allow(unused_function)]
fun create(ctx: &TxContext) {
    require_system(ctx);
    transfer::share_object(Clock { id: object::clock(), timestamp_ms: 0 })
}

/// Set the clock; the system calls it first for every commit of consensus.
#[allow(unused_function)]
fun consensus_commit_prologue(clock: &mut Clock, timestamp_ms: u64, ctx: &TxContext) {
    require_system(ctx);
    clock.timestamp_ms = timestamp_ms
}

#[allow(unused_function)]
fun require_system(ctx: &TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
}

// === For tests ===

#[test_only]
/// A clock that stands at 0.
public fun create_for_testing(ctx: &mut TxContext): Clock {
    Clock { id: object::new(ctx), timestamp_ms: 0 }
}

#[test_only]
public fun share_for_testing(clock: Clock) { transfer::share_object(clock) }

#[test_only]
/// Let `tick` milliseconds pass.
public fun increment_for_testing(clock: &mut Clock, tick: u64) {
    clock.timestamp_ms = clock.timestamp_ms + tick
}

#[test_only]
/// Set the time, which cannot go back.
public fun set_for_testing(clock: &mut Clock, timestamp_ms: u64) {
    assert!(clock.timestamp_ms <= timestamp_ms);
    clock.timestamp_ms = timestamp_ms
}

#[test_only]
public fun destroy_for_testing(clock: Clock) {
    let Clock { id, timestamp_ms: _ } = clock;
    id.delete()
}
