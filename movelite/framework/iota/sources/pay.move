/// Everyday work with coins, in functions that a transaction can call directly.
module iota::pay;

use iota::coin::Coin;

/// There must be at least one coin.
const ENoCoins: u64 = 0;

/// Give the coin to the sender.
#[allow(lint(self_transfer))]
public fun keep<T>(c: Coin<T>, ctx: &TxContext) { transfer::public_transfer(c, ctx.sender()) }

/// Take a coin of `split_amount` out of `coin`, for the sender.
public entry fun split<T>(coin: &mut Coin<T>, split_amount: u64, ctx: &mut TxContext) {
    keep(coin.split(split_amount, ctx), ctx)
}

/// Take one coin of each amount out of `self`, for the sender.
public entry fun split_vec<T>(
    self: &mut Coin<T>,
    split_amounts: vector<u64>,
    ctx: &mut TxContext,
) {
    split_amounts.do!(|amount| split(self, amount, ctx))
}

/// Take a coin of `amount` out of `c`, for `recipient`.
public entry fun split_and_transfer<T>(
    c: &mut Coin<T>,
    amount: u64,
    recipient: address,
    ctx: &mut TxContext,
) {
    transfer::public_transfer(c.split(amount, ctx), recipient)
}

/// Take `n - 1` coins out of `self`, each an `n`th of it rounded down, for the sender.
public entry fun divide_and_keep<T>(self: &mut Coin<T>, n: u64, ctx: &mut TxContext) {
    self.divide_into_n(n, ctx).destroy!(|coin| keep(coin, ctx))
}

/// Put all `coins` into `self`.
public entry fun join_vec<T>(self: &mut Coin<T>, coins: vector<Coin<T>>) {
    coins.destroy!(|coin| self.join(coin))
}

/// Put all `coins` into one, for `receiver`.
public entry fun join_vec_and_transfer<T>(mut coins: vector<Coin<T>>, receiver: address) {
    if (coins.is_empty()) abort ENoCoins;
    let mut all = coins.pop_back();
    all.join_vec(coins);
    transfer::public_transfer(all, receiver)
}
