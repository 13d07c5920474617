/// Output while tests run; on a network both functions do nothing.
module std::debug;

/// Print `x` the way its declaration reads, names and all.
native public fun print<T>(x: &T);

/// Print the functions now being executed, innermost first.
native public fun print_stack_trace();
