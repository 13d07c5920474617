/// Names of functions that decide who may act for an account.
module iota::authenticator_function;

use iota::package_metadata::PackageMetadataV1;
use std::ascii;
use std::type_name;

#[error(code = 0)]
const EAuthenticatorFunctionRefV1NotCompatibleWithAccount: vector<u8> =
    b"The authenticator function is for accounts of another type.";

/// A function that is known to be one for accounts of type `Account`.
public struct AuthenticatorFunctionRefV1<phantom Account: key> has copy, drop, store {
    package: ID,
    module_name: ascii::String,
    function_name: ascii::String,
}

/// The function of that name, as the package's metadata have it: of any package in any version.
public fun create_auth_function_ref_v1<Account: key>(
    package_metadata: &PackageMetadataV1,
    module_name: ascii::String,
    function_name: ascii::String,
): AuthenticatorFunctionRefV1<Account> {
    let known = package_metadata
        .modules_metadata_v1(&module_name)
        .authenticator_metadata_v1(&function_name)
        .account_type();
    assert!(
        known == type_name::with_defining_ids<Account>(),
        EAuthenticatorFunctionRefV1NotCompatibleWithAccount,
    );
    let package = package_metadata.storage_id();
    AuthenticatorFunctionRefV1 { package, module_name, function_name }
}

/// The package, in the very version, that has the function.
public fun package<Account: key>(self: &AuthenticatorFunctionRefV1<Account>): ID { self.package }

/// The name of its module.
public fun module_name<Account: key>(self: &AuthenticatorFunctionRefV1<Account>): &ascii::String {
    &self.module_name
}

/// Its own name.
public fun function_name<Account: key>(self: &AuthenticatorFunctionRefV1<Account>): &ascii::String {
    &self.function_name
}

/// Any three names, unchecked.
#[test_only]
public fun create_auth_function_ref_v1_for_testing<Account: key>(
    package: address,
    module_name: ascii::String,
    function_name: ascii::String,
): AuthenticatorFunctionRefV1<Account> {
    AuthenticatorFunctionRefV1 { package: package.to_id(), module_name, function_name }
}
