/// A map whose entries are dynamic fields: it grows without bound, and a transaction loads only
/// the entries it touches. Two tables are equal exactly if they are the same object, whatever is
/// in them. All keys have one type, and all values.
module iota::table;

use iota::dynamic_field as field;

/// There are still entries.
const ETableNotEmpty: u64 = 0;

public struct Table<phantom K: copy + drop + store, phantom V: store> has key, store {
    id: UID,
    /// Number of entries.
    size: u64,
}

/// A table without entries.
public fun new<K: copy + drop + store, V: store>(ctx: &mut TxContext): Table<K, V> {
    Table { id: object::new(ctx), size: 0 }
}

/// Enter `v` under `k`. Aborts in `dynamic_field` if there is already an entry.
public fun add<K: copy + drop + store, V: store>(table: &mut Table<K, V>, k: K, v: V) {
    field::add(&mut table.id, k, v);
    table.size = table.size + 1
}

/// The value under `k`. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow<K: copy + drop + store, V: store>(table: &Table<K, V>, k: K): &V {
    field::borrow(&table.id, k)
}

/// The value under `k`, to be changed in place. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow_mut<K: copy + drop + store, V: store>(table: &mut Table<K, V>, k: K): &mut V {
    field::borrow_mut(&mut table.id, k)
}

/// Take out the value under `k`. Aborts in `dynamic_field` if there is none.
public fun remove<K: copy + drop + store, V: store>(table: &mut Table<K, V>, k: K): V {
    let v = field::remove(&mut table.id, k);
    table.size = table.size - 1;
    v
}

/// Is there an entry under `k`?
public fun contains<K: copy + drop + store, V: store>(table: &Table<K, V>, k: K): bool {
    field::exists_with_type<K, V>(&table.id, k)
}

/// Number of entries.
public fun length<K: copy + drop + store, V: store>(table: &Table<K, V>): u64 { table.size }

/// Are there no entries?
public fun is_empty<K: copy + drop + store, V: store>(table: &Table<K, V>): bool {
    table.size == 0
}

/// End a table without entries.
public fun destroy_empty<K: copy + drop + store, V: store>(table: Table<K, V>) {
    let Table { id, size } = table;
    if (size != 0) abort ETableNotEmpty;
    id.delete()
}

/// End a table whatever is in it; its entries are out of reach from then on, and no storage fee
/// is paid back for them.
public fun drop<K: copy + drop + store, V: drop + store>(table: Table<K, V>) {
    let Table { id, size: _ } = table;
    id.delete()
}
