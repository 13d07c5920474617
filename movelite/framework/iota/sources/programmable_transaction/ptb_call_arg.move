/// Inputs of a programmable transaction as values.
module iota::ptb_call_arg;

/// An input: a plain value in BCS, or an object.
public enum CallArg has copy, drop {
    PureData(vector<u8>),
    ObjectData(ObjectArg),
}

/// An object as an input.
public enum ObjectArg has copy, drop {
    ImmOrOwnedObject(ObjectRef),
    SharedObject { id: ID, initial_shared_version: u64, mutable: bool },
    ReceivingObject(ObjectRef),
}

/// An object in one version.
public struct ObjectRef has copy, drop {
    object_id: ID,
    sequence_number: u64,
    object_digest: vector<u8>,
}

// === Inputs ===

public fun is_pure_data(arg: &CallArg): bool { arg.as_pure_data().is_some() }

public fun is_object_data(arg: &CallArg): bool { arg.as_object_data().is_some() }

/// The value, if it is a plain one.
public fun as_pure_data(arg: &CallArg): Option<vector<u8>> {
    match (arg) { CallArg::PureData(data) => option::some(*data), _ => option::none() }
}

/// The object, if it is one.
public fun as_object_data(arg: &CallArg): Option<ObjectArg> {
    match (arg) { CallArg::ObjectData(object) => option::some(*object), _ => option::none() }
}

// === Objects ===

public fun is_shared_object(obj_arg: &ObjectArg): bool {
    obj_arg.is_mutable_shared_object().is_some()
}

public fun is_imm_or_owned_object(obj_arg: &ObjectArg): bool {
    match (obj_arg) { ObjectArg::ImmOrOwnedObject(_) => true, _ => false }
}

public fun is_receiving_object(obj_arg: &ObjectArg): bool {
    match (obj_arg) { ObjectArg::ReceivingObject(_) => true, _ => false }
}

/// The object's id.
public fun object_id(obj_arg: &ObjectArg): Option<ID> {
    match (obj_arg) {
        ObjectArg::SharedObject { id, .. } => option::some(*id),
        _ => obj_arg.object_ref().map!(|object| object.object_id),
    }
}

/// The version, or the one in which the object was shared.
public fun object_version(obj_arg: &ObjectArg): Option<u64> {
    match (obj_arg) {
        ObjectArg::SharedObject { initial_shared_version, .. } => {
            option::some(*initial_shared_version)
        },
        _ => obj_arg.object_ref().map!(|object| object.sequence_number),
    }
}

/// The digest, unless the object is shared.
public fun object_digest(obj_arg: &ObjectArg): Option<vector<u8>> {
    obj_arg.object_ref().map!(|object| object.object_digest)
}

/// All three, unless the object is shared.
public fun object_ref(obj_arg: &ObjectArg): Option<ObjectRef> {
    match (obj_arg) {
        ObjectArg::ImmOrOwnedObject(object) => option::some(*object),
        ObjectArg::ReceivingObject(object) => option::some(*object),
        ObjectArg::SharedObject { .. } => option::none(),
    }
}

/// Whether a shared object may be changed; none if it is not shared.
public fun is_mutable_shared_object(obj_arg: &ObjectArg): Option<bool> {
    match (obj_arg) {
        ObjectArg::SharedObject { mutable, .. } => option::some(*mutable),
        _ => option::none(),
    }
}

public fun id(obj_ref: &ObjectRef): &ID { &obj_ref.object_id }

public fun sequence_number(obj_ref: &ObjectRef): u64 { obj_ref.sequence_number }

public fun digest(obj_ref: &ObjectRef): &vector<u8> { &obj_ref.object_digest }

// === For tests ===

#[test_only]
public fun new_call_arg_pure_for_testing(data: vector<u8>): CallArg { CallArg::PureData(data) }

#[test_only]
public fun new_call_arg_object_for_testing(obj: ObjectArg): CallArg { CallArg::ObjectData(obj) }

#[test_only]
public fun new_object_arg_imm_or_owned_for_testing(obj_ref: ObjectRef): ObjectArg {
    ObjectArg::ImmOrOwnedObject(obj_ref)
}

#[test_only]
public fun new_object_arg_shared_for_testing(
    id: ID,
    initial_shared_version: u64,
    mutable: bool,
): ObjectArg {
    ObjectArg::SharedObject { id, initial_shared_version, mutable }
}

#[test_only]
public fun new_object_arg_receiving_for_testing(obj_ref: ObjectRef): ObjectArg {
    ObjectArg::ReceivingObject(obj_ref)
}

#[test_only]
public fun new_object_ref_for_testing(
    object_id: ID,
    sequence_number: u64,
    object_digest: vector<u8>,
): ObjectRef {
    ObjectRef { object_id, sequence_number, object_digest }
}
