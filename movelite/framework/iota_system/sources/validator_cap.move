/// The right to act for a validator in daily business: to quote a gas price, to report others.
/// It is an object that the validator may give to another key, apart from the one with the
/// stake. The validator remembers the id of the latest; making a new one makes the old void.
module iota_system::validator_cap;

/// Only the validator itself makes its capability, or 0x0 at genesis.
const ENotValidator: u64 = 0;

/// The object. Whether it is the latest has yet to be seen.
public struct UnverifiedValidatorOperationCap has key, store {
    id: UID,
    authorizer_validator_address: address,
}

/// Proof, for this transaction, that the object was the latest.
public struct ValidatorOperationCap has drop {
    authorizer_validator_address: address,
}

/// For whom an unverified capability acts.
public(package) fun unverified_operation_cap_address(
    cap: &UnverifiedValidatorOperationCap,
): &address {
    &cap.authorizer_validator_address
}

/// For whom a verified capability acts.
public(package) fun verified_operation_cap_address(cap: &ValidatorOperationCap): &address {
    &cap.authorizer_validator_address
}

/// Make a capability and send it to the validator. Returns its id, for the validator to remember.
public(package) fun new_unverified_validator_operation_cap_and_transfer(
    validator_address: address,
    ctx: &mut TxContext,
): ID {
    let sender = ctx.sender();
    if (sender != validator_address && sender != @0x0) abort ENotValidator;
    let id = object::new(ctx);
    let cap_id = id.to_inner();
    transfer::transfer(
        UnverifiedValidatorOperationCap { id, authorizer_validator_address: validator_address },
        validator_address,
    );
    cap_id
}

/// To be called only when the capability was found to be the latest.
public(package) fun new_from_unverified(
    cap: &UnverifiedValidatorOperationCap,
): ValidatorOperationCap {
    ValidatorOperationCap { authorizer_validator_address: cap.authorizer_validator_address }
}
