"""What crosses a wire: BCS types, digests, signatures, committee, messages. Imports no other room."""
