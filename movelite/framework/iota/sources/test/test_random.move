/// Numbers for tests that look random and are the same for the same seed in every run.
#[test_only]
module iota::test_random;

use std::hash;

public struct Random has drop, store {
    /// The last digest given out, or at first the seed.
    state: vector<u8>,
}

/// Begin with a seed of any length.
public fun new(seed: vector<u8>): Random { Random { state: seed } }

/// Each digest is that of the one before.
fun next_digest(random: &mut Random): vector<u8> {
    random.state = hash::sha3_256(random.state);
    random.state
}

/// So many bytes. Bytes of a digest that are not used are thrown away.
public fun next_bytes(random: &mut Random, l: u64): vector<u8> {
    let mut bytes = vector[];
    while (bytes.length() < l) {
        let mut digest = random.next_digest();
        while (bytes.length() + digest.length() > l) {
            digest.pop_back();
        };
        bytes.append(digest);
    };
    bytes
}

/// A digest as a number, its first byte the highest.
public fun next_u256(random: &mut Random): u256 {
    random.next_digest().fold!(0, |number, byte| (number << 8) | (byte as u256))
}

/// A number below `upper_bound`, which must not be 0.
public fun next_u256_in_range(random: &mut Random, upper_bound: u256): u256 {
    assert!(upper_bound > 0);
    random.next_u256() % upper_bound
}

public fun next_u128(random: &mut Random): u128 { random.next_u256_in_range(1 << 128) as u128 }

/// A number below `upper_bound`, which must not be 0.
public fun next_u128_in_range(random: &mut Random, upper_bound: u128): u128 {
    assert!(upper_bound > 0);
    random.next_u128() % upper_bound
}

public fun next_u64(random: &mut Random): u64 { random.next_u256_in_range(1 << 64) as u64 }

/// A number below `upper_bound`, which must not be 0.
public fun next_u64_in_range(random: &mut Random, upper_bound: u64): u64 {
    assert!(upper_bound > 0);
    random.next_u64() % upper_bound
}

public fun next_u32(random: &mut Random): u32 { random.next_u256_in_range(1 << 32) as u32 }

/// A number below `upper_bound`, which must not be 0.
public fun next_u32_in_range(random: &mut Random, upper_bound: u32): u32 {
    assert!(upper_bound > 0);
    random.next_u32() % upper_bound
}

public fun next_u16(random: &mut Random): u16 { random.next_u256_in_range(1 << 16) as u16 }

/// A number below `upper_bound`, which must not be 0.
public fun next_u16_in_range(random: &mut Random, upper_bound: u16): u16 {
    assert!(upper_bound > 0);
    random.next_u16() % upper_bound
}

/// The last byte of a digest.
public fun next_u8(random: &mut Random): u8 { random.next_digest().pop_back() }

/// A number below `upper_bound`, which must not be 0.
public fun next_u8_in_range(random: &mut Random, upper_bound: u8): u8 {
    assert!(upper_bound > 0);
    random.next_u8() % upper_bound
}

public fun next_bool(random: &mut Random): bool { random.next_u8() % 2 == 1 }
