/// Labels that only their owner can give, for `timelock`.
module iota::labeler;

/// The witness is not a one-time witness.
const ENotOneTimeWitness: u64 = 0;

/// The right to give the label `L`.
public struct LabelerCap<phantom L> has key, store {
    id: UID,
}

/// The only such right; `witness` is the one-time witness of the module that declares the label.
public fun create_labeler_cap<L: drop>(witness: L, ctx: &mut TxContext): LabelerCap<L> {
    if (!iota::types::is_one_time_witness(&witness)) abort ENotOneTimeWitness;
    LabelerCap { id: object::new(ctx) }
}

/// Give the right up.
public fun destroy_labeler_cap<L>(cap: LabelerCap<L>) {
    let LabelerCap { id } = cap;
    id.delete()
}
