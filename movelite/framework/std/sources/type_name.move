/// Names of types as values: to compare them, or to keep things apart by type.
module std::type_name;

use std::address;
use std::ascii::String;

/// A built-in type has neither address nor module.
const ENonModuleType: u64 = 0;

/// The name: `u64`, `vector<bool>`, or for a type of a module its full form, as in
/// `0000000000000000000000000000000000000000000000000000000000000001::string::String`. Addresses
/// have all their hexadecimal digits, in lower case and without `0x`.
public struct TypeName has copy, drop, store {
    name: String,
}

/// The name of `T`. The address before each module is the package that first brought the type.
public native fun get<T>(): TypeName;

/// The name of `T`. The address before each module is the first version of its package.
public native fun get_with_original_ids<T>(): TypeName;

/// The newer name of `get`.
public fun with_defining_ids<T>(): TypeName { get<T>() }

/// The newer name of `get_with_original_ids`.
public fun with_original_ids<T>(): TypeName { get_with_original_ids<T>() }

/// The package that first brought `T`, which must be a type of a module.
public native fun defining_id<T>(): address;

/// The first version of the package that has `T`, which must be a type of a module.
public native fun original_id<T>(): address;

/// Is the type built in: a number, `bool`, `address` or a vector?
public fun is_primitive(self: &TypeName): bool {
    let name = self.name.as_bytes();
    // No name of a type with a module begins with `v`, which is no hexadecimal digit.
    name[0] == 118 ||
    vector[b"bool", b"u8", b"u16", b"u32", b"u64", b"u128", b"u256", b"address"].contains(name)
}

/// The name, borrowed.
public fun borrow_string(self: &TypeName): &String { &self.name }

/// The name, borrowed.
public fun as_string(self: &TypeName): &String { &self.name }

/// The name, unpacked.
public fun into_string(self: TypeName): String {
    let TypeName { name } = self;
    name
}

/// The digits of the address that the type's module has.
public fun get_address(self: &TypeName): String { self.address_string() }

/// The name of the type's module.
public fun get_module(self: &TypeName): String { self.module_string() }

/// The digits of the address that the type's module has.
public fun address_string(self: &TypeName): String {
    if (self.is_primitive()) abort ENonModuleType;
    self.name.substring(0, address::length() * 2)
}

/// The name of the type's module.
public fun module_string(self: &TypeName): String {
    if (self.is_primitive()) abort ENonModuleType;
    let start = address::length() * 2 + 2;
    let name = self.name.as_bytes();
    let mut end = start;
    while (name[end] != 58) end = end + 1; // the next colon
    self.name.substring(start, end)
}
