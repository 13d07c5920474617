/// A value that may be absent. Inside it is a vector of no or one element, which is also its
/// binary form.
module std::option;

public struct Option<Element> has copy, drop, store {
    vec: vector<Element>,
}

/// Something was there where nothing was wanted.
const EOPTION_IS_SET: u64 = 0x40000;
/// Nothing was there where something was wanted.
const EOPTION_NOT_SET: u64 = 0x40001;

// === Making ===

/// The absent value.
public fun none<Element>(): Option<Element> { Option { vec: vector[] } }

/// `e`, present.
public fun some<Element>(e: Element): Option<Element> { Option { vec: vector[e] } }

// === Asking ===

/// Is nothing there?
public fun is_none<Element>(t: &Option<Element>): bool { t.vec.length() == 0 }

/// Is something there?
public fun is_some<Element>(t: &Option<Element>): bool { t.vec.length() != 0 }

/// Is what is there equal to `e_ref`? Always false where nothing is.
public fun contains<Element>(t: &Option<Element>, e_ref: &Element): bool {
    t.is_some() && &t.vec[0] == e_ref
}

/// What is there.
public fun borrow<Element>(t: &Option<Element>): &Element {
    if (t.is_none()) abort EOPTION_NOT_SET;
    &t.vec[0]
}

/// What is there, to be changed in place.
public fun borrow_mut<Element>(t: &mut Option<Element>): &mut Element {
    if (t.is_none()) abort EOPTION_NOT_SET;
    &mut t.vec[0]
}

/// What is there, or else `default_ref`.
public fun borrow_with_default<Element>(t: &Option<Element>, default_ref: &Element): &Element {
    if (t.is_some()) &t.vec[0] else default_ref
}

/// A copy of what is there, or else `default`.
public fun get_with_default<Element: copy + drop>(t: &Option<Element>, default: Element): Element {
    if (t.is_some()) t.vec[0] else default
}

// === Putting in and taking out ===

/// Put `e` where nothing was.
public fun fill<Element>(t: &mut Option<Element>, e: Element) {
    if (t.is_some()) abort EOPTION_IS_SET;
    t.vec.push_back(e)
}

/// Take out what is there; nothing remains.
public fun extract<Element>(t: &mut Option<Element>): Element {
    if (t.is_none()) abort EOPTION_NOT_SET;
    t.vec.pop_back()
}

/// Take out what is there and put `e` in its place.
public fun swap<Element>(t: &mut Option<Element>, e: Element): Element {
    let before = t.extract();
    t.vec.push_back(e);
    before
}

/// Put `e` there, and return what it displaces, if anything.
public fun swap_or_fill<Element>(t: &mut Option<Element>, e: Element): Option<Element> {
    let before = if (t.is_some()) some(t.vec.pop_back()) else none();
    t.vec.push_back(e);
    before
}

// === Unpacking ===

/// What is there, or else `default`.
public fun destroy_with_default<Element: drop>(t: Option<Element>, default: Element): Element {
    let Option { mut vec } = t;
    if (vec.length() == 0) default else vec.pop_back()
}

/// What is there.
public fun destroy_some<Element>(t: Option<Element>): Element {
    if (t.is_none()) abort EOPTION_NOT_SET;
    let Option { mut vec } = t;
    let e = vec.pop_back();
    vec.destroy_empty();
    e
}

/// Get rid of an option in which nothing is.
public fun destroy_none<Element>(t: Option<Element>) {
    if (t.is_some()) abort EOPTION_IS_SET;
    let Option { vec } = t;
    vec.destroy_empty()
}

/// The vector of no or one element.
public fun to_vec<Element>(t: Option<Element>): vector<Element> {
    let Option { vec } = t;
    vec
}

// === Macros ===

/// `$f` on what is there, if anything. Another name for `do!`.
public macro fun destroy<$T, $R: drop>($o: Option<$T>, $f: |$T| -> $R) {
    let o = $o;
    o.do!($f);
}

/// `$f` on what is there, if anything.
public macro fun do<$T, $R: drop>($o: Option<$T>, $f: |$T| -> $R) {
    let o = $o;
    if (o.is_some()) {
        $f(o.destroy_some());
    } else o.destroy_none()
}

/// `$f` on a reference to what is there, if anything.
public macro fun do_ref<$T, $R: drop>($o: &Option<$T>, $f: |&$T| -> $R) {
    let o = $o;
    if (o.is_some()) {
        $f(o.borrow());
    }
}

/// `$f` on a mutable reference to what is there, if anything.
public macro fun do_mut<$T, $R: drop>($o: &mut Option<$T>, $f: |&mut $T| -> $R) {
    let o = $o;
    if (o.is_some()) {
        $f(o.borrow_mut());
    }
}

/// `$o` if something is there, else `$default`, which is evaluated only then.
public macro fun or<$T>($o: Option<$T>, $default: Option<$T>): Option<$T> {
    let o = $o;
    if (o.is_none()) {
        o.destroy_none();
        $default
    } else o
}

/// What `$f` makes of what is there; none where nothing is.
public macro fun and<$T, $U>($o: Option<$T>, $f: |$T| -> Option<$U>): Option<$U> {
    let o = $o;
    if (o.is_none()) {
        o.destroy_none();
        none()
    } else $f(o.destroy_some())
}

/// `and!` over a reference.
public macro fun and_ref<$T, $U>($o: &Option<$T>, $f: |&$T| -> Option<$U>): Option<$U> {
    let o = $o;
    if (o.is_none()) none() else $f(o.borrow())
}

/// Change what is there by `$f`.
public macro fun map<$T, $U>($o: Option<$T>, $f: |$T| -> $U): Option<$U> {
    let o = $o;
    if (o.is_none()) {
        o.destroy_none();
        none()
    } else some($f(o.destroy_some()))
}

/// What `$f` makes of a reference to what is there.
public macro fun map_ref<$T, $U>($o: &Option<$T>, $f: |&$T| -> $U): Option<$U> {
    let o = $o;
    if (o.is_none()) none() else some($f(o.borrow()))
}

/// Keep what is there only if `$f` says so.
public macro fun filter<$T: drop>($o: Option<$T>, $f: |&$T| -> bool): Option<$T> {
    let o = $o;
    if (o.is_none() || !$f(o.borrow())) none() else o
}

/// Is something there for which `$f` holds?
public macro fun is_some_and<$T>($o: &Option<$T>, $f: |&$T| -> bool): bool {
    let o = $o;
    if (o.is_some()) $f(o.borrow()) else false
}

/// Is nothing there, or something for which `$f` holds?
public macro fun is_none_or<$T>($o: &Option<$T>, $f: |&$T| -> bool): bool {
    let o = $o;
    if (o.is_some()) $f(o.borrow()) else true
}

/// Take out what is there, or else evaluate `$default`.
public macro fun extract_or<$T>($o: &mut Option<$T>, $default: $T): $T {
    let o = $o;
    if (o.is_some()) o.extract() else $default
}

/// What is there, or else `$default`, which is evaluated only then.
public macro fun destroy_or<$T>($o: Option<$T>, $default: $T): $T {
    let o = $o;
    if (o.is_none()) {
        o.destroy_none();
        $default
    } else o.destroy_some()
}

/// What `$some` makes of what is there, or else `$none`.
public macro fun fold<$T, $R>($o: Option<$T>, $none: $R, $some: |$T| -> $R): $R {
    let o = $o;
    if (o.is_none()) {
        o.destroy_none();
        $none
    } else $some(o.destroy_some())
}

/// `fold!` over a reference.
public macro fun fold_ref<$T, $R>($o: &Option<$T>, $none: $R, $some: |&$T| -> $R): $R {
    let o = $o;
    if (o.is_none()) $none else $some(o.borrow())
}

/// `fold!` over a mutable reference.
public macro fun fold_mut<$T, $R>($o: &mut Option<$T>, $none: $R, $some: |&mut $T| -> $R): $R {
    let o = $o;
    if (o.is_none()) $none else $some(o.borrow_mut())
}
