/// A map for few entries: a vector of them, in the order they were put in, searched from its
/// front. Maps with the same entries in another order are not equal. For many entries take a
/// `table`.
module iota::vec_map;

/// The key is already there.
const EKeyAlreadyExists: u64 = 0;
/// The key is not there.
const EKeyDoesNotExist: u64 = 1;
/// There are still entries.
const EMapNotEmpty: u64 = 2;
/// No entry has this index.
const EIndexOutOfBounds: u64 = 3;
/// There are no entries.
const EMapEmpty: u64 = 4;
/// There must be one value for each key.
const EUnequalLengths: u64 = 5;

public struct VecMap<K: copy, V> has copy, drop, store {
    contents: vector<Entry<K, V>>,
}

public struct Entry<K: copy, V> has copy, drop, store {
    key: K,
    value: V,
}

/// Without entries.
public fun empty<K: copy, V>(): VecMap<K, V> { VecMap { contents: vector[] } }

/// Enter `value` under `key`, behind all others.
public fun insert<K: copy, V>(self: &mut VecMap<K, V>, key: K, value: V) {
    if (self.contains(&key)) abort EKeyAlreadyExists;
    self.contents.push_back(Entry { key, value })
}

/// Take out the entry under `key`; those behind it move up.
public fun remove<K: copy, V>(self: &mut VecMap<K, V>, key: &K): (K, V) {
    let i = self.get_idx(key);
    let Entry { key, value } = self.contents.remove(i);
    (key, value)
}

/// Take out the last entry.
public fun pop<K: copy, V>(self: &mut VecMap<K, V>): (K, V) {
    if (self.contents.is_empty()) abort EMapEmpty;
    let Entry { key, value } = self.contents.pop_back();
    (key, value)
}

/// The value under `key`, to be changed in place.
#[syntax(index)]
public fun get_mut<K: copy, V>(self: &mut VecMap<K, V>, key: &K): &mut V {
    let i = self.get_idx(key);
    &mut self.contents[i].value
}

/// The value under `key`.
#[syntax(index)]
public fun get<K: copy, V>(self: &VecMap<K, V>, key: &K): &V {
    let i = self.get_idx(key);
    &self.contents[i].value
}

/// A copy of the value under `key`, if there is one.
public fun try_get<K: copy, V: copy>(self: &VecMap<K, V>, key: &K): Option<V> {
    self.get_idx_opt(key).map!(|i| self.contents[i].value)
}

/// Is there an entry under `key`?
public fun contains<K: copy, V>(self: &VecMap<K, V>, key: &K): bool {
    self.get_idx_opt(key).is_some()
}

/// Number of entries.
public fun size<K: copy, V>(self: &VecMap<K, V>): u64 { self.contents.length() }

/// The newer name of `size`.
public fun length<K: copy, V>(self: &VecMap<K, V>): u64 { self.contents.length() }

/// Are there no entries?
public fun is_empty<K: copy, V>(self: &VecMap<K, V>): bool { self.contents.length() == 0 }

/// Get rid of a map without entries.
public fun destroy_empty<K: copy, V>(self: VecMap<K, V>) {
    let VecMap { contents } = self;
    if (!contents.is_empty()) abort EMapNotEmpty;
    contents.destroy_empty()
}

/// All keys and all values, in order.
public fun into_keys_values<K: copy, V>(self: VecMap<K, V>): (vector<K>, vector<V>) {
    let VecMap { contents } = self;
    let (mut keys, mut values) = (vector[], vector[]);
    contents.do!(|entry| {
        let Entry { key, value } = entry;
        keys.push_back(key);
        values.push_back(value);
    });
    (keys, values)
}

/// The map of each key in `keys` to the value at the same place in `values`.
public fun from_keys_values<K: copy, V>(keys: vector<K>, values: vector<V>): VecMap<K, V> {
    if (keys.length() != values.length()) abort EUnequalLengths;
    let mut map = empty();
    keys.zip_do!(values, |key, value| map.insert(key, value));
    map
}

/// Copies of all keys, in order.
public fun keys<K: copy, V>(self: &VecMap<K, V>): vector<K> {
    self.contents.map_ref!(|entry| entry.key)
}

/// Where the entry under `key` is, if there is one.
public fun get_idx_opt<K: copy, V>(self: &VecMap<K, V>, key: &K): Option<u64> {
    self.contents.find_index!(|entry| &entry.key == key)
}

/// Where the entry under `key` is.
public fun get_idx<K: copy, V>(self: &VecMap<K, V>, key: &K): u64 {
    self.get_idx_opt(key).destroy_or!(abort EKeyDoesNotExist)
}

/// The entry at `idx`.
public fun get_entry_by_idx<K: copy, V>(self: &VecMap<K, V>, idx: u64): (&K, &V) {
    if (idx >= self.size()) abort EIndexOutOfBounds;
    let Entry { key, value } = &self.contents[idx];
    (key, value)
}

/// The entry at `idx`, its value to be changed in place.
public fun get_entry_by_idx_mut<K: copy, V>(self: &mut VecMap<K, V>, idx: u64): (&K, &mut V) {
    if (idx >= self.size()) abort EIndexOutOfBounds;
    let Entry { key, value } = &mut self.contents[idx];
    (key, value)
}

/// Take out the entry at `idx`; those behind it move up.
public fun remove_entry_by_idx<K: copy, V>(self: &mut VecMap<K, V>, idx: u64): (K, V) {
    if (idx >= self.size()) abort EIndexOutOfBounds;
    let Entry { key, value } = self.contents.remove(idx);
    (key, value)
}
