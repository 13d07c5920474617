/// Commands of a programmable transaction as values.
module iota::ptb_command;

use std::ascii::String;
use std::type_name::TypeName;

/// A command.
public enum Command has copy, drop {
    MoveCall(ProgrammableMoveCall),
    TransferObjects(TransferObjectsData),
    SplitCoins(SplitCoinsData),
    MergeCoins(MergeCoinsData),
    Publish(PublishData),
    MakeMoveVec(MakeMoveVecData),
    Upgrade(UpgradeData),
}

/// What a command is given: the coin that pays, an input, or a result of an earlier command (by its
/// number, and among several results by theirs).
public enum Argument has copy, drop {
    GasCoin,
    Input(u16),
    Result(u16),
    NestedResult(u16, u16),
}

public struct ProgrammableMoveCall has copy, drop {
    package: ID,
    module_name: String,
    function: String,
    type_arguments: vector<TypeName>,
    arguments: vector<Argument>,
}

public struct TransferObjectsData has copy, drop {
    objects: vector<Argument>,
    recipient: Argument,
}

public struct SplitCoinsData has copy, drop {
    coin: Argument,
    amounts: vector<Argument>,
}

public struct MergeCoinsData has copy, drop {
    target_coin: Argument,
    source_coins: vector<Argument>,
}

public struct PublishData has copy, drop {
    modules: vector<vector<u8>>,
    dependencies: vector<ID>,
}

public struct MakeMoveVecData has copy, drop {
    type_arg: Option<TypeName>,
    elements: vector<Argument>,
}

public struct UpgradeData has copy, drop {
    modules: vector<vector<u8>>,
    dependencies: vector<ID>,
    package: ID,
    upgrade_ticket: Argument,
}

// === Commands ===

public fun is_move_call(command: &Command): bool { command.as_move_call().is_some() }

public fun is_transfer_objects(command: &Command): bool { command.as_transfer_objects().is_some() }

public fun is_split_coins(command: &Command): bool { command.as_split_coins().is_some() }

public fun is_merge_coins(command: &Command): bool { command.as_merge_coins().is_some() }

public fun is_publish(command: &Command): bool { command.as_publish().is_some() }

public fun is_make_move_vec(command: &Command): bool { command.as_make_move_vec().is_some() }

public fun is_upgrade(command: &Command): bool { command.as_upgrade().is_some() }

public fun as_move_call(command: &Command): Option<ProgrammableMoveCall> {
    match (command) { Command::MoveCall(data) => option::some(*data), _ => option::none() }
}

public fun as_transfer_objects(command: &Command): Option<TransferObjectsData> {
    match (command) { Command::TransferObjects(data) => option::some(*data), _ => option::none() }
}

public fun as_split_coins(command: &Command): Option<SplitCoinsData> {
    match (command) { Command::SplitCoins(data) => option::some(*data), _ => option::none() }
}

public fun as_merge_coins(command: &Command): Option<MergeCoinsData> {
    match (command) { Command::MergeCoins(data) => option::some(*data), _ => option::none() }
}

public fun as_publish(command: &Command): Option<PublishData> {
    match (command) { Command::Publish(data) => option::some(*data), _ => option::none() }
}

public fun as_make_move_vec(command: &Command): Option<MakeMoveVecData> {
    match (command) { Command::MakeMoveVec(data) => option::some(*data), _ => option::none() }
}

public fun as_upgrade(command: &Command): Option<UpgradeData> {
    match (command) { Command::Upgrade(data) => option::some(*data), _ => option::none() }
}

// === Arguments ===

public fun is_gas_coin(arg: &Argument): bool {
    match (arg) { Argument::GasCoin => true, _ => false }
}

public fun is_input(arg: &Argument): bool { arg.input_index().is_some() }

public fun is_result(arg: &Argument): bool { arg.result_command_index().is_some() }

public fun is_nested_result(arg: &Argument): bool { arg.nested_result_inner_index().is_some() }

/// The number of the input.
public fun input_index(arg: &Argument): Option<u16> {
    match (arg) { Argument::Input(index) => option::some(*index), _ => option::none() }
}

/// The number of the command with this single result.
public fun result_command_index(arg: &Argument): Option<u16> {
    match (arg) { Argument::Result(index) => option::some(*index), _ => option::none() }
}

/// The number of the command of which this is one result.
public fun nested_result_command_index(arg: &Argument): Option<u16> {
    match (arg) { Argument::NestedResult(index, _) => option::some(*index), _ => option::none() }
}

/// The number of this result among those of its command.
public fun nested_result_inner_index(arg: &Argument): Option<u16> {
    match (arg) { Argument::NestedResult(_, index) => option::some(*index), _ => option::none() }
}

// === What commands hold ===

public fun package(call: &ProgrammableMoveCall): &ID { &call.package }

public fun module_name(call: &ProgrammableMoveCall): &String { &call.module_name }

public fun function(call: &ProgrammableMoveCall): &String { &call.function }

public fun type_arguments(call: &ProgrammableMoveCall): &vector<TypeName> { &call.type_arguments }

public fun arguments(call: &ProgrammableMoveCall): &vector<Argument> { &call.arguments }

public fun objects(data: &TransferObjectsData): &vector<Argument> { &data.objects }

public fun recipient(data: &TransferObjectsData): &Argument { &data.recipient }

public fun coin(data: &SplitCoinsData): &Argument { &data.coin }

public fun amounts(data: &SplitCoinsData): &vector<Argument> { &data.amounts }

public fun target_coin(data: &MergeCoinsData): &Argument { &data.target_coin }

public fun source_coins(data: &MergeCoinsData): &vector<Argument> { &data.source_coins }

public fun modules(data: &PublishData): &vector<vector<u8>> { &data.modules }

public fun dependencies(data: &PublishData): &vector<ID> { &data.dependencies }

public fun type_arg(data: &MakeMoveVecData): &Option<TypeName> { &data.type_arg }

public fun elements(data: &MakeMoveVecData): &vector<Argument> { &data.elements }

public fun upgrade_modules(data: &UpgradeData): &vector<vector<u8>> { &data.modules }

public fun upgrade_dependencies(data: &UpgradeData): &vector<ID> { &data.dependencies }

public fun upgrade_package(data: &UpgradeData): &ID { &data.package }

public fun upgrade_ticket(data: &UpgradeData): &Argument { &data.upgrade_ticket }

// === For tests ===

#[test_only]
public fun new_move_call_command_for_testing(call: ProgrammableMoveCall): Command {
    Command::MoveCall(call)
}

#[test_only]
public fun new_transfer_objects_command_for_testing(data: TransferObjectsData): Command {
    Command::TransferObjects(data)
}

#[test_only]
public fun new_split_coins_command_for_testing(data: SplitCoinsData): Command {
    Command::SplitCoins(data)
}

#[test_only]
public fun new_merge_coins_command_for_testing(data: MergeCoinsData): Command {
    Command::MergeCoins(data)
}

#[test_only]
public fun new_publish_command_for_testing(data: PublishData): Command { Command::Publish(data) }

#[test_only]
public fun new_make_move_vec_command_for_testing(data: MakeMoveVecData): Command {
    Command::MakeMoveVec(data)
}

#[test_only]
public fun new_upgrade_command_for_testing(data: UpgradeData): Command { Command::Upgrade(data) }

#[test_only]
public fun new_gas_coin_argument_for_testing(): Argument { Argument::GasCoin }

#[test_only]
public fun new_input_argument_for_testing(index: u16): Argument { Argument::Input(index) }

#[test_only]
public fun new_result_argument_for_testing(index: u16): Argument { Argument::Result(index) }

#[test_only]
public fun new_nested_result_argument_for_testing(outer_index: u16, inner_index: u16): Argument {
    Argument::NestedResult(outer_index, inner_index)
}

#[test_only]
public fun new_programmable_move_call_for_testing(
    package: ID,
    module_name: String,
    function: String,
    type_arguments: vector<TypeName>,
    arguments: vector<Argument>,
): ProgrammableMoveCall {
    ProgrammableMoveCall { package, module_name, function, type_arguments, arguments }
}

#[test_only]
public fun new_transfer_objects_for_testing(
    objects: vector<Argument>,
    recipient: Argument,
): TransferObjectsData {
    TransferObjectsData { objects, recipient }
}

#[test_only]
public fun new_split_coins_for_testing(
    coin: Argument,
    amounts: vector<Argument>,
): SplitCoinsData {
    SplitCoinsData { coin, amounts }
}

#[test_only]
public fun new_merge_coins_for_testing(
    target_coin: Argument,
    source_coins: vector<Argument>,
): MergeCoinsData {
    MergeCoinsData { target_coin, source_coins }
}

#[test_only]
public fun new_publish_for_testing(
    modules: vector<vector<u8>>,
    dependencies: vector<ID>,
): PublishData {
    PublishData { modules, dependencies }
}

#[test_only]
public fun new_make_move_vec_for_testing(
    type_arg: Option<TypeName>,
    elements: vector<Argument>,
): MakeMoveVecData {
    MakeMoveVecData { type_arg, elements }
}

#[test_only]
public fun new_upgrade_for_testing(
    modules: vector<vector<u8>>,
    dependencies: vector<ID>,
    package: ID,
    upgrade_ticket: Argument,
): UpgradeData {
    UpgradeData { modules, dependencies, package, upgrade_ticket }
}
