/// The tokens in a bag of outputs.
module stardust::utilities;

use iota::bag::Bag;
use iota::balance::Balance;
use std::type_name;

/// There is nothing of this token.
const EZeroNativeTokenBalance: u64 = 0;

/// Send all of the token `T` to an address; returns the bag with what is left.
public fun extract_and_send_to<T>(mut bag: Bag, to: address, ctx: &mut TxContext): Bag {
    let coin = extract_<T>(&mut bag).into_coin(ctx);
    transfer::public_transfer(coin, to);
    bag
}

/// All of the token `T`, and the bag with what is left.
public fun extract<T>(mut bag: Bag): (Bag, Balance<T>) {
    let balance = extract_<T>(&mut bag);
    (bag, balance)
}

fun extract_<T>(bag: &mut Bag): Balance<T> {
    let balance: Balance<T> = bag.remove(type_name::get<T>().into_string());
    assert!(balance.value() != 0, EZeroNativeTokenBalance);
    balance
}
