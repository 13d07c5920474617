/// Proof that an address belongs to some user of an identity provider.
#[allow(unused_const)]
module iota::zklogin_verified_issuer;

use std::string::String;

/// The runtime cannot read what it was given.
const EInvalidInput: u64 = 0;
/// The address is not one of that provider's users.
const EInvalidProof: u64 = 1;

public struct VerifiedIssuer has key {
    id: UID,
    owner: address,
    issuer: String,
}

public fun owner(verified_issuer: &VerifiedIssuer): address { verified_issuer.owner }

public fun issuer(verified_issuer: &VerifiedIssuer): &String { &verified_issuer.issuer }

/// Give the proof up.
public fun delete(verified_issuer: VerifiedIssuer) {
    let VerifiedIssuer { id, owner: _, issuer: _ } = verified_issuer;
    id.delete()
}

/// Give the sender the proof, if the sender's address is that of the user with `address_seed`.
public fun verify_zklogin_issuer(address_seed: u256, issuer: String, ctx: &mut TxContext) {
    let owner = ctx.sender();
    if (!check_zklogin_issuer(owner, address_seed, &issuer)) abort EInvalidProof;
    transfer::transfer(VerifiedIssuer { id: object::new(ctx), owner, issuer }, owner)
}

/// Is `address` that of the provider's user with `address_seed`?
public fun check_zklogin_issuer(address: address, address_seed: u256, issuer: &String): bool {
    check_zklogin_issuer_internal(address, address_seed, issuer.as_bytes())
}

native fun check_zklogin_issuer_internal(
    address: address,
    address_seed: u256,
    issuer: &vector<u8>,
): bool;
