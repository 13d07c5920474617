/// Zero-knowledge proofs after Groth: short, and quick to check, once the verifying key of their
/// circuit is prepared. All bytes are those that the Rust library arkworks writes, compressed.
module iota::groth16;

/// The verifying key does not have the right form.
#[allow(unused_const)]
const EInvalidVerifyingKey: u64 = 0;
/// There is no curve with this number.
#[allow(unused_const)]
const EInvalidCurve: u64 = 1;
/// There are more than eight public inputs.
#[allow(unused_const)]
const ETooManyPublicInputs: u64 = 2;

/// The curve over which a proof was made.
public struct Curve has copy, drop, store {
    id: u8,
}

/// A verifying key in the form in which it is quick to use.
public struct PreparedVerifyingKey has copy, drop, store {
    vk_gamma_abc_g1_bytes: vector<u8>,
    alpha_g1_beta_g2_bytes: vector<u8>,
    gamma_g2_neg_pc_bytes: vector<u8>,
    delta_g2_neg_pc_bytes: vector<u8>,
}

/// What the proof is about: numbers of 32 bytes each.
public struct PublicProofInputs has copy, drop, store {
    bytes: vector<u8>,
}

/// The proof: three points of the curve.
public struct ProofPoints has copy, drop, store {
    bytes: vector<u8>,
}

/// The curve BLS12-381.
public fun bls12381(): Curve { Curve { id: 0 } }

/// The curve BN254.
public fun bn254(): Curve { Curve { id: 1 } }

/// A prepared key from its four parts.
public fun pvk_from_bytes(
    vk_gamma_abc_g1_bytes: vector<u8>,
    alpha_g1_beta_g2_bytes: vector<u8>,
    gamma_g2_neg_pc_bytes: vector<u8>,
    delta_g2_neg_pc_bytes: vector<u8>,
): PreparedVerifyingKey {
    PreparedVerifyingKey {
        vk_gamma_abc_g1_bytes,
        alpha_g1_beta_g2_bytes,
        gamma_g2_neg_pc_bytes,
        delta_g2_neg_pc_bytes,
    }
}

/// The four parts of a prepared key.
public fun pvk_to_bytes(pvk: PreparedVerifyingKey): vector<vector<u8>> {
    let PreparedVerifyingKey {
        vk_gamma_abc_g1_bytes,
        alpha_g1_beta_g2_bytes,
        gamma_g2_neg_pc_bytes,
        delta_g2_neg_pc_bytes,
    } = pvk;
    vector[
        vk_gamma_abc_g1_bytes,
        alpha_g1_beta_g2_bytes,
        gamma_g2_neg_pc_bytes,
        delta_g2_neg_pc_bytes,
    ]
}

/// Public inputs from their bytes, which are not checked here.
public fun public_proof_inputs_from_bytes(bytes: vector<u8>): PublicProofInputs {
    PublicProofInputs { bytes }
}

/// A proof from its bytes, which are not checked here.
public fun proof_points_from_bytes(bytes: vector<u8>): ProofPoints { ProofPoints { bytes } }

/// Prepare a verifying key.
public fun prepare_verifying_key(
    curve: &Curve,
    verifying_key: &vector<u8>,
): PreparedVerifyingKey {
    prepare_verifying_key_internal(curve.id, verifying_key)
}

/// Is the proof one of these inputs for this key?
public fun verify_groth16_proof(
    curve: &Curve,
    prepared_verifying_key: &PreparedVerifyingKey,
    public_proof_inputs: &PublicProofInputs,
    proof_points: &ProofPoints,
): bool {
    let PreparedVerifyingKey {
        vk_gamma_abc_g1_bytes,
        alpha_g1_beta_g2_bytes,
        gamma_g2_neg_pc_bytes,
        delta_g2_neg_pc_bytes,
    } = prepared_verifying_key;
    verify_groth16_proof_internal(
        curve.id,
        vk_gamma_abc_g1_bytes,
        alpha_g1_beta_g2_bytes,
        gamma_g2_neg_pc_bytes,
        delta_g2_neg_pc_bytes,
        &public_proof_inputs.bytes,
        &proof_points.bytes,
    )
}

native fun prepare_verifying_key_internal(
    curve: u8,
    verifying_key: &vector<u8>,
): PreparedVerifyingKey;
native fun verify_groth16_proof_internal(
    curve: u8,
    vk_gamma_abc_g1_bytes: &vector<u8>,
    alpha_g1_beta_g2_bytes: &vector<u8>,
    gamma_g2_neg_pc_bytes: &vector<u8>,
    delta_g2_neg_pc_bytes: &vector<u8>,
    public_proof_inputs: &vector<u8>,
    proof_points: &vector<u8>,
): bool;
