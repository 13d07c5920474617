#[test_only]
module my_coin::my_coin_tests;

use iota::coin::{Coin, TreasuryCap};
use iota::test_scenario as ts;
use my_coin::my_coin::{Self, MY_COIN};

const PUBLISHER: address = @0xA;
const FRIEND: address = @0xB;

#[test]
fun a_minted_coin_is_burnt() {
    let mut scenario = ts::begin(PUBLISHER);
    my_coin::init_for_testing(scenario.ctx());
    scenario.next_tx(PUBLISHER);
    let mut treasury: TreasuryCap<MY_COIN> = scenario.take_from_sender();
    my_coin::mint(&mut treasury, 1_000_000, FRIEND, scenario.ctx());
    assert!(treasury.total_supply() == 1_000_000);

    scenario.next_tx(FRIEND);
    let coin: Coin<MY_COIN> = scenario.take_from_sender();
    assert!(my_coin::burn(&mut treasury, coin) == 1_000_000);
    ts::return_to_address(PUBLISHER, treasury);
    scenario.end();
}
