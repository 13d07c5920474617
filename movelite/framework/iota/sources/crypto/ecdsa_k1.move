/// ECDSA signatures over the curve secp256k1, as Bitcoin and Ethereum have them.
module iota::ecdsa_k1;

/// No public key fits the signature.
#[allow(unused_const)]
const EFailToRecoverPubKey: u64 = 0;
/// The signature does not have the right length or form.
#[allow(unused_const)]
const EInvalidSignature: u64 = 1;
/// The public key is not a point of the curve.
#[allow(unused_const)]
const EInvalidPubKey: u64 = 2;
#[allow(unused_const)]
#[test_only]
/// The private key does not have the right length or form.
const EInvalidPrivKey: u64 = 3;
#[allow(unused_const)]
#[test_only]
/// There is no hash function with this number.
const EInvalidHashFunction: u64 = 4;
#[allow(unused_const)]
#[test_only]
/// The seed does not have 32 bytes.
const EInvalidSeed: u64 = 5;

// Numbers of hash functions.
#[allow(unused_const)]
const KECCAK256: u8 = 0;
#[allow(unused_const)]
const SHA256: u8 = 1;

/// The public key (33 bytes) whose owner made `signature` of `msg`. The signature has 65 bytes,
/// r, s and then 0 or 1, and `hash` is the number of the function that hashes the message.
public native fun secp256k1_ecrecover(
    signature: &vector<u8>,
    msg: &vector<u8>,
    hash: u8,
): vector<u8>;

/// The public key of 33 bytes in its other form, of 65.
public native fun decompress_pubkey(pubkey: &vector<u8>): vector<u8>;

/// Is `signature` (64 bytes, r and s) one of `msg` by the owner of `public_key` (33 bytes)?
public native fun secp256k1_verify(
    signature: &vector<u8>,
    public_key: &vector<u8>,
    msg: &vector<u8>,
    hash: u8,
): bool;

// === For tests ===

#[test_only]
/// A signature of `msg`: 64 bytes, or 65 if the public key shall be found from it.
public native fun secp256k1_sign(
    private_key: &vector<u8>,
    msg: &vector<u8>,
    hash: u8,
    recoverable: bool,
): vector<u8>;

#[test_only]
public struct KeyPair has drop {
    private_key: vector<u8>,
    public_key: vector<u8>,
}

#[test_only]
public fun private_key(self: &KeyPair): &vector<u8> { &self.private_key }

#[test_only]
public fun public_key(self: &KeyPair): &vector<u8> { &self.public_key }

#[test_only]
/// The keys that belong to a seed of 32 bytes.
public native fun secp256k1_keypair_from_seed(seed: &vector<u8>): KeyPair;
