/// ECDSA signatures over the curve secp256r1, as passports and secure chips have them.
module iota::ecdsa_r1;

/// No public key fits the signature.
#[allow(unused_const)]
const EFailToRecoverPubKey: u64 = 0;
/// The signature does not have the right length or form.
#[allow(unused_const)]
const EInvalidSignature: u64 = 1;

// Numbers of hash functions.
#[allow(unused_const)]
const KECCAK256: u8 = 0;
#[allow(unused_const)]
const SHA256: u8 = 1;

/// The public key (33 bytes) whose owner made `signature` of `msg`. The signature has 65 bytes,
/// r, s and then 0 or 1, and `hash` is the number of the function that hashes the message.
public native fun secp256r1_ecrecover(
    signature: &vector<u8>,
    msg: &vector<u8>,
    hash: u8,
): vector<u8>;

/// Is `signature` (64 bytes, r and s) one of `msg` by the owner of `public_key` (33 bytes)?
public native fun secp256r1_verify(
    signature: &vector<u8>,
    public_key: &vector<u8>,
    msg: &vector<u8>,
    hash: u8,
): bool;
