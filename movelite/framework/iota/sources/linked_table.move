/// A `table` that remembers an order: entries are put in at either end, and one finds the next
/// and the previous of each.
module iota::linked_table;

use iota::dynamic_field as field;

/// There are still entries.
const ETableNotEmpty: u64 = 0;
/// There are no entries.
const ETableIsEmpty: u64 = 1;

public struct LinkedTable<K: copy + drop + store, phantom V: store> has key, store {
    id: UID,
    /// Number of entries.
    size: u64,
    /// Key of the first entry.
    head: Option<K>,
    /// Key of the last entry.
    tail: Option<K>,
}

/// What is stored under each key.
public struct Node<K: copy + drop + store, V: store> has store {
    prev: Option<K>,
    next: Option<K>,
    value: V,
}

/// A table without entries.
public fun new<K: copy + drop + store, V: store>(ctx: &mut TxContext): LinkedTable<K, V> {
    LinkedTable { id: object::new(ctx), size: 0, head: option::none(), tail: option::none() }
}

/// The key of the first entry, if there is one.
public fun front<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>): &Option<K> {
    &table.head
}

/// The key of the last entry, if there is one.
public fun back<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>): &Option<K> {
    &table.tail
}

/// Enter `value` under `k` before the first entry. Aborts in `dynamic_field` if `k` has an entry.
public fun push_front<K: copy + drop + store, V: store>(
    table: &mut LinkedTable<K, V>,
    k: K,
    value: V,
) {
    let next = table.head.swap_or_fill(k);
    if (next.is_some()) {
        table.node_mut(*next.borrow()).prev = option::some(k)
    } else {
        table.tail.fill(k)
    };
    field::add(&mut table.id, k, Node { prev: option::none(), next, value });
    table.size = table.size + 1
}

/// Enter `value` under `k` behind the last entry. Aborts in `dynamic_field` if `k` has an entry.
public fun push_back<K: copy + drop + store, V: store>(
    table: &mut LinkedTable<K, V>,
    k: K,
    value: V,
) {
    let prev = table.tail.swap_or_fill(k);
    if (prev.is_some()) {
        table.node_mut(*prev.borrow()).next = option::some(k)
    } else {
        table.head.fill(k)
    };
    field::add(&mut table.id, k, Node { prev, next: option::none(), value });
    table.size = table.size + 1
}

/// The value under `k`. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>, k: K): &V {
    &table.node(k).value
}

/// The value under `k`, to be changed in place. Aborts in `dynamic_field` if there is none.
#[syntax(index)]
public fun borrow_mut<K: copy + drop + store, V: store>(
    table: &mut LinkedTable<K, V>,
    k: K,
): &mut V {
    &mut table.node_mut(k).value
}

/// The key before `k`, if it is not the first. Aborts in `dynamic_field` if `k` has no entry.
public fun prev<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>, k: K): &Option<K> {
    &table.node(k).prev
}

/// The key behind `k`, if it is not the last. Aborts in `dynamic_field` if `k` has no entry.
public fun next<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>, k: K): &Option<K> {
    &table.node(k).next
}

/// Take out the value under `k`. Aborts in `dynamic_field` if there is none.
public fun remove<K: copy + drop + store, V: store>(table: &mut LinkedTable<K, V>, k: K): V {
    let Node<K, V> { prev, next, value } = field::remove(&mut table.id, k);
    table.size = table.size - 1;
    if (prev.is_some()) table.node_mut(*prev.borrow()).next = next else table.head = next;
    if (next.is_some()) table.node_mut(*next.borrow()).prev = prev else table.tail = prev;
    value
}

/// Take out the first entry.
public fun pop_front<K: copy + drop + store, V: store>(table: &mut LinkedTable<K, V>): (K, V) {
    if (table.head.is_none()) abort ETableIsEmpty;
    let k = *table.head.borrow();
    (k, table.remove(k))
}

/// Take out the last entry.
public fun pop_back<K: copy + drop + store, V: store>(table: &mut LinkedTable<K, V>): (K, V) {
    if (table.tail.is_none()) abort ETableIsEmpty;
    let k = *table.tail.borrow();
    (k, table.remove(k))
}

/// Is there an entry under `k`?
public fun contains<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>, k: K): bool {
    field::exists_with_type<K, Node<K, V>>(&table.id, k)
}

/// Number of entries.
public fun length<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>): u64 { table.size }

/// Are there no entries?
public fun is_empty<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>): bool {
    table.size == 0
}

/// End a table without entries.
public fun destroy_empty<K: copy + drop + store, V: store>(table: LinkedTable<K, V>) {
    let LinkedTable { id, size, head: _, tail: _ } = table;
    if (size != 0) abort ETableNotEmpty;
    id.delete()
}

/// End a table whatever is in it; its entries are out of reach from then on, and no storage fee
/// is paid back for them.
public fun drop<K: copy + drop + store, V: drop + store>(table: LinkedTable<K, V>) {
    let LinkedTable { id, size: _, head: _, tail: _ } = table;
    id.delete()
}

fun node<K: copy + drop + store, V: store>(table: &LinkedTable<K, V>, k: K): &Node<K, V> {
    field::borrow(&table.id, k)
}

fun node_mut<K: copy + drop + store, V: store>(
    table: &mut LinkedTable<K, V>,
    k: K,
): &mut Node<K, V> {
    field::borrow_mut(&mut table.id, k)
}
