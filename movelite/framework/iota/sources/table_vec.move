/// A vector whose elements are dynamic fields, for sequences too long for one object.
module iota::table_vec;

use iota::table::{Self, Table};

/// No element has this index.
const EIndexOutOfBound: u64 = 0;
/// There are still elements.
const ETableNonEmpty: u64 = 1;

public struct TableVec<phantom Element: store> has store {
    /// Elements by index.
    contents: Table<u64, Element>,
}

/// Without elements.
public fun empty<Element: store>(ctx: &mut TxContext): TableVec<Element> {
    TableVec { contents: table::new(ctx) }
}

/// `e` alone.
public fun singleton<Element: store>(e: Element, ctx: &mut TxContext): TableVec<Element> {
    let mut contents = table::new(ctx);
    contents.add(0, e);
    TableVec { contents }
}

/// Number of elements.
public fun length<Element: store>(t: &TableVec<Element>): u64 { t.contents.length() }

/// Are there no elements?
public fun is_empty<Element: store>(t: &TableVec<Element>): bool { t.contents.is_empty() }

/// Element `i`.
#[syntax(index)]
public fun borrow<Element: store>(t: &TableVec<Element>, i: u64): &Element {
    t.require(i);
    &t.contents[i]
}

/// Put `e` behind the last element.
public fun push_back<Element: store>(t: &mut TableVec<Element>, e: Element) {
    let end = t.length();
    t.contents.add(end, e)
}

/// Element `i`, to be changed in place.
#[syntax(index)]
public fun borrow_mut<Element: store>(t: &mut TableVec<Element>, i: u64): &mut Element {
    t.require(i);
    &mut t.contents[i]
}

/// Take the last element off.
public fun pop_back<Element: store>(t: &mut TableVec<Element>): Element {
    t.require(0);
    let last = t.length() - 1;
    t.contents.remove(last)
}

/// End a vector without elements.
public fun destroy_empty<Element: store>(t: TableVec<Element>) {
    if (t.length() != 0) abort ETableNonEmpty;
    let TableVec { contents } = t;
    contents.destroy_empty()
}

/// End a vector whatever is in it; its elements are out of reach from then on, and no storage fee
/// is paid back for them.
public fun drop<Element: drop + store>(t: TableVec<Element>) {
    let TableVec { contents } = t;
    contents.drop()
}

/// Let elements `i` and `j` change places.
public fun swap<Element: store>(t: &mut TableVec<Element>, i: u64, j: u64) {
    t.require(i);
    t.require(j);
    if (i != j) {
        let from_i = t.contents.remove(i);
        let from_j = t.contents.remove(j);
        t.contents.add(j, from_i);
        t.contents.add(i, from_j);
    }
}

/// Take element `i` out; the last one takes its place.
public fun swap_remove<Element: store>(t: &mut TableVec<Element>, i: u64): Element {
    t.require(i);
    let last = t.length() - 1;
    t.swap(i, last);
    t.pop_back()
}

fun require<Element: store>(t: &TableVec<Element>, i: u64) {
    if (i >= t.length()) abort EIndexOutOfBound;
}
