/// Randomness that nobody could know before the transaction was ordered, from the shared object
/// at 0x8.
///
/// A function that uses it must be private `entry`, or else a caller could undo whatever outcome
/// it does not like. It must also cost no more gas when it wins than when it loses.
module iota::random;

use iota::hmac::hmac_sha3_256;
use iota::versioned::{Self, Versioned};
use std::bcs;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;
/// The state has a version that this package does not know.
const EWrongInnerVersion: u64 = 1;
/// The round does not follow the last one.
const EInvalidRandomnessUpdate: u64 = 2;
/// The range has no numbers in it.
const EInvalidRange: u64 = 3;
/// The vector is too long.
const EInvalidLength: u64 = 4;

/// The version of `RandomInner`.
const CURRENT_VERSION: u64 = 1;
/// Bytes in a block of output.
const BLOCK_LENGTH: u16 = 32;

/// Transactions may read it, never change it.
public struct Random has key {
    id: UID,
    inner: Versioned,
}

public struct RandomInner has store {
    version: u64,
    epoch: u64,
    randomness_round: u64,
    random_bytes: vector<u8>,
}

/// An endless stream of random bytes.
public struct RandomGenerator has drop {
    seed: vector<u8>,
    /// Number of blocks drawn from the seed.
    counter: u16,
    /// Bytes drawn but not given out; the next one is the last.
    buffer: vector<u8>,
}

// === The shared object ===

/// Make the object; genesis calls it.
#[allow(unused_function)]
fun create(ctx: &mut TxContext) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    let inner = RandomInner {
        version: CURRENT_VERSION,
        epoch: ctx.epoch(),
        randomness_round: 0,
        random_bytes: vector[],
    };
    transfer::share_object(Random {
        id: object::randomness_state(),
        inner: versioned::create(CURRENT_VERSION, inner, ctx),
    })
}

fun load_inner_mut(self: &mut Random): &mut RandomInner {
    if (self.inner.version() != CURRENT_VERSION) abort EWrongInnerVersion;
    let inner: &mut RandomInner = self.inner.load_value_mut();
    if (inner.version != CURRENT_VERSION) abort EWrongInnerVersion;
    inner
}

fun load_inner(self: &Random): &RandomInner {
    if (self.inner.version() != CURRENT_VERSION) abort EWrongInnerVersion;
    let inner: &RandomInner = self.inner.load_value();
    if (inner.version != CURRENT_VERSION) abort EWrongInnerVersion;
    inner
}

/// Bring in what the validators' next round gave; the system calls it.
#[allow(unused_function)]
fun update_randomness_state(
    self: &mut Random,
    new_round: u64,
    new_bytes: vector<u8>,
    ctx: &TxContext,
) {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    let epoch = ctx.epoch();
    let inner = self.load_inner_mut();
    let untouched = inner.epoch == 0 && inner.randomness_round == 0 && inner.random_bytes.is_empty();
    let in_order = if (untouched) {
        new_round == 0
    } else {
        new_round == inner.randomness_round + 1 || (new_round == 0 && epoch > inner.epoch)
    };
    if (!in_order) abort EInvalidRandomnessUpdate;
    inner.epoch = epoch;
    inner.randomness_round = new_round;
    inner.random_bytes = new_bytes
}

// === Generators ===

/// A generator of its own for this call: no other has the same stream.
public fun new_generator(r: &Random, ctx: &mut TxContext): RandomGenerator {
    let inner = r.load_inner();
    let seed = hmac_sha3_256(&inner.random_bytes, &ctx.fresh_object_address().to_bytes());
    RandomGenerator { seed, counter: 0, buffer: vector[] }
}

fun derive_next_block(g: &mut RandomGenerator): vector<u8> {
    g.counter = g.counter + 1;
    hmac_sha3_256(&g.seed, &bcs::to_bytes(&g.counter))
}

fun fill_buffer(g: &mut RandomGenerator) {
    let block = g.derive_next_block();
    g.buffer.append(block)
}

/// So many bytes.
public fun generate_bytes(g: &mut RandomGenerator, num_of_bytes: u16): vector<u8> {
    let mut bytes = vector[];
    (num_of_bytes / BLOCK_LENGTH).do!(|_| bytes.append(g.derive_next_block()));
    let rest = (num_of_bytes % BLOCK_LENGTH) as u64;
    if (g.buffer.length() < rest) g.fill_buffer();
    rest.do!(|_| bytes.push_back(g.buffer.pop_back()));
    bytes
}

/// A number of so many bytes, no more than a block has.
fun u256_from_bytes(g: &mut RandomGenerator, num_of_bytes: u8): u256 {
    if (g.buffer.length() < num_of_bytes as u64) g.fill_buffer();
    let mut result = 0;
    num_of_bytes.do!(|_| result = (result << 8) | (g.buffer.pop_back() as u256));
    result
}

public fun generate_u256(g: &mut RandomGenerator): u256 { g.u256_from_bytes(32) }

public fun generate_u128(g: &mut RandomGenerator): u128 { g.u256_from_bytes(16) as u128 }

public fun generate_u64(g: &mut RandomGenerator): u64 { g.u256_from_bytes(8) as u64 }

public fun generate_u32(g: &mut RandomGenerator): u32 { g.u256_from_bytes(4) as u32 }

public fun generate_u16(g: &mut RandomGenerator): u16 { g.u256_from_bytes(2) as u16 }

public fun generate_u8(g: &mut RandomGenerator): u8 { g.u256_from_bytes(1) as u8 }

public fun generate_bool(g: &mut RandomGenerator): bool { g.u256_from_bytes(1) & 1 == 1 }

/// A number from `min` to `max`, both possible. Drawn from eight bytes more than the number has,
/// so that no number is noticeably likelier than another.
fun u128_in_range(g: &mut RandomGenerator, min: u128, max: u128, num_of_bytes: u8): u128 {
    if (min > max) abort EInvalidRange;
    if (min == max) return min;
    let count = (max - min) as u256 + 1;
    min + (g.u256_from_bytes(num_of_bytes) % count as u128)
}

/// A number from `min` to `max`, both possible.
public fun generate_u128_in_range(g: &mut RandomGenerator, min: u128, max: u128): u128 {
    g.u128_in_range(min, max, 24)
}

/// A number from `min` to `max`, both possible.
public fun generate_u64_in_range(g: &mut RandomGenerator, min: u64, max: u64): u64 {
    g.u128_in_range(min as u128, max as u128, 16) as u64
}

/// A number from `min` to `max`, both possible.
public fun generate_u32_in_range(g: &mut RandomGenerator, min: u32, max: u32): u32 {
    g.u128_in_range(min as u128, max as u128, 12) as u32
}

/// A number from `min` to `max`, both possible.
public fun generate_u16_in_range(g: &mut RandomGenerator, min: u16, max: u16): u16 {
    g.u128_in_range(min as u128, max as u128, 10) as u16
}

/// A number from `min` to `max`, both possible.
public fun generate_u8_in_range(g: &mut RandomGenerator, min: u8, max: u8): u8 {
    g.u128_in_range(min as u128, max as u128, 9) as u8
}

/// Put the elements of `v` into random order.
public fun shuffle<T>(g: &mut RandomGenerator, v: &mut vector<T>) {
    let length = v.length();
    if (length == 0) return;
    if (length > std::u16::max_value!() as u64) abort EInvalidLength;
    let last = (length - 1) as u16;
    last.do!(|i| v.swap(i as u64, g.generate_u16_in_range(i, last) as u64))
}

// === For tests ===

#[test_only]
public fun create_for_testing(ctx: &mut TxContext) { create(ctx) }

#[test_only]
public fun update_randomness_state_for_testing(
    self: &mut Random,
    new_round: u64,
    new_bytes: vector<u8>,
    ctx: &TxContext,
) {
    self.update_randomness_state(new_round, new_bytes, ctx)
}

#[test_only]
public fun generator_seed(r: &RandomGenerator): &vector<u8> { &r.seed }

#[test_only]
public fun generator_counter(r: &RandomGenerator): u16 { r.counter }

#[test_only]
public fun generator_buffer(r: &RandomGenerator): &vector<u8> { &r.buffer }

#[test_only]
/// A generator with another stream in every test run.
public fun new_generator_for_testing(): RandomGenerator {
    new_generator_from_seed_for_testing(generate_rand_seed_for_testing())
}

#[test_only]
/// A generator with the same stream for the same seed.
public fun new_generator_from_seed_for_testing(seed: vector<u8>): RandomGenerator {
    RandomGenerator { seed, counter: 0, buffer: vector[] }
}

#[test_only]
native fun generate_rand_seed_for_testing(): vector<u8>;
