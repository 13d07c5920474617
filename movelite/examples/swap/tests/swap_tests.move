#[test_only]
module swap::swap_tests;

use iota::coin::{Self, Coin};
use iota::iota::IOTA;
use iota::test_scenario::{Self as ts, Scenario};
use swap::swap::{Self, Offer, Sealed};

const ALICE: address = @0xA;
const BOB: address = @0xB;
const CUSTODIAN: address = @0xC;

public struct Painting has key, store {
    id: UID,
    year: u16,
}

/// Alice has sealed a painting, Bob a coin of 500; returns both seals.
fun begin(): (Scenario, ID, ID) {
    let mut scenario = ts::begin(ALICE);
    let painting = Painting { id: object::new(scenario.ctx()), year: 1911 };
    swap::seal_and_keep(painting, scenario.ctx());
    scenario.next_tx(BOB);
    swap::seal_and_keep(coin::mint_for_testing<IOTA>(500, scenario.ctx()), scenario.ctx());
    scenario.next_tx(ALICE);
    let alices = ts::most_recent_id_for_address<Sealed<Painting>>(ALICE).destroy_some();
    let bobs = ts::most_recent_id_for_address<Sealed<Coin<IOTA>>>(BOB).destroy_some();
    (scenario, alices, bobs)
}

fun offer<T: key + store>(scenario: &mut Scenario, giver: address, wanted: ID) {
    scenario.next_tx(giver);
    let sealed: Sealed<T> = scenario.take_from_sender();
    sealed.offer(wanted, CUSTODIAN, scenario.ctx());
}

#[test]
fun two_matching_offers_are_settled() {
    let (mut scenario, alices, bobs) = begin();
    offer<Painting>(&mut scenario, ALICE, bobs);
    offer<Coin<IOTA>>(&mut scenario, BOB, alices);
    scenario.next_tx(CUSTODIAN);
    let first: Offer<Painting> = scenario.take_from_sender();
    let second: Offer<Coin<IOTA>> = scenario.take_from_sender();
    swap::settle(first, second);
    scenario.next_tx(ALICE);
    let coin: Coin<IOTA> = scenario.take_from_sender();
    assert!(coin.value() == 500);
    scenario.return_to_sender(coin);
    scenario.next_tx(BOB);
    let painting: Painting = scenario.take_from_sender();
    assert!(painting.year == 1911);
    scenario.return_to_sender(painting);
    scenario.end();
}

#[test]
fun an_offer_goes_back_to_its_giver() {
    let (mut scenario, alices, bobs) = begin();
    offer<Painting>(&mut scenario, ALICE, bobs);
    scenario.next_tx(CUSTODIAN);
    let offer: Offer<Painting> = scenario.take_from_sender();
    offer.return_to_giver();
    scenario.next_tx(ALICE);
    let sealed: Sealed<Painting> = scenario.take_from_sender();
    assert!(object::id(&sealed) == alices);
    assert!(sealed.asset().year == 1911);
    sealed.unseal_and_keep(scenario.ctx());
    scenario.end();
}

#[test, expected_failure(abort_code = swap::EMismatchedOffers)]
fun a_broken_seal_settles_nothing() {
    let (mut scenario, alices, bobs) = begin();
    offer<Painting>(&mut scenario, ALICE, bobs);
    // Bob takes 499 out of the coin that Alice has seen, and seals the rest again.
    scenario.next_tx(BOB);
    let sealed: Sealed<Coin<IOTA>> = scenario.take_from_sender();
    let mut coin = sealed.unseal();
    transfer::public_transfer(coin.split(499, scenario.ctx()), BOB);
    swap::seal(coin, scenario.ctx()).offer(alices, CUSTODIAN, scenario.ctx());
    scenario.next_tx(CUSTODIAN);
    let first: Offer<Painting> = scenario.take_from_sender();
    let second: Offer<Coin<IOTA>> = scenario.take_from_sender();
    swap::settle(first, second);
    abort 0
}

#[test, expected_failure(abort_code = swap::EMismatchedOffers)]
fun both_offers_must_name_the_other() {
    let (mut scenario, _alices, bobs) = begin();
    offer<Painting>(&mut scenario, ALICE, bobs);
    offer<Coin<IOTA>>(&mut scenario, BOB, bobs);
    scenario.next_tx(CUSTODIAN);
    let first: Offer<Painting> = scenario.take_from_sender();
    let second: Offer<Coin<IOTA>> = scenario.take_from_sender();
    swap::settle(first, second);
    abort 0
}

#[test, expected_failure(abort_code = swap::ESameParty)]
fun nobody_swaps_alone() {
    let (mut scenario, alices, bobs) = begin();
    scenario.next_tx(BOB);
    let sealed: Sealed<Coin<IOTA>> = scenario.take_from_sender();
    transfer::public_transfer(sealed, ALICE);
    offer<Painting>(&mut scenario, ALICE, bobs);
    offer<Coin<IOTA>>(&mut scenario, ALICE, alices);
    scenario.next_tx(CUSTODIAN);
    let first: Offer<Painting> = scenario.take_from_sender();
    let second: Offer<Coin<IOTA>> = scenario.take_from_sender();
    swap::settle(first, second);
    abort 0
}
