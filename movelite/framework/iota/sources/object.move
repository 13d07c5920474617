/// Identity of objects. Every type with `key` has a `UID` as its first field; no two objects ever
/// share one, because each comes from the digest of the transaction that makes it.
module iota::object;

use iota::address;
use std::bcs;

public use fun id_to_address as ID.to_address;
public use fun id_to_bytes as ID.to_bytes;
public use fun uid_as_inner as UID.as_inner;
public use fun uid_to_inner as UID.to_inner;
public use fun uid_to_address as UID.to_address;
public use fun uid_to_bytes as UID.to_bytes;

/// Only the system itself, as sender 0x0, may do this.
const ENotSystemAddress: u64 = 0;

// The objects whose place is fixed.
const SYSTEM_STATE: address = @0x5;
const CLOCK: address = @0x6;
const AUTHENTICATOR_STATE: address = @0x7;
const RANDOM: address = @0x8;
const BRIDGE: address = @0x9;
const DENY_LIST: address = @0x403;

/// Names an object. It can be copied and kept; having it gives no access to anything.
public struct ID has copy, drop, store {
    bytes: address,
}

/// Is an object's identity. There is one for each object, and it goes only through `delete`.
public struct UID has store {
    id: ID,
}

// === ID ===

/// The 32 bytes.
public fun id_to_bytes(id: &ID): vector<u8> { bcs::to_bytes(id) }

/// The address with the same bytes.
public fun id_to_address(id: &ID): address { id.bytes }

/// The ID with these 32 bytes. Aborts in `iota::address` if they are more or fewer.
public fun id_from_bytes(bytes: vector<u8>): ID { ID { bytes: address::from_bytes(bytes) } }

/// The ID with the bytes of this address.
public fun id_from_address(bytes: address): ID { ID { bytes } }

// === UID ===

/// The ID in it, borrowed.
public fun uid_as_inner(uid: &UID): &ID { &uid.id }

/// The ID in it, copied.
public fun uid_to_inner(uid: &UID): ID { uid.id }

/// The 32 bytes.
public fun uid_to_bytes(uid: &UID): vector<u8> { bcs::to_bytes(uid) }

/// The address with the same bytes.
public fun uid_to_address(uid: &UID): address { uid.id.bytes }

/// A fresh identity, for one new object.
public fun new(ctx: &mut TxContext): UID { at(ctx.fresh_object_address()) }

/// End an identity, and with it the object that was unpacked to get it. What is attached to it
/// as a dynamic field is out of reach from then on.
public fun delete(id: UID) {
    let UID { id: ID { bytes } } = id;
    delete_impl(bytes)
}

// === Any object ===

/// The ID of `obj`.
public fun id<T: key>(obj: &T): ID { borrow_uid(obj).id }

/// The ID of `obj`, borrowed.
public fun borrow_id<T: key>(obj: &T): &ID { &borrow_uid(obj).id }

/// The 32 bytes of the ID of `obj`.
public fun id_bytes<T: key>(obj: &T): vector<u8> { bcs::to_bytes(borrow_uid(obj)) }

/// The address with the bytes of the ID of `obj`.
public fun id_address<T: key>(obj: &T): address { borrow_uid(obj).id.bytes }

// === Identities that are not fresh ===

/// An identity computed from a parent and a name, as dynamic fields have it.
public(package) fun new_uid_from_hash(bytes: address): UID {
    record_new_uid(bytes);
    at(bytes)
}

public(package) fun clock(): UID { at(CLOCK) }

public(package) fun authenticator_state(): UID { at(AUTHENTICATOR_STATE) }

public(package) fun randomness_state(): UID { at(RANDOM) }

public(package) fun iota_deny_list_object_id(): UID { at(DENY_LIST) }

// Genesis and the system package call these two; no Move code of this package does.

#[allow(unused_function)]
fun iota_system_state(ctx: &TxContext): UID {
    if (ctx.sender() != @0x0) abort ENotSystemAddress;
    at(SYSTEM_STATE)
}

#[allow(unused_function)]
fun bridge(): UID { at(BRIDGE) }

fun at(bytes: address): UID { UID { id: ID { bytes } } }

native fun borrow_uid<T: key>(obj: &T): &UID;
native fun delete_impl(id: address);
native fun record_new_uid(id: address);

#[test_only]
/// The ID that `ctx` gave out last.
public fun last_created(ctx: &TxContext): ID { ID { bytes: ctx.last_created_object_id() } }
