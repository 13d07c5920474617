/// Verifiable delay: a function that takes its time to compute, however many computers one has,
/// and whose result is quickly checked. After Wesolowski, over the class group of an imaginary
/// quadratic field.
module iota::vdf;

/// The bytes are not elements of the group.
#[allow(unused_const)]
const EInvalidInput: u64 = 0;

/// An element of the group to begin with, made from any bytes.
public fun hash_to_input(message: &vector<u8>): vector<u8> { hash_to_input_internal(message) }

/// Does `proof` show that `output` is `input` squared so many times?
public fun vdf_verify(
    input: &vector<u8>,
    output: &vector<u8>,
    proof: &vector<u8>,
    iterations: u64,
): bool {
    vdf_verify_internal(input, output, proof, iterations)
}

native fun hash_to_input_internal(message: &vector<u8>): vector<u8>;
native fun vdf_verify_internal(
    input: &vector<u8>,
    output: &vector<u8>,
    proof: &vector<u8>,
    iterations: u64,
): bool;
