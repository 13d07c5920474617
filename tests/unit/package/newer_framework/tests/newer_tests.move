#[test_only] module newer::newer_tests;
use iota::{derived_object, dynamic_field as df, test_scenario, vec_map, vec_set};
use std::unit_test::assert_eq;

public struct Parent has key { id: UID }
public struct Child has key { id: UID }

#[test]
fun integers() {
    assert_eq!(250u8.checked_add(5), option::some(255));
    assert_eq!(250u8.checked_add(6), option::none());
    assert_eq!(5u64.checked_sub(6), option::none());
    assert_eq!(5u64.saturating_sub(6), 0);
    assert_eq!(16u8.checked_mul(16), option::none());
    assert_eq!(16u8.saturating_mul(16), 255);
    assert_eq!(0u8.saturating_mul(16), 0);
    assert_eq!(7u32.checked_div(0), option::none());
    assert_eq!(1u16.checked_shl(16), option::none());
    assert_eq!(1u16.checked_shl(15), option::some(0x8000));
    assert_eq!(3u16.lossless_shl(15), option::none());
    assert_eq!(1u256.checked_shl(255).is_some(), true);
    assert_eq!(3u256.lossless_shl(255), option::none());
    assert_eq!(6u128.lossless_shr(1), option::some(3));
    assert_eq!(6u128.lossless_shr(2), option::none());
    assert_eq!(6u128.lossless_div(4), option::none());
    assert_eq!(7u64.div_ceil(2), 4);
    assert_eq!(std::u64::max_value!().saturating_add(1), std::u64::max_value!());
}

#[test]
fun derived() {
    let ctx = &mut tx_context::dummy();
    let mut parent = Parent { id: object::new(ctx) };
    let at = derived_object::derive_address(parent.id.to_inner(), 7u64);
    assert!(!derived_object::exists(&parent.id, 7u64));
    let child = Child { id: derived_object::claim(&mut parent.id, 7u64) };
    assert_eq!(child.id.to_address(), at);
    assert!(derived_object::exists(&parent.id, 7u64));
    std::unit_test::destroy(parent);
    std::unit_test::destroy(child);
}

#[test, expected_failure(abort_code = derived_object::EObjectAlreadyExists)]
fun derived_twice() {
    let ctx = &mut tx_context::dummy();
    let mut parent = Parent { id: object::new(ctx) };
    let Child { id } = Child { id: derived_object::claim(&mut parent.id, b"x") };
    id.delete();
    let child = Child { id: derived_object::claim(&mut parent.id, b"x") };
    std::unit_test::destroy(parent);
    std::unit_test::destroy(child);
}

#[test]
fun fields() {
    let ctx = &mut tx_context::dummy();
    let mut parent = Parent { id: object::new(ctx) };
    assert!(!df::exists(&parent.id, 1u8));
    assert_eq!(df::replace<u8, u64, bool>(&mut parent.id, 1, 5), option::none());
    assert_eq!(df::replace<u8, bool, u64>(&mut parent.id, 1, true), option::some(5));
    assert_eq!(df::remove_opt<u8, bool>(&mut parent.id, 1), option::some(true));
    assert_eq!(df::remove_opt<u8, bool>(&mut parent.id, 1), option::none());
    std::unit_test::destroy(parent);
    assert_eq!(vec_set::from_keys(vector[1, 2]).length(), 2);
    assert_eq!(vec_map::from_keys_values(vector[1], vector[2]).length(), 1);
}

#[test]
fun terms() {
    let mut scenario = test_scenario::begin(@1);
    assert_eq!(scenario.ctx().gas_price(), 0);
    assert_eq!(scenario.ctx().sponsor(), option::none());
    let builder = scenario.ctx_builder().set_gas_price(7).set_sponsor(@5).set_epoch(3).set_reference_gas_price(6);
    scenario.next_with_context(builder);
    assert_eq!(scenario.ctx().gas_price(), 7);
    assert_eq!(scenario.ctx().reference_gas_price(), 6);
    assert_eq!(scenario.ctx().sponsor(), option::some(@5));
    assert_eq!(scenario.ctx().epoch(), 3);
    assert_eq!(scenario.num_concluded_txes(), 3);
    scenario.skip_to_epoch(5);
    assert_eq!(scenario.ctx().epoch(), 5);
    scenario.create_system_objects();
    let clock = scenario.take_shared<iota::clock::Clock>();
    test_scenario::return_shared(clock);
    scenario.end();
}

#[test]
fun sums_of_points() {
    use iota::bls12381;
    let one = bls12381::g1_generator();
    let whole = bls12381::g1_to_uncompressed_g1(&one);
    let three = bls12381::uncompressed_g1_sum(&vector[whole, whole, whole]);
    assert_eq!(
        bls12381::uncompressed_g1_to_g1(&three),
        bls12381::g1_mul(&bls12381::scalar_from_u64(3), &one),
    );
}

#[test]
fun chosen_elements() {
    let v = vector[40u64, 10, 30, 20];
    let ix = vector[2, 0, 2];
    assert_eq!(v.take_collect!(&ix), vector[30, 40, 30]);
    assert_eq!(v.take_map_ref!(&ix, |x| *x + 1), vector[31, 41, 31]);
    assert_eq!(v.take_fold_ref!(&ix, 1, |sum, x| sum + *x), 101);
    assert_eq!(v.take_find_index!(&ix, |x| *x > 30), option::some(0));
    assert_eq!(v.take_find_index!(&ix, |x| *x == 10), option::none());
    assert_eq!(v.take_top_n!(2, |a, b| *a < *b), vector[0, 2]);
    assert_eq!(v.take_top_n!(9, |a, b| *a < *b), vector[0, 1, 2, 3]);
    assert_eq!(v.take_top_n!(0, |a, b| *a < *b), vector[]);
    let mut sum = 0;
    v.take_do_ref!(&ix, |x| sum = sum + *x);
    v.take_do_with_ix_ref!(&ix, |place, at, x| sum = sum + place * 1000 + at * 100 + *x);
    assert_eq!(sum, 100 + 3000 + 400 + 100);
    let mut w = v;
    w.take_do_mut!(&vector[1], |x| *x = 11);
    w.take_do_with_ix_mut!(&vector[3, 0], |place, at, x| *x = place * 10 + at);
    assert_eq!(w, vector[10, 11, 30, 3]);
    iota::test_utils::assert_same_elems(v, vector[10, 20, 30, 40]);
}

#[test, expected_failure]
fun other_elements() { iota::test_utils::assert_same_elems(vector[1u8, 1, 2], vector[1, 2, 2]) }

#[test]
fun time_locks_by_the_clock() {
    let ctx = &mut tx_context::dummy();
    let mut clock = iota::clock::create_for_testing(ctx);
    let lock = iota::timelock::lock(7u64, 100, ctx);
    assert!(lock.is_locked_with_clock(&clock));
    assert_eq!(lock.remaining_time_with_clock(&clock), 100);
    clock.set_for_testing(100);
    assert!(!lock.is_locked_with_clock(&clock));
    assert_eq!(lock.unlock_with_clock(&clock), 7);
    clock.destroy_for_testing();
}
