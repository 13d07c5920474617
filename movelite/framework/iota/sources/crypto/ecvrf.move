/// Verifiable randomness: who has a private key computes a hash that nobody else could, and
/// everybody can check it. Over the group Ristretto255, as RFC 9381 describes it.
module iota::ecvrf;

/// The hash does not have 64 bytes.
#[allow(unused_const)]
const EInvalidHashLength: u64 = 1;
/// The public key is not an element of the group.
#[allow(unused_const)]
const EInvalidPublicKeyEncoding: u64 = 2;
/// The proof does not have the right form.
#[allow(unused_const)]
const EInvalidProofEncoding: u64 = 3;

/// Does `proof` show that `hash` belongs to `alpha_string` and the owner of `public_key`?
public native fun ecvrf_verify(
    hash: &vector<u8>,
    alpha_string: &vector<u8>,
    public_key: &vector<u8>,
    proof: &vector<u8>,
): bool;
