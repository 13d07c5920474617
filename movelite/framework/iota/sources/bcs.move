/// Read values back from their binary form, one after the other:
///
///     let mut reader = bcs::new(bytes);
///     let (owner, amount) = (reader.peel_address(), reader.peel_u64());
///     let rest = reader.into_remainder_bytes();
///
/// There is no function for structs: peel their fields in order.
module iota::bcs;

use iota::address;
use std::bcs;

/// The bytes end too soon.
const EOutOfRange: u64 = 0;
/// A `bool` is neither 0 nor 1.
const ENotBool: u64 = 1;
/// A length takes more than five bytes.
const ELenOutOfRange: u64 = 2;

/// What is still to be read, last byte first: taking one off a vector's end is cheap.
public struct BCS has copy, drop, store {
    bytes: vector<u8>,
}

/// The binary form of `value`.
public fun to_bytes<T>(value: &T): vector<u8> { bcs::to_bytes(value) }

/// Begin to read `bytes`.
public fun new(mut bytes: vector<u8>): BCS {
    bytes.reverse();
    BCS { bytes }
}

/// What has not been read.
public fun into_remainder_bytes(bcs: BCS): vector<u8> {
    let BCS { mut bytes } = bcs;
    bytes.reverse();
    bytes
}

// === Plain values ===

public fun peel_address(bcs: &mut BCS): address {
    bcs.require(address::length());
    address::from_bytes(vector::tabulate!(address::length(), |_| bcs.bytes.pop_back()))
}

public fun peel_bool(bcs: &mut BCS): bool {
    let byte = bcs.peel_u8();
    if (byte > 1) abort ENotBool;
    byte == 1
}

public fun peel_u8(bcs: &mut BCS): u8 {
    bcs.require(1);
    bcs.bytes.pop_back()
}

public fun peel_u16(bcs: &mut BCS): u16 { bcs.peel_integer!<u16>(2) }

public fun peel_u32(bcs: &mut BCS): u32 { bcs.peel_integer!<u32>(4) }

public fun peel_u64(bcs: &mut BCS): u64 { bcs.peel_integer!<u64>(8) }

public fun peel_u128(bcs: &mut BCS): u128 { bcs.peel_integer!<u128>(16) }

public fun peel_u256(bcs: &mut BCS): u256 { bcs.peel_integer!<u256>(32) }

/// A number of `$size` bytes, the lowest first.
macro fun peel_integer<$T>($bcs: &mut BCS, $size: u8): $T {
    let bcs = $bcs;
    let size = $size;
    bcs.require(size as u64);
    let mut value: $T = 0;
    size.do!(|i| value = value | (bcs.bytes.pop_back() as $T << (8 * i)));
    value
}

fun require(bcs: &BCS, size: u64) {
    if (bcs.bytes.length() < size) abort EOutOfRange;
}

// === Vectors ===

/// A length: seven bits in each byte, the lowest first; the eighth says that more follow.
public fun peel_vec_length(bcs: &mut BCS): u64 {
    let mut length = 0;
    let mut shift = 0;
    loop {
        if (shift == 35) abort ELenOutOfRange;
        let byte = bcs.bytes.pop_back() as u64;
        length = length | ((byte & 127) << shift);
        if (byte < 128) return length;
        shift = shift + 7;
    }
}

/// Which variant of an enum follows; its fields come next.
public fun peel_enum_tag(bcs: &mut BCS): u32 {
    let tag = bcs.peel_vec_length();
    if (tag > std::u32::max_value!() as u64) abort EOutOfRange;
    tag as u32
}

/// A vector whose elements `$peel` reads.
public macro fun peel_vec<$T>($bcs: &mut BCS, $peel: |&mut BCS| -> $T): vector<$T> {
    let bcs = $bcs;
    let length = bcs.peel_vec_length();
    vector::tabulate!(length, |_| $peel(bcs))
}

public fun peel_vec_address(bcs: &mut BCS): vector<address> { bcs.peel_vec!(|b| b.peel_address()) }

public fun peel_vec_bool(bcs: &mut BCS): vector<bool> { bcs.peel_vec!(|b| b.peel_bool()) }

public fun peel_vec_u8(bcs: &mut BCS): vector<u8> { bcs.peel_vec!(|b| b.peel_u8()) }

public fun peel_vec_vec_u8(bcs: &mut BCS): vector<vector<u8>> {
    bcs.peel_vec!(|b| b.peel_vec_u8())
}

public fun peel_vec_u16(bcs: &mut BCS): vector<u16> { bcs.peel_vec!(|b| b.peel_u16()) }

public fun peel_vec_u32(bcs: &mut BCS): vector<u32> { bcs.peel_vec!(|b| b.peel_u32()) }

public fun peel_vec_u64(bcs: &mut BCS): vector<u64> { bcs.peel_vec!(|b| b.peel_u64()) }

public fun peel_vec_u128(bcs: &mut BCS): vector<u128> { bcs.peel_vec!(|b| b.peel_u128()) }

public fun peel_vec_u256(bcs: &mut BCS): vector<u256> { bcs.peel_vec!(|b| b.peel_u256()) }

// === Options ===

/// An option whose value, if there is one, `$peel` reads.
public macro fun peel_option<$T>($bcs: &mut BCS, $peel: |&mut BCS| -> $T): Option<$T> {
    let bcs = $bcs;
    if (bcs.peel_bool()) option::some($peel(bcs)) else option::none()
}

public fun peel_option_address(bcs: &mut BCS): Option<address> {
    bcs.peel_option!(|b| b.peel_address())
}

public fun peel_option_bool(bcs: &mut BCS): Option<bool> { bcs.peel_option!(|b| b.peel_bool()) }

public fun peel_option_u8(bcs: &mut BCS): Option<u8> { bcs.peel_option!(|b| b.peel_u8()) }

public fun peel_option_u16(bcs: &mut BCS): Option<u16> { bcs.peel_option!(|b| b.peel_u16()) }

public fun peel_option_u32(bcs: &mut BCS): Option<u32> { bcs.peel_option!(|b| b.peel_u32()) }

public fun peel_option_u64(bcs: &mut BCS): Option<u64> { bcs.peel_option!(|b| b.peel_u64()) }

public fun peel_option_u128(bcs: &mut BCS): Option<u128> { bcs.peel_option!(|b| b.peel_u128()) }

public fun peel_option_u256(bcs: &mut BCS): Option<u256> { bcs.peel_option!(|b| b.peel_u256()) }
