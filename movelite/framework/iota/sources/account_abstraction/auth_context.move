/// What an authenticator function is told of the transaction that somebody wants to send.
module iota::auth_context;

use iota::ptb_call_arg::CallArg;
use iota::ptb_command::Command;

public struct AuthContext has drop {
    /// Digest of what the sender gives in place of a signature.
    auth_digest: vector<u8>,
    tx_inputs: vector<CallArg>,
    tx_commands: vector<Command>,
}

/// Digest of what the sender gives in place of a signature.
public fun digest(ctx: &AuthContext): &vector<u8> { &ctx.auth_digest }

/// The inputs of the transaction.
public fun tx_inputs(ctx: &AuthContext): &vector<CallArg> { &ctx.tx_inputs }

/// The commands of the transaction, in order.
public fun tx_commands(ctx: &AuthContext): &vector<Command> { &ctx.tx_commands }

#[test_only]
public fun new_with_tx_inputs(
    auth_digest: vector<u8>,
    tx_inputs: vector<CallArg>,
    tx_commands: vector<Command>,
): AuthContext {
    AuthContext { auth_digest, tx_inputs, tx_commands }
}
