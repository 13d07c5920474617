/// Sequences of values, all of one type, numbered from 0.
#[defines_primitive(vector)]
module std::vector;

public use fun std::string::utf8 as vector.to_string;
public use fun std::string::try_utf8 as vector.try_to_string;
public use fun std::ascii::string as vector.to_ascii_string;
public use fun std::ascii::try_string as vector.try_to_ascii_string;

/// No element has this index.
const EINDEX_OUT_OF_BOUNDS: u64 = 0x20000;

// === Instructions of the virtual machine ===
// A wrong index, an empty vector to pop from or a full one to destroy is a vector error there.

/// The vector without elements.
#[bytecode_instruction]
public native fun empty<Element>(): vector<Element>;

/// How many elements `v` has.
#[bytecode_instruction]
public native fun length<Element>(v: &vector<Element>): u64;

/// Element `i`; `&v[i]` for short.
#[syntax(index)]
#[bytecode_instruction]
public native fun borrow<Element>(v: &vector<Element>, i: u64): &Element;

/// Put `e` behind the last element.
#[bytecode_instruction]
public native fun push_back<Element>(v: &mut vector<Element>, e: Element);

/// Element `i`, to be changed in place; `&mut v[i]` for short.
#[syntax(index)]
#[bytecode_instruction]
public native fun borrow_mut<Element>(v: &mut vector<Element>, i: u64): &mut Element;

/// Take the last element off.
#[bytecode_instruction]
public native fun pop_back<Element>(v: &mut vector<Element>): Element;

/// Get rid of a vector that has no elements.
#[bytecode_instruction]
public native fun destroy_empty<Element>(v: vector<Element>);

/// Let elements `i` and `j` change places.
#[bytecode_instruction]
public native fun swap<Element>(v: &mut vector<Element>, i: u64, j: u64);

// === Functions ===

/// The vector of `e` alone.
public fun singleton<Element>(e: Element): vector<Element> { vector[e] }

/// Has `v` no elements?
public fun is_empty<Element>(v: &vector<Element>): bool { v.length() == 0 }

/// Turn the order of the elements round.
public fun reverse<Element>(v: &mut vector<Element>) {
    let length = v.length();
    let half = length / 2;
    let mut i = 0;
    while (i < half) {
        v.swap(i, length - 1 - i);
        i = i + 1;
    }
}

/// Put the elements of `other` behind those of `lhs`.
public fun append<Element>(lhs: &mut vector<Element>, mut other: vector<Element>) {
    other.reverse();
    let mut left = other.length();
    while (left > 0) {
        lhs.push_back(other.pop_back());
        left = left - 1;
    };
    other.destroy_empty()
}

/// Is some element equal to `e`?
public fun contains<Element>(v: &vector<Element>, e: &Element): bool {
    let (found, _) = v.index_of(e);
    found
}

/// Whether some element is equal to `e`, and the index of the first such one (0 if none is).
public fun index_of<Element>(v: &vector<Element>, e: &Element): (bool, u64) {
    let length = v.length();
    let mut i = 0;
    while (i < length) {
        if (&v[i] == e) return (true, i);
        i = i + 1;
    };
    (false, 0)
}

/// Take element `i` out; those behind it move up by one.
public fun remove<Element>(v: &mut vector<Element>, mut i: u64): Element {
    let length = v.length();
    if (i >= length) abort EINDEX_OUT_OF_BOUNDS;
    i = i + 1;
    while (i < length) {
        v.swap(i - 1, i);
        i = i + 1;
    };
    v.pop_back()
}

/// Make `e` element `i`; those that were there and behind move down by one.
public fun insert<Element>(v: &mut vector<Element>, e: Element, i: u64) {
    let mut hole = v.length();
    if (i > hole) abort EINDEX_OUT_OF_BOUNDS;
    v.push_back(e);
    while (hole > i) {
        v.swap(hole - 1, hole);
        hole = hole - 1;
    }
}

/// Take element `i` out; the last one takes its place. Quick, but the order changes.
public fun swap_remove<Element>(v: &mut vector<Element>, i: u64): Element {
    let length = v.length();
    if (length == 0) abort EINDEX_OUT_OF_BOUNDS;
    v.swap(i, length - 1);
    v.pop_back()
}

/// All elements of the vectors in `v`, one after the other.
public fun flatten<T>(v: vector<vector<T>>): vector<T> {
    let mut all = vector[];
    v.do!(|part| all.append(part));
    all
}

// === Macros that make or use up a vector ===

/// `$f(0)`, `$f(1)`, ... up to `$f($n - 1)`.
public macro fun tabulate<$T>($n: u64, $f: |u64| -> $T): vector<$T> {
    let n = $n;
    let mut made = vector[];
    n.do!(|i| made.push_back($f(i)));
    made
}

/// `$f` on each element, from the last to the first.
public macro fun destroy<$T, $R: drop>($v: vector<$T>, $f: |$T| -> $R) {
    let mut v = $v;
    v.length().do!(|_| $f(v.pop_back()));
    v.destroy_empty()
}

/// `$f` on each element, from the first to the last.
public macro fun do<$T, $R: drop>($v: vector<$T>, $f: |$T| -> $R) {
    let mut v = $v;
    v.reverse();
    v.length().do!(|_| $f(v.pop_back()));
    v.destroy_empty()
}

/// `$f` on a reference to each element.
public macro fun do_ref<$T, $R: drop>($v: &vector<$T>, $f: |&$T| -> $R) {
    let v = $v;
    v.length().do!(|i| $f(&v[i]))
}

/// `$f` on a mutable reference to each element.
public macro fun do_mut<$T, $R: drop>($v: &mut vector<$T>, $f: |&mut $T| -> $R) {
    let v = $v;
    v.length().do!(|i| $f(&mut v[i]))
}

/// What `$f` makes of each element, in order.
public macro fun map<$T, $U>($v: vector<$T>, $f: |$T| -> $U): vector<$U> {
    let v = $v;
    let mut made = vector[];
    v.do!(|e| made.push_back($f(e)));
    made
}

/// What `$f` makes of a reference to each element, in order.
public macro fun map_ref<$T, $U>($v: &vector<$T>, $f: |&$T| -> $U): vector<$U> {
    let v = $v;
    let mut made = vector[];
    v.do_ref!(|e| made.push_back($f(e)));
    made
}

/// What `$f` makes of a mutable reference to each element, in order.
public macro fun map_mut<$T, $U>($v: &mut vector<$T>, $f: |&mut $T| -> $U): vector<$U> {
    let v = $v;
    let mut made = vector[];
    v.do_mut!(|e| made.push_back($f(e)));
    made
}

/// The elements for which `$f` holds.
public macro fun filter<$T: drop>($v: vector<$T>, $f: |&$T| -> bool): vector<$T> {
    let v = $v;
    let mut kept = vector[];
    v.do!(|e| if ($f(&e)) kept.push_back(e));
    kept
}

/// The elements for which `$f` holds, and the others.
public macro fun partition<$T>($v: vector<$T>, $f: |&$T| -> bool): (vector<$T>, vector<$T>) {
    let v = $v;
    let (mut kept, mut others) = (vector[], vector[]);
    v.do!(|e| if ($f(&e)) kept.push_back(e) else others.push_back(e));
    (kept, others)
}

/// Begin with `$init` and let `$f` take in one element after the other.
public macro fun fold<$T, $Acc>($v: vector<$T>, $init: $Acc, $f: |$Acc, $T| -> $Acc): $Acc {
    let v = $v;
    let mut total = $init;
    v.do!(|e| total = $f(total, e));
    total
}

/// The first `$n` elements; the others are dropped. Fails if there are fewer than `$n`.
public macro fun take<$T: drop>($v: vector<$T>, $n: u64): vector<$T> {
    let mut v = $v;
    let n = $n;
    assert!(n <= v.length());
    (v.length() - n).do!(|_| v.pop_back());
    v
}

/// All but the first `$n` elements; none if there are no more than `$n`.
public macro fun skip<$T: drop>($v: vector<$T>, $n: u64): vector<$T> {
    let mut v = $v;
    let n = $n;
    let length = v.length();
    let mut rest = vector[];
    if (n < length) {
        (length - n).do!(|_| rest.push_back(v.pop_back()));
        rest.reverse();
    };
    rest
}

/// The elements before the first for which `$p` does not hold.
public macro fun take_while<$T: drop>($v: vector<$T>, $p: |&$T| -> bool): vector<$T> {
    let v = $v;
    let mut kept = vector[];
    'take_while: {
        v.do!(|e| if ($p(&e)) kept.push_back(e) else return 'take_while);
    };
    kept
}

/// The elements from the first on for which `$p` does not hold.
public macro fun skip_while<$T: drop>($v: vector<$T>, $p: |&$T| -> bool): vector<$T> {
    let v = $v;
    let mut rest = vector[];
    v.do!(|e| if (!rest.is_empty() || !$p(&e)) rest.push_back(e));
    rest
}

// === Macros that look ===

/// The index of the first element for which `$f` holds.
public macro fun find_index<$T>($v: &vector<$T>, $f: |&$T| -> bool): Option<u64> {
    let v = $v;
    'find_index: {
        v.length().do!(|i| if ($f(&v[i])) return 'find_index option::some(i));
        option::none()
    }
}

/// The indices of all elements for which `$f` holds.
public macro fun find_indices<$T>($v: &vector<$T>, $f: |&$T| -> bool): vector<u64> {
    let v = $v;
    let mut found = vector[];
    v.length().do!(|i| if ($f(&v[i])) found.push_back(i));
    found
}

/// How many elements there are for which `$f` holds.
public macro fun count<$T>($v: &vector<$T>, $f: |&$T| -> bool): u64 {
    let v = $v;
    let mut holds = 0;
    v.do_ref!(|e| if ($f(e)) holds = holds + 1);
    holds
}

/// Does `$f` hold for some element? Asks no further than the first.
public macro fun any<$T>($v: &vector<$T>, $f: |&$T| -> bool): bool {
    let v = $v;
    'any: {
        v.do_ref!(|e| if ($f(e)) return 'any true);
        false
    }
}

/// Does `$f` hold for every element? Asks no further than the first for which it does not.
public macro fun all<$T>($v: &vector<$T>, $f: |&$T| -> bool): bool {
    let v = $v;
    'all: {
        v.do_ref!(|e| if (!$f(e)) return 'all false);
        true
    }
}

// === Macros over two vectors, which must have the same length ===

/// `$f` on both first elements, both second ones and so on.
public macro fun zip_do<$T1, $T2, $R: drop>(
    $v1: vector<$T1>,
    $v2: vector<$T2>,
    $f: |$T1, $T2| -> $R,
) {
    let v1 = $v1;
    let mut v2 = $v2;
    v2.reverse();
    assert!(v1.length() == v2.length());
    v1.do!(|a| $f(a, v2.pop_back()));
    v2.destroy_empty()
}

/// `$f` on both last elements, both last but one and so on.
public macro fun zip_do_reverse<$T1, $T2, $R: drop>(
    $v1: vector<$T1>,
    $v2: vector<$T2>,
    $f: |$T1, $T2| -> $R,
) {
    let v1 = $v1;
    let mut v2 = $v2;
    assert!(v1.length() == v2.length());
    v1.destroy!(|a| $f(a, v2.pop_back()));
    v2.destroy_empty()
}

/// `zip_do!` over references.
public macro fun zip_do_ref<$T1, $T2, $R: drop>(
    $v1: &vector<$T1>,
    $v2: &vector<$T2>,
    $f: |&$T1, &$T2| -> $R,
) {
    let (v1, v2) = ($v1, $v2);
    assert!(v1.length() == v2.length());
    v1.length().do!(|i| $f(&v1[i], &v2[i]))
}

/// `zip_do!` over mutable references.
public macro fun zip_do_mut<$T1, $T2, $R: drop>(
    $v1: &mut vector<$T1>,
    $v2: &mut vector<$T2>,
    $f: |&mut $T1, &mut $T2| -> $R,
) {
    let (v1, v2) = ($v1, $v2);
    assert!(v1.length() == v2.length());
    v1.length().do!(|i| $f(&mut v1[i], &mut v2[i]))
}

/// What `$f` makes of each pair.
public macro fun zip_map<$T1, $T2, $U>(
    $v1: vector<$T1>,
    $v2: vector<$T2>,
    $f: |$T1, $T2| -> $U,
): vector<$U> {
    let mut made = vector[];
    zip_do!($v1, $v2, |a, b| made.push_back($f(a, b)));
    made
}

/// What `$f` makes of references to each pair.
public macro fun zip_map_ref<$T1, $T2, $U>(
    $v1: &vector<$T1>,
    $v2: &vector<$T2>,
    $f: |&$T1, &$T2| -> $U,
): vector<$U> {
    let mut made = vector[];
    zip_do_ref!($v1, $v2, |a, b| made.push_back($f(a, b)));
    made
}

// === Order ===

/// Sort in place; `$le` says whether the first may stand before the second. Elements that may
/// stand either way keep their order. For short or nearly sorted vectors.
public macro fun insertion_sort_by<$T>($v: &mut vector<$T>, $le: |&$T, &$T| -> bool) {
    let v = $v;
    let length = v.length();
    let mut sorted = 1;
    while (sorted < length) {
        let mut i = sorted;
        while (i > 0 && !$le(&v[i - 1], &v[i])) {
            v.swap(i - 1, i);
            i = i - 1;
        };
        sorted = sorted + 1;
    }
}

/// Sort in place like `insertion_sort_by!`, by merging ever longer sorted runs. For long vectors.
public macro fun merge_sort_by<$T>($v: &mut vector<$T>, $le: |&$T, &$T| -> bool) {
    let v = $v;
    let length = v.length();
    let mut width = 1;
    while (width < length) {
        // Take the vector apart from the back; every element is moved once for each width.
        let mut source = vector[];
        length.do!(|_| source.push_back(v.pop_back()));
        let mut done = 0;
        while (done < length) {
            // The next two runs lie reversed at the end of `source`: unstack the first.
            let mut first = vector[];
            width.min(length - done).do!(|_| first.push_back(source.pop_back()));
            first.reverse();
            done = done + first.length();
            let mut second_left = width.min(length - done);
            done = done + second_left;
            while (!first.is_empty() && second_left > 0) {
                if ($le(&first[first.length() - 1], &source[source.length() - 1])) {
                    v.push_back(first.pop_back());
                } else {
                    v.push_back(source.pop_back());
                    second_left = second_left - 1;
                }
            };
            while (!first.is_empty()) v.push_back(first.pop_back());
            second_left.do!(|_| v.push_back(source.pop_back()));
            first.destroy_empty();
        };
        source.destroy_empty();
        width = width * 2;
    }
}

/// May every element stand before the next one?
public macro fun is_sorted_by<$T>($v: &vector<$T>, $le: |&$T, &$T| -> bool): bool {
    let v = $v;
    let length = v.length();
    'is_sorted_by: {
        if (length > 0) {
            1u64.range_do!(length, |i| {
                if (!$le(&v[i - 1], &v[i])) return 'is_sorted_by false
            });
        };
        true
    }
}

// === Macros over chosen positions: `ix` says which, in which order, also several times ===

/// Call `f` with each chosen element.
public macro fun take_do_ref<$T>($v: &vector<$T>, $ix: &vector<u64>, $f: |&$T|) {
    let (v, ix) = ($v, $ix);
    ix.do_ref!(|i| $f(&v[*i]))
}

/// Call `f` with each chosen element, to change it.
public macro fun take_do_mut<$T>($v: &mut vector<$T>, $ix: &vector<u64>, $f: |&mut $T|) {
    let (v, ix) = ($v, $ix);
    ix.do_ref!(|i| $f(&mut v[*i]))
}

/// Call `f` with the place in `ix`, the position and the element.
public macro fun take_do_with_ix_ref<$T>(
    $v: &vector<$T>,
    $ix: &vector<u64>,
    $f: |u64, u64, &$T|,
) {
    let (v, ix) = ($v, $ix);
    ix.length().do!(|place| $f(place, ix[place], &v[ix[place]]))
}

/// Call `f` with the place in `ix`, the position and the element, to change it.
public macro fun take_do_with_ix_mut<$T>(
    $v: &mut vector<$T>,
    $ix: &vector<u64>,
    $f: |u64, u64, &mut $T|,
) {
    let (v, ix) = ($v, $ix);
    ix.length().do!(|place| $f(place, ix[place], &mut v[ix[place]]))
}

/// The first chosen position whose element `f` accepts.
public macro fun take_find_index<$T>(
    $v: &vector<$T>,
    $ix: &vector<u64>,
    $f: |&$T| -> bool,
): Option<u64> {
    let (v, ix) = ($v, $ix);
    'search: {
        ix.do_ref!(|i| if ($f(&v[*i])) return 'search option::some(*i));
        option::none()
    }
}

/// What `f` makes of each chosen element.
public macro fun take_map_ref<$T, $U>(
    $v: &vector<$T>,
    $ix: &vector<u64>,
    $f: |&$T| -> $U,
): vector<$U> {
    let (v, ix) = ($v, $ix);
    ix.map_ref!(|i| $f(&v[*i]))
}

/// Copies of the chosen elements.
public macro fun take_collect<$T: copy>($v: &vector<$T>, $ix: &vector<u64>): vector<$T> {
    let (v, ix) = ($v, $ix);
    ix.map_ref!(|i| v[*i])
}

/// Positions of the `n` largest elements, largest first, or of all as they stand if there are no
/// more. Of equal ones, the earlier counts as larger.
public macro fun take_top_n<$T>(
    $v: &vector<$T>,
    $n: u64,
    $less_than: |&$T, &$T| -> bool,
): vector<u64> {
    let (v, n) = ($v, $n);
    let mut top = vector<u64>[];
    if (v.length() <= n) v.length().do!(|i| top.push_back(i))
    else if (n > 0) v.length().do!(|i| {
        let mut place = top.length();
        while (place > 0 && $less_than(&v[top[place - 1]], &v[i])) place = place - 1;
        if (place < n) {
            if (top.length() == n) { top.pop_back(); };
            top.insert(i, place)
        }
    });
    top
}

/// Fold the chosen elements into `init`.
public macro fun take_fold_ref<$T, $Acc>(
    $v: &vector<$T>,
    $ix: &vector<u64>,
    $init: $Acc,
    $f: |$Acc, &$T| -> $Acc,
): $Acc {
    let (v, ix) = ($v, $ix);
    let mut folded = $init;
    ix.do_ref!(|i| folded = $f(folded, &v[*i]));
    folded
}
