/// A validator kept outside the system state, in a box that knows the version of its type: while
/// it waits there, the type may change.
module iota_system::validator_wrapper;

use iota::versioned::{Self, Versioned};
use iota_system::validator::ValidatorV1;

/// The box has a version that this package does not know.
const EInvalidVersion: u64 = 0;

const VERSION: u64 = 1;

public struct Validator has store {
    inner: Versioned,
}

/// Put a validator into a box.
public(package) fun create_v1(validator: ValidatorV1, ctx: &mut TxContext): Validator {
    Validator { inner: versioned::create(VERSION, validator, ctx) }
}

/// The validator, of the newest type.
public(package) fun load_validator_maybe_upgrade(self: &mut Validator): &mut ValidatorV1 {
    self.upgrade_to_latest();
    self.inner.load_value_mut()
}

/// Take the validator out.
public(package) fun destroy(self: Validator): ValidatorV1 {
    self.upgrade_to_latest();
    let Validator { inner } = self;
    inner.destroy()
}

#[test_only]
public(package) fun get_inner_validator_ref(self: &Validator): &ValidatorV1 {
    self.inner.load_value()
}

/// There is one version only so far, so nothing is to be done but to see that it is this one.
fun upgrade_to_latest(self: &Validator) {
    if (self.version() != VERSION) abort EInvalidVersion
}

fun version(self: &Validator): u64 { self.inner.version() }
