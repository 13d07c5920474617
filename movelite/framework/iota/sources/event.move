/// Messages to the world outside, kept with the effects of the transaction that sends them.
module iota::event;

/// Send `event`. Its type must be one of the calling module.
public native fun emit<T: copy + drop>(event: T);

#[test_only]
/// How many events the test's current transaction has sent.
public native fun num_events(): u32;

#[test_only]
/// Those of type `T` among them, in order.
public native fun events_by_type<T: copy + drop>(): vector<T>;
