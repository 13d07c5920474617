/// A `table` of objects. They are dynamic object fields, so that each can still be found by its ID.
module iota::object_table;

use iota::dynamic_object_field as field;

/// There are still entries.
const ETableNotEmpty: u64 = 0;

public struct ObjectTable<phantom K: copy + drop + store, phantom V: key + store> has key, store {
    id: UID,
    /// Number of entries.
    size: u64,
}

/// A table without entries.
public fun new<K: copy + drop + store, V: key + store>(ctx: &mut TxContext): ObjectTable<K, V> {
    ObjectTable { id: object::new(ctx), size: 0 }
}

/// Enter `v` under `k`. Aborts in `dynamic_field` if there is already an entry.
public fun add<K: copy + drop + store, V: key + store>(
    table: &mut ObjectTable<K, V>,
    k: K,
    v: V,
) {
    field::add(&mut table.id, k, v);
    table.size = table.size + 1
}

/// The object under `k`. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow<K: copy + drop + store, V: key + store>(table: &ObjectTable<K, V>, k: K): &V {
    field::borrow(&table.id, k)
}

/// The object under `k`, to be changed in place. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow_mut<K: copy + drop + store, V: key + store>(
    table: &mut ObjectTable<K, V>,
    k: K,
): &mut V {
    field::borrow_mut(&mut table.id, k)
}

/// Take out the object under `k`. Aborts in `dynamic_field` if there is none.
public fun remove<K: copy + drop + store, V: key + store>(
    table: &mut ObjectTable<K, V>,
    k: K,
): V {
    let v = field::remove(&mut table.id, k);
    table.size = table.size - 1;
    v
}

/// Is there an entry under `k`?
public fun contains<K: copy + drop + store, V: key + store>(
    table: &ObjectTable<K, V>,
    k: K,
): bool {
    field::exists_(&table.id, k)
}

/// Number of entries.
public fun length<K: copy + drop + store, V: key + store>(table: &ObjectTable<K, V>): u64 {
    table.size
}

/// Are there no entries?
public fun is_empty<K: copy + drop + store, V: key + store>(table: &ObjectTable<K, V>): bool {
    table.size == 0
}

/// End a table without entries.
public fun destroy_empty<K: copy + drop + store, V: key + store>(table: ObjectTable<K, V>) {
    let ObjectTable { id, size } = table;
    if (size != 0) abort ETableNotEmpty;
    id.delete()
}

/// The ID of the object under `k`, if there is one.
public fun value_id<K: copy + drop + store, V: key + store>(
    table: &ObjectTable<K, V>,
    k: K,
): Option<ID> {
    field::id(&table.id, k)
}
