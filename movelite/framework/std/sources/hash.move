/// Digests of the SHA families. `iota::hash` has Blake2b and Keccak.
module std::hash;

/// SHA-256 of `data`: 32 bytes.
native public fun sha2_256(data: vector<u8>): vector<u8>;

/// SHA3-256 of `data`: 32 bytes.
native public fun sha3_256(data: vector<u8>): vector<u8>;
