/// Signatures of the Ed25519 scheme.
module iota::ed25519;

/// Is `signature` (64 bytes) one of `msg` by the owner of `public_key` (32 bytes)?
public native fun ed25519_verify(
    signature: &vector<u8>,
    public_key: &vector<u8>,
    msg: &vector<u8>,
): bool;
