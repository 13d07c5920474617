/// A heap: what has the highest priority comes out first.
module iota::priority_queue;

/// There is nothing to take out.
const EPopFromEmptyHeap: u64 = 0;
/// There must be one value for each priority.
const EUnequalLengths: u64 = 0;

public struct PriorityQueue<T: drop> has drop, store {
    /// No entry has a higher priority than the one at half its index (less one half).
    entries: vector<Entry<T>>,
}

public struct Entry<T: drop> has drop, store {
    priority: u64,
    value: T,
}

/// A queue of `entries`, which may come in any order.
public fun new<T: drop>(mut entries: vector<Entry<T>>): PriorityQueue<T> {
    let mut i = entries.length() / 2;
    while (i > 0) {
        i = i - 1;
        sink(&mut entries, i);
    };
    PriorityQueue { entries }
}

/// Take out an entry of the highest priority: that, and the value.
public fun pop_max<T: drop>(pq: &mut PriorityQueue<T>): (u64, T) {
    if (pq.entries.is_empty()) abort EPopFromEmptyHeap;
    let Entry { priority, value } = pq.entries.swap_remove(0);
    sink(&mut pq.entries, 0);
    (priority, value)
}

/// Put an entry in.
public fun insert<T: drop>(pq: &mut PriorityQueue<T>, priority: u64, value: T) {
    let mut i = pq.entries.length();
    pq.entries.push_back(Entry { priority, value });
    while (i > 0) {
        let parent = (i - 1) / 2;
        if (pq.entries[parent].priority >= priority) break;
        pq.entries.swap(i, parent);
        i = parent;
    }
}

/// An entry for `new`.
public fun new_entry<T: drop>(priority: u64, value: T): Entry<T> { Entry { priority, value } }

/// Entries for `new`: each priority in `p` with the value at the same place in `v`.
public fun create_entries<T: drop>(p: vector<u64>, v: vector<T>): vector<Entry<T>> {
    if (v.length() != p.length()) abort EUnequalLengths;
    p.zip_map!(v, |priority, value| Entry { priority, value })
}

/// The priorities, as the heap has them: the highest first, the others in no useful order.
public fun priorities<T: drop>(pq: &PriorityQueue<T>): vector<u64> {
    pq.entries.map_ref!(|entry| entry.priority)
}

/// Let entry `i` change places with the greater of its two children until neither is greater.
fun sink<T: drop>(entries: &mut vector<Entry<T>>, mut i: u64) {
    let length = entries.length();
    loop {
        let left = 2 * i + 1;
        let right = left + 1;
        let mut greatest = i;
        if (left < length && entries[left].priority > entries[greatest].priority) greatest = left;
        if (right < length && entries[right].priority > entries[greatest].priority) greatest = right;
        if (greatest == i) break;
        entries.swap(greatest, i);
        i = greatest;
    }
}
