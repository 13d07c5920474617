/// Lend an object out for the rest of a transaction: a promise that cannot be dropped makes sure
/// that it comes back. In a transaction of several commands the object can so be passed by value
/// to functions of other packages.
module iota::borrow;

/// The promise is to another lender.
const EWrongBorrow: u64 = 0;
/// This is not the object that was lent.
const EWrongValue: u64 = 1;

/// The lender.
public struct Referent<T: key + store> has store {
    /// Tells lenders apart.
    id: address,
    /// There unless lent.
    value: Option<T>,
}

/// The promise to bring `obj` back to the lender `ref`.
public struct Borrow { ref: address, obj: ID }

/// A lender of `value`.
public fun new<T: key + store>(value: T, ctx: &mut TxContext): Referent<T> {
    Referent { id: ctx.fresh_object_address(), value: option::some(value) }
}

/// Take the object for a promise.
public fun borrow<T: key + store>(self: &mut Referent<T>): (T, Borrow) {
    let value = self.value.extract();
    let promise = Borrow { ref: self.id, obj: object::id(&value) };
    (value, promise)
}

/// Bring the object back and the promise with it.
public fun put_back<T: key + store>(self: &mut Referent<T>, value: T, borrow: Borrow) {
    let Borrow { ref, obj } = borrow;
    if (object::id(&value) != obj) abort EWrongValue;
    if (self.id != ref) abort EWrongBorrow;
    self.value.fill(value)
}

/// The object for good; the lender ends.
public fun destroy<T: key + store>(self: Referent<T>): T {
    let Referent { id: _, value } = self;
    value.destroy_some()
}
