/// Facts about `address` that code without the `iota` package needs.
module std::address;

/// How many bytes one address has.
public fun length(): u64 { 32 }
