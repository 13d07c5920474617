/// Digests beyond those of `std::hash`.
module iota::hash;

/// Blake2b of `data`: 32 bytes. The ledger's own digests are made with it.
public native fun blake2b256(data: &vector<u8>): vector<u8>;

/// Keccak of `data` as Ethereum has it: 32 bytes.
public native fun keccak256(data: &vector<u8>): vector<u8>;
