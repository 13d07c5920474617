/// Objects attached to an object under names. Unlike the value of a plain dynamic field an
/// attached object keeps its own place in the store, where its ID still finds it.
///
/// Each takes two records: a field that says which object has the name, and the object itself,
/// which that field owns.
module iota::dynamic_object_field;

use iota::dynamic_field as field;

/// Keeps names of this module apart from those of `dynamic_field`.
public struct Wrapper<Name> has copy, drop, store {
    name: Name,
}

// === Objects that anyone may move ===

/// Attach `value` to `object` under `name`.
public fun add<Name: copy + drop + store, Value: key + store>(
    object: &mut UID,
    name: Name,
    value: Value,
) {
    internal_add(object, name, value)
}

/// The object under `name`, which must have this type.
public fun borrow<Name: copy + drop + store, Value: key + store>(
    object: &UID,
    name: Name,
): &Value {
    internal_borrow(object, name)
}

/// The object under `name`, which must have this type, to be changed in place.
public fun borrow_mut<Name: copy + drop + store, Value: key + store>(
    object: &mut UID,
    name: Name,
): &mut Value {
    internal_borrow_mut(object, name)
}

/// Detach the object under `name`, which must have this type.
public fun remove<Name: copy + drop + store, Value: key + store>(
    object: &mut UID,
    name: Name,
): Value {
    internal_remove(object, name)
}

/// Is there an object, of whatever type, under `name`?
public fun exists_<Name: copy + drop + store>(object: &UID, name: Name): bool {
    field::exists_with_type<Wrapper<Name>, ID>(object, Wrapper { name })
}

/// Is there an object of this type under `name`?
public fun exists_with_type<Name: copy + drop + store, Value: key + store>(
    object: &UID,
    name: Name,
): bool {
    internal_exists_with_type<Name, Value>(object, name)
}

/// The ID of the object under `name`, if there is one.
public fun id<Name: copy + drop + store>(object: &UID, name: Name): Option<ID> {
    if (!exists_(object, name)) return option::none();
    let (_, value) = field::field_info(object, Wrapper { name });
    option::some(value.to_id())
}

// === Newer names ===

/// The newer name of `exists_`.
public fun exists<Name: copy + drop + store>(object: &UID, name: Name): bool {
    exists_(object, name)
}

/// Detach the object under `name`, if there is one; if so, it must have this type.
public fun remove_opt<Name: copy + drop + store, Value: key + store>(
    object: &mut UID,
    name: Name,
): Option<Value> {
    if (exists_(object, name)) option::some(remove(object, name)) else option::none()
}

/// Put `value` under `name`, and return what was there, which must have the type `ValueOld`.
public fun replace<Name: copy + drop + store, ValueNew: key + store, ValueOld: key + store>(
    object: &mut UID,
    name: Name,
    value: ValueNew,
): Option<ValueOld> {
    let old = remove_opt<Name, ValueOld>(object, name);
    add(object, name, value);
    old
}

// === Objects of any type, for modules of this package that see to it themselves ===

public(package) fun internal_add<Name: copy + drop + store, Value: key>(
    object: &mut UID,
    name: Name,
    value: Value,
) {
    let key = Wrapper { name };
    field::add(object, key, object::id(&value));
    let (owner, _) = field::field_info(object, key);
    field::add_child_object(owner.to_address(), value)
}

public(package) fun internal_borrow<Name: copy + drop + store, Value: key>(
    object: &UID,
    name: Name,
): &Value {
    let (owner, value) = field::field_info(object, Wrapper { name });
    field::borrow_child_object(owner, value)
}

public(package) fun internal_borrow_mut<Name: copy + drop + store, Value: key>(
    object: &mut UID,
    name: Name,
): &mut Value {
    let (owner, value) = field::field_info_mut(object, Wrapper { name });
    field::borrow_child_object_mut(owner, value)
}

public(package) fun internal_remove<Name: copy + drop + store, Value: key>(
    object: &mut UID,
    name: Name,
): Value {
    let key = Wrapper { name };
    let (owner, value) = field::field_info(object, key);
    let removed = field::remove_child_object(owner.to_address(), value);
    field::remove<Wrapper<Name>, ID>(object, key);
    removed
}

public(package) fun internal_exists_with_type<Name: copy + drop + store, Value: key>(
    object: &UID,
    name: Name,
): bool {
    if (!exists_(object, name)) return false;
    let (owner, value) = field::field_info(object, Wrapper { name });
    field::has_child_object_with_ty<Value>(owner.to_address(), value)
}
