/// A `bag` of objects. They are dynamic object fields, so that each can still be found by its ID.
module iota::object_bag;

use iota::dynamic_object_field as field;

/// There are still entries.
const EBagNotEmpty: u64 = 0;

public struct ObjectBag has key, store {
    id: UID,
    /// Number of entries.
    size: u64,
}

/// A bag without entries.
public fun new(ctx: &mut TxContext): ObjectBag { ObjectBag { id: object::new(ctx), size: 0 } }

/// Enter `v` under `k`. Aborts in `dynamic_field` if there is already an entry.
public fun add<K: copy + drop + store, V: key + store>(bag: &mut ObjectBag, k: K, v: V) {
    field::add(&mut bag.id, k, v);
    bag.size = bag.size + 1
}

/// The object under `k`. Aborts in `dynamic_field` if there is none, or one of another type.
#[syntax(index)]
public fun borrow<K: copy + drop + store, V: key + store>(bag: &ObjectBag, k: K): &V {
    field::borrow(&bag.id, k)
}

/// The object under `k`, to be changed in place. Aborts in `dynamic_field` if there is none, or
/// one of another type.
#[syntax(index)]
public fun borrow_mut<K: copy + drop + store, V: key + store>(bag: &mut ObjectBag, k: K): &mut V {
    field::borrow_mut(&mut bag.id, k)
}

/// Take out the object under `k`. Aborts in `dynamic_field` if there is none, or one of another
/// type.
public fun remove<K: copy + drop + store, V: key + store>(bag: &mut ObjectBag, k: K): V {
    let v = field::remove(&mut bag.id, k);
    bag.size = bag.size - 1;
    v
}

/// Is there an object, of whatever type, under `k`?
public fun contains<K: copy + drop + store>(bag: &ObjectBag, k: K): bool {
    field::exists_(&bag.id, k)
}

/// Is there an object of this type under `k`?
public fun contains_with_type<K: copy + drop + store, V: key + store>(
    bag: &ObjectBag,
    k: K,
): bool {
    field::exists_with_type<K, V>(&bag.id, k)
}

/// Number of entries.
public fun length(bag: &ObjectBag): u64 { bag.size }

/// Are there no entries?
public fun is_empty(bag: &ObjectBag): bool { bag.size == 0 }

/// End a bag without entries.
public fun destroy_empty(bag: ObjectBag) {
    let ObjectBag { id, size } = bag;
    if (size != 0) abort EBagNotEmpty;
    id.delete()
}

/// The ID of the object under `k`, if there is one.
public fun value_id<K: copy + drop + store>(bag: &ObjectBag, k: K): Option<ID> {
    field::id(&bag.id, k)
}
