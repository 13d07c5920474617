/// The hash function Poseidon, which is cheap inside zero-knowledge proofs.
module iota::poseidon;

use iota::bcs;

/// A number is not below the order of the field.
const ENonCanonicalInput: u64 = 0;
/// There are no numbers.
const EEmptyInput: u64 = 1;

/// The order of the scalar field of BN254.
const BN254_ORDER: u256 =
    21888242871839275222246405745257275088548364400416034343698204186575808495617;

/// The hash of elements of the scalar field of BN254, itself one. One to sixteen elements.
public fun poseidon_bn254(data: &vector<u256>): u256 {
    if (data.is_empty()) abort EEmptyInput;
    let elements = data.map_ref!(|element| {
        if (*element >= BN254_ORDER) abort ENonCanonicalInput;
        bcs::to_bytes(element)
    });
    bcs::new(poseidon_bn254_internal(&elements)).peel_u256()
}

native fun poseidon_bn254_internal(data: &vector<vector<u8>>): vector<u8>;
