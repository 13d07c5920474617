#[test_only] module newer::account_tests;
use iota::{account, auth_context, authenticator_function as function};
use iota::{package_metadata as metadata, ptb_call_arg as input, ptb_command as command, test_scenario};
use std::unit_test::assert_eq;

public struct Account has key { id: UID }
public struct Other has key { id: UID }

/// Whoever can tell the digest may act.
#[authenticator]
public fun by_digest(_: &Account, digest: vector<u8>, context: &AuthContext, _: &TxContext) {
    assert!(context.digest() == digest)
}

fun metadata_of_this_package(): metadata::PackageMetadataV1 {
    metadata::create_package_metadata_v1_for_testing_one_authenticator(
        object::id_from_address(@0x77),
        b"account_tests".to_ascii_string(),
        b"by_digest".to_ascii_string(),
        std::type_name::with_defining_ids<Account>(),
    )
}

#[test]
fun an_account_and_its_function() {
    let mut scenario = test_scenario::begin(@0xA);
    let noted = metadata_of_this_package();
    let (module_name, name) = (b"account_tests".to_ascii_string(), b"by_digest".to_ascii_string());
    let first = function::create_auth_function_ref_v1<Account>(&noted, module_name, name);
    let id = object::new(scenario.ctx());
    account::create_account_v1(Account { id }, first);
    scenario.next_tx(@0xB);
    let mut shared = scenario.take_shared<Account>();
    assert!(account::has_auth_function_ref_v1(&shared.id));
    let second = function::create_auth_function_ref_v1_for_testing<Account>(@0x78, module_name, name);
    assert_eq!(account::rotate_auth_function_ref_v1(&mut shared, second), first);
    let known = account::borrow_auth_function_ref_v1<Account>(&shared.id);
    assert_eq!(known.package().to_address(), @0x78);
    assert_eq!(*known.function_name(), name);
    test_scenario::return_shared(shared);
    std::unit_test::destroy(noted);
    scenario.end();
}

#[test]
#[expected_failure(abort_code = function::EAuthenticatorFunctionRefV1NotCompatibleWithAccount)]
fun a_function_for_other_accounts() {
    let noted = metadata_of_this_package();
    let (module_name, name) = (b"account_tests".to_ascii_string(), b"by_digest".to_ascii_string());
    function::create_auth_function_ref_v1<Other>(&noted, module_name, name);
    abort 9
}

#[test]
fun what_an_authenticator_is_told() {
    let shared = input::new_object_arg_shared_for_testing(object::id_from_address(@0x6), 1, false);
    let inputs = vector[
        input::new_call_arg_pure_for_testing(b"x"),
        input::new_call_arg_object_for_testing(shared),
    ];
    let split = command::new_split_coins_for_testing(
        command::new_gas_coin_argument_for_testing(),
        vector[command::new_input_argument_for_testing(0)],
    );
    let commands = vector[command::new_split_coins_command_for_testing(split)];
    let context = auth_context::new_with_tx_inputs(b"digest", inputs, commands);
    assert_eq!(context.tx_inputs()[0].as_pure_data(), option::some(b"x"));
    let object = context.tx_inputs()[1].as_object_data().destroy_some();
    assert_eq!(object.is_mutable_shared_object(), option::some(false));
    assert_eq!(object.object_version(), option::some(1));
    assert!(object.object_ref().is_none() && object.is_shared_object());
    let found = context.tx_commands()[0].as_split_coins().destroy_some();
    assert!(found.coin().is_gas_coin() && !found.coin().is_input());
    assert_eq!(found.amounts()[0].input_index(), option::some(0));
    assert!(context.tx_commands()[0].as_publish().is_none());
}
