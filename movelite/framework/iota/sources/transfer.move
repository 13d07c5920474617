/// Who may use an object: give it to an address, share it with all, or freeze it for ever.
///
/// Without `public_` a function takes objects of any type with `key`, but only the module that
/// declares the type may call it; that module thereby decides where its objects go. With `public_`
/// anyone may call it, for types that also have `store`.
#[allow(unused_const)]
module iota::transfer;

/// A shared object must be new: one that an address once owned cannot become shared.
const ESharedNonNewObject: u64 = 0;
/// The runtime could not encode the object.
const EBCSSerializationFailure: u64 = 1;
/// The received object has another type.
const EReceivingObjectTypeMismatch: u64 = 2;
/// The object to receive does not exist, or not at this version, or belongs to another.
const EUnableToReceiveObject: u64 = 3;
/// Shared objects cannot be made into anything else here.
const ESharedObjectOperationNotSupported: u64 = 4;

/// The right to receive one version of an object of type `T` that was sent to an object.
public struct Receiving<phantom T: key> has drop {
    id: ID,
    version: u64,
}

/// Give `obj` to `recipient`.
public fun transfer<T: key>(obj: T, recipient: address) { transfer_impl(obj, recipient) }

/// Give `obj` to `recipient`.
public fun public_transfer<T: key + store>(obj: T, recipient: address) {
    transfer_impl(obj, recipient)
}

/// Let anyone read `obj` and nobody change it, ever again.
public fun freeze_object<T: key>(obj: T) { freeze_object_impl(obj) }

/// Let anyone read `obj` and nobody change it, ever again.
public fun public_freeze_object<T: key + store>(obj: T) { freeze_object_impl(obj) }

/// Let anyone use `obj`, which this transaction must have made.
public fun share_object<T: key>(obj: T) { share_object_impl(obj) }

/// Let anyone use `obj`, which this transaction must have made.
public fun public_share_object<T: key + store>(obj: T) { share_object_impl(obj) }

/// Take over an object that was sent to the address of `parent`.
public fun receive<T: key>(parent: &mut UID, to_receive: Receiving<T>): T {
    take_in(parent, to_receive)
}

/// Take over an object that was sent to the address of `parent`.
public fun public_receive<T: key + store>(parent: &mut UID, to_receive: Receiving<T>): T {
    take_in(parent, to_receive)
}

/// Which object `receiving` is for.
public fun receiving_object_id<T: key>(receiving: &Receiving<T>): ID { receiving.id }

fun take_in<T: key>(parent: &UID, to_receive: Receiving<T>): T {
    let Receiving { id, version } = to_receive;
    receive_impl(parent.to_address(), id, version)
}

public(package) native fun freeze_object_impl<T: key>(obj: T);
public(package) native fun share_object_impl<T: key>(obj: T);
public(package) native fun transfer_impl<T: key>(obj: T, recipient: address);
native fun receive_impl<T: key>(parent: address, to_receive: ID, version: u64): T;

#[test_only]
public(package) fun make_receiver<T: key>(id: ID, version: u64): Receiving<T> {
    Receiving { id, version }
}

#[test_only]
public(package) fun receiving_id<T: key>(r: &Receiving<T>): ID { r.id }
