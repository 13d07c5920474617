/// Objects whose identity follows from a parent's and a key, so that anyone can compute it.
module iota::derived_object;

use iota::dynamic_field;

/// The parent has given out this identity before.
const EObjectAlreadyExists: u64 = 0;

/// Keeps derived identities apart from those of dynamic fields.
#[allow(unused_field)]
public struct DerivedObjectKey<K: copy + drop + store>(K) has copy, drop, store;

/// The name of the parent's field that marks an identity as given out.
public struct Claimed(ID) has copy, drop, store;

/// What stands there.
public enum ClaimedStatus has store {
    Reserved,
}

/// The address that `key` has under `parent`.
public fun derive_address<K: copy + drop + store>(parent: ID, key: K): address {
    dynamic_field::hash_type_and_key(parent.to_address(), DerivedObjectKey(key))
}

/// The identity for the object with this key; a parent gives it out once, even if it is deleted.
public fun claim<K: copy + drop + store>(parent: &mut UID, key: K): UID {
    let derived = derive_address(parent.to_inner(), key);
    let claimed = Claimed(derived.to_id());
    if (dynamic_field::exists_(parent, claimed)) abort EObjectAlreadyExists;
    dynamic_field::add(parent, claimed, ClaimedStatus::Reserved);
    object::new_uid_from_hash(derived)
}

/// Whether the identity with this key was given out.
public fun exists<K: copy + drop + store>(parent: &UID, key: K): bool {
    let derived = derive_address(parent.to_inner(), key);
    dynamic_field::exists_(parent, Claimed(derived.to_id()))
}

#[test_only]
public fun derive_address_for_testing<K: copy + drop + store>(parent: ID, key: K): address {
    derive_address(parent, key)
}
