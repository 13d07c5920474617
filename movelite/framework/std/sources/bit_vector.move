/// A row of bits of fixed length.
module std::bit_vector;

/// No bit has this index.
const EINDEX: u64 = 0x20000;
/// The length is 0 or too great.
const ELENGTH: u64 = 0x20001;

#[test_only]
const WORD_SIZE: u64 = 1;

/// Every length is below this.
const MAX_SIZE: u64 = 1024;

public struct BitVector has copy, drop, store {
    length: u64,
    bit_field: vector<bool>,
}

/// `length` bits, none set.
public fun new(length: u64): BitVector {
    if (length == 0 || length >= MAX_SIZE) abort ELENGTH;
    BitVector { length, bit_field: vector::tabulate!(length, |_| false) }
}

/// Set one bit.
public fun set(bitvector: &mut BitVector, bit_index: u64) { *bitvector.bit(bit_index) = true }

/// Clear one bit.
public fun unset(bitvector: &mut BitVector, bit_index: u64) { *bitvector.bit(bit_index) = false }

fun bit(bitvector: &mut BitVector, bit_index: u64): &mut bool {
    if (bit_index >= bitvector.bit_field.length()) abort EINDEX;
    &mut bitvector.bit_field[bit_index]
}

/// Move every bit `amount` places towards index 0. What falls off is lost, and the places that
/// become free are clear.
public fun shift_left(bitvector: &mut BitVector, amount: u64) {
    let length = bitvector.bit_field.length();
    length.do!(|i| {
        let shifted = amount < length - i && bitvector.bit_field[i + amount];
        *&mut bitvector.bit_field[i] = shifted;
    })
}

/// Is this bit set?
public fun is_index_set(bitvector: &BitVector, bit_index: u64): bool {
    if (bit_index >= bitvector.bit_field.length()) abort EINDEX;
    bitvector.bit_field[bit_index]
}

/// Number of bits, set or not.
public fun length(bitvector: &BitVector): u64 { bitvector.bit_field.length() }

/// How many bits from `start_index` on are set without a gap.
public fun longest_set_sequence_starting_at(bitvector: &BitVector, start_index: u64): u64 {
    if (start_index >= bitvector.length) abort EINDEX;
    let mut end = start_index;
    while (end < bitvector.length && bitvector.bit_field[end]) end = end + 1;
    end - start_index
}

#[test_only]
public fun word_size(): u64 { WORD_SIZE }
