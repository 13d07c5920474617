/// Proof that an address belongs to one user of an identity provider. Making it is disabled: it
/// would show to all which user that is.
#[allow(unused_const, unused_function)]
module iota::zklogin_verified_id;

use std::string::String;

/// Nobody can do this.
const EFunctionDisabled: u64 = 0;

public struct VerifiedID has key {
    id: UID,
    owner: address,
    /// The claim that names the user, mostly `sub` or `email`.
    key_claim_name: String,
    key_claim_value: String,
    /// The provider.
    issuer: String,
    /// The application.
    audience: String,
}

public fun owner(verified_id: &VerifiedID): address { verified_id.owner }

public fun key_claim_name(verified_id: &VerifiedID): &String { &verified_id.key_claim_name }

public fun key_claim_value(verified_id: &VerifiedID): &String { &verified_id.key_claim_value }

public fun issuer(verified_id: &VerifiedID): &String { &verified_id.issuer }

public fun audience(verified_id: &VerifiedID): &String { &verified_id.audience }

/// Give the proof up.
public fun delete(verified_id: VerifiedID) {
    let VerifiedID { id, .. } = verified_id;
    id.delete()
}

/// Always aborts.
public fun verify_zklogin_id(
    _key_claim_name: String,
    _key_claim_value: String,
    _issuer: String,
    _audience: String,
    _pin_hash: u256,
    _ctx: &mut TxContext,
) {
    abort EFunctionDisabled
}

/// Always aborts.
public fun check_zklogin_id(
    _address: address,
    _key_claim_name: &String,
    _key_claim_value: &String,
    _issuer: &String,
    _audience: &String,
    _pin_hash: u256,
): bool {
    abort EFunctionDisabled
}

native fun check_zklogin_id_internal(
    address: address,
    key_claim_name: &vector<u8>,
    key_claim_value: &vector<u8>,
    issuer: &vector<u8>,
    audience: &vector<u8>,
    pin_hash: u256,
): bool;
