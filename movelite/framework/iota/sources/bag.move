/// A `table` whose keys and values may each have another type. Two bags are equal exactly if they
/// are the same object, whatever is in them.
module iota::bag;

use iota::dynamic_field as field;

/// There are still entries.
const EBagNotEmpty: u64 = 0;

public struct Bag has key, store {
    id: UID,
    /// Number of entries.
    size: u64,
}

/// A bag without entries.
public fun new(ctx: &mut TxContext): Bag { Bag { id: object::new(ctx), size: 0 } }

/// Enter `v` under `k`. Aborts in `dynamic_field` if there is already an entry.
public fun add<K: copy + drop + store, V: store>(bag: &mut Bag, k: K, v: V) {
    field::add(&mut bag.id, k, v);
    bag.size = bag.size + 1
}

/// The value under `k`. Aborts in `dynamic_field` if there is none, or one of another type.
#[syntax(index)]
public fun borrow<K: copy + drop + store, V: store>(bag: &Bag, k: K): &V {
    field::borrow(&bag.id, k)
}

/// The value under `k`, to be changed in place. Aborts in `dynamic_field` if there is none, or one
/// of another type.
#[syntax(index)]
public fun borrow_mut<K: copy + drop + store, V: store>(bag: &mut Bag, k: K): &mut V {
    field::borrow_mut(&mut bag.id, k)
}

/// Take out the value under `k`. Aborts in `dynamic_field` if there is none, or one of another
/// type.
public fun remove<K: copy + drop + store, V: store>(bag: &mut Bag, k: K): V {
    let v = field::remove(&mut bag.id, k);
    bag.size = bag.size - 1;
    v
}

/// Is there an entry, of whatever type, under `k`?
public fun contains<K: copy + drop + store>(bag: &Bag, k: K): bool { field::exists_(&bag.id, k) }

/// Is there an entry of this type under `k`?
public fun contains_with_type<K: copy + drop + store, V: store>(bag: &Bag, k: K): bool {
    field::exists_with_type<K, V>(&bag.id, k)
}

/// Number of entries.
public fun length(bag: &Bag): u64 { bag.size }

/// Are there no entries?
public fun is_empty(bag: &Bag): bool { bag.size == 0 }

/// End a bag without entries.
public fun destroy_empty(bag: Bag) {
    let Bag { id, size } = bag;
    if (size != 0) abort EBagNotEmpty;
    id.delete()
}
