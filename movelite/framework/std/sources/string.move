/// Text: bytes that are always valid UTF-8. Every index and length counts bytes.
module std::string;

use std::ascii;

/// The bytes are not UTF-8.
const EInvalidUTF8: u64 = 1;
/// The index lies beyond the text or inside a character.
const EInvalidIndex: u64 = 2;

public struct String has copy, drop, store {
    bytes: vector<u8>,
}

/// The text that `bytes` spell.
public fun utf8(bytes: vector<u8>): String {
    if (!internal_check_utf8(&bytes)) abort EInvalidUTF8;
    String { bytes }
}

/// The text that `bytes` spell, if they spell one.
public fun try_utf8(bytes: vector<u8>): Option<String> {
    if (!internal_check_utf8(&bytes)) return option::none();
    option::some(String { bytes })
}

/// ASCII text is UTF-8 as it is.
public fun from_ascii(s: ascii::String): String { String { bytes: s.into_bytes() } }

/// The same text as ASCII. Aborts in `std::ascii` if some character has no place there.
public fun to_ascii(s: String): ascii::String {
    let String { bytes } = s;
    ascii::string(bytes)
}

/// The bytes.
public fun as_bytes(s: &String): &vector<u8> { &s.bytes }

/// Unpack the bytes.
public fun into_bytes(s: String): vector<u8> {
    let String { bytes } = s;
    bytes
}

/// Is this the empty text?
public fun is_empty(s: &String): bool { s.bytes.length() == 0 }

/// Length in bytes.
public fun length(s: &String): u64 { s.bytes.length() }

/// Put `r` behind `s`.
public fun append(s: &mut String, r: String) {
    let String { bytes } = r;
    s.bytes.append(bytes)
}

/// Put the text that `bytes` spell behind `s`.
public fun append_utf8(s: &mut String, bytes: vector<u8>) { s.append(utf8(bytes)) }

/// Put `o` before the character that begins at `at`; `at` may also be the end.
public fun insert(s: &mut String, at: u64, o: String) {
    let tail = if (at <= s.length() && internal_is_char_boundary(&s.bytes, at)) {
        internal_sub_string(&s.bytes, at, s.length())
    } else abort EInvalidIndex;
    let mut bytes = internal_sub_string(&s.bytes, 0, at);
    bytes.append(o.into_bytes());
    bytes.append(tail);
    s.bytes = bytes;
}

/// The text from byte `i` up to but not with byte `j`.
public fun substring(s: &String, i: u64, j: u64): String {
    let bytes = &s.bytes;
    let valid = i <= j
        && j <= bytes.length()
        && internal_is_char_boundary(bytes, i)
        && internal_is_char_boundary(bytes, j);
    if (!valid) abort EInvalidIndex;
    String { bytes: internal_sub_string(bytes, i, j) }
}

/// Where `r` first begins in `s`; the length of `s` if nowhere.
public fun index_of(s: &String, r: &String): u64 { internal_index_of(&s.bytes, &r.bytes) }

native fun internal_check_utf8(v: &vector<u8>): bool;
native fun internal_is_char_boundary(v: &vector<u8>, i: u64): bool;
native fun internal_sub_string(v: &vector<u8>, i: u64, j: u64): vector<u8>;
native fun internal_index_of(v: &vector<u8>, r: &vector<u8>): u64;

#[test_only]
public fun internal_sub_string_for_testing(v: &vector<u8>, i: u64, j: u64): vector<u8> {
    internal_sub_string(v, i, j)
}

// === Former names ===

#[deprecated(note = b"Use `std::string::as_bytes` instead.")]
public fun bytes(s: &String): &vector<u8> { &s.bytes }

#[deprecated(note = b"Use `std::string::substring` instead.")]
public fun sub_string(s: &String, i: u64, j: u64): String { s.substring(i, j) }
