/// Kept empty: other modules were once named here for a prover.
module iota::prover;
