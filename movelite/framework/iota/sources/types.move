/// What a program can ask about types.
module iota::types;

/// Is `T` a one-time witness: a type named like its module in capitals, of which only the
/// runtime makes a value, once, when the module is published?
public native fun is_one_time_witness<T: drop>(_: &T): bool;
