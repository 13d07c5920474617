/// Arithmetic in groups, for modules that name the groups, such as `bls12381`. An element is its
/// canonical bytes; a number tells the runtime which group it is of.
module iota::group_ops;

use iota::bcs;

/// The network does not have this operation.
#[allow(unused_const)]
const ENotSupported: u64 = 0;
/// The bytes are not an element, or there are none, or not as many of both.
const EInvalidInput: u64 = 1;
/// There is more than the network takes.
#[allow(unused_const)]
const EInputTooLong: u64 = 2;
/// The number does not fit.
const EInvalidBufferLength: u64 = 3;

/// An element of the group `T`.
public struct Element<phantom T> has copy, drop, store {
    bytes: vector<u8>,
}

/// The canonical bytes.
public fun bytes<G>(e: &Element<G>): &vector<u8> { &e.bytes }

/// Are both the same element?
public fun equal<G>(e1: &Element<G>, e2: &Element<G>): bool { e1.bytes == e2.bytes }

/// The element with these bytes, which are checked unless they can be trusted.
public(package) fun from_bytes<G>(type_: u8, bytes: &vector<u8>, is_trusted: bool): Element<G> {
    if (!is_trusted && !internal_validate(type_, bytes)) abort EInvalidInput;
    Element { bytes: *bytes }
}

public(package) fun add<G>(type_: u8, e1: &Element<G>, e2: &Element<G>): Element<G> {
    Element { bytes: internal_add(type_, &e1.bytes, &e2.bytes) }
}

public(package) fun sub<G>(type_: u8, e1: &Element<G>, e2: &Element<G>): Element<G> {
    Element { bytes: internal_sub(type_, &e1.bytes, &e2.bytes) }
}

public(package) fun mul<S, G>(type_: u8, scalar: &Element<S>, e: &Element<G>): Element<G> {
    Element { bytes: internal_mul(type_, &scalar.bytes, &e.bytes) }
}

/// `e` times the inverse of `scalar`, which must not be zero.
public(package) fun div<S, G>(type_: u8, scalar: &Element<S>, e: &Element<G>): Element<G> {
    Element { bytes: internal_div(type_, &scalar.bytes, &e.bytes) }
}

/// An element, made from any bytes, of which nobody knows the logarithm.
public(package) fun hash_to<G>(type_: u8, m: &vector<u8>): Element<G> {
    Element { bytes: internal_hash_to(type_, m) }
}

/// The sum of each element times the scalar at the same place.
public(package) fun multi_scalar_multiplication<S, G>(
    type_: u8,
    scalars: &vector<Element<S>>,
    elements: &vector<Element<G>>,
): Element<G> {
    if (scalars.is_empty()) abort EInvalidInput;
    if (scalars.length() != elements.length()) abort EInvalidInput;
    let (mut scalar_bytes, mut element_bytes) = (vector[], vector[]);
    scalars.do_ref!(|scalar| scalar_bytes.append(scalar.bytes));
    elements.do_ref!(|element| element_bytes.append(element.bytes));
    Element { bytes: internal_multi_scalar_mul(type_, &scalar_bytes, &element_bytes) }
}

public(package) fun pairing<G1, G2, G3>(
    type_: u8,
    e1: &Element<G1>,
    e2: &Element<G2>,
): Element<G3> {
    Element { bytes: internal_pairing(type_, &e1.bytes, &e2.bytes) }
}

/// The same element in another form.
public(package) fun convert<From, To>(from_type: u8, to_type: u8, e: &Element<From>): Element<To> {
    Element { bytes: internal_convert(from_type, to_type, &e.bytes) }
}

/// The sum of all terms, of which there may be many.
public(package) fun sum<G>(type_: u8, terms: &vector<Element<G>>): Element<G> {
    Element { bytes: internal_sum(type_, &terms.map_ref!(|term| term.bytes)) }
}

/// Write the 8 bytes of `x` over the lowest ones of a number: the first bytes of `buffer`, or,
/// where the highest byte comes first, its last ones in reverse.
public(package) fun set_as_prefix(x: u64, big_endian: bool, buffer: &mut vector<u8>) {
    let length = buffer.length();
    if (length < 8) abort EInvalidBufferLength;
    let lowest_first = bcs::to_bytes(&x);
    8u64.do!(|i| {
        let at = if (big_endian) length - 1 - i else i;
        *&mut buffer[at] = lowest_first[i];
    })
}

native fun internal_validate(type_: u8, bytes: &vector<u8>): bool;
native fun internal_add(type_: u8, e1: &vector<u8>, e2: &vector<u8>): vector<u8>;
native fun internal_sub(type_: u8, e1: &vector<u8>, e2: &vector<u8>): vector<u8>;
native fun internal_mul(type_: u8, e1: &vector<u8>, e2: &vector<u8>): vector<u8>;
native fun internal_div(type_: u8, e1: &vector<u8>, e2: &vector<u8>): vector<u8>;
native fun internal_hash_to(type_: u8, m: &vector<u8>): vector<u8>;
native fun internal_multi_scalar_mul(
    type_: u8,
    scalars: &vector<u8>,
    elements: &vector<u8>,
): vector<u8>;
native fun internal_pairing(type_: u8, e1: &vector<u8>, e2: &vector<u8>): vector<u8>;
native fun internal_convert(from_type: u8, to_type: u8, e: &vector<u8>): vector<u8>;
native fun internal_sum(type_: u8, terms: &vector<vector<u8>>): vector<u8>;
