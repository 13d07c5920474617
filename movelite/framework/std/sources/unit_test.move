/// What tests use to check and to tidy up. No published package can depend on it.
#[test_only]
module std::unit_test;

/// `num_signers` different signers. Kept for packages of the first Move edition.
native public fun create_signers_for_testing(num_signers: u64): vector<signer>;

/// Marks modules compiled for testing: whatever calls it cannot be linked on a network.
native public fun poison();

/// Swallow a value of any type, also one without `drop`.
native public fun destroy<T>(v: T);

/// Fail unless both values are equal, and print both when they are not.
public macro fun assert_eq<$T: drop>($t1: $T, $t2: $T) {
    let left = $t1;
    let right = $t2;
    assert_ref_eq!(&left, &right)
}

/// `assert_eq!` for values that only references reach.
public macro fun assert_ref_eq<$T>($t1: &$T, $t2: &$T) {
    let left = $t1;
    let right = $t2;
    if (left != right) {
        std::debug::print(&b"Assertion failed:");
        std::debug::print(left);
        std::debug::print(&b"!=");
        std::debug::print(right);
        assert!(false);
    }
}
