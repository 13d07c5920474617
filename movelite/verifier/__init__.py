"""The bytecode verifier: an ordered list of passes over one fixpoint engine."""
