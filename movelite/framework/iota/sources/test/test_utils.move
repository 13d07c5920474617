/// Small helps for tests.
#[test_only]
module iota::test_utils;

/// The values differ.
const ENotEqual: u64 = 0;

/// Fail unless both are equal, and print both when they are not.
public fun assert_eq<T: drop>(t1: T, t2: T) { assert_ref_eq(&t1, &t2) }

/// `assert_eq` for values that only references reach.
public fun assert_ref_eq<T>(t1: &T, t2: &T) {
    if (t1 != t2) {
        print(b"Assertion failed:");
        std::debug::print(t1);
        print(b"!=");
        std::debug::print(t2);
        abort ENotEqual
    }
}

/// Fail unless both have the same elements, each as often, in whatever order.
public fun assert_same_elems<T: drop>(t1: vector<T>, mut t2: vector<T>) {
    let same = t1.length() == t2.length() && t1.all!(|element| {
        let (found, at) = t2.index_of(element);
        if (found) { t2.swap_remove(at); };
        found
    });
    if (!same) {
        print(b"Assertion failed: elements do not match");
        std::debug::print(&t1);
        abort ENotEqual
    }
}

/// Print ASCII text.
public fun print(str: vector<u8>) { std::debug::print(&str.to_ascii_string()) }

/// Swallow a value of any type, also one without `drop`.
public native fun destroy<T>(x: T);

/// A value of a one-time witness type, as `init` would get it.
public native fun create_one_time_witness<T: drop>(): T;
