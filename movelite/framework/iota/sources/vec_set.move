/// A set for few keys: a vector of them, in the order they were put in, searched from its front.
/// Sets with the same keys in another order are not equal.
module iota::vec_set;

/// The key is already there.
const EKeyAlreadyExists: u64 = 0;
/// The key is not there.
const EKeyDoesNotExist: u64 = 1;

public struct VecSet<K: copy + drop> has copy, drop, store {
    contents: vector<K>,
}

/// Without keys.
public fun empty<K: copy + drop>(): VecSet<K> { VecSet { contents: vector[] } }

/// `key` alone.
public fun singleton<K: copy + drop>(key: K): VecSet<K> { VecSet { contents: vector[key] } }

/// Put `key` in, behind all others.
public fun insert<K: copy + drop>(self: &mut VecSet<K>, key: K) {
    if (self.contents.contains(&key)) abort EKeyAlreadyExists;
    self.contents.push_back(key)
}

/// Take `key` out; those behind it move up.
public fun remove<K: copy + drop>(self: &mut VecSet<K>, key: &K) {
    let i = self.get_idx(key);
    self.contents.remove(i);
}

/// Is `key` there?
public fun contains<K: copy + drop>(self: &VecSet<K>, key: &K): bool {
    self.contents.contains(key)
}

/// Number of keys.
public fun size<K: copy + drop>(self: &VecSet<K>): u64 { self.contents.length() }

/// The newer name of `size`.
public fun length<K: copy + drop>(self: &VecSet<K>): u64 { self.contents.length() }

/// Are there no keys?
public fun is_empty<K: copy + drop>(self: &VecSet<K>): bool { self.contents.is_empty() }

/// The keys, in order.
public fun into_keys<K: copy + drop>(self: VecSet<K>): vector<K> {
    let VecSet { contents } = self;
    contents
}

/// The set of `keys`, among which no two may be equal.
public fun from_keys<K: copy + drop>(keys: vector<K>): VecSet<K> {
    let mut set = empty();
    keys.do!(|key| set.insert(key));
    set
}

/// The keys, in order, borrowed.
public fun keys<K: copy + drop>(self: &VecSet<K>): &vector<K> { &self.contents }

fun get_idx_opt<K: copy + drop>(self: &VecSet<K>, key: &K): Option<u64> {
    self.contents.find_index!(|k| k == key)
}

fun get_idx<K: copy + drop>(self: &VecSet<K>, key: &K): u64 {
    self.get_idx_opt(key).destroy_or!(abort EKeyDoesNotExist)
}
