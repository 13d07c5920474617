/// Addresses as numbers, bytes and text.
#[defines_primitive(address)]
module iota::address;

use iota::hex;
use std::ascii;
use std::bcs;
use std::string;

public use fun iota::object::id_from_address as address.to_id;

/// The bytes do not make an address.
#[allow(unused_const)]
const EAddressParseError: u64 = 0;

/// The number that `a` is, the first byte being the highest.
public native fun to_u256(a: address): u256;

/// The address that the number `n` is.
public native fun from_u256(n: u256): address;

/// The address with these 32 bytes.
public native fun from_bytes(bytes: vector<u8>): address;

/// The 32 bytes of `a`.
public fun to_bytes(a: address): vector<u8> { bcs::to_bytes(&a) }

/// The 64 hexadecimal digits of `a`, in lower case and without `0x`.
public fun to_ascii_string(a: address): ascii::String {
    hex::encode(to_bytes(a)).to_ascii_string()
}

/// The same 64 digits as `to_ascii_string`.
public fun to_string(a: address): string::String { to_ascii_string(a).to_string() }

/// The address that these 64 hexadecimal digits spell, in either case and without `0x`.
public fun from_ascii_bytes(bytes: &vector<u8>): address {
    if (bytes.length() != 64) abort EAddressParseError;
    from_bytes(vector::tabulate!(32, |i| (hex_char_value(bytes[2 * i]) << 4) | hex_char_value(bytes[2 * i + 1])))
}

fun hex_char_value(character: u8): u8 {
    if (48 <= character && character <= 57) character - 48
    else if (97 <= character && character <= 102) character - 87
    else if (65 <= character && character <= 70) character - 55
    else abort EAddressParseError
}

/// Bytes in an address.
public fun length(): u64 { std::address::length() }

/// The greatest address, as a number.
public fun max(): u256 { std::u256::max_value!() }
