/// Addresses in the World Wide Web. Nothing checks that they are well formed.
module iota::url;

use std::ascii::String;

public struct Url has copy, drop, store {
    url: String,
}

/// The address that `url` spells.
public fun new_unsafe(url: String): Url { Url { url } }

/// The address that `bytes` spell. Aborts in `std::ascii` if they are not ASCII.
public fun new_unsafe_from_bytes(bytes: vector<u8>): Url { Url { url: bytes.to_ascii_string() } }

/// The address as text.
public fun inner_url(self: &Url): String { self.url }

/// Replace the address.
public fun update(self: &mut Url, url: String) { self.url = url }
