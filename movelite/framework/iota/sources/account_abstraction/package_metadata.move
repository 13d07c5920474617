/// What the network notes of a package beside its code: so far, which functions are authenticators.
module iota::package_metadata;

use iota::vec_map::{Self, VecMap};
use std::ascii;
use std::type_name::TypeName;

#[error(code = 0)]
const EModuleMetadataNotFound: vector<u8> = b"Nothing is noted of a module of that name.";
#[error(code = 1)]
const EAuthenticatorMetadataNotFound: vector<u8> =
    b"The module has no authenticator function of that name.";

/// The object with a package's metadata is at an address derived from the package's by this key.
public struct PackageMetadataKey has copy, drop, store {}

public struct PackageMetadataV1 has key {
    id: UID,
    /// Where this version of the package is.
    storage_id: ID,
    /// Where its first version is.
    runtime_id: ID,
    package_version: u64,
    modules_metadata: VecMap<ascii::String, ModuleMetadataV1>,
}

public struct ModuleMetadataV1 has copy, drop, store {
    authenticator_metadata: vector<AuthenticatorMetadataV1>,
}

/// A function that decides for accounts of a type.
public struct AuthenticatorMetadataV1 has copy, drop, store {
    function_name: ascii::String,
    account_type: TypeName,
}

/// Where this version of the package is.
public fun storage_id(metadata: &PackageMetadataV1): ID { metadata.storage_id }

/// Where its first version is.
public fun runtime_id(metadata: &PackageMetadataV1): ID { metadata.runtime_id }

/// The version of the package.
public fun package_version(metadata: &PackageMetadataV1): u64 { metadata.package_version }

/// What is noted of a module, if anything.
public fun try_get_modules_metadata_v1(
    self: &PackageMetadataV1,
    module_name: &ascii::String,
): Option<ModuleMetadataV1> {
    self.modules_metadata.try_get(module_name)
}

/// What is noted of a module, which must be something.
public fun modules_metadata_v1(
    self: &PackageMetadataV1,
    module_name: &ascii::String,
): &ModuleMetadataV1 {
    assert!(self.modules_metadata.contains(module_name), EModuleMetadataNotFound);
    &self.modules_metadata[module_name]
}

/// The authenticator function of that name, if there is one.
public fun try_get_authenticator_metadata_v1(
    self: &ModuleMetadataV1,
    function_name: &ascii::String,
): Option<AuthenticatorMetadataV1> {
    self.position(function_name).map!(|at| self.authenticator_metadata[at])
}

/// The authenticator function of that name, which must be there.
public fun authenticator_metadata_v1(
    self: &ModuleMetadataV1,
    function_name: &ascii::String,
): &AuthenticatorMetadataV1 {
    let at = self.position(function_name);
    assert!(at.is_some(), EAuthenticatorMetadataNotFound);
    &self.authenticator_metadata[at.destroy_some()]
}

/// The type of the accounts for which it decides.
public fun account_type(self: &AuthenticatorMetadataV1): TypeName { self.account_type }

fun position(self: &ModuleMetadataV1, function_name: &ascii::String): Option<u64> {
    self.authenticator_metadata.find_index!(|noted| noted.function_name == *function_name)
}

/// Metadata of a first version with one authenticator for each place of the three vectors.
#[test_only]
public fun create_package_metadata_v1_for_testing(
    storage_id: ID,
    modules: vector<ascii::String>,
    functions: vector<ascii::String>,
    type_names: vector<TypeName>,
): PackageMetadataV1 {
    assert!(modules.length() == functions.length() && modules.length() == type_names.length());
    let mut modules_metadata = vec_map::empty<ascii::String, ModuleMetadataV1>();
    modules.length().do!(|i| {
        let name = modules[i];
        if (!modules_metadata.contains(&name)) {
            modules_metadata.insert(name, ModuleMetadataV1 { authenticator_metadata: vector[] })
        };
        let (function_name, account_type) = (functions[i], type_names[i]);
        let noted = AuthenticatorMetadataV1 { function_name, account_type };
        (&mut modules_metadata[&name]).authenticator_metadata.push_back(noted)
    });
    let at = iota::derived_object::derive_address_for_testing(storage_id, PackageMetadataKey {});
    PackageMetadataV1 {
        id: object::new_uid_from_hash(at),
        storage_id,
        runtime_id: storage_id,
        package_version: 1,
        modules_metadata,
    }
}

/// The same with one authenticator.
#[test_only]
public fun create_package_metadata_v1_for_testing_one_authenticator(
    storage_id: ID,
    module_name: ascii::String,
    function_name: ascii::String,
    type_name: TypeName,
): PackageMetadataV1 {
    create_package_metadata_v1_for_testing(
        storage_id,
        vector[module_name],
        vector[function_name],
        vector[type_name],
    )
}
