/// The binary form of Move values. `iota::bcs` reads it back.
module std::bcs;

/// Encode `v`. Two values of one type are equal exactly when their bytes are.
native public fun to_bytes<MoveValue>(v: &MoveValue): vector<u8>;
