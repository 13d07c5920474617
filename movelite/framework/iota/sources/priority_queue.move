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
    let length = entries.length();
    let mut i = length / 2;
    while (i > 0) {
        i = i - 1;
        max_heapify_recursive(&mut entries, length, i);
    };
    PriorityQueue { entries }
}

/// Take out an entry of the highest priority: that, and the value.
public fun pop_max<T: drop>(pq: &mut PriorityQueue<T>): (u64, T) {
    let length = pq.entries.length();
    if (length == 0) abort EPopFromEmptyHeap;
    let Entry { priority, value } = pq.entries.swap_remove(0);
    max_heapify_recursive(&mut pq.entries, length - 1, 0);
    (priority, value)
}

/// Put an entry in.
public fun insert<T: drop>(pq: &mut PriorityQueue<T>, priority: u64, value: T) {
    let last = pq.entries.length();
    pq.entries.push_back(Entry { priority, value });
    restore_heap_recursive(&mut pq.entries, last)
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

/// Let entry `i` rise until its parent has no lower priority.
fun restore_heap_recursive<T: drop>(v: &mut vector<Entry<T>>, i: u64) {
    if (i == 0) return;
    let parent = (i - 1) / 2;
    if (v[parent].priority < v[i].priority) {
        v.swap(i, parent);
        restore_heap_recursive(v, parent)
    }
}

/// Let entry `i`, of the first `len`, sink until neither of its children has a higher priority.
fun max_heapify_recursive<T: drop>(v: &mut vector<Entry<T>>, len: u64, i: u64) {
    let left = 2 * i + 1;
    let right = left + 1;
    let mut greatest = i;
    if (left < len && v[left].priority > v[greatest].priority) greatest = left;
    if (right < len && v[right].priority > v[greatest].priority) greatest = right;
    if (greatest != i) {
        v.swap(greatest, i);
        max_heapify_recursive(v, len, greatest)
    }
}
