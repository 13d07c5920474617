/// Outputs that held an alias together with its coins.
module stardust::alias_output;

use iota::bag::Bag;
use iota::balance::Balance;
use iota::dynamic_object_field;
use iota::transfer::Receiving;
use stardust::alias::Alias;

/// The name under which the output holds its alias.
const ALIAS_NAME: vector<u8> = b"alias";

/// `native_tokens` has a balance of each token by the name of its type.
public struct AliasOutput<phantom T> has key {
    id: UID,
    balance: Balance<T>,
    native_tokens: Bag,
}

/// Everything that is in the output, which is gone then.
public fun extract_assets<T>(mut output: AliasOutput<T>): (Balance<T>, Bag, Alias) {
    let alias = load_alias(&mut output);
    let AliasOutput { id, balance, native_tokens } = output;
    id.delete();
    (balance, native_tokens, alias)
}

/// Put an alias into an output that has none.
public fun attach_alias<T>(output: &mut AliasOutput<T>, alias: Alias) {
    dynamic_object_field::add(&mut output.id, ALIAS_NAME, alias)
}

public(package) fun receive<T>(
    parent: &mut UID,
    output: Receiving<AliasOutput<T>>,
): AliasOutput<T> {
    transfer::receive(parent, output)
}

fun load_alias<T>(output: &mut AliasOutput<T>): Alias {
    dynamic_object_field::remove(&mut output.id, ALIAS_NAME)
}

#[test_only]
public fun create_for_testing<T>(
    balance: Balance<T>,
    native_tokens: Bag,
    ctx: &mut TxContext,
): AliasOutput<T> {
    AliasOutput { id: object::new(ctx), balance, native_tokens }
}
