/// Values attached to an object under names, beside the fields that its type declares. Names may
/// have any type with `copy`, `drop` and `store`, values any type with `store`. A transaction
/// loads, and pays for, only the ones it touches.
#[allow(unused_const)]
module iota::dynamic_field;

/// There is already a field with this name.
const EFieldAlreadyExists: u64 = 0;
/// There is no field with this name.
const EFieldDoesNotExist: u64 = 1;
/// The field's value has another type.
const EFieldTypeMismatch: u64 = 2;
/// The runtime could not encode the field.
const EBCSSerializationFailure: u64 = 3;
/// Shared objects cannot be made into anything else here.
const ESharedObjectOperationNotSupported: u64 = 4;

/// One field. It is an object itself, whose identity is the hash of the parent's and the name.
public struct Field<Name: copy + drop + store, Value: store> has key {
    id: UID,
    name: Name,
    value: Value,
}

/// Attach `value` to `object` under `name`.
public fun add<Name: copy + drop + store, Value: store>(
    object: &mut UID,
    name: Name,
    value: Value,
) {
    let parent = object.to_address();
    let at = hash_type_and_key(parent, name);
    if (has_child_object(parent, at)) abort EFieldAlreadyExists;
    add_child_object(parent, Field { id: object::new_uid_from_hash(at), name, value })
}

/// The value under `name`, which must have this type.
public fun borrow<Name: copy + drop + store, Value: store>(object: &UID, name: Name): &Value {
    &child<Name, Value>(object, name).value
}

/// The value under `name`, which must have this type, to be changed in place.
public fun borrow_mut<Name: copy + drop + store, Value: store>(
    object: &mut UID,
    name: Name,
): &mut Value {
    &mut child_mut<Name, Value>(object, name).value
}

/// Detach the value under `name`, which must have this type.
public fun remove<Name: copy + drop + store, Value: store>(object: &mut UID, name: Name): Value {
    let parent = object.to_address();
    let at = hash_type_and_key(parent, name);
    let Field { id, name: _, value } = remove_child_object<Field<Name, Value>>(parent, at);
    id.delete();
    value
}

/// Is there a value, of whatever type, under `name`?
public fun exists_<Name: copy + drop + store>(object: &UID, name: Name): bool {
    let parent = object.to_address();
    has_child_object(parent, hash_type_and_key(parent, name))
}

/// Detach the value under `name`, if there is one; if so, it must have this type.
public fun remove_if_exists<Name: copy + drop + store, Value: store>(
    object: &mut UID,
    name: Name,
): Option<Value> {
    if (!exists_(object, name)) return option::none();
    option::some(remove(object, name))
}

/// Is there a value of this type under `name`?
public fun exists_with_type<Name: copy + drop + store, Value: store>(
    object: &UID,
    name: Name,
): bool {
    let parent = object.to_address();
    has_child_object_with_ty<Field<Name, Value>>(parent, hash_type_and_key(parent, name))
}

// === Newer names ===

/// The newer name of `exists_`.
public fun exists<Name: copy + drop + store>(object: &UID, name: Name): bool {
    exists_(object, name)
}

/// Detach the value under `name`, if there is one; if so, it must have this type.
public fun remove_opt<Name: copy + drop + store, Value: store>(
    object: &mut UID,
    name: Name,
): Option<Value> {
    if (exists_(object, name)) option::some(remove(object, name)) else option::none()
}

/// Put `value` under `name`, and return what was there, which must have the type `ValueOld`.
public fun replace<Name: copy + drop + store, ValueNew: store, ValueOld: store>(
    object: &mut UID,
    name: Name,
    value: ValueNew,
): Option<ValueOld> {
    let old = remove_opt<Name, ValueOld>(object, name);
    add(object, name, value);
    old
}

/// For a field whose value is an object's ID: the field's identity and the address that its
/// value is.
public(package) fun field_info<Name: copy + drop + store>(
    object: &UID,
    name: Name,
): (&UID, address) {
    let field = child<Name, ID>(object, name);
    (&field.id, field.value.to_address())
}

/// `field_info` with the right to change.
public(package) fun field_info_mut<Name: copy + drop + store>(
    object: &mut UID,
    name: Name,
): (&mut UID, address) {
    let field = child_mut<Name, ID>(object, name);
    let value = field.value.to_address();
    (&mut field.id, value)
}

fun child<Name: copy + drop + store, Value: store>(object: &UID, name: Name): &Field<Name, Value> {
    let at = hash_type_and_key(object.to_address(), name);
    borrow_child_object(object, at)
}

fun child_mut<Name: copy + drop + store, Value: store>(
    object: &mut UID,
    name: Name,
): &mut Field<Name, Value> {
    let at = hash_type_and_key(object.to_address(), name);
    borrow_child_object_mut(object, at)
}

// === The runtime's store of children ===
// Each aborts with one of the codes above, as does what calls it.

public(package) native fun hash_type_and_key<K: copy + drop + store>(
    parent: address,
    k: K,
): address;
public(package) native fun add_child_object<Child: key>(parent: address, child: Child);
public(package) native fun borrow_child_object<Child: key>(object: &UID, id: address): &Child;
public(package) native fun borrow_child_object_mut<Child: key>(
    object: &mut UID,
    id: address,
): &mut Child;
public(package) native fun remove_child_object<Child: key>(parent: address, id: address): Child;
public(package) native fun has_child_object(parent: address, id: address): bool;
public(package) native fun has_child_object_with_ty<Child: key>(
    parent: address,
    id: address,
): bool;
