/// A whole programmable transaction as a value.
module iota::ptb;

use iota::ptb_call_arg::CallArg;
use iota::ptb_command::Command;

public struct ProgrammableTransaction has copy, drop {
    inputs: vector<CallArg>,
    commands: vector<Command>,
}

/// What it is given.
public fun inputs(tx: &ProgrammableTransaction): &vector<CallArg> { &tx.inputs }

/// What it does, in order.
public fun commands(tx: &ProgrammableTransaction): &vector<Command> { &tx.commands }

public(package) fun new_programmable_transaction_for_testing(
    inputs: vector<CallArg>,
    commands: vector<Command>,
): ProgrammableTransaction {
    ProgrammableTransaction { inputs, commands }
}
